"""BSN in free text: found in any notation, and nothing else taken for one; measured on invented notes."""

import random
import re
import string
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError
from stdnum.nl import bsn

from referral.core.bsn import find_bsn
from referral.core.fields import Text
from tests.core.bsn_corpus import HELD_OUT, NOTATIONS, PRACTICE, corpus, grouped, new_bsn

GOOD, WRONG = "111222333", "111222334"
NOTES, SEED = 2000, 2026
LONGEST = 4000
Detector = Callable[[str], bool]


def nine_digits_that_pass(text: str) -> bool:
    """The wrong build: nine digits in a row and the eleven test, and no eye for what stands around them."""
    return any(bsn.is_valid(number) for number in re.findall(r"(?<!\d)\d{9}(?!\d)", text))


def any_digits_that_pass(text: str) -> bool:
    """The other wrong build: all notations, but still no eye for what stands around them."""
    numbers = re.findall(r"(?<!\d)\d(?:[\s./-]?\d){7,8}(?!\d)", text)
    return any(bsn.is_valid(re.sub(r"\D", "", number)) for number in numbers)


def measured(detector: Detector, *, harsh: bool = False) -> tuple[float, float]:
    """Recall, and false alarms per 200 notes without a BSN, on notes that the detector was not built against."""
    found: dict[bool, list[bool]] = {True: [], False: []}
    for note in corpus(HELD_OUT, NOTES, SEED, harsh=harsh):
        found[note.has_bsn].append(detector(note.text))
    recall, alarms = (sum(hits) / len(hits) for hits in found.values())
    notes = "harsh notes" if harsh else "notes"
    print(f"\n{detector.__name__}: recall {recall:.1%}, {200 * alarms:.2f} false alarms per 200 {notes}")  # noqa: T201
    return recall, 200 * alarms


@pytest.mark.parametrize("harsh", [False, True])
def test_ninety_nine_in_a_hundred_are_found_and_one_false_alarm_in_200_notes_at_most(harsh: bool) -> None:
    recall, alarms = measured(find_bsn, harsh=harsh)
    assert recall >= 0.99
    assert alarms <= 1


@pytest.mark.parametrize("detector", [nine_digits_that_pass, any_digits_that_pass])
def test_the_eleven_test_alone_fails_both_figures(detector: Detector) -> None:
    recall, alarms = measured(detector)
    assert recall < 0.99
    assert alarms > 1


def test_the_corpus_is_large_balanced_and_always_the_same() -> None:
    notes = list(corpus(HELD_OUT, NOTES, SEED))
    assert notes == list(corpus(HELD_OUT, NOTES, SEED))
    assert sum(note.has_bsn for note in notes) == NOTES / 2
    assert {note.kind for note in notes} >= set(NOTATIONS)
    held_out, practice = ({*each.named, *each.unnamed, *each.clean} for each in (HELD_OUT, PRACTICE))
    assert len(held_out) >= 60
    assert not held_out & practice


@pytest.mark.parametrize("notation", NOTATIONS)
def test_every_notation_is_found_without_a_word_around_it(notation: str) -> None:
    numbers = [new_bsn(random.Random(seed)) for seed in range(100)]
    assert all(find_bsn(NOTATIONS[notation](number)) for number in numbers)


@pytest.mark.parametrize(
    "name",
    [
        "BSN", "bsn:", "BSN-nummer", "bsn nr.", "BSNr", "bsnummer", "B.S.N.", "b s n", "burgerservicenummer",
        "Burger Service Nummer:", "burgerservice-nr", "burgerserviecenummer", "burgernummer", "sofinummer", "sofi-nr.",
        "SoFi nummer is", "sofi:", "sociaal-fiscaal nummer", "sociaal fiscaal", "fiscaal nummer", "fi-nummer",
        "onderwijsnummer", "persoonsgebonden nummer", "PGN", "social security number", "Social security no",
        "citizen service number",
        "klantnummer/BSN:", "klantnummer = bsn", "BSN of klantnummer", "KvK onbekend, bsn", "bsn van mevr. Osman is",
        "BSN\n", "bsn -", "Hij gaf zijn bsn aan de balie af en dat was toen", "tel 06-12345678 bsn",
        "Vroeg naar zijn BSN. Het antwoord was", "Het bsn. Dit is dus niet goed overgenomen:",
    ],
)  # fmt: skip
def test_a_number_that_is_called_bsn_is_refused_even_with_a_typing_error(name: str) -> None:
    assert find_bsn(f"{name} {WRONG}")
    assert find_bsn(f"{name} 1112.22.334, kwam op 12-11-2026")


@pytest.mark.parametrize(
    "text",
    [
        f"{WRONG} (bsn)", f"{WRONG} is zijn bsn", f"{WRONG} bsn", f"{WRONG} = BSN", f"klantnummer {WRONG} (is BSN)",
        f"{WRONG}, dat is haar burgerservicenummer", f"{WRONG} als sofinummer", "bsn 1112223334", "bsn: 11122233",
        "bsn 1 11 2 22 33 4", "bsn 11-12,22 334", "bsn111222334", f"bsn 01021985 {WRONG}", "bsn 01021985",
        "bsn 2024-2025", "bsn lll222334", "bsn: 01021985",
        "bsn: 1112223334",
    ],
)  # fmt: skip
def test_a_mistyped_bsn_is_found_in_odd_company(text: str) -> None:
    assert find_bsn(text)
    assert not find_bsn(text.lower().replace("bsn", "x").replace("burgerservicenummer", "x").replace("sofi", "leraar"))


@pytest.mark.parametrize(
    "text",
    [
        f"cliënt {GOOD}", f"Ria de Wit, {GOOD}, 06-12345678", f"06-12345678 / {GOOD}", f"id {GOOD}", f"nr {GOOD}",
        f"identificatienummer {GOOD}", f"persoonsnummer: {GOOD}", f"registratienummer {GOOD}", f"UWV-nummer {GOOD}",
        f"aanslagnummer {GOOD}", f"paspoortnr {GOOD}", f"toeslagnummer {GOOD}", f"nummer {GOOD}",
        f"klantnummer onbekend, gaf {GOOD}", f"tel. 06-12345678 {GOOD}", f"telefoonnummer kwijt {GOOD}",
        f"KvK 12345678 {GOOD}", f"dossier van mevrouw {GOOD}", f"zaaknummer. Mevrouw gaf {GOOD}", f"id-{GOOD}",
        f"klant{GOOD}", f"cliënt-{GOOD}", f"12-11-2026 {GOOD}", f"kamer 3 {GOOD}", "groep 2 111 222 333",
        "111 222\n333", "111222-\n333", "1112\n22333", "111.222.\n333", "111.222\n333",
        "1112223\r33", "1112223\u202833", "1112223\u202933", "111.222-333",
        "1112.22.333", "11.12.22.333", "11-12-22-333",
        "1 1 1 2 2 2 3 3 3",
        "111\u200b222\u00ad333", "１１１\u3000２２２\u3000３３３", "١١١٢٢٢٣٣٣", "¹¹¹²²²³³³", "➀➀➀➁➁➁➂➂➂",
        "1⃣1⃣1⃣2⃣2⃣2⃣3⃣3⃣3⃣", "111−222−333", "111\u2028222\u2028333", "lll222333", "IIl222333", "1ll222333",
        "1 l 1 2 2 2 3 3 3", "1O00OOO8", "10000008", "10.000.008", "10 000 008", f"{GOOD}en verder niets",
        f"mw. {GOOD}", f"25 euro {GOOD}", "Amina - 111 222 035 - 0031 6 12 34 56 78",
    ],
)  # fmt: skip
def test_a_bsn_without_its_name_is_found(text: str) -> None:
    assert find_bsn(text)


# Each of these holds 8 or 9 digits that pass the eleven test, or stands near the word BSN.
@pytest.mark.parametrize(
    "text",
    [
        "06-10000008", "06 1000 0008", "(06) 10000008", "020 1000008", "0182-111222", "+31 6 10000008", "31 6 10000008",
        "0031 6 10000008", "+31 (0)6 10000008", "+48 111 222 333", "0900-8081", "bel 0900 1001 of 0800 1351",
        "NL91 ABNA 4111 1011 33", "NL 1112.22.333.B01", "NL111222333B01", "5390 0753 7034 1000", "111 222 333 444",
        "444 111 222 333", "111.222.333.4", "€ 111.222.333", "€111222333,50", "111.222.333 euro", "111222333 EUR",
        "111.222.333,00", "111.222.333,-", "schooljaar 2024-2025", "2024 - 2025", "2025/2026-2", "2026-00105",
        "01081986", "20250101", "0900-1200", "0930 - 1200", "S-1112-2233-3", "K-111222333",
        "AB111222333", "k 111222333k",
        "111222333L01", "111222333b", "BSN gezien op 12-11-2026", "BSN gezien op 1/2/26", "BSN: zie 12 11 2026",
        "BSN vervalt op 2026-11-12", "BSN gevraagd, 10.00 - 11.30", "BSN gezien op 01021985", "BSN? V-2026-11122",
        "BSN? S-1112-2233-3", "groep 5, 444 111 222 333",
        "bsn hoort bij 12345678-1234-1234-1234-123456789012", "We vragen nooit een BSN. Bel 06-12345678.",
        "BSN gevraagd. Er zijn groepen van 12 14 20 22", "BSN niet nodig, klantnummer 12345678", "bsn 1234567",
        "Geen BSN maar KvK 12345678", "bsn onbekend\n\nVerder: 12 14 20 22",
        "BSN gebruiken wij niet, in map 1234567890",
        "klantnummer 111222333", "Cliëntnr. 111222333", "klant-id 111222333", "dossiernummer is 111222333",
        "dossiernummer van de gemeente 111222333", "polisnummer: 111.222.333", "KvK 10000008", "kvk-nr 1000 0008",
        "Kamer van Koophandel: 10000008", "RSIN 111222333", "btw 111222333", "dossier 111222333", "zaak nr. 111222333",
        "kenmerk: 111222333", "tel. 10000008", "mob: 10000008", "bel 10000008", "zaaknummer 2026 111222333",
        "personeelsnummer (111222333)", "klantnummer:\n\n111222333", "vergader-id: 111 222 333", "zoom 111 222 333",
        "scores 1 1 1 2 2 2 3 3 3 4", "111, 222, 333", "12 345 678 12", "111222333444", "1112 22:333", "1.1-12 22333",
        "11122230\n8",
        "000000000", "00000000", "", "1112223", "BSN", "Sofie woont op nummer 12, 1234 AB", GOOD[:7], WRONG,
    ],
)  # fmt: skip
def test_other_numbers_pass(text: str) -> None:
    assert not find_bsn(text)


@pytest.mark.parametrize(
    "name",
    [
        "klant", "client", "relatie", "dossier", "zaak", "polis", "factuur", "order", "bestel", "telefoon", "tel",
        "mobiel", "kvk", "btw", "rekening", "bank", "contract", "agb", "ov", "kaart", "serie", "ticket",
    ],
)  # fmt: skip
def test_an_own_number_is_believed_however_its_name_is_spelled(name: str) -> None:
    for spelling in (f"{name}-nummer", f"{name} nr.", f"{name} no:", f"{name.upper()}-ID", f"{name}nummers"):
        assert not find_bsn(f"{spelling} is nu {GOOD}")


@pytest.mark.parametrize(
    "name",
    [
        "tel", "telefoon", "mobiel", "mob", "gsm", "fax", "whatsapp", "bel", "bellen", "gebeld", "dossier",
        "zaak", "polis", "factuur", "order", "bestelling", "kenmerk", "referentie", "ref", "ticket", "melding", "code",
        "declaratie", "contract", "rekening", "giro", "pakket", "postpakket", "zending", "postbus", "toestel", "teams",
        "wachtwoord", "pincode", "barcode", "isbn", "artikel", "geboortedatum", "geb", "datum", "vanaf", "zoom",
    ],
)  # fmt: skip
def test_a_word_right_before_a_number_tells_what_it_is(name: str) -> None:
    assert not find_bsn(f"{name.title()}: {GOOD}")
    assert find_bsn(f"{name.title()} en dan {GOOD}")


@pytest.mark.parametrize(
    "name", ["iban", "vestiging", "rsin", "agb-code", "meeting-id", "deelname id", "vergader id", "K.v.K"]
)
def test_some_names_are_no_word_with_number_behind_it(name: str) -> None:
    assert not find_bsn(f"{name} van ons: {GOOD}")


@pytest.mark.parametrize(
    "name",
    [
        "id", "identiteits", "legitimatie", "persoons", "persoonlijk ", "paspoort", "registratie", "uitkerings", "UWV-",
        "uwv",
        "svb-", "aanslag", "toeslag", "beschikkings", "belasting", "DigiD ", "digid",
    ],
)  # fmt: skip
def test_numbers_that_may_well_hold_a_bsn_clear_nothing(name: str) -> None:
    assert find_bsn(f"{name}nummer {GOOD}")


@pytest.mark.parametrize(
    "sizes",
    [
        (3, 3, 3), (4, 2, 3), (2, 2, 2, 3), (3, 2, 2, 2), (2, 3, 2, 2), (3, 2, 4), (2, 3, 4), (2, 4, 3), (3, 4, 2),
        (4, 3, 2), (2, 5, 2), (4, 4, 1), (1, 4, 4), (4, 5), (5, 4), (3, 6), (6, 3),
    ],
)  # fmt: skip
def test_the_usual_groups_are_known_with_and_without_the_leading_zero(sizes: tuple[int, ...]) -> None:
    write = grouped(sizes, " ")
    assert find_bsn(f"Het is {write(GOOD)}, zegt ze.")
    assert find_bsn(f"Het is {write('10000008')}, zegt ze.")


def test_a_name_belongs_to_one_number_only() -> None:
    """The wrong build forgets that the name was used: everything after the first "klantnummer" would pass."""
    assert not find_bsn("klantnummer 111222345")
    assert find_bsn(f"klantnummer 111222345 {GOOD}")


def test_a_name_reaches_only_so_far() -> None:
    far, near = "heeft " * 11, "heeft " * 9
    assert find_bsn(f"bsn {near}{WRONG}")
    assert not find_bsn(f"bsn {far}{WRONG}")
    assert not find_bsn(f"klantnummer {'was ' * 6}{GOOD}")
    assert find_bsn(f"klantnummer {'was ' * 8}{GOOD}")
    assert not find_bsn(f"zaak .... {GOOD}")
    assert find_bsn(f"zaak .......... {GOOD}")


@given(st.text(st.sampled_from("0123456789oOlI .-/\n,:()+€#nlsvbkart\u200b１①½ﷺİ"), max_size=200))
@settings(max_examples=300, deadline=None)
def test_no_text_breaks_the_detector(text: str) -> None:
    assert find_bsn(text) in (True, False)


@given(st.text(max_size=100))
@settings(max_examples=200, deadline=None)
def test_a_named_bsn_is_found_behind_any_text(text: str) -> None:
    assert find_bsn(f"{text}\n\nbsn: {GOOD}")


@given(st.text(string.ascii_letters + " .,\n", max_size=LONGEST))
@settings(max_examples=50, deadline=None)
def test_a_text_without_digits_passes(text: str) -> None:
    assert not find_bsn(text)


@pytest.mark.parametrize("part", ["1 ", "1.", "0-", "1\n", "bsn 1 ", "nummer 1", "06 ", "+1 ", "aaaa1111", "\n", "ﷺ1"])
def test_a_hostile_text_costs_no_more_than_its_length(part: str) -> None:
    """Ten times the longest text takes half a second at most; quadratic work would take minutes."""
    text = (part * (10 * LONGEST))[: 10 * LONGEST] + "\n1234"
    started = time.process_time()
    find_bsn(text)
    assert time.process_time() - started < 5


@pytest.mark.parametrize("text", [f"Zijn bsn is {GOOD}.", GOOD, "1112.22.333", f"bsn {WRONG}"])
def test_free_text_with_a_bsn_is_refused_and_the_number_not_repeated(text: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        Text(longest=LONGEST).deserialize(text)
    assert str(refusal.value.messages[0]).startswith("bsn|")
    assert not re.search(r"\d", str(refusal.value))


@pytest.mark.parametrize(
    "text", ["06 12 34 56 78", "K-20418", "klantnummer 111222333", "Zie V-2026-7K3Q9.", "+31612345678"]
)
def test_free_text_with_other_numbers_is_taken(text: str) -> None:
    assert Text().deserialize(text) == text
