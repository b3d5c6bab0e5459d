"""Every operation that takes a body, with everything that can be wrong with one: never a fault of ours, never slow, and
never a word of it back. The same for a BSN or a telephone number where a code belongs."""

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from werkzeug.test import TestResponse

from referral.core.errors import TYPE_PREFIX, Problem
from referral.core.fields import Text
from referral.referrals.schemas.events import DEEDS
from referral.referrals.workflow import EventName
from tests.core.http.corpus import (
    BSN,
    CANARY,
    PHONE,
    READABLE,
    UNREADABLE,
    VALUES,
    deep_members,
    replaced,
    spoiled,
)
from tests.house.calls import CALLS, WITH_BODY, Call, person, screening, screening_body
from tests.world import World, trajectory_body

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LONGEST_SECONDS = 3.0


def kinds(problem: type[Problem] = Problem) -> Iterator[str]:
    """The type of every refusal in the tree."""
    yield f"{TYPE_PREFIX}{problem.slug}"
    for leaf in problem.__subclasses__():
        yield from kinds(leaf)


TYPES = frozenset(kinds())
WORDS = {
    "name", "phone", "email", "preferredMoment", "clientNumber", "relation", "learningWish", "purpose", "note", "text",
    "description", "report", "decision", "decidedBy",
}  # fmt: skip
"""Members with free words; every other text is a code, a day, a time or an id."""


class Asked:
    """The requests that were sent, and whatever was wrong with an answer."""

    def __init__(self) -> None:
        self.count = 0
        self.wrong: list[tuple[Any, ...]] = []

    def send(self, world: World, call: Call, name: object, content: bytes) -> TestResponse:
        """Send one body and judge the answer."""
        self.count += 1
        begun = time.thread_time()
        answer = call.send_raw(world, content)
        # Our own work: on a busy machine the clock on the wall says more about the neighbours.
        if time.thread_time() - begun > LONGEST_SECONDS:
            self.wrong.append((name, "slow"))
        self.wrong += [(call.path, name, fault) for fault in faults(answer)]
        return answer


def faults(answer: TestResponse) -> Iterator[str]:
    """What is wrong with an answer to nonsense."""
    if answer.status_code < 400:
        return
    if answer.status_code >= 500:
        yield f"answered {answer.status_code}"
    if answer.mimetype != "application/problem+json":
        yield f"as {answer.mimetype}"
    elif answer.json["type"] not in TYPES or answer.json["status"] != answer.status_code:
        yield f"called {answer.json['type']}"
    if any(value in answer.text for value in (CANARY, BSN, PHONE, "Traceback", "sqlalchemy", "SELECT")):
        yield "repeated"


def as_json(body: Any) -> bytes:
    return json.dumps(body).encode()


def test_the_corpus_is_as_large_as_it_says() -> None:
    assert len(UNREADABLE) + len(READABLE) + len(VALUES) >= 120
    assert len(WITH_BODY) == 31
    assert len(TYPES) >= 20


@pytest.mark.parametrize("endpoint", WITH_BODY)
def test_no_nonsense_is_a_fault_of_ours(endpoint: str, world: World) -> None:
    call, asked = CALLS[endpoint](world), Asked()
    for name, body in spoiled(call.body if isinstance(call.body, dict) else {}):
        asked.send(world, call, name, as_json(body))
    # What cannot be read never comes as far as a database.
    unread = UNREADABLE if world.service.engine.dialect.name == "sqlite" else {}
    for name, content in {**READABLE, **unread}.items():
        asked.send(world, call, name, content)
    assert asked.wrong == []
    assert asked.count == len(VALUES) + len(READABLE) + len(unread)


OUTCOMES = [{"area": "digital", "direction": "better"}]
EVENTS: Mapping[EventName, tuple[str, str, dict[str, Any]]] = {
    EventName.RETURN_WITH_QUESTION: ("submitted", "coach", {"question": "q_level", "text": "Welk niveau?"}),
    EventName.ANSWER: ("returned", "referrer", {"text": "1F"}),
    EventName.ACCEPT: ("submitted", "coach", {"coachId": ..., "overCapacity": False}),
    EventName.WAITLIST: ("submitted", "coach", {"kind": "capacity", "expectedStartOn": ..., "reviewOn": ...}),
    EventName.OFFER_PLACE: ("waitlisted", "coach", {"reconfirmedOn": ...}),
    EventName.DECLINE: (
        "submitted",
        "coach",
        {"reason": "no_capacity", "alternativeTrajectoryId": ..., "noAlternative": False},
    ),
    EventName.PLAN_HANDOVER: ("accepted", "coach", {"plannedAt": ..., "mode": "three_way"}),
    EventName.CONFIRM_HANDOVER: (
        "accepted",
        "coach",
        {"heldOn": ..., "mode": "three_way", "participantPresent": True, "exception": "urgent"},
    ),
    EventName.START_INTAKE: ("handed_over", "coach", {"intakeOn": ...}),
    EventName.START_TRAJECTORY: (
        "intake",
        "coach",
        {"startedOn": ..., "goals": [{"description": "Lezen"}], "outcomes": OUTCOMES},
    ),
    EventName.RECORD_CONTACT: ("accepted", "coach", {"attemptedAt": ..., "channel": "phone", "outcome": "reached"}),
    EventName.RECORD_PROGRESS: ("in_trajectory", "coach", {"text": "Het gaat goed."}),
    EventName.NOT_START: ("accepted", "coach", {"reason": "client_found_work"}),
    EventName.STOP: ("in_trajectory", "coach", {"stoppedOn": ..., "reason": "client_moved", "report": "Verhuisd."}),
    EventName.COMPLETE: (
        "in_trajectory",
        "coach",
        {
            "completedOn": ...,
            "report": "Goed.",
            "results": [{"goalId": "0", "result": "achieved"}],
            "certificate": "none",
            "outcomes": OUTCOMES,
        },
    ),
    EventName.RECORD_FOLLOW_UP: (
        "completed",
        "coach",
        {"heldOn": ..., "stillLearning": True, "atWork": True, "outcomes": [{"area": "work", "direction": "better"}]},
    ),
    EventName.CLOSE: ("completed", "coach", {"reason": "aftercare_refused"}),
    EventName.WITHDRAW: ("submitted", "referrer", {"reason": "priority_changed"}),
    EventName.WITHDRAW_AGREEMENT: ("submitted", "referrer", {"heardOn": ...}),
    EventName.REOPEN: ("declined", "coordinator", {"reason": "priority_changed"}),
    EventName.VOID: ("submitted", "referrer", {"reason": "entered_in_error"}),
    EventName.ASSIGN: ("accepted", "coach", {"coachId": ...}),
    EventName.HOLD: ("accepted", "coach", {"reason": "hold_health", "resumeOn": ...}),
    EventName.ESCALATE: ("submitted", "referrer", {"reason": "no_response"}),
    EventName.DECIDE_ESCALATION: ("escalated", "region", {"decision": "Zo", "decidedBy": "Iemand", "dueOn": ...}),
    EventName.ADD_NOTE: ("submitted", "referrer", {"note": "Belt terug."}),
    EventName.TRANSFER: ("submitted", "referrer", {"trajectoryId": ..., "reason": "level_too_low"}),
    EventName.SUBMIT: ("draft", "referrer", {}),
    EventName.RESUME: ("held", "coach", {}),
    EventName.UNDO: ("submitted", "referrer", {}),
}
"""For every event: a status from which it starts, who may, and every member that it has (... is a day or an id)."""


def ready_for(event: EventName, world: World) -> Call:
    status, who, members = EVENTS[event]
    if status == "held":
        accepted = world.bring_to("accepted")
        referral = world.move("coach", accepted, "hold", reason="hold_health", resumeOn="2026-11-28")
    elif status == "escalated":
        referral = world.move("referrer", world.refer(), "escalate", reason="no_response")
    else:
        referral = world.bring_to(status)
    facts = {
        "coachId": str(world.users["coach"]),
        "trajectoryId": world.other_trajectory_id,
        "alternativeTrajectoryId": world.other_trajectory_id,
        "plannedAt": "2026-11-05T10:00:00Z",
        "attemptedAt": "2026-11-03T08:00:00Z",
        "resumeOn": "2026-11-28",
        "dueOn": "2026-11-28",
        "goalId": str(world.users["coach"]),
    }
    filled = {name: facts.get(name, "2026-11-03") if value is ... else value for name, value in members.items()}
    body = {"event": event.value, **filled, "note": "Een notitie."}
    return Call(who, "POST", f"/v1/referrals/{referral['id']}/events", body, version=referral["version"])


def test_every_event_is_tried_with_every_member_it_has() -> None:
    assert set(EVENTS) == set(DEEDS)
    for event, (_, _, members) in EVENTS.items():
        known = {field.data_key for field in DEEDS[event][0].fields.values()}
        assert {*members, "event", "note"} == known, event


@ON_SQLITE
@pytest.mark.parametrize("event", DEEDS)
def test_no_nonsense_in_an_event_is_a_fault_of_ours(event: EventName, world: World) -> None:
    """A third of the values for each event, another third for the next."""
    call, asked, looked_at = ready_for(event, world), Asked(), 0
    for name, body in list(spoiled(call.body))[list(DEEDS).index(event) % 3 :: 3]:
        answer = asked.send(world, call, name, as_json(body))
        looked_at += answer.status_code == 400
        if answer.status_code == 201:
            call = ready_for(event, world)
    assert asked.wrong == []
    assert looked_at > 5, "the event was refused before anybody looked at its members"


def code_paths(body: Any) -> Iterator[tuple[str | int, ...]]:
    """Where codes stand in a body."""
    for path in deep_members(body):
        value = body
        for step in path:
            value = value[step]
        named = [step for step in path if isinstance(step, str)]
        if isinstance(value, str) and not WORDS & set(named[-1:]):
            yield path


def full_bodies(world: World) -> Iterator[Call]:
    """Good bodies that between them have every code member of the API."""
    log, today = CALLS["screenings.log_screening"](world), world.clock.today
    yield Call("referrer", "POST", log.path, screening_body(world, educationLevel="mbo", skills=["reading"]))
    yield CALLS["screenings.log_conversation"](world)
    yield Call("referrer", "POST", f"/v1/screenings/{screening(world)}/conversations", {"reason": "declined"})
    full = trajectory_body("Rekenen", today, startDates=["2027-01-11"], components=["basic_skills"])
    yield Call("coach", "POST", "/v1/trajectories", full)
    yield Call("coach", "PATCH", f"/v1/trajectories/{world.trajectory_id}", full, version=1)
    profile = {
        "skills": ["reading"], "ageBand": "35-44", "municipalityCode": "GM0453", "languageBackground": "nt1",
        "employment": "employed", "level": "1F", "preferredDelivery": "on_site",
    }  # fmt: skip
    yield Call("referrer", "POST", "/v1/trajectories/_match", profile)
    yield Call("referrer", "POST", "/v1/participants", person(world))
    yield CALLS["participants.change_participant"](world)
    yield CALLS["rights.withdraw_agreement"](world)
    yield CALLS["rights.erase_participant"](world)
    extra = {
        "screeningCodes": [screening(world)], "overrideReason": "level_gap", "municipalityCode": "GM0453",
        "employment": "employed", "waiver": "conversation_elsewhere",
    }  # fmt: skip
    body = world.referral_body(**extra)
    yield Call("referrer", "POST", "/v1/referrals", body)
    draft = world.bring_to("draft")
    changes = {name: value for name, value in body.items() if name not in ("participant", "conversation", "submit")}
    changes = {name: value for name, value in changes.items() if name not in ("waiver",)}
    yield Call("referrer", "PATCH", f"/v1/referrals/{draft['id']}", changes, version=draft["version"])


def refuses(world: World, call: Call, path: tuple[str | int, ...], value: str) -> list[object]:
    answer = call.send_raw(world, as_json(replaced(call.body, path, value)))
    pointers = {error["pointer"] for error in answer.json.get("errors", [])}
    right = answer.status_code == 400 and any(f"/{'/'.join(map(str, path))}".startswith(named) for named in pointers)
    return [*faults(answer), *([] if right else [f"{answer.status_code} at {pointers}"])]


@ON_SQLITE
def test_a_bsn_or_a_number_typed_where_a_code_belongs_is_refused_and_never_repeated(world: World) -> None:
    tried, wrong = 0, []
    for call in full_bodies(world):
        for path in code_paths(call.body):
            for value in (BSN, "1112.22.333", PHONE, "+31612345678", CANARY):
                tried += 1
                wrong += [(call.path, path, value, fault) for fault in refuses(world, call, path, value)]
    assert wrong == []
    assert tried > 300


@ON_SQLITE
def test_the_same_in_every_code_of_every_event(world: World) -> None:
    tried, wrong = 0, []
    for event in DEEDS:
        call = ready_for(event, world)
        for path in code_paths(call.body):
            for value in (BSN, PHONE, CANARY):
                tried += 1
                wrong += [(event, path, value, fault) for fault in refuses(world, call, path, value)]
    assert wrong == []
    assert tried > 150


@ON_SQLITE
def test_a_schema_that_takes_any_text_for_a_code_would_be_seen(world: World) -> None:
    """The control: free text takes a telephone number, as the words of a case must."""
    assert Text().deserialize(PHONE) == PHONE
    call = ready_for(EventName.ADD_NOTE, world)
    assert refuses(world, call, ("note",), f"Belt op {PHONE}.") == ["201 at set()"]
