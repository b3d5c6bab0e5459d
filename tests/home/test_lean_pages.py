"""The pages of the catalogue, the employer, the privacy officer and beheer ask few questions, however many rows."""

import sys
from typing import Any

import pytest

from tests.house.calls import region
from tests.pages import MOST_QUERIES, Person, counting
from tests.world import World, trajectory_body

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def paths(world: World, case: dict[str, Any], request_id: str) -> dict[str, list[str]]:
    """Who opens what."""
    person = f"/privacy-requests/people/{case['participantId']}"
    tuned = f"/administration/regions/{region(world)}"
    return {
        "referrer": [
            "/trajectories",
            "/trajectories?skill=reading&active=",
            f"/trajectories/{world.trajectory_id}",
            f"/referrals/{case['id']}/person/edit",
        ],
        "coach": ["/trajectories/new", f"/trajectories/{world.trajectory_id}/edit"],
        "employer": ["/", "/referrals", "/trajectories"],
        "coordinator": [f"/referrals/{case['id']}/access-log"],
        "privacy": [
            "/",
            "/privacy-requests",
            f"/privacy-requests/{request_id}",
            "/privacy-requests/new",
            person,
            f"{person}/restriction",
            f"{person}/access-log",
            f"{person}/disclosures",
            f"/referrals/{case['id']}/access-log",
            "/access-log",
            "/audit-log",
            "/processing-records",
            "/breach",
            f"/breach?userId={world.users['referrer']}",
        ],
        "region_admin": [
            "/administration/terms",
            f"{tuned}/terms/submitted",
            f"{tuned}/terms/submitted/check?steps/remind/number=2&steps/remind/unit=working_days",
            f"{tuned}/limits",
            f"{tuned}/limits/check?limits/holdMaxDays=30",
        ],
        "admin": [
            "/administration",
            f"/administration/people/{world.users['referrer']}",
            "/administration/organisations",
            "/administration/tokens",
            "/administration/webhooks",
            "/administration/lists",
            "/administration/lists/municipalityCode",
            "/administration/terms",
            "/administration/lists/reason",
            "/administration/lists/reason/no_capacity",
        ],
    }


def ask_for(world: World, case: dict[str, Any]) -> str:
    """A request of the participant of this case to be erased; its id."""
    path = f"/v1/participants/{case['participantId']}/erasure-requests"
    return str(world.call("privacy", "POST", path, {"text": "Haal mij weg."}).json["id"])


@ON_SQLITE
def test_a_page_asks_twelve_questions_at_most_however_many_rows_there_are(world: World) -> None:
    case = world.bring_to("accepted")
    opened = paths(world, case, ask_for(world, case))
    people = {who: Person(world, who) for who in opened}
    world.refer("employer", legalBasis="contract")

    def count() -> dict[str, int]:
        counts = {}
        for who, pages in opened.items():
            for path in pages:
                with counting(world) as asked:
                    assert people[who].open(path).status_code == 200, path
                counts[f"{who} {path}"] = len(asked)
        return counts

    few = count()
    for number in range(10):
        ask_for(world, world.refer())
        world.refer("employer", legalBasis="contract")
        world.call("coach", "POST", "/v1/trajectories", trajectory_body(f"Nummer {number}", world.clock.today))
    many = count()
    sys.stdout.write(f"{len(many)} pages, at most {max(many.values())} questions\n")
    assert {path: number for path, number in many.items() if number > MOST_QUERIES} == {}
    assert {path: (few[path], number) for path, number in many.items() if number > few[path] + 1} == {}
    assert len(many) == 39
