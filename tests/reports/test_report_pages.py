"""The other reports as pages: the cells of the API one by one, the same as files; and the texts of a year."""

import re

import pytest

from tests.pages import Person
from tests.reports.test_dashboard import fill, tables
from tests.world import World

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NAMES = ("monitor", "reach", "coverage")


@ON_SQLITE
def test_every_cell_is_that_of_the_api_for_the_own_organisation_and_for_the_region(world: World) -> None:
    fill(world)
    compared = hidden = 0
    for who in ("coordinator", "region"):
        person = Person(world, who)
        for name in NAMES:
            page = tables(person.open(f"/figures/{name}").text)
            report = world.call(who, "GET", f"/v1/reports/{name}").get_json()
            assert list(page) == [table["table"] for table in report["tables"]]
            for table in report["tables"]:
                rows = page[table["table"]] if table["rows"] else []
                assert len(rows) == len(table["rows"]), (name, table["table"])
                for shown, told in zip(rows, table["rows"], strict=True):
                    for cell, value in zip(shown, told["cells"], strict=True):
                        number = value.get("value")
                        if isinstance(number, int) and not isinstance(number, bool):
                            assert cell == f"{number:,}".replace(",", "."), (name, table["table"], cell, value)
                            compared += 1
                        hidden += cell == "verborgen"
    assert compared > 50
    assert hidden, "the control: with nothing hidden this proves nothing about hiding"


@ON_SQLITE
def test_a_report_comes_as_a_file_too_and_what_is_wrong_is_said(world: World) -> None:
    coordinator = Person(world, "coordinator")
    for ending, kind in (("csv", "text/csv"), ("pdf", "application/pdf")):
        file = coordinator.open(f"/figures/reach.{ending}?period=2026")
        assert (file.status_code, file.mimetype) == (200, kind)
        assert f'.{ending}"' in file.headers["Content-Disposition"]
    assert coordinator.open("/figures/reach.exe").status_code == 404
    assert coordinator.open("/figures/secrets").status_code == 404
    page = coordinator.open("/figures/monitor?period=2031")
    assert page.status_code == 400
    assert tables(page.text) == {}
    assert Person(world, "referrer").open("/figures/reach").status_code == 403


@ON_SQLITE
def test_a_region_writes_the_texts_of_its_yearly_report_and_reads_it(world: World) -> None:
    region = Person(world, "region")
    assert "Hier staat nog niets" in region.open("/figures/annual?year=2026").text
    sent = region.submit("/figures/annual/2026/narrative", text="Een moeder leest voor.\nElke avond.")
    assert sent.status_code == 303
    assert "Een moeder leest voor." in region.open(sent.headers["Location"]).text
    report = region.open("/figures/annual/2026")
    assert "Elke avond." in report.text
    assert region.open("/figures/annual/2026.pdf").data.startswith(b"%PDF")
    refused = region.submit("/figures/annual/2026/narrative", text="Bel haar op 06 12 34 56 78.")
    assert refused.status_code == 400
    assert "06 12 34 56 78" in re.search(r"<textarea.*?</textarea>", refused.text, re.DOTALL)[0], (
        "nothing typed is lost"
    )
    assert "06 12 34 56 78" not in region.open("/figures/annual?year=2026").text
    assert region.open("/figures/annual/2026/nergens").status_code == 404
    assert region.open("/figures/annual/2031").status_code == 400
    assert Person(world, "coordinator").open("/figures/annual").status_code == 403
