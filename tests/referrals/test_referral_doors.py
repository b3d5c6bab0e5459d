"""The doors to referrals: versions, idempotency, what is refused in a body, and who is behind a token."""

from typing import Any

import pytest

from referral.access import OPERATIONS
from referral.core.database import new_id
from referral.core.fields import camel_case
from referral.core.policy import Role
from referral.identity.usecases import IssueClientToken, issue_client_token
from referral.referrals.models import Referral
from referral.referrals.schemas.events import DEEDS
from referral.referrals.schemas.requests import ChangeReferralSchema, CreateReferralSchema
from referral.referrals.workflow import EventName
from tests.referrals.chain import ROWS, actor, members
from tests.referrals.doors import Shown, attempt, body, change, history, refused, show, step, wrong
from tests.world import World


def post(world: World, referral: Shown, sent: Any, who: str = "referrer", **options: Any) -> Any:
    """An event with headers of the test's own."""
    return world.call(who, "POST", f"/v1/referrals/{referral['id']}/events", sent, **options)


def slug(answer: Any) -> str:
    """Which refusal it is."""
    assert answer.mimetype == "application/problem+json"
    return str(body(answer)["type"]).rsplit(":", 1)[1]


NOTE = {"event": "add_note", "note": "Gebeld."}

# Versions.


def test_an_answer_names_its_version_and_its_place(world: World) -> None:
    made = world.call("referrer", "POST", "/v1/referrals", world.referral_body())
    assert (made.status_code, made.headers["ETag"]) == (201, '"2"')
    assert made.headers["Location"] == f"/v1/referrals/{body(made)['id']}"
    shown = world.call("referrer", "GET", made.headers["Location"])
    assert (shown.headers["ETag"], body(shown)["version"]) == ('"2"', 2)
    noted = post(world, body(made), NOTE, version=2)
    assert (noted.headers["ETag"], noted.headers["Location"]) == ('"3"', made.headers["Location"])
    assert body(noted)["eventId"] == history(world, body(made))[-1]["id"]


def test_every_change_of_a_referral_asks_for_the_version_that_was_read(world: World) -> None:
    """428 without `If-Match`, by whatever route that the table of operations calls versioned."""
    referral, asked = world.refer(), 0
    for rule in world.app.url_map.iter_rules():
        if not rule.endpoint.startswith("referrals.") or not OPERATIONS[rule.endpoint].versioned:
            continue
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            path = rule.rule.replace("<uuid:referral_id>", referral["id"])
            answer = world.call("referrer", method, path, NOTE)
            assert (answer.status_code, slug(answer)) == (428, "precondition-required")
            asked += 1
    assert asked == 2
    assert show(world, "referrer", referral)["version"] == referral["version"]


@pytest.mark.parametrize("version", ["*", '"x"', "", '"1", "2"', "²"])
def test_a_version_that_is_none_of_ours_is_malformed(world: World, version: str) -> None:
    answer = post(world, world.refer(), NOTE, If_Match=version.encode().decode("latin-1"))
    assert (answer.status_code, slug(answer)) == (400, "malformed-body")


def test_who_read_an_older_version_hears_what_is_so_now_and_what_can_be_done(world: World) -> None:
    seen = world.refer()
    step(world, "coach", seen, "accept")
    answer = attempt(world, "second_coach", seen, "accept")
    assert (answer.status_code, slug(answer)) == (412, "stale-version")
    told = body(answer)
    assert (told["currentStatus"], told["currentVersion"]) == ("accepted", 3)
    assert told["allowedEvents"] == show(world, "second_coach", seen)["allowedEvents"]
    assert "confirm_handover" in told["allowedEvents"]
    assert change(world, "referrer", seen, purpose="Later").status_code == 412


def test_an_event_that_cannot_happen_now_tells_what_can(world: World) -> None:
    referral = world.refer()
    told = refused(attempt(world, "coach", referral, "start_intake"))
    assert (told["currentStatus"], told["currentVersion"]) == ("submitted", 2)
    assert told["allowedEvents"] == show(world, "coach", referral)["allowedEvents"]


def test_a_refusal_looks_first_at_sight_then_version_then_table_then_members(world: World) -> None:
    referral = world.refer()
    bad = {"event": "start_intake", "unknown": 1}
    assert post(world, referral, bad, "stranger", version=1).status_code == 404
    assert post(world, referral, bad, "coach", version=1).status_code == 412
    assert post(world, referral, bad, "coach", version=2).status_code == 409
    assert post(world, referral, bad | {"event": "accept"}, "coach", version=2).status_code == 400


# Idempotency.


def test_making_and_moving_need_a_key(world: World) -> None:
    referral = world.refer()
    for answer in (
        world.call("referrer", "POST", "/v1/referrals", world.referral_body(), Idempotency_Key=""),
        post(world, referral, NOTE, version=2, Idempotency_Key=" "),
    ):
        assert wrong(answer) == {("/Idempotency-Key", "required")}
    long = post(world, referral, NOTE, version=2, Idempotency_Key="k" * 256)
    assert wrong(long) == {("/Idempotency-Key", "invalid")}


def test_a_repeated_event_changes_nothing_and_gets_the_first_answer(world: World) -> None:
    """Also when the case has moved on: the version that was read then is no longer asked about."""
    referral, key = world.refer(), str(new_id())
    first = post(world, referral, NOTE, version=2, Idempotency_Key=key)
    step(world, "coach", body(first), "accept")
    for again in (key, f'"{key}"'):
        second = post(world, referral, NOTE, version=2, Idempotency_Key=again)
        assert (second.status_code, second.data) == (first.status_code, first.data)
        assert second.headers["Idempotent-Replayed"] == "true"
        assert (second.headers["ETag"], second.headers["Location"]) == (
            first.headers["ETag"],
            first.headers["Location"],
        )
    assert [event["event"] for event in history(world, referral)] == ["create", "submit", "add_note", "accept"]


def test_a_repeated_creation_makes_one_referral_of_one_person(world: World) -> None:
    sent, key = world.referral_body(), str(new_id())
    answers = [world.call("referrer", "POST", "/v1/referrals", sent, Idempotency_Key=key) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.data for answer in answers}) == 1
    assert ["Idempotent-Replayed" in answer.headers for answer in answers] == [False, True, True]


def test_a_key_is_for_one_body_one_client_and_one_case(world: World) -> None:
    referral, other, key = world.refer(), world.refer(), str(new_id())
    assert post(world, referral, NOTE, version=2, Idempotency_Key=key).status_code == 201
    changed = post(world, referral, NOTE | {"note": "Anders."}, version=3, Idempotency_Key=key)
    assert (changed.status_code, slug(changed)) == (409, "idempotency-conflict")
    for own in (
        post(world, other, NOTE, version=2, Idempotency_Key=key),
        post(world, referral, NOTE, "second_referrer", version=3, Idempotency_Key=key),
    ):
        assert own.status_code == 201
        assert "Idempotent-Replayed" not in own.headers
    assert len(history(world, referral)) == 4


def test_a_key_of_a_refused_request_is_free_again(world: World) -> None:
    referral, key = world.refer(), str(new_id())
    assert post(world, referral, {"event": "add_note"}, version=2, Idempotency_Key=key).status_code == 400
    assert post(world, referral, NOTE, version=2, Idempotency_Key=key).status_code == 201


def test_a_key_is_kept_for_three_days(world: World) -> None:
    referral, key = world.refer(), str(new_id())
    assert post(world, referral, NOTE, version=2, Idempotency_Key=key).status_code == 201
    world.clock.move(hours=72)
    assert "Idempotent-Replayed" in post(world, referral, NOTE, version=2, Idempotency_Key=key).headers
    world.clock.move(seconds=1)
    anew = post(world, referral, NOTE, version=3, Idempotency_Key=key)
    assert (anew.status_code, "Idempotent-Replayed" in anew.headers) == (201, False)
    assert len(history(world, referral)) == 4


# Bodies.


def test_ids_of_others_in_a_body_are_as_unknown_as_ids_of_nobody(world: World) -> None:
    theirs = world.refer("stranger", municipalityCode="GM0014")["participantId"]
    answers = [
        world.call("referrer", "POST", "/v1/referrals", world.referral_body(participant=..., participantId=person))
        for person in (theirs, str(new_id()))
    ]
    assert [wrong(answer) for answer in answers] == [{("/participantId", "not_found")}] * 2
    assert answers[0].data == answers[1].data
    coaches = [
        attempt(world, "coach", world.refer(), "accept", coachId=coach)
        for coach in (str(world.users["other_coach"]), str(new_id()))
    ]
    assert coaches[0].data == coaches[1].data


def test_an_id_that_is_no_id_is_refused_in_body_path_and_query(world: World) -> None:
    assert wrong(attempt(world, "coach", world.refer(), "accept", coachId="1")) == {("/coachId", "id")}
    assert wrong(world.call("coach", "GET", "/v1/referrals?trajectoryId=1")) == {("/trajectoryId", "id")}
    assert world.call("coach", "GET", "/v1/referrals/1").status_code == 404


def test_a_person_is_new_or_known_and_not_both(world: World) -> None:
    known = world.refer()["participantId"]
    for changes in ({"participantId": known}, {"participant": ...}):
        answer = world.call("referrer", "POST", "/v1/referrals", world.referral_body(**changes))
        assert wrong(answer) == {("/participant", "one_of")}


@pytest.mark.parametrize(
    "event", [event for event in DEEDS if ROWS[event.value].sources], ids=lambda event: event.value
)
def test_every_event_refuses_a_member_that_it_does_not_know(world: World, event: EventName) -> None:
    row = ROWS[event.value]
    status = next((each for each in row.sources if each not in ("draft", "closed")), row.sources[0])
    referral = world.bring_to(status)
    if event is EventName.RESUME:
        referral = step(world, "coach", referral, "hold")
    if event is EventName.DECIDE_ESCALATION:
        referral = step(world, "referrer", referral, "escalate")
    people = ("referrer", "coach", "coordinator", "region")
    who = next(who for who in people if event.value in _allowed(world, who, referral))
    sent = members(world, event.value)
    for extra in ({"status": "accepted"}, {"ballWith": "nobody"}, {"coach_id": str(new_id())}):
        (name,) = extra
        assert (f"/{name}", "unknown") in wrong(post(world, referral, sent | extra, who, version=referral["version"]))
    assert show(world, who, referral)["version"] == referral["version"]


def _allowed(world: World, who: str, referral: Shown) -> list[str]:
    answer = world.call(who, "GET", f"/v1/referrals/{referral['id']}")
    return list(body(answer).get("allowedEvents", []))


def test_no_column_can_be_written_that_is_no_member(world: World) -> None:
    """Mass assignment: every column under its own name and under its outside spelling, at creation and change."""
    columns = {str(column.key) for column in Referral.__table__.columns}
    names = columns | {camel_case(name) for name in columns}
    draft = world.bring_to("draft")
    may_make, may_change = (
        {str(field.data_key) for field in schema().fields.values()}
        for schema in (CreateReferralSchema, ChangeReferralSchema)
    )
    made = world.referral_body() | dict.fromkeys(names - may_make, "x")
    answer = world.call("referrer", "POST", "/v1/referrals", made)
    assert wrong(answer) == {(f"/{name}", "unknown") for name in names - may_make}
    changed = change(world, "referrer", draft, **dict.fromkeys(names - may_change, "x"))
    assert wrong(changed) == {(f"/{name}", "unknown") for name in names - may_change}
    assert len(names - may_make) > 50
    assert show(world, "referrer", draft)["version"] == draft["version"]


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({}, ("/event", "required")),
        ([], ("/event", "required")),
        ("accept", ("/event", "required")),
        ({"event": "fly"}, ("/event", "unknown_code")),
        ({"event": "create"}, ("/event", "unknown_code")),
        ({"event": "expire"}, ("/event", "unknown_code")),
        ({"event": 7}, ("/event", "unknown_code")),
        ({"event": ["accept"]}, ("/event", "unknown_code")),
    ],
    ids=str,
)
def test_an_event_that_cannot_be_asked_for_is_unknown(world: World, sent: Any, told: tuple[str, str]) -> None:
    assert wrong(post(world, world.refer(), sent, "coach", version=2)) == {told}


def test_a_draft_is_completed_piece_by_piece_and_then_sent(world: World) -> None:
    full = world.referral_body()
    draft = world.refer(purpose=..., legalBasis=..., agreement=..., noScreening=False, submit=False)
    assert wrong(change(world, "referrer", draft)) == {("/", "required")}
    assert wrong(change(world, "referrer", draft, trajectoryId=str(new_id()))) == {("/trajectoryId", "not_found")}
    future = full["agreement"] | {"givenOn": "2026-11-04"}
    assert wrong(change(world, "referrer", draft, agreement=future)) == {("/agreement/givenOn", "future")}
    for name in ("purpose", "legalBasis", "agreement", "noScreening"):
        draft = body(change(world, "referrer", draft, **{name: full[name]}))
    assert draft["dataScope"] == full["agreement"]["dataScope"]
    sent = step(world, "referrer", draft, "submit")
    refused(change(world, "referrer", sent, purpose="Te laat"))
    refused(change(world, "coordinator", world.bring_to("draft"), purpose="Niet van mij"))


def test_a_referral_is_of_the_person_who_made_it_and_of_the_team_when_a_program_did(world: World) -> None:
    """Wrong build: a token of a person counts as a program, and the person is never told anything."""
    assert world.refer()["referrerId"] == str(world.users["referrer"])
    here = world.organisations["Gemeente Duinwijk"]
    command = IssueClientToken("koppeling", here, [Role.REFERRER], ("referrals:read", "referrals:write"))
    with world.service.work() as work:
        world.tokens["program"] = issue_client_token(command, actor=actor(world, "system"), work=work)
    made = world.refer("program")
    assert (made["referrerId"], made["ballWith"]["party"]) == (None, "receiver")
    asked = step(world, "coach", made, "return_with_question")
    assert (asked["ballWith"]["party"], asked["ballWith"]["userId"]) == ("referrer", None)


def test_a_program_of_the_receiver_moves_a_case_but_is_never_its_coach(own_world: World) -> None:
    world = own_world
    command = IssueClientToken(
        "koppeling", world.organisations["Taalhuis Zilt"], [Role.COACH], ("referrals:read", "referrals:write")
    )
    with world.service.work() as work:
        world.tokens["program"] = issue_client_token(command, actor=actor(world, "system"), work=work)
    referral = world.refer()
    assert wrong(attempt(world, "program", referral, "accept")) == {("/coachId", "not_a_coach")}
    accepted = step(world, "program", referral, "accept", coachId=str(world.users["coach"]))
    gone = world.call("provider_admin", "POST", f"/v1/users/{world.users['coach']}/deactivations")
    assert gone.status_code == 201
    handed_over = step(world, "program", show(world, "program", accepted), "confirm_handover")
    assert (handed_over["coachId"], handed_over["ballWith"]["party"]) == (None, "receiver")
    taken = step(world, "second_coach", handed_over, "start_intake")
    assert (taken["coachId"], taken["ballWith"]["party"]) == (str(world.users["second_coach"]), "coach")
