"""The pages about privacy say what the code does: the register is made from it, and every measure can be found."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from referral.accountability.register import SEALED, render_register
from referral.cli import main
from referral.core.codelists import processing_register
from tests.house.test_processing import sealed_models

ROOT = Path(__file__).parents[2]
PRIVACY = ROOT / "docs" / "privacy"
REGISTER = (PRIVACY / "register.md").read_text()
PLACE = re.compile(r"`((?:referral|tests|config|docs|deploy)/[\w./-]+\.\w+)(?:::(\w+))?`")
PAGES = ("dpia.md", "datalek.md")


def test_the_register_on_paper_is_that_of_the_code() -> None:
    assert render_register() == REGISTER, "run: make register"
    printed = CliRunner().invoke(main, ["report", "register"])
    assert printed.output == REGISTER
    # The control: a page of yesterday, with an action less.
    assert REGISTER.replace("`participant:search`", "", 1) != render_register()


def test_every_activity_and_every_action_stands_in_it() -> None:
    register = processing_register()
    for activity in register.activities.values():
        section = REGISTER.partition(f"### {activity.name}\n")[2].partition("\n### ")[0]
        assert activity.uri in section
        assert activity.purpose in section
        assert all(f"`{action}`" in section for action in (*activity.actions, *activity.overviews, *activity.staff))


def test_the_figures_count_every_sealed_model() -> None:
    assert set(SEALED) == set(sealed_models())


def missing(page: str) -> list[str]:
    """The files and the tests that a page names and that are not there."""
    named = PLACE.findall(page)
    return [
        "::".join(filter(None, (path, test)))
        for path, test in named
        if not (ROOT / path).exists() or (test and f"def {test}(" not in (ROOT / path).read_text())
    ]


@pytest.mark.parametrize("name", PAGES)
def test_every_measure_points_at_something_that_is_there(name: str) -> None:
    page = (PRIVACY / name).read_text()
    assert missing(page) == []
    assert len(PLACE.findall(page)) >= 5
    # The control: a file and a test that were renamed.
    assert missing("`referral/core/audits.py` `tests/house/test_audit.py::test_nothing`") == [
        "referral/core/audits.py",
        "tests/house/test_audit.py::test_nothing",
    ]


def test_every_measure_of_the_dpia_is_proven_somewhere() -> None:
    """A row of the table of measures names at least one test or page."""
    table = (PRIVACY / "dpia.md").read_text().partition("\n## D. Maatregelen\n")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if re.match(r"\| M\d+ \|", line)]
    assert len(rows) >= 15
    assert [row for row in rows if not PLACE.search(row)] == []
    risks = set(re.findall(r"^\| (R\d+) \|", (PRIVACY / "dpia.md").read_text(), re.MULTILINE))
    assert risks == set(re.findall(r"R\d+", table)), "every risk has a measure"
