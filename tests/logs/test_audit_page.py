"""The page of the audit log: the rows of the own organisation in words, found by who, what and when."""

import re

import pytest

from referral.access import OPERATIONS
from referral.core.codelists import actions
from referral.logs.schemas import DEEDS, RESULTS, THINGS, action_in_words
from tests.pages import Person
from tests.world import World

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
WHAT = re.compile(r'data-label="Wat">([^<]+)')


def test_every_action_has_its_dutch_words() -> None:
    known = {access.action for access in OPERATIONS.values() if access.action} | set(actions())
    assert {each.partition(":")[0] for each in known} - set(THINGS) == set()
    assert {each.partition(":")[2] for each in known} - set(DEEDS) == set()
    assert action_in_words("referral:accept") == "Verwijzing: accepteren"
    assert action_in_words("shoe:lace") == "shoe: lace", "the control: what has no words is shown by its name"
    assert {"done", "not-found", "stale-version", "invalid-input"} <= set(RESULTS)


def test_the_officer_finds_rows_by_who_what_and_when(world: World) -> None:
    case = world.bring_to("accepted")
    world.call("second_referrer", "GET", f"/v1/referrals/{case['id']}")
    officer = Person(world, "privacy")
    mine = WHAT.findall(officer.open(f"/audit-log?actorId={world.users['second_referrer']}").text)
    assert set(mine) == {"Verwijzing: bekeken", "Deelnemer: gegevens bekeken"}
    submitted = officer.open("/audit-log?action=referral:submit").text
    assert WHAT.findall(submitted) == ["Verwijzing: aanmelden"]
    assert "Medewerker referrer" in submitted
    assert "Medewerker coach" not in officer.open("/audit-log").text, "another organisation's own log"
    about = officer.open(f"/audit-log?objectId={case['id']}").text
    assert set(WHAT.findall(about)) == {"Verwijzing: verwijzing maken", "Verwijzing: aanmelden", "Verwijzing: bekeken"}
    assert WHAT.findall(officer.open("/audit-log?since=3-11-2026&until=3-11-2026").text)
    assert "Er is niets gevonden" in officer.open("/audit-log?until=2-11-2026").text


@ON_SQLITE
def test_refusals_stand_there_and_a_wrong_question_comes_back(world: World) -> None:
    Person(world, "referrer").open("/audit-log")
    officer = Person(world, "privacy")
    assert "U mag dit niet doen" in officer.open(f"/audit-log?actorId={world.users['referrer']}").text
    page = officer.open("/audit-log?since=morgen")
    assert page.status_code == 400
    assert 'value="morgen"' in page.text
    assert "Vanaf: Vul een bestaande dag en tijd in" in page.text


@ON_SQLITE
def test_the_second_page_goes_on_where_the_first_ended(world: World) -> None:
    officer = Person(world, "privacy")
    for _ in range(55):
        officer.open("/account/stay")
    first = officer.open("/audit-log?action=session:stay").text
    after = re.search(r'href="(/audit-log\?cursor=[^"]+)"', first)
    assert after is not None
    assert "action=session" in after[1]
    second = officer.open(after[1].replace("&amp;", "&")).text
    assert (len(WHAT.findall(first)), len(WHAT.findall(second))) == (50, 5)
