"""A repeated request changes nothing and gets the first answer again; what was kept for it can be read by nobody."""

from typing import Any

import pytest
from sqlalchemy import func, select, text
from werkzeug.test import TestResponse

from referral.access import OPERATIONS
from referral.core.idempotency import IdempotencyRecord, forget_old_keys
from referral.core.policy import Door, Role, system_actor
from referral.identity.models import ALL_SCOPES
from referral.identity.usecases import IssueClientToken, IssueToken, issue_client_token, issue_token
from referral.referrals.models import Referral
from tests.house.calls import CALLS, Call
from tests.world import World

KEYED = tuple(endpoint for endpoint, access in OPERATIONS.items() if access.idempotency and access.door is Door.API)
REQUIRED = tuple(endpoint for endpoint, access in OPERATIONS.items() if access.idempotency == "required")
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def create(world: World, key: str, body: Any, who: str = "referrer", **headers: str) -> TestResponse:
    return world.call(who, "POST", "/v1/referrals", body, Idempotency_Key=key, **headers)


def count(world: World, model: type[Any]) -> int:
    with world.service.work(read_only=True) as work:
        return int(work.session.scalar(select(func.count()).select_from(model)) or 0)


def lasting(answer: TestResponse) -> tuple[int, bytes, str | None, str | None]:
    return answer.status_code, answer.data, answer.headers.get("ETag"), answer.headers.get("Location")


def test_every_post_that_creates_or_changes_takes_a_key() -> None:
    posts = {endpoint for endpoint in OPERATIONS if endpoint in CALLS and OPERATIONS[endpoint].scope.endswith(":write")}
    changes = {endpoint for endpoint in posts if endpoint.partition(".")[2].startswith("change_")}
    removals = {endpoint for endpoint in posts if endpoint.partition(".")[2].startswith("remove_")}
    assert set(KEYED) == posts - changes - removals
    assert set(REQUIRED) == {"referrals.create_referral", "referrals.record_event"}


def test_a_repeated_request_gets_the_first_answer_on_every_operation(world: World) -> None:
    for endpoint in KEYED:
        call = CALLS[endpoint](world)
        first, again = (call.send(world, headers={"Idempotency_Key": endpoint}) for _ in range(2))
        assert first.status_code in (200, 201), (endpoint, first.json)
        assert lasting(again) == lasting(first), endpoint
        assert (first.headers.get("Idempotent-Replayed"), again.headers.get("Idempotent-Replayed")) == (None, "true")
        assert again.mimetype == first.mimetype


def test_ten_repeats_make_one_referral(world: World) -> None:
    body = world.referral_body()
    answers = [create(world, "sleutel", body) for _ in range(10)]
    assert len({lasting(answer) for answer in answers}) == 1
    assert count(world, Referral) == 1


def test_without_a_key_every_request_is_a_new_one(world: World) -> None:
    """The control of the two tests above."""
    call = CALLS["screenings.log_screening"](world)
    codes = {call.send(world, headers={"Idempotency_Key": ""}).json["code"] for _ in range(2)}
    assert len(codes) == 2


def test_the_same_key_with_another_body_is_a_conflict(world: World) -> None:
    assert create(world, "sleutel", world.referral_body()).status_code == 201
    answer = create(world, "sleutel", world.referral_body())
    assert (answer.status_code, answer.json["type"]) == (409, "urn:problem-type:referral:idempotency-conflict")
    assert count(world, Referral) == 1


@ON_SQLITE
def test_a_body_is_the_same_to_the_letter(world: World) -> None:
    call = CALLS["screenings.log_screening"](world)
    assert call.send(world, headers={"Idempotency_Key": "sleutel"}).status_code == 201
    turned = dict(reversed(call.body.items()))
    assert call.send(world, body=turned, headers={"Idempotency_Key": "sleutel"}).status_code == 409


@ON_SQLITE
def test_quoted_and_bare_are_the_same_key(world: World) -> None:
    body = world.referral_body()
    answers = [create(world, key, body) for key in ("sleutel", '"sleutel"', ' "sleutel" ', "Sleutel")]
    assert [answer.headers.get("Idempotent-Replayed") for answer in answers[1:3]] == ["true", "true"]
    assert answers[3].status_code == 409, "letters count: this is another key, and so a second referral of one person"


@ON_SQLITE
def test_a_key_belongs_to_one_address(world: World) -> None:
    first, second = world.refer(), world.refer()
    for case in (first, second):
        path = f"/v1/referrals/{case['id']}/events"
        answer = world.call("coach", "POST", path, {"event": "accept"}, version=2, Idempotency_Key="sleutel")
        assert (answer.status_code, answer.json["id"]) == (201, case["id"])


def test_every_client_has_keys_of_its_own(world: World) -> None:
    with world.service.work() as work:
        organisation = world.organisations["Gemeente Duinwijk"]
        program = IssueClientToken("Koppeling", organisation, (Role.REFERRER,), ALL_SCOPES)
        world.tokens["program"] = issue_client_token(program, actor=system_actor("test"), work=work)
        other = IssueToken("referrer@demo.example", "Gemeente Duinwijk")
        world.tokens["other token"] = issue_token(other, actor=system_actor("test"), work=work)
    made = {who: create(world, "sleutel", world.referral_body(), who) for who in ("referrer", "program", "other token")}
    made["stranger"] = create(world, "sleutel", world.referral_body(), "stranger")
    assert {who: answer.status_code for who, answer in made.items()} == dict.fromkeys(made, 201)
    assert len({answer.json["id"] for answer in made.values()}) == 4
    again = create(world, "sleutel", {**world.referral_body(), "purpose": "Iets anders"}, "stranger")
    assert again.status_code == 409


@ON_SQLITE
def test_a_key_has_255_characters_at_most(world: World) -> None:
    for key, status in (("x" * 255, 201), ("x" * 256, 400), ("é", 400), ("a\tb", 400), ('""', 400), ("  ", 400)):
        answer = create(world, key, world.referral_body())
        assert answer.status_code == status, key
        if status == 400:
            assert [error["pointer"] for error in answer.json["errors"]] == ["/Idempotency-Key"]
            assert key.strip() not in answer.text or not key.strip().strip('"')
    for endpoint in REQUIRED:
        call = CALLS[endpoint](world)
        answer = call.send(world, headers={"Idempotency_Key": ""})
        assert [error["code"] for error in answer.json["errors"]] == ["required"], endpoint


def test_after_72_hours_a_key_is_new(world: World) -> None:
    body = world.referral_body(noScreening=True, participant=..., submit=False)
    body["participantId"] = world.refer(submit=False)["participantId"]
    first = create(world, "sleutel", body)
    world.clock.move(hours=72)
    assert create(world, "sleutel", body).json["id"] == first.json["id"]
    world.clock.move(seconds=1)
    second = create(world, "sleutel", body)
    assert (second.status_code, second.headers.get("Idempotent-Replayed")) == (201, None)
    assert second.json["id"] != first.json["id"]


def test_old_keys_are_forgotten(world: World) -> None:
    world.refer()
    before = count(world, IdempotencyRecord)
    world.clock.move(hours=72, seconds=1)
    world.refer()
    with world.service.work() as work:
        assert forget_old_keys(work) == before
    assert count(world, IdempotencyRecord) == 1


def test_a_refused_request_does_not_use_up_its_key(world: World) -> None:
    good = world.referral_body()
    for bad, status in (({**good, "skills": []}, 400), ({**good, "trajectoryId": str(world.users["coach"])}, 400)):
        assert create(world, "sleutel", bad).status_code == status
    assert count(world, IdempotencyRecord) == 2, "only those of the world itself"
    assert create(world, "sleutel", good).status_code == 201
    assert create(world, "sleutel", good).headers["Idempotent-Replayed"] == "true"


def test_a_repeat_works_after_the_version_has_moved_on(world: World) -> None:
    """The answer was lost on the way: the caller sends the very same request again, old version included."""
    case = world.refer()
    call = Call("coach", "POST", f"/v1/referrals/{case['id']}/events", {"event": "accept"}, version=case["version"])
    first, again = (call.send(world, headers={"Idempotency_Key": "sleutel"}) for _ in range(2))
    assert lasting(again) == lasting(first)
    assert first.json["status"] == "accepted"


def test_somebody_who_may_no_longer_does_not_get_the_answer_again(world: World) -> None:
    body = world.referral_body()
    assert create(world, "sleutel", body, "second_referrer").status_code == 201
    assert CALLS["identity.deactivate_user"](world).send(world).status_code == 201
    assert create(world, "sleutel", body, "second_referrer").status_code == 401


def test_what_is_kept_is_sealed_and_ends_with_the_person(world: World) -> None:
    body = world.referral_body()
    first = create(world, "een-heel-bijzondere-sleutel", body)
    with world.service.work(read_only=True) as work:
        rows = work.session.execute(text("SELECT * FROM idempotency_record")).mappings().all()
    kept = b" ".join(
        bytes(value) if isinstance(value, bytes) else str(value).encode() for r in rows for value in r.values()
    )
    for plain in ("bijzondere", body["participant"]["name"], first.json["reference"], '"status"'):
        assert plain.encode() not in kept
        assert plain.encode().hex().encode() not in kept
    answer = next(row["answer"] for row in rows if str(row["subject_id"]).replace("-", "") == plain_id(first))
    assert len(answer) > len(first.data)
    erasure = f"/v1/participants/{first.json['participantId']}/erasures"
    assert world.call("privacy", "POST", erasure, {"ground": "request"}).status_code == 201
    assert create(world, "een-heel-bijzondere-sleutel", body).status_code == 410


def plain_id(answer: TestResponse) -> str:
    return str(answer.json["participantId"]).replace("-", "")
