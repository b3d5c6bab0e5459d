"""Who saw this and whom a breach touches, on pages: the same rows as the API, in words."""

import json
import re

import pytest

from tests.pages import Person
from tests.world import World

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ROWS = re.compile(r"<tr>")


def rows(text: str) -> int:
    """How many rows the table of a page has."""
    return len(ROWS.findall(text.partition("<tbody>")[2].partition("</tbody>")[0]))


def test_who_saw_a_case_stands_on_its_page_for_who_may_know(world: World) -> None:
    case = world.bring_to("accepted")
    path = f"/referrals/{case['id']}"
    world.call("coach", "GET", f"/v1/participants/{case['participantId']}?purpose=intake")
    told = world.call("privacy", "GET", f"/v1{path}/access-log").json["items"]
    officer = Person(world, "privacy").open(f"{path}/access-log")
    assert rows(officer.text) == len(told) > 0
    for words in ("Medewerker coach, Taalhuis Zilt", "Gegevens van de deelnemer bekeken", "Intake", "Naam, Contact"):
        assert words in officer.text
    coordinator = Person(world, "coordinator")
    assert f"{path}/access-log" in coordinator.open(path).text
    assert coordinator.open(f"{path}/access-log").status_code == 200
    for who, status in (("coach", 403), ("referrer", 403), ("stranger", 404)):
        person = Person(world, who)
        assert person.open(f"{path}/access-log").status_code == status, who
        assert "/access-log" not in person.open(path).text


@ON_SQLITE
def test_the_officer_finds_a_case_by_its_number_and_a_person_by_the_desk(world: World) -> None:
    case = world.refer()
    officer = Person(world, "privacy")
    found = officer.open(f"/access-log?reference={case['reference'].lower()}")
    assert found.headers["Location"] == f"/referrals/{case['id']}/access-log"
    unknown = officer.open("/access-log?reference=V-2026-XXXXX")
    assert unknown.status_code == 400
    assert "Er is hier geen zaak met dit nummer." in unknown.text
    page = officer.open(f"/privacy-requests/people/{case['participantId']}/access-log")
    told = world.call("privacy", "GET", f"/v1/participants/{case['participantId']}/access-log").json["items"]
    assert rows(page.text) == len(told)


def test_the_processing_records_are_those_of_the_api_and_found_by_person_and_activity(world: World) -> None:
    case, _ = world.refer(), world.refer()
    officer = Person(world, "privacy")
    whole = officer.open("/processing-records")
    assert "Verwijzen" in whole.text
    assert "Verwijzing: aanmelden" in whole.text
    query = f"participantId={case['participantId']}"
    page = officer.open(f"/processing-records?{query}")
    told = world.call("privacy", "GET", f"/v1/processing-records?{query}").json["items"]
    mine = [each for each in told if each["name"] != "processing_record:list"]
    shown = rows(page.text) - page.text.count("Verwerkingsregels: lijst bekeken")
    assert 0 < shown == len(mine) < rows(whole.text)
    activity = "processingActivityId=urn:processing-activity:referral:registration"
    assert rows(officer.open(f"/processing-records?{query}&{activity}").text) == 1
    assert officer.open("/processing-records?participantId=Joke").status_code == 400


@ON_SQLITE
def test_a_breach_is_answered_with_the_same_people_as_the_api(world: World) -> None:
    cases = [world.refer() for _ in range(3)]
    for case in cases:
        world.call("referrer", "GET", f"/v1/participants/{case['participantId']}?purpose=contact")
    question = {"userId": str(world.users["referrer"])}
    told = world.call("privacy", "POST", "/v1/audit-entries/_affected", question).json
    officer = Person(world, "privacy")
    page = officer.open(f"/breach?userId={question['userId']}")
    assert rows(page.text) == len(told["participants"]) == 3
    assert "<strong>3</strong> deelnemers" in page.text
    file = officer.open(f"/breach/people.json?userId={question['userId']}")
    assert json.loads(file.text)["participants"] == told["participants"]
    assert "attachment" in file.headers["Content-Disposition"]
    assert "Wie en wat het raakt" not in officer.open("/breach").text


@ON_SQLITE
def test_a_period_in_days_holds_its_last_day_and_what_cannot_be_read_is_said(world: World) -> None:
    world.refer()
    officer = Person(world, "privacy")
    assert "deelnemers</li>" in officer.open("/breach?from=3-11-2026&until=3-11-2026").text
    assert "Het raakt geen deelnemers" in officer.open("/breach?from=1-11-2026&until=2-11-2026").text
    for query, words in {
        "from=morgen": "Vul een bestaande dag en tijd in",
        "from=3-11-2026&until=2-11-2026": "Het einde ligt niet na het begin.",
        "keyId=onbekend": "Deze sleutel is hier niet bekend.",
    }.items():
        page = officer.open(f"/breach?{query}")
        assert page.status_code == 400, query
        assert words in page.text, query
        assert query.partition("=")[2].partition("&")[0] in page.text, "what was typed stands there still"
