"""The dashboard shows the figures of the API, number by number, and says what is hidden and why."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from referral.core.codelists import labels
from tests.house.calls import screening
from tests.pages import Person
from tests.world import World

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
YEAR = "2026"


class TableReader(HTMLParser):
    """The tables of a page as text, by the end of their id."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.name, self.cell = "", False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = dict(attrs)
        if tag == "caption":
            self.name = str(at["id"]).removeprefix("tabel-")
            self.tables[self.name] = []
        elif tag == "tr" and self.name:
            self.tables[self.name].append([])
        elif tag in ("td", "th") and self.name:
            self.tables[self.name][-1].append("")
            self.cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self.cell = False
        elif tag == "table":
            self.name = ""

    def handle_data(self, data: str) -> None:
        if self.cell:
            self.tables[self.name][-1][-1] += data.strip()


def tables(text: str) -> dict[str, list[list[str]]]:
    """The rows of every table below its heading."""
    reader = TableReader()
    reader.feed(text)
    return {name: rows[1:] for name, rows in reader.tables.items()}


def fill(world: World) -> None:
    """Enough to show something to the region, and something too small."""
    for _ in range(14):
        screening(world)
    for _ in range(9):
        world.refer()
    world.bring_to("declined")
    world.bring_to("completed")


def written(figure: dict[str, Any]) -> list[str]:
    """A stage as the page writes it."""
    count = "verborgen" if figure["count"] is None else str(figure["count"])
    share = "–geen" if figure["conversion"] is None else f"{figure['conversion'] * 100:.0f} %"
    return [labels("stage")[figure["stage"]], count, share]


@ON_SQLITE
def test_every_figure_is_that_of_the_api_for_the_own_organisation_and_for_the_region(world: World) -> None:
    fill(world)
    hidden = 0
    for who in ("coordinator", "region"):
        page = tables(Person(world, who).open(f"/figures?period={YEAR}&by=sourceKind").text)
        asked = f"/v1/reports/funnel?from={YEAR}-01-01&to={YEAR}-12-31"
        whole = world.call(who, "GET", asked).get_json()["rows"][0]
        parts = world.call(who, "GET", f"{asked}&groupBy=sourceKind").get_json()["rows"]
        assert page["stages"] == [written(figure) for figure in whole["stages"]]
        assert [row[-1] for row in page["losses"] if len(row) > 1] == [
            str(loss["count"]) for loss in sorted(whole["losses"], key=lambda it: (-it["count"], it["reason"]))
        ]
        looked_at = ("screened", "indication", "discussed", "referred", "started", "completed")
        by_stage = [{figure["stage"]: figure for figure in row["stages"]} for row in parts]
        assert [row[1:] for row in page["parts"]] == [
            [written(stages[stage])[1] for stage in looked_at] for stages in by_stage
        ]
        hidden += sum(cell == "verborgen" for rows in page.values() for row in rows for cell in row)
    assert hidden, "the control: with nothing hidden this proves nothing about hiding"


@ON_SQLITE
def test_a_division_that_would_tell_of_one_person_is_refused_in_words_and_shows_no_figure(world: World) -> None:
    region = Person(world, "region")
    page = region.open("/figures?period=2026&by=sector&sourceKind=municipality")
    assert page.status_code == 400
    assert "Zo fijn zijn personen te herkennen" in page.text
    assert tables(page.text) == {}
    for wrong in ("period=gisteren", "period=2026-Q9", "by=shoeSize", "sourceKind=<script>", "from=2026-13-01"):
        page = region.open(f"/figures?{wrong}")
        assert page.status_code == 400, wrong
        assert "Deze cijfers zijn er niet" in page.text
        assert "<script>" not in page.text.partition("<main")[2]
    assert region.open("/figures?period=2031").status_code == 400, "a year that has yet to begin"


@ON_SQLITE
def test_a_line_of_the_division_leads_to_its_own_figures_and_back(world: World) -> None:
    fill(world)
    coordinator = Person(world, "coordinator")
    page = coordinator.open("/figures?period=2026&by=foundAt")
    link = re.search(r'href="(/figures\?[^"]*foundAt=[^"]+)"', page.text)[1].replace("&amp;", "&")
    inside = coordinator.open(link)
    assert inside.status_code == 200
    assert "Alleen" in inside.text
    counts = [tables(each.text)["stages"][0][1] for each in (page, inside)]
    assert int(counts[1]) <= int(counts[0])
    back = re.search(r'href="(/figures\?[^"]*)">Toon weer alles', inside.text)[1].replace("&amp;", "&")
    assert tables(coordinator.open(back).text) == tables(page.text)


@ON_SQLITE
def test_where_nothing_of_a_division_may_be_shown_the_page_says_what_to_choose_instead(world: World) -> None:
    fill(world)
    advice = "Kies een heel jaar, of een andere indeling."
    assert advice in Person(world, "region").open(f"/figures?period={YEAR}-Q4&by=foundAt").text
    assert advice not in Person(world, "coordinator").open(f"/figures?period={YEAR}-Q4&by=foundAt").text


@ON_SQLITE
def test_the_spreadsheet_holds_what_the_page_divides(world: World) -> None:
    fill(world)
    file = Person(world, "region").open("/figures/funnel.csv?period=2026&by=sourceKind")
    assert file.mimetype == "text/csv"
    assert 'filename="doorstroom-2026-01-01-2026-12-31.csv"' in file.headers["Content-Disposition"]
    assert "verborgen" in file.text
    assert Person(world, "referrer").open("/figures").status_code == 403
