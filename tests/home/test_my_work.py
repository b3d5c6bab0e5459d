"""The start page: what waits for me or my team, overdue first, and nothing that somebody else must do."""

import re

import pytest

from tests.house.calls import screening
from tests.pages import Person
from tests.world import World

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
TITLE = re.compile(r'ds-task__title">.*?>([^<]+)</a>', re.DOTALL)
BADGE = re.compile(r'utrecht-badge-counter">(\d+)')


def test_what_waits_for_me_or_my_team_stands_there_and_nothing_else(world: World) -> None:
    sent, mine, asked = world.refer(), world.bring_to("accepted"), world.bring_to("returned")
    expired = world.bring_to("expired")
    seen = {who: TITLE.findall(Person(world, who).open("/").text) for who in ("coach", "second_coach", "referrer")}
    assert set(seen["coach"]) == {sent["reference"], mine["reference"]}
    assert seen["second_coach"] == [sent["reference"]], "a case in hand is its own coach's"
    assert seen["referrer"] == [asked["reference"]]
    assert TITLE.findall(Person(world, "region").open("/").text) == [expired["reference"]]
    assert "Er wacht nu niets op u" in Person(world, "coordinator").open("/").text
    assert "Er wacht nu niets op u" in Person(world, "admin").open("/").text


def test_overdue_comes_first_with_the_one_next_step_as_a_button(world: World) -> None:
    old = world.refer()
    code = screening(world)
    world.clock.move(days=20)
    new = world.refer()
    coach = Person(world, "coach").open("/")
    assert TITLE.findall(coach.text) == [old["reference"], new["reference"]]
    assert coach.text.count("ds-task--overdue") == 1
    assert f"/referrals/{old['id']}/steps/accept" in coach.text
    assert BADGE.findall(coach.text) == ["2"]
    referrer = Person(world, "referrer").open("/")
    assert f"/screenings/{code}/conversation" in referrer.text
    assert BADGE.findall(referrer.text) == ["1"]


@ON_SQLITE
def test_every_step_on_the_list_opens(world: World) -> None:
    for status in ("draft", "submitted", "returned", "accepted", "waitlisted", "handed_over", "intake"):
        world.bring_to(status)
    for status in ("in_trajectory", "completed", "declined", "not_started", "stopped_early", "expired"):
        world.bring_to(status)
    opened = 0
    for who in ("referrer", "coach", "region"):
        person = Person(world, who)
        for path in re.findall(r'href="(/referrals/[^"]+/steps/[^"]+)"', person.open("/").text):
            assert person.open(path).status_code == 200, path
            opened += 1
    assert opened == 13


@ON_SQLITE
def test_the_menu_holds_what_this_role_may_open(world: World) -> None:
    menus = {
        "referrer": {"/", "/screenings", "/referrals/new", "/referrals"},
        "coach": {"/", "/screenings", "/queue", "/referrals"},
        "coordinator": {"/", "/screenings", "/referrals"},
        "privacy": {"/"},
        "admin": {"/"},
    }
    for who, expected in menus.items():
        person = Person(world, who)
        menu = person.open("/").text.partition("<nav")[2].partition("</nav>")[0]
        links = set(re.findall(r'href="([^"]+)"', menu))
        assert links >= expected, who
        assert {path: person.open(path).status_code for path in links} == dict.fromkeys(links, 200)


@ON_SQLITE
def test_an_error_page_leaves_no_transaction_behind(world: World) -> None:
    """Wrong build: the menu of a page that refuses counts in work that has ended, and locks the database."""
    coach = Person(world, "coach")
    assert coach.open("/referrals/new").status_code == 403
    assert coach.open("/nergens").status_code == 404
    assert world.service.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    world.refer()
