"""The yearly report of a region: for whom, with what, and which texts it refuses."""

from datetime import date
from typing import Any

import pytest

from referral.reports.anonymity import signs_of_somebody
from referral.reports.usecases import rebuild_facts
from tests.reports.conftest import Ledger, path

CHAPTERS = ["progress", "monitor", "national_developments", "finance", "questions", "narrative"]
MARCH = date(2026, 3, 2)
NAMES_SOMEBODY = {
    "Bel 06 12 34 56 78.": "phone",
    "Bel 06-12345678": "phone",
    "Bel +31 6 1234 5678.": "phone",
    "Bel 0031612345678.": "phone",
    "Bel 023 555 12 34 op werkdagen.": "phone",
    "Bel ０６１２３４５６７８": "phone",
    "Mail ria@voorbeeld.example.": "email",
    "Mail ria.de.wit@voorbeeld.co.example voor meer.": "email",
    "Mail ria＠voorbeeld.example": "email",
    "Haar BSN is 111222333.": "bsn",
    "Zie V-2026-7K3Q9.": "reference",
    "Zie S-7K3Q-9F2M-E.": "reference",
    "Nummer N7K3Q9F2M8XA4 was er vier jaar.": "reference",
    "Zaak 019a5f3e-7b02-7c11-8d40-2e9b4a6d1c00.": "reference",
}
HARMLESS = [
    "Een moeder van drie kinderen leest nu zelf voor. In 2025 kwamen 1.250 mensen, in 2026 al 1.400.",
    "De begroting is € 612.345,50; daarvan betaalt de WEB € 450.000 en de gemeente € 162.345,50.",
    "Vragen: 1) Verlengt u het convenant tot 31-12-2028? 2) Stelt u 25.000 euro beschikbaar?",
    "Zie www.voorbeeld.example/jaarverslag en artikel 2.3.1 van de wet; SBI 84.11, BRC 1121.",
    "Groep @ de bibliotheek",
]


def annual(ledger: Ledger, who: str = "network", year: int = 2026) -> Any:
    return ledger.client.get(f"/v1/reports/annual?year={year}", headers={"Actor": who})


def write(ledger: Ledger, text: str | None, part: str = "narrative", who: str = "network", year: int = 2026) -> Any:
    body = {"year": year, "part": part, "text": text}
    return ledger.client.post("/v1/reports/annual-texts", json=body, headers={"Actor": who})


def texts(ledger: Ledger, year: int = 2026) -> dict[str, str | None]:
    return {chapter["chapter"]: chapter["text"] for chapter in annual(ledger, year=year).json["chapters"]}


@pytest.mark.parametrize("text", NAMES_SOMEBODY)
def test_a_text_that_leads_to_somebody_is_recognised(text: str) -> None:
    assert NAMES_SOMEBODY[text] in [wrong.code for wrong in signs_of_somebody(text)]


@pytest.mark.parametrize("text", HARMLESS)
def test_a_text_that_names_nobody_is_left_alone(text: str) -> None:
    """The control: who refuses every number has no yearly report."""
    assert signs_of_somebody(text) == []


def test_a_text_is_refused_with_everything_that_is_wrong_and_without_the_value(ledger: Ledger) -> None:
    answer = write(ledger, "Ria (06 12 34 56 78, ria@voorbeeld.example) leest nu zelf.")
    assert answer.status_code == 400
    errors = answer.json["errors"]
    assert [(each["pointer"], each["code"]) for each in errors] == [("/text", "phone"), ("/text", "email")]
    assert all("Haal het weg" in each["detail"] for each in errors)
    assert "ria@" not in answer.text
    assert texts(ledger)["narrative"] is None
    assert write(ledger, "Ria leest nu zelf.").status_code == 201, "control: without them it is kept"


def test_the_newest_text_counts_and_can_be_taken_away(ledger: Ledger) -> None:
    assert texts(ledger) == dict.fromkeys(CHAPTERS)
    for text in ("Eerste versie.", "Tweede versie."):
        assert write(ledger, text, "finance").status_code == 201
    assert texts(ledger)["finance"] == "Tweede versie."
    assert texts(ledger, 2025)["finance"] is None, "a text belongs to one year"
    assert write(ledger, None, "finance").json["text"] is None
    assert texts(ledger)["finance"] is None


def test_a_text_belongs_to_one_region(ledger: Ledger) -> None:
    from_elsewhere = ledger.region()
    ledger.settle("other network", ledger.actors["network"].organisation_kind, from_elsewhere)
    write(ledger, "Van hier.", who="network")
    chapters = annual(ledger, "other network").json["chapters"]
    assert {chapter["text"] for chapter in chapters} == {None}


def test_the_chapters_stand_in_their_order_with_their_tables(ledger: Ledger) -> None:
    ledger.screen(MARCH, times=60)
    ledger.refer(path(MARCH, 3), times=20)
    rebuild_facts(ledger.service)
    answer = annual(ledger).json
    assert [chapter["chapter"] for chapter in answer["chapters"]] == CHAPTERS
    tables = {chapter["chapter"]: chapter["tables"] for chapter in answer["chapters"]}
    assert tables["progress"] == ["chain", "quarter", "sourceKind", "municipality"]
    assert tables["monitor"]
    assert tables["finance"] == ["offer"]
    assert {name for names in tables.values() for name in names} == {table["table"] for table in answer["tables"]}
    assert answer["definitions"]
    assert answer["remarks"] == ["Dit jaar is nog niet voorbij: de cijfers lopen tot en met vandaag."]
    assert annual(ledger, year=2025).json["remarks"] == []


def test_all_its_figures_are_shared_figures(ledger: Ledger) -> None:
    ledger.screen(MARCH, times=63)
    ledger.screen(MARCH, times=3, by="uwv")
    rebuild_facts(ledger.service)
    answer = annual(ledger).json
    counted = [table for table in answer["tables"] if table["table"] != "offer"]
    assert {(table["roundedTo"], table["hiddenBelow"]) for table in counted} == {(5, 8)}
    kinds = next(table for table in answer["tables"] if table["table"] == "sourceKind")
    shown = {row["cells"][0]["value"]: row["cells"][1] for row in kinds["rows"]}
    assert shown["UWV"]["hidden"] is True
    assert shown["Gemeente"]["value"] is None, "control: shown beside the total it would give the other away"


@pytest.mark.parametrize("who", ["city", "school", "bakery"])
def test_it_is_of_the_region_alone(ledger: Ledger, who: str) -> None:
    assert annual(ledger, who).status_code == 403
    assert write(ledger, "Van ons.", who=who).status_code == 403


@pytest.mark.parametrize(
    ("query", "code"), [("", "required"), ("year=2027", "future"), ("year=1999", "range"), ("year=x", "type")]
)
def test_a_year_that_cannot_be_is_refused(ledger: Ledger, query: str, code: str) -> None:
    answer = ledger.client.get(f"/v1/reports/annual?{query}", headers={"Actor": "network"})
    assert [(each["pointer"], each["code"]) for each in answer.json["errors"]] == [("/year", code)]
    if code == "future":
        assert write(ledger, "Later.", year=2027).json["errors"][0]["code"] == "future"


def test_the_page_holds_text_as_text(ledger: Ledger) -> None:
    write(ledger, "<script>alert(1)</script>\n\n#set page(width: 1cm)", "questions")
    page = ledger.client.get("/v1/reports/annual?year=2026", headers={"Actor": "network", "Accept": "text/html"})
    assert "&lt;script&gt;" in page.text
    assert "<script>" not in page.text
    assert "#set page" in page.text
    pdf = ledger.client.get("/v1/reports/annual?year=2026", headers={"Actor": "network", "Accept": "application/pdf"})
    assert pdf.status_code == 200
