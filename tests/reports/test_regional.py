"""The regional coordinator's figures through the door: rounded, hidden, and the same as a table."""

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest

from referral.core.codelists import labels
from referral.core.policy import OrganisationKind
from referral.referrals.workflow import EventName, Status
from tests.reports.conftest import Step, World, path, stages

MARCH = date(2026, 3, 2)


def by(rows: list[dict[str, Any]], key: str, value: str) -> dict[str, Any]:
    return stages(next(row for row in rows if row["group"][key] == value))


def test_a_hidden_cell_is_null_and_says_so(world: World) -> None:
    world.screen(MARCH, times=30)
    world.refer(path(MARCH), times=7)
    row = stages(world.rows("network")[0])
    hidden = {"count": None, "hidden": True, "conversion": None, "medianDays": None, "p90Days": None}
    assert row["screened"] == {
        "stage": "screened", "count": 30, "conversion": None, "medianDays": None, "p90Days": None,
    }  # fmt: skip
    assert row["referred"] == {"stage": "referred", **hidden}


def test_the_one_small_organisation_hides_the_next_smallest(world: World) -> None:
    for name, times in (("city", 30), ("uwv", 12), ("bakery", 3)):
        world.screen(MARCH, by=name, times=times)
    rows = world.rows("network", groupBy="organisation")
    found = {
        name: by(rows, "organisation", str(world.actors[name].organisation_id))["screened"]["count"]
        for name in ("city", "uwv", "bakery")
    }
    assert found == {"city": 30, "uwv": None, "bakery": None}
    assert stages(world.rows("network")[0])["screened"]["count"] == 45, "control: 45 - 30 - 10 gives the bakery away"


def test_a_month_cannot_be_computed_back_from_its_quarter(world: World) -> None:
    for month, times in ((1, 5), (2, 30), (3, 20), (4, 6)):
        world.screen(date(2026, month, 10), times=times)
    rows = world.rows("network", groupBy="month")
    found = [by(rows, "month", f"2026-0{month}")["screened"]["count"] for month in (1, 2, 3, 4)]
    assert found == [None, 30, None, None], "control: with April hidden too, the year alone would leave March visible"


def test_an_organisation_cannot_be_computed_back_from_its_kind(world: World) -> None:
    region = next(iter(world.actors["network"].region_ids))
    world.settle("village", OrganisationKind.MUNICIPALITY, region)
    for name, times in (("city", 30), ("village", 3), ("uwv", 12), ("bakery", 3)):
        world.screen(MARCH, by=name, times=times)
    rows = world.rows("network", groupBy="organisation")
    city = by(rows, "organisation", str(world.actors["city"].organisation_id))
    assert city["screened"]["count"] is None, "control: municipalities 35, less 30, gives the village away"


class TestRows:
    """That a row is there must not tell that somebody is."""

    def test_every_value_has_a_row_whether_or_not_anybody_is_in_it(self, world: World) -> None:
        empty = world.rows("network", groupBy="ageBand")
        world.screen(MARCH, age_band="65+")
        assert world.rows("network", groupBy="ageBand") == empty
        assert [row["group"]["ageBand"] for row in empty] == sorted(labels("ageBand"))

    def test_a_fine_division_has_only_rows_that_show_something(self, world: World) -> None:
        world.screen(MARCH, age_band="65+")
        world.screen(MARCH, age_band="25-34", times=20)
        rows = world.rows("network", groupBy="municipality,ageBand,languageBackground,month")
        assert [row["group"]["ageBand"] for row in rows] == ["25-34"]
        exact = world.rows("city", groupBy="municipality,ageBand,languageBackground,month")
        assert len(exact) == 2, "control: the rows of the exact figures show that somebody is there"


class TestTable:
    """CSV for a Dutch spreadsheet, with the figures of the JSON."""

    def fill(self, world: World) -> None:
        lost = Step(MARCH + timedelta(days=9), EventName.NOT_START, Status.NOT_STARTED, "client_moved")
        world.screen(MARCH, times=120)
        world.screen(MARCH, by="uwv", times=9, held_on=MARCH, municipality_code="GM0362")
        world.refer(path(MARCH, 3), times=12, conversation_held_on=MARCH)
        world.refer([*path(MARCH, 4), lost], times=9)
        world.refer(path(MARCH, 4), age_band=None)

    def table(self, world: World, who: str, keys: str) -> list[list[str]]:
        response = world.funnel(who, "text/csv", from_="2026-01-01", to="2026-12-31", groupBy=keys)
        assert response.mimetype == "text/csv"
        assert response.headers["Content-Disposition"] == 'attachment; filename="doorstroom-2026-01-01-2026-12-31.csv"'
        assert response.data.startswith(b"\xef\xbb\xbf")
        return list(csv.reader(io.StringIO(response.data.decode("utf-8-sig"), newline=""), delimiter=";", strict=True))

    @pytest.mark.parametrize("who", ["city", "network"])
    def test_it_has_the_figures_of_the_json(self, world: World, who: str) -> None:
        self.fill(world)
        header, *lines = self.table(world, who, "sourceKind,month,ageBand")
        assert header[:4] == ["Soort verwijzer", "Maand", "Leeftijd", "Fase"]
        body = world.funnel(who, from_="2026-01-01", to="2026-12-31", groupBy="sourceKind,month,ageBand").json
        assert body["rows"], "there is something to compare"
        assert lines == [cells for row in body["rows"] for cells in self.cells(row, body)]

    def cells(self, row: dict[str, Any], body: dict[str, Any]) -> list[list[str]]:
        kind, month, age = row["group"].values()
        group = [labels("organisationKind")[kind], month, labels("ageBand")[age] if age else "Onbekend"]
        rule = [str(body["roundedTo"]), str(body["hiddenBelow"])]
        return [
            [
                *group, labels("stage")[stage["stage"]], "", "", "verborgen" if "hidden" in stage else str(stage["count"]),
                *(dutch(stage[name]) for name in ("conversion", "medianDays", "p90Days")), *rule,
            ]
            for stage in row["stages"]
        ] + [
            [*group, "", labels("party")[loss["party"]], labels("reason")[loss["reason"]], str(loss["count"]), "", "", "", *rule]
            for loss in row["losses"]
        ]  # fmt: skip

    def test_decimals_are_dutch(self, world: World) -> None:
        world.refer(path(MARCH, 1))
        world.refer(path(MARCH, 2))
        world.refer(path(MARCH))
        accepted = next(line for line in self.table(world, "city", "month") if line[1] == "Geaccepteerd")
        assert accepted[4:7] == ["2", "0,67", "1,5"]

    @pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+31", "-1", "@SUM(A1)", "\tx", "＝1"])
    def test_a_name_is_never_run_as_a_formula(self, world: World, name: str) -> None:
        world.settle("trickster", OrganisationKind.UWV, called=name)
        world.screen(MARCH, by="trickster")
        assert {line[0] for line in self.table(world, "trickster", "organisation")} == {"Organisatie", f"'{name}"}

    @pytest.mark.parametrize("accept", [None, "*/*", "application/json", "text/html"])
    def test_json_is_what_anybody_else_gets(self, world: World, accept: str | None) -> None:
        assert world.funnel("city", accept).mimetype == "application/json"


def dutch(value: float | None) -> str:
    return "" if value is None else str(value).replace(".", ",")
