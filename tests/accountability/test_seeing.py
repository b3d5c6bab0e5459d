"""Who saw this person: every reading, in whatever way, for those who have to answer for it and for nobody else."""

from collections.abc import Sequence

from referral.core.codelists import labels, processing_register
from referral.core.work import drain
from referral.participants.usecases.finding import SEARCH
from tests.accountability.logs import DUINWIJK, ZILT, erase, listed, make_officer
from tests.world import World

Seen = tuple[str, str, str | None]


def of_person(case: dict[str, str]) -> str:
    return f"/v1/participants/{case['participantId']}/access-log?limit=100"


def of_case(case: dict[str, str]) -> str:
    return f"/v1/referrals/{case['id']}/access-log?limit=100"


def seen(world: World, path: str, who: str = "privacy") -> Sequence[Seen]:
    """Who, what kind of reading, for what; the newest first."""
    return [(item["name"], item["reading"], item["purpose"]) for item in listed(world, path, who)]


def test_every_way_of_seeing_a_person_is_there(world: World) -> None:
    case = world.refer()
    phone = f"06{30_000_000 + world.people}"
    other = world.refer()
    drain(world.service)
    assert seen(world, of_person(case)) == [], "registering and referring is no reading"
    world.call("coach", "GET", "/v1/referrals")
    world.call("coach", "GET", f"/v1/referrals/{case['id']}/events")
    world.call("second_coach", "GET", f"/v1/referrals/{case['id']}")
    world.call("referrer", "GET", f"/v1/participants/{case['participantId']}?purpose=contact")
    found = world.call("second_referrer", "POST", "/v1/participants/_search", {"phone": phone})
    assert found.json["items"] == [{"id": case["participantId"], "matchedOn": "phone"}]
    world.call("coordinator", "GET", "/v1/events")
    for _ in range(2):
        path = f"/v1/participants/{case['participantId']}/access-requests"
        world.call("privacy", "POST", path, {}, Idempotency_Key="twee keer")
    expected = [
        ("Medewerker privacy", "answer:repeat", None),
        ("Medewerker privacy", "participant:read", "rights"),
        ("Medewerker privacy", "participant:read", "rights"),
        ("Medewerker privacy", "participant:read", "rights"),
        ("Medewerker privacy", "participant:access_request", None),
        ("Medewerker coordinator", "event:list", None),
        ("Medewerker second_referrer", "participant:search", None),
        ("Medewerker referrer", "participant:read", "contact"),
        ("Medewerker second_coach", "participant:read", "guidance"),
        ("Medewerker second_coach", "referral:show", None),
        ("Medewerker coach", "participant:read", "guidance"),
        ("Medewerker coach", "referral:history", None),
        ("Medewerker coach", "referral:list", None),
    ]
    shown = [each for each in seen(world, of_person(case)) if each[:2] != ("Medewerker coach", "participant:read")]
    assert shown == [each for each in expected if each[:2] != ("Medewerker coach", "participant:read")]
    assert {reading for _, reading, _ in shown} | {"participant:read"} == set(processing_register().readings)
    # The control: of somebody else only what showed that person too.
    assert seen(world, of_person(other)) == [
        ("Medewerker coordinator", "event:list", None),
        ("Medewerker coach", "referral:list", None),
    ]


def test_a_reading_says_who_where_when_what_and_for_what(world: World) -> None:
    case = world.refer()
    world.clock.move(minutes=7)
    world.call("coach", "GET", f"/v1/participants/{case['participantId']}?purpose=contact")
    assert listed(world, of_person(case)) == [
        {
            "occurredAt": "2026-11-03T09:07:00Z",
            "organisation": ZILT,
            "name": "Medewerker coach",
            "reading": "participant:read",
            "readingLabel": "Gegevens van de deelnemer bekeken",
            "purpose": "contact",
            "purposeLabel": labels("purpose")["contact"],
            "dataCategories": ["identity", "contact"],
        }
    ]


def test_the_officer_of_the_person_sees_every_organisation_and_others_nothing(world: World) -> None:
    case = world.refer()
    world.call("referrer", "GET", f"/v1/referrals/{case['id']}")
    world.call("coach", "GET", f"/v1/referrals/{case['id']}")
    assert {item["organisation"] for item in listed(world, of_person(case))} == {DUINWIJK, ZILT}
    for who in ("stranger", "receiving_coordinator"):
        assert world.call(make_officer(world, who), "GET", of_person(case)).status_code == 404
    for who in ("referrer", "coach", "coordinator", "admin"):
        assert world.call(who, "GET", of_person(case)).status_code == 403


def test_the_coordinators_of_the_case_see_who_saw_it(world: World) -> None:
    case = world.refer()
    world.call("coach", "GET", f"/v1/referrals/{case['id']}")
    expected = [
        ("Medewerker coach", "participant:read", "guidance"),
        ("Medewerker coach", "referral:show", None),
    ]
    for who in ("coordinator", "receiving_coordinator", "privacy"):
        assert seen(world, of_case(case), who) == expected, who
    for who in ("region", "stranger"):
        assert world.call(who, "GET", of_case(case)).status_code == 404, who
    for who in ("referrer", "coach", "admin"):
        assert world.call(who, "GET", of_case(case)).status_code == 403, who
    assert world.call(make_officer(world, "other_coach"), "GET", of_case(case)).status_code == 404


def test_another_case_of_the_same_person_stays_out(world: World) -> None:
    case = world.refer()
    other = world.refer(participant=..., participantId=case["participantId"], trajectoryId=world.other_trajectory_id)
    world.call("other_coach", "GET", f"/v1/referrals/{other['id']}")
    world.call("referrer", "GET", f"/v1/referrals/{other['id']}")
    assert {who for who, _, _ in seen(world, of_case(other))} == {"Medewerker other_coach", "Medewerker referrer"}
    there = seen(world, of_case(case), "receiving_coordinator")
    assert "Medewerker other_coach" not in {who for who, _, _ in there}
    assert "referral:show" not in {reading for _, reading, _ in there}
    # The control: the officer of the person does see both cases.
    assert "Medewerker other_coach" in {who for who, _, _ in seen(world, of_person(case))}


def test_a_draft_is_nobody_elses(world: World) -> None:
    draft = world.bring_to("draft")
    assert world.call("receiving_coordinator", "GET", of_case(draft)).status_code == 404
    assert seen(world, of_case(draft), "coordinator") == []


def test_pages_hold_every_reading_once(world: World) -> None:
    case = world.refer()
    for _ in range(5):
        world.call("second_referrer", "GET", "/v1/referrals")
    path = f"/v1/participants/{case['participantId']}/access-log?limit=2"
    counts, query = [], path
    while query:
        page = world.call("privacy", "GET", query).json
        counts.append(len(page["items"]))
        query = f"{path}&cursor={page['next']}" if page["next"] else ""
    assert counts == [2, 2, 1]


def test_of_somebody_who_was_erased_nothing_can_be_told(world: World) -> None:
    case = world.refer()
    world.call("coach", "GET", f"/v1/referrals/{case['id']}")
    erase(world, case["participantId"])
    for path in (of_person(case), of_case(case)):
        assert world.call("privacy", "GET", path).status_code == 410


def test_the_readings_are_those_of_the_register() -> None:
    register = processing_register()
    assert set(register.readings) <= {action for action, each in register.actions.items() if each.names_persons}
    assert SEARCH in register.readings
