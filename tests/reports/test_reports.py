"""The reports beside the funnel, over a region of which every figure is counted by hand."""

from datetime import date
from typing import Any

from referral.reports.usecases import rebuild_facts
from tests.reports.conftest import Ledger, path

MARCH = date(2026, 3, 2)


def ask(ledger: Ledger, who: str, report: str, accept: str | None = None, **query: str) -> Any:
    rebuild_facts(ledger.service)
    headers = {"Actor": who, **({"Accept": accept} if accept else {})}
    keys = {name.rstrip("_"): value for name, value in query.items()}
    return ledger.client.get(f"/v1/reports/{report}", query_string=keys, headers=headers)


def tables(ledger: Ledger, who: str, report: str, **query: str) -> dict[str, dict[tuple[str, ...], dict[str, Any]]]:
    """The cells of every table: by the words of its first columns, and by column."""
    response = ask(ledger, who, report, **query)
    assert response.status_code == 200, response.json
    return {table["table"]: read(table) for table in response.json["tables"]}


def read(table: dict[str, Any]) -> dict[tuple[str, ...], dict[str, Any]]:
    words = [each["column"] for each in table["columns"] if each["unit"] == "text" and not each["indicator"]]
    found = {}
    for row in table["rows"]:
        cells = {cell["column"]: cell for cell in row["cells"]}
        assert list(cells) == [each["column"] for each in table["columns"]]
        found[tuple(str(cells[name]["value"]) for name in words)] = {
            name: cell.get("why", cell["value"]) for name, cell in cells.items() if name not in words
        }
    return found


def test_smoke(ledger: Ledger) -> None:
    ledger.screen(MARCH, held_on=MARCH, times=30, sector="F", occupation_code="1121")
    ledger.refer(path(MARCH, 1, 1, 1, 1, 30), offered_course_kind="formal", times=20)
    ledger.refer(path(MARCH, 1, 1, 1, 1), offered_course_kind="formal", times=9)
    for who in ("city", "network", "school", "bakery"):
        for report in ("monitor", "reach", "coverage"):
            for name, table in tables(ledger, who, report).items():
                assert table or name == "x"
