"""A data breach: exactly the people whom a key, an account or a period touches, with the right counts."""

import json
import random
import sys
from collections import Counter
from typing import Any

import time_machine
from click.testing import CliRunner

from referral.cli import main
from tests.accountability.logs import DUINWIJK, ZILT, erase, make_officer
from tests.home.test_making_pages import write
from tests.pages import Person
from tests.world import World

AFFECTED = "/v1/audit-entries/_affected"
PLANTED = 60
READERS = ("referrer", "second_referrer", "coach", "second_coach")


def ask(world: World, who: str = "privacy", **question: Any) -> dict[str, Any]:
    """What a question that must be answered is answered with; `since` is sent as `from`."""
    body = {{"since": "from"}.get(name, name): value for name, value in question.items()}
    answer = world.call(who, "POST", AFFECTED, body)
    assert answer.status_code == 200, answer.json
    return dict(answer.json)


def instant(world: World) -> str:
    return world.clock.now.strftime("%Y-%m-%dT%H:%M:%SZ")


def people(answer: dict[str, Any]) -> dict[str, int]:
    """How often each person was read."""
    return {each["participantId"]: each["readings"] for each in answer["participants"]}


def read(world: World, who: str, case: dict[str, Any], purpose: str = "contact") -> None:
    path = f"/v1/participants/{case['participantId']}?purpose={purpose}"
    assert world.call(who, "GET", path).status_code == 200


def test_exactly_the_planted_readings_are_found(world: World) -> None:
    """Readings at random by four people in three hours; every question is answered as counting by hand does."""
    chance = random.Random(72)
    cases = [world.refer() for _ in range(8)]
    planted: list[tuple[int, str, str]] = []
    hours = []
    for hour in range(3):
        world.clock.move(hours=1)
        hours.append(instant(world))
        for _ in range(PLANTED // 3):
            who, case = (
                chance.choice(("referrer", "second_referrer", "coach", "second_coach")),
                chance.choice(cases[:-1]),
            )
            read(world, who, case)
            planted.append((hour, who, case["participantId"]))
    world.clock.move(hours=1)
    hours.append(instant(world))
    asked = 0
    for who in (None, *READERS):
        for first, last in ((0, 3), (0, 1), (1, 2), (1, 3), (2, 3)):
            user = {"userId": str(world.users[who])} if who else {}
            answer = ask(world, since=hours[first], until=hours[last], **user)
            expected = Counter(
                person for hour, reader, person in planted if first <= hour < last and who in (None, reader)
            )
            assert people(answer) == expected
            assert answer["counts"]["readings"] == expected.total()
            assert answer["counts"]["participants"] == len(expected)
            asked += 1
    assert cases[-1]["participantId"] not in people(ask(world, since=hours[0]))
    sys.stdout.write(f"{len(planted)} planted readings, {asked} questions\n")


def test_the_answer_names_cases_organisations_and_kinds_of_data(world: World) -> None:
    case = world.refer()
    other = world.refer(participant=..., participantId=case["participantId"], trajectoryId=world.other_trajectory_id)
    world.refer()
    world.clock.move(hours=1)
    since = instant(world)
    read(world, "coach", case)
    answer = ask(world, userId=str(world.users["coach"]), since=since)
    assert answer == {
        "participants": [
            {
                "participantId": case["participantId"],
                "organisationId": str(world.organisations[DUINWIJK]),
                "draftBy": None,
                "readings": 1,
                "changes": 0,
                "dataCategories": ["contact", "identity"],
            }
        ],
        "referrals": sorted([case["id"], other["id"]]),
        "organisations": [
            {"id": str(world.organisations[name]), "name": name} for name in (DUINWIJK, "Leerhuis Anker", ZILT)
        ],
        "dataCategories": ["identity", "contact"],
        "counts": {
            "participants": 1, "referrals": 2, "organisations": 3, "readings": 1, "changes": 0,
            "onErasedParticipants": 0,
        },
    }  # fmt: skip


def test_a_list_and_a_deed_count_for_everybody_in_them(world: World) -> None:
    cases = [world.refer() for _ in range(3)]
    world.clock.move(hours=1)
    since = instant(world)
    world.call("second_coach", "GET", "/v1/referrals")
    world.move("second_coach", cases[0], "accept")
    answer = ask(world, userId=str(world.users["second_coach"]), since=since)
    assert set(people(answer)) == {case["participantId"] for case in cases}
    assert {each["participantId"]: each["changes"] for each in answer["participants"]} == {
        case["participantId"]: int(case is cases[0]) for case in cases
    }
    assert "case" in answer["dataCategories"]


def test_everybody_under_a_stolen_key_and_nobody_else(world: World) -> None:
    """A key moves on with a rotation; a stolen copy of the database has it under the key of its time."""
    first = [world.refer()["participantId"] for _ in range(3)]
    world.renew_kek()
    second = [world.refer()["participantId"] for _ in range(2)]
    world.renew_kek()
    third = [world.refer()["participantId"]]
    assert world.service.key_ring.provider.current() == "k3"
    for key, expected in zip(("k1", "k2", "k3"), (first, first + second, first + second + third), strict=True):
        answer = ask(world, keyId=key)
        assert set(people(answer)) == set(expected)
        assert answer["counts"]["participants"] == len(expected)
        assert len(answer["dataCategories"]) == 10
    assert set(people(ask(world, keyId="2"))) == {*first, *second}, "the number of a wrapping key"
    # Together they narrow each other: who stood under the key and was read by this account.
    world.clock.move(hours=1)
    since = instant(world)
    read(world, "second_referrer", {"participantId": first[0]}, "intake")
    read(world, "second_referrer", {"participantId": third[0]}, "intake")
    by_account = {"userId": str(world.users["second_referrer"]), "since": since}
    assert set(people(ask(world, **by_account))) == {first[0], third[0]}
    assert people(ask(world, keyId="k1", **by_account)) == {first[0]: 1}


def test_each_officer_is_told_of_the_own_people_and_of_whom_the_own_staff_touched(world: World) -> None:
    case = world.refer()
    elsewhere = world.call("employer", "POST", "/v1/participants", world.referral_body()["participant"]).json
    world.clock.move(hours=1)
    since = instant(world)
    read(world, "coach", case)
    read(world, "employer", {"participantId": elsewhere["id"]})
    there = make_officer(world, "receiving_coordinator")
    stranger = make_officer(world, "stranger")
    assert people(ask(world, since=since)) == {case["participantId"]: 1}
    assert people(ask(world, there, since=since)) == {case["participantId"]: 1}
    assert people(ask(world, stranger, since=since)) == {}
    assert ask(world, there, keyId="1")["counts"]["participants"] == 0, "nobody is registered there"
    for who in ("referrer", "coach", "coordinator", "admin"):
        assert world.call(who, "POST", AFFECTED, {"from": since}).status_code == 403


def test_deeds_on_somebody_who_was_erased_are_counted(world: World) -> None:
    case = world.refer()
    world.clock.move(hours=1)
    since = instant(world)
    read(world, "referrer", case)
    assert people(ask(world, since=since)) == {case["participantId"]: 1}
    world.clock.move(hours=1)
    until = instant(world)
    erase(world, case["participantId"])
    answer = ask(world, userId=str(world.users["referrer"]), since=since, until=until)
    assert people(answer) == {}
    assert answer["counts"]["onErasedParticipants"] == 1


def test_whoever_stands_in_a_draft_is_affected_too(world: World) -> None:
    """A draft holds a person's data before there is a case. It counts by itself, and with the case once it is sent."""
    referrer, account = Person(world, "referrer"), {"userId": str(world.users["referrer"])}
    kept, sent = write(referrer, world), write(referrer, world)
    in_drafts = {draft.rpartition("/")[2] for draft in (kept, sent)}
    before = ask(world, **account)
    assert people(before).keys() == in_drafts
    assert {each["draftBy"] for each in before["participants"]} == {"Medewerker referrer"}
    assert people(ask(world, keyId="k1")).keys() == in_drafts, "a stolen key opens drafts as well"
    case = referrer.submit(f"{sent}/check").headers["Location"].split("/")[2]
    participant = world.call("referrer", "GET", f"/v1/referrals/{case}").json["participantId"]
    after = ask(world, **account)
    was, now = people(before), people(after)
    assert now.keys() == {kept.rpartition("/")[2], participant}
    assert now[participant] >= was[sent.rpartition("/")[2]] > 0, "what was read of the draft counts for the person"
    assert after["counts"]["onErasedParticipants"] == 0
    referrer.send(f"{kept}/drop", referrer.fill(referrer.open(f"{kept}/check"), f"{kept}/drop"))
    gone = ask(world, **account)
    assert people(gone).keys() == {participant}
    assert gone["counts"]["onErasedParticipants"] > 0, "nobody can tell any more whom a draft was about"


def test_a_question_that_cannot_be_answered_is_refused_with_everything_that_is_wrong(world: World) -> None:
    for body, wrong in (
        ({}, {("/", "at_least_one")}),
        ({"keyId": "k99"}, {("/keyId", "unknown_code")}),
        (
            {"from": "2026-11-03T10:00:00Z", "until": "2026-11-03T10:00:00Z", "keyId": "k99"},
            {("/until", "before_start"), ("/keyId", "unknown_code")},
        ),
        (
            {"userId": "mij", "from": "gisteren", "name": "Joke"},
            {("/userId", "id"), ("/from", "time"), ("/name", "unknown")},
        ),
    ):
        answer = world.call("privacy", "POST", AFFECTED, body)
        assert answer.status_code == 400
        assert {(each["pointer"], each["code"]) for each in answer.json["errors"]} == wrong


def test_the_command_tells_the_operator_the_same(world: World, settings_of_command: dict[str, str]) -> None:
    case = world.refer()
    world.clock.move(hours=1)
    since = instant(world)
    read(world, "coach", case)

    def command(*options: str) -> Any:
        with time_machine.travel(world.clock.now, tick=False):
            return CliRunner().invoke(main, ["report", "affected", *options], env=settings_of_command)

    for organisation in ((), ("--organisation", DUINWIJK)):
        done = command("--user", "coach@demo.example", "--from", since, *organisation)
        assert done.exit_code == 0, done.output
        assert people(json.loads(done.stdout)) == {case["participantId"]: 1}
    assert json.loads(command("--key", "1").stdout)["counts"]["participants"] == 1
    for refused in ((), ("--key", "k99"), ("--user", "niemand@demo.example"), ("--from", "gisteren")):
        assert command(*refused).exit_code == 1
