"""The regional coordinator's figures through the door: rounded, hidden, and the same as a table."""

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from referral.core.codelists import indicators, labels
from referral.core.policy import OrganisationKind
from referral.referrals.workflow import EventName, Status
from tests.reports.conftest import Ledger, Step, path, stages

MARCH = date(2026, 3, 2)
SPREAD = ("p10Days", "p25Days", "medianDays", "p75Days", "p90Days")


def by(rows: list[dict[str, Any]], key: str, value: str) -> dict[str, Any]:
    return stages(next(row for row in rows if row["group"][key] == value))


def test_a_hidden_cell_is_null_and_says_so(ledger: Ledger) -> None:
    ledger.screen(MARCH, times=30)
    ledger.refer(path(MARCH), times=7)
    row = stages(ledger.rows("network")[0])
    no_days = dict.fromkeys(SPREAD)
    hidden = {"count": None, "hidden": True, "conversion": None, **no_days}
    assert row["screened"] == {"stage": "screened", "count": 30, "conversion": None, **no_days}
    assert row["referred"] == {"stage": "referred", **hidden}


def test_the_one_small_organisation_hides_the_next_smallest(ledger: Ledger) -> None:
    for name, times in (("city", 30), ("uwv", 12), ("bakery", 3)):
        ledger.screen(MARCH, by=name, times=times)
    rows = ledger.rows("network", groupBy="organisation")
    found = {
        name: by(rows, "organisation", str(ledger.actors[name].organisation_id))["screened"]["count"]
        for name in ("city", "uwv", "bakery")
    }
    assert found == {"city": 30, "uwv": None, "bakery": None}
    assert stages(ledger.rows("network")[0])["screened"]["count"] == 45, "control: 45 - 30 - 10 gives the bakery away"


def test_a_month_cannot_be_computed_back_from_its_quarter(ledger: Ledger) -> None:
    for month, times in ((1, 5), (2, 30), (3, 20), (4, 6), (5, 9)):
        ledger.screen(date(2026, month, 10), times=times)
    rows = ledger.rows("network", groupBy="month")
    found = [by(rows, "month", f"2026-0{month}")["screened"]["count"] for month in (1, 2, 3, 4)]
    assert found == [None, 30, None, None], "control: with March shown, its quarter (55) would leave 5 for January"
    quarters = ledger.rows("network", groupBy="quarter")
    assert by(quarters, "quarter", "2026-Q1")["screened"]["count"] == 55


def test_an_organisation_cannot_be_computed_back_from_its_kind(ledger: Ledger) -> None:
    region = next(iter(ledger.actors["network"].region_ids))
    ledger.settle("village", OrganisationKind.MUNICIPALITY, region)
    for name, times in (("city", 30), ("village", 3), ("uwv", 12), ("bakery", 3)):
        ledger.screen(MARCH, by=name, times=times)
    rows = ledger.rows("network", groupBy="organisation")
    city = by(rows, "organisation", str(ledger.actors["city"].organisation_id))
    assert city["screened"]["count"] is None, "control: municipalities 35, less 30, gives the village away"


class TestRows:
    """That a row is there must not tell that somebody is."""

    def test_every_value_has_a_row_whether_or_not_anybody_is_in_it(self, ledger: Ledger) -> None:
        empty = ledger.rows("network", groupBy="ageBand")
        ledger.screen(MARCH, age_band="65+")
        assert ledger.rows("network", groupBy="ageBand") == empty
        assert [row["group"]["ageBand"] for row in empty] == sorted(labels("ageBand"))

    def test_a_division_that_would_point_at_somebody_is_refused(self, ledger: Ledger) -> None:
        ledger.screen(MARCH, age_band="65+")
        for query in (
            {"groupBy": "ageBand,languageBackground"},
            {"groupBy": "month,ageBand", "employment": "employed"},
        ):
            refused = ledger.funnel("network", from_="2026-01-01", to="2026-12-31", **query)
            assert [(e["pointer"], e["code"]) for e in refused.json["errors"]] == [("/groupBy", "too_fine")]
        assert len(ledger.rows("city", groupBy="ageBand,languageBackground")) == 1, "control: the own cases may be"

    def test_a_period_is_made_of_whole_months(self, ledger: Ledger) -> None:
        refused = ledger.funnel("network", from_="2026-01-15", to="2026-03-15")
        assert {e["pointer"]: e["code"] for e in refused.json["errors"]} == {
            "/from": "part_of_month",
            "/to": "part_of_month",
        }
        assert ledger.funnel("network", from_="2026-01-01", to="2026-11-03").status_code == 200, "up to today is whole"

    def test_what_may_not_be_known_to_exist_is_refused(self, ledger: Ledger) -> None:
        stranger = str(ledger.actors["stranger"].organisation_id)
        refused = ledger.funnel("network", from_="2026-01-01", to="2026-12-31", organisation=stranger)
        assert [(e["pointer"], e["code"]) for e in refused.json["errors"]] == [("/organisation", "not_found")]


class TestTable:
    """CSV for a Dutch spreadsheet, with the figures of the JSON."""

    def fill(self, ledger: Ledger) -> None:
        lost = Step(MARCH + timedelta(days=9), EventName.NOT_START, Status.NOT_STARTED, "client_moved")
        ledger.screen(MARCH, times=120)
        ledger.screen(MARCH, by="uwv", times=9, held_on=MARCH, municipality_code="GM0362")
        ledger.refer(path(MARCH, 3), times=12, conversation_held_on=MARCH)
        ledger.refer([*path(MARCH, 4), lost], times=9)
        ledger.refer(path(MARCH, 4), age_band=None)

    def table(self, ledger: Ledger, who: str, keys: str) -> list[list[str]]:
        response = ledger.funnel(who, "text/csv", from_="2026-01-01", to="2026-12-31", groupBy=keys)
        assert response.mimetype == "text/csv"
        assert response.headers["Content-Disposition"] == 'attachment; filename="doorstroom-2026-01-01-2026-12-31.csv"'
        assert response.data.startswith(b"\xef\xbb\xbf")
        text = io.StringIO(response.data.decode("utf-8-sig"), newline="")
        lines = list(csv.reader(text, delimiter=";", strict=True))
        end = lines.index([])
        assert lines[end + 1] == ["Begrip", "Wat het betekent"]
        assert ["Doorstroom", indicators()["conversion"].definition] in lines[end:]
        return lines[:end]

    @pytest.mark.parametrize(("who", "kind"), [("city", "sourceKind,"), ("network", "")])
    def test_it_has_the_figures_of_the_json(self, ledger: Ledger, who: str, kind: str) -> None:
        self.fill(ledger)
        header, *lines = self.table(ledger, who, f"{kind}month,ageBand")
        assert header[-14:-11] == ["Maand", "Leeftijd", "Fase"]
        body = ledger.funnel(who, from_="2026-01-01", to="2026-12-31", groupBy=f"{kind}month,ageBand").json
        assert body["rows"], "there is something to compare"
        assert lines == [cells for row in body["rows"] for cells in self.cells(row, body)]

    def cells(self, row: dict[str, Any], body: dict[str, Any]) -> Iterator[list[str]]:
        *kind, month, age = row["group"].values()
        group = [*map(labels("organisationKind").get, kind), month, labels("ageBand")[age] if age else "Onbekend"]
        rule, untimed = [str(body["roundedTo"]), str(body["hiddenBelow"])], [""] * (1 + len(SPREAD))
        for stage in row["stages"]:
            count = "verborgen" if "hidden" in stage else str(stage["count"])
            figures = [dutch(stage[name]) for name in ("conversion", *SPREAD)]
            yield [*group, labels("stage")[stage["stage"]], "", "", count, *figures, *rule]
        for loss in row["losses"]:
            why = [labels("party")[loss["party"]], labels("reason")[loss["reason"]]]
            yield [*group, "", *why, str(loss["count"]), *untimed, *rule]
        for missed in row["notDiscussed"]:
            why = labels("notHeldReason").get(missed["reason"], "Onbekend")
            not_discussed = labels("figure")["not_discussed"]
            yield [*group, not_discussed, "", why, str(missed["count"]), *untimed, *rule]
        for other in row["others"]:
            count = "verborgen" if "hidden" in other else str(other["count"])
            figures = [dutch(other[name]) for name in ("share", *SPREAD)]
            yield [*group, labels("figure")[other["figure"]], "", "", count, *figures, *rule]

    def test_decimals_are_dutch(self, ledger: Ledger) -> None:
        ledger.refer(path(MARCH, 1))
        ledger.refer(path(MARCH, 2))
        ledger.refer(path(MARCH))
        accepted = next(line for line in self.table(ledger, "city", "month") if line[1] == "Geaccepteerd")
        assert accepted[4:10] == ["2", "0,67", "1", "1", "1,5", "2"], "share, p10, p25, median, p75"

    @pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+31", "-1", "@SUM(A1)", "\tx", "＝1"])
    def test_a_name_is_never_run_as_a_formula(self, ledger: Ledger, name: str) -> None:
        ledger.settle("trickster", OrganisationKind.UWV, called=name)
        ledger.screen(MARCH, by="trickster")
        assert {line[0] for line in self.table(ledger, "trickster", "organisation")} == {"Organisatie", f"'{name}"}

    @pytest.mark.parametrize("accept", [None, "*/*", "application/json", "image/png"])
    def test_json_is_what_anybody_else_gets(self, ledger: Ledger, accept: str | None) -> None:
        assert ledger.funnel("city", accept).mimetype == "application/json"


def dutch(value: float | None) -> str:
    return "" if value is None else str(value).replace(".", ",")
