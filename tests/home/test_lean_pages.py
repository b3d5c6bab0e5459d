"""Every page asks few questions of the database, however many rows there are: twelve at most beside its trail."""

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from sqlalchemy import select

from referral.access import OPERATIONS
from referral.core.http import current_work
from referral.core.policy import Door
from referral.referrals.models import Referral
from referral.referrals.pages.steps import Step
from tests.home.test_making_pages import write
from tests.house.calls import region, screening
from tests.pages import MOST_QUERIES, Person, counting
from tests.world import World, trajectory_body

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SENT_ON = {"screening.find", "making.resume", "account.stay"}
"""What only sends the browser on to another page."""
EVERY_STORE = 24
"""The answer to an access request (AVG art. 15) is no page to work in: it reads every store about one person once."""
FIGURES = ("", "/coverage", "/monitor", "/reach", "/funnel.csv", "/reach.xlsx", "?period=2026&by=organisation")
OFFICE = (
    "", "/people/new", "/organisations", "/tokens", "/tokens/new", "/webhooks", "/lists", "/lists/municipalityCode",
    "/terms", "/lists/reason", "/lists/reason/no_capacity", "/organisation",
    "/organisation/retention/broken_off_social",
    "/organisation/retention/broken_off_social/check?whose=own&period/number=14&period/unit=D",
)  # fmt: skip


TUNED = (
    "/terms/submitted", "/terms/submitted/check?steps/remind/number=2&steps/remind/unit=working_days", "/limits",
    "/limits/check?limits/holdMaxDays=30",
)  # fmt: skip


def ask_for(world: World, case: Mapping[str, Any], what: str = "erasure-requests") -> str:
    """A request of the participant of this case; its id."""
    path = f"/v1/participants/{case['participantId']}/{what}"
    body = {"text": "Haal mij weg."} if what == "erasure-requests" else {}
    return str(world.call("privacy", "POST", path, body).headers["Location"]).rpartition("/")[2]


def paths(world: World) -> Iterator[tuple[str, str]]:
    """Who opens what: every page, the long lists by everybody who has one."""
    code, case, advised = screening(world), world.bring_to("accepted"), world.refer(trajectoryId=..., adviseMe=True)
    flow = write(Person(world, "referrer"), world)
    offer, mine = f"/trajectories/{world.trajectory_id}", f"/referrals/{case['id']}"
    person, request = f"/privacy-requests/people/{case['participantId']}", ask_for(world, case)
    answer = f"/privacy-requests/{ask_for(world, case, 'access-requests')}/answer"
    for who in ("referrer", "coach", "coordinator", "region", "employer", "privacy", "admin"):
        yield from ((who, path) for path in ("/", "/account", "/trajectories"))
    yield from (("referrer", path) for path in (
        "/referrals", "/screenings", "/screenings/new", f"/screenings/{code}", f"/screenings/{code}/conversation",
        "/referrals/new", *(f"{flow}/{step}" for step in (*Step, "check")),
        mine, f"{mine}/sent", f"{mine}/person/edit", "/trajectories?skill=reading&active=", offer,
    ))  # fmt: skip
    yield from (("coach", path) for path in (
        "/queue", "/referrals", mine, f"{mine}/steps/confirm_handover", f"{mine}/steps/assign", "/trajectories/new",
        f"{offer}/edit",
    ))  # fmt: skip
    yield from (("employer", path) for path in ("/referrals", "/referrals/new"))
    yield from (("coordinator", path) for path in ("/referrals", mine, f"{mine}/access-log"))
    yield from ((who, f"/figures{path}") for who in ("coordinator", "region") for path in FIGURES)
    yield from (("region", path) for path in (
        f"/referrals/{advised['id']}/trajectory", "/figures/annual", "/figures/annual/2026",
        "/figures/annual/2026.pdf", "/figures/annual/2026/narrative",
    ))  # fmt: skip
    yield from (("privacy", path) for path in (
        "/privacy-requests", f"/privacy-requests/{request}", "/privacy-requests/new", person, f"{person}/restriction",
        f"{person}/access-log", f"{person}/disclosures", f"{person}/withdrawal", f"{person}/erase", answer,
        f"{answer}.pdf", f"{answer}.json", f"{mine}/access-log", "/access-log", "/audit-log", "/processing-records",
        "/breach", *(f"/breach{each}?userId={world.users['referrer']}" for each in ("", "/people.json")),
    ))  # fmt: skip
    yield from (("admin", f"/administration{path}") for path in OFFICE)
    yield "admin", f"/administration/people/{world.users['referrer']}"
    yield from (("region_admin", f"/administration{path}") for path in ("/terms", "/organisations/new"))
    yield from (("region_admin", f"/administration/regions/{region(world)}{path}") for path in TUNED)


def endpoint_of(world: World, path: str) -> str:
    """Which operation answers there."""
    return str(world.app.url_map.bind("localhost").match(path.partition("?")[0], method="GET")[0])


def count(world: World, people: Mapping[str, Person], opened: list[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """How many questions each page asks."""
    counts = {}
    for who, path in opened:
        with counting(world) as asked:
            answer = people[who].open(path)
        assert answer.status_code == 200, (who, path, answer.status_code)
        counts[who, path] = len(asked)
    return counts


@ON_SQLITE
def test_every_page_asks_twelve_questions_at_most_however_many_rows_there_are(world: World) -> None:
    opened = list(paths(world))
    people = {who: Person(world, who) for who, _ in opened}
    few = count(world, people, opened)
    for number in range(12):
        ask_for(world, world.refer())
        screening(world)
        world.bring_to("returned")
        world.refer("employer", legalBasis="contract")
        world.call("coach", "POST", "/v1/trajectories", trajectory_body(f"Nummer {number}", world.clock.today))
    world.bring_to("completed")
    many = count(world, people, opened)
    sys.stdout.write(f"{len(many)} pages, at most {max(many.values())} questions\n")
    most = {page: EVERY_STORE if "/answer" in page[1] else MOST_QUERIES for page in many}
    assert {page: number for page, number in many.items() if number > most[page]} == {}
    assert {page: (few[page], number) for page, number in many.items() if number > few[page] + 1} == {}
    all_of_them = {
        rule.endpoint
        for rule in world.app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and rule.endpoint in OPERATIONS and OPERATIONS[rule.endpoint].door is Door.PAGE
    }
    assert {endpoint_of(world, path) for _, path in opened} == all_of_them - SENT_ON


@ON_SQLITE
def test_a_page_that_asks_about_each_of_its_rows_is_found(world: World) -> None:
    """The control: the list of cases, in a build that looks up every case by itself."""
    people, page, views = {"coach": Person(world, "coach")}, ("coach", "/queue"), world.app.view_functions
    show = views["queue.show_queue"]

    def show_one_by_one() -> Any:
        for case in current_work().session.scalars(select(Referral.id)).all():
            current_work().session.execute(select(Referral.status).where(Referral.id == case))
        return show()

    views["queue.show_queue"] = show_one_by_one
    few = count(world, people, [page])[page]
    for _ in range(MOST_QUERIES):
        world.refer()
    assert count(world, people, [page])[page] == few + MOST_QUERIES
