"""The answer to access as a letter in plain Dutch, for the participant to read: on a page, on paper, as a PDF."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from referral.core.codelists import labels
from referral.core.documents import Block, Document, Facts, Paragraph, Section, Table
from referral.notifications.digests import HEADINGS
from referral.privacy.schemas.access import show_access
from referral.privacy.schemas.words import DEEDS, day_in_words, fields_in_words, in_words, name_of
from referral.privacy.usecases import AccessAnswer

NOTHING = Paragraph("Hierover is niets vastgelegd.")
HIDDEN = {"id", "organisationId", "version", "statusLabel", "history", "label", "words", "conversations", "decisions"}
"""Shown elsewhere in the letter, or only of use to a program."""


def write_letter(answer: AccessAnswer) -> Document:
    """The whole letter. It says the same as `show_access`, in the same order."""
    held = show_access(answer)
    return Document(
        title="Wat er over u is vastgelegd",
        opening=_opening(answer),
        sections=[
            Section("Wie u bent", [_facts(held["participant"])]),
            Section("Waar u mee instemde", _lists(held["agreements"])),
            Section("Screeningen", _screenings(held["screenings"])),
            *_referrals(held["referrals"]),
            Section("Wie uw gegevens kreeg", _lists(held["recipients"])),
            Section("Uw verzoeken", _requests(held["requests"])),
            Section("Berichten over uw verwijzing", [_messages(answer)]),
            Section("Wie uw gegevens zag", [_readings(answer)]),
            Section("Wat er met uw gegevens is gedaan", [_deeds(answer)]),
            Section("Uw rechten", [Paragraph(line) for line in _rights(answer)]),
        ],
    )


def _opening(answer: AccessAnswer) -> list[str]:
    lines = [
        f"Gemaakt op {day_in_words(answer.made_on)} door {answer.organisation}.",
        "Dit is alles wat deze dienst over u bewaart, wie het kreeg en wie het zag (AVG artikel 15).",
    ]
    if answer.narrow:
        lines.append(
            "Uw werkgever mag alleen zien hoe ver de verwijzing is. Vraag aan de aanbieder wat die over u bewaart."
        )
    return lines


def _rights(answer: AccessAnswer) -> Iterable[str]:
    yield f"Klopt er iets niet? Vraag {answer.organisation} om het te verbeteren."
    yield "U kunt ook vragen om gegevens te wissen of ze een tijd niet te gebruiken, en u kunt bezwaar maken."
    yield "U kunt uw instemming altijd intrekken. U krijgt binnen een maand antwoord."
    yield "Bent u het niet eens met het antwoord? Dan kunt u een klacht indienen bij de Autoriteit Persoonsgegevens."


def _facts(members: Mapping[str, Any]) -> Facts:
    return Facts([(name_of(key), in_words(key, value)) for key, value in members.items() if key not in HIDDEN])


def _lists(rows: Sequence[Mapping[str, Any]]) -> Sequence[Block]:
    return [_facts(row) for row in rows] or [NOTHING]


def _screenings(screenings: Sequence[Mapping[str, Any]]) -> Sequence[Block]:
    return [
        block for each in screenings for block in (_facts(each), *(_facts(one) for one in each["conversations"]))
    ] or [NOTHING]


def _referrals(referrals: Sequence[Mapping[str, Any]]) -> Iterable[Section]:
    yield Section("Uw verwijzingen", [] if referrals else [NOTHING])
    for held in referrals:
        yield Section(f"Verwijzing {held['reference']}", [_facts(held), _history(held["history"])], level=2)


def _history(rows: Sequence[Mapping[str, Any]]) -> Table:
    told = [
        (in_words("occurredAt", row["occurredAt"]), row["label"], row["organisation"], _details(row)) for row in rows
    ]
    return Table("Wat er gebeurde, van begin tot nu.", ("Wanneer", "Wat", "Door", "Wat erbij is vastgelegd"), told)


def _details(row: Mapping[str, Any]) -> str:
    reason = {"reason": row["reason"]} if row.get("reason") else {}
    undone = {"undoes": row["undoes"]} if row.get("undoes") else {}
    said = {**reason, **undone, **(row.get("facts") or {}), **(row.get("words") or {})}
    return "; ".join(f"{name_of(key)}: {in_words(key, value)}" for key, value in said.items()) or "–"


def _requests(requests: Sequence[Mapping[str, Any]]) -> Sequence[Block]:
    blocks: list[Block] = []
    for each in requests:
        words = _coded(each, kind="requestKind", status="requestStatus", ground="restrictionGround")
        blocks.append(_facts({**each, **words}))
        blocks += [
            _facts({**one, **_coded(one, outcome="decisionOutcome", reason="refusalReason")})
            for one in each["decisions"]
        ]
    return blocks or [NOTHING]


def _coded(members: Mapping[str, Any], **lists: str) -> dict[str, Any]:
    return {key: labels(name).get(members[key], members[key]) for key, name in lists.items() if members[key]}


def _messages(answer: AccessAnswer) -> Block:
    rows = [
        (day_in_words(each.given_at), each.reference, HEADINGS[each.kind], each.organisation)
        for each in answer.messages
    ]
    caption = "Berichten van de dienst aan medewerkers; er staan geen gegevens van u in."
    return _table(caption, rows, "Wanneer", "Nummer", "Waarover", "Aan")


def _readings(answer: AccessAnswer) -> Block:
    rows = [
        (
            day_in_words(each.occurred_at),
            each.organisation,
            each.name,
            labels("purpose").get(each.purpose, each.purpose),
            fields_in_words(list(each.fields)),
        )
        for each in answer.readings
    ]
    return _table("Elke keer dat iemand uw gegevens opende.", rows, "Wanneer", "Organisatie", "Wie", "Waarvoor", "Wat")


def _deeds(answer: AccessAnswer) -> Block:
    rows = [
        (day_in_words(each.occurred_at), DEEDS.get(each.action, each.action), each.organisation, each.name)
        for each in answer.deeds
    ]
    return _table("Elke handeling, van begin tot nu.", rows, "Wanneer", "Wat", "Organisatie", "Wie")


def _table(caption: str, rows: Sequence[Sequence[str]], *head: str) -> Block:
    return Table(caption, head, rows) if rows else NOTHING
