"""Every operation leaves exactly one row in its own name, whatever comes of the request (BIO2 8.15.01); a flood without
a proof of identity leaves a few rows and an exact count."""

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

from sqlalchemy import select
from werkzeug.test import TestResponse

from referral.access import OPERATIONS
from referral.core.audit import AuditEntry
from referral.core.audit.refusals import MOST_ORIGINS, NOBODY, OTHER_ORIGINS
from referral.operations.sealing import seal_log
from tests.house.calls import CALLS, Call
from tests.house.test_audit import SILENT, SLUG, UUIDS, trail
from tests.identity.doors import HTML, form_secret
from tests.world import STAFF, World

Tried = tuple[str, str, TestResponse]


def outcomes(endpoint: str, call: Call, world: World) -> Iterator[tuple[str, TestResponse]]:
    """What can come of this operation, each once, ending with the one that succeeds."""
    access = OPERATIONS[endpoint]
    yield "not-signed-in", call.send(world, who=None)
    without_role = [who for who, (_, roles) in STAFF.items() if access.roles.isdisjoint(roles)]
    if without_role:
        yield "not-allowed", call.send(world, who=without_role[0])
    if UUIDS.search(call.path):
        yield "not-found", call.send(world, path=UUIDS.sub(str(uuid4()), call.path))
    if call.method == "GET":
        joint = "&" if "?" in call.path else "?"
        answer = call.send(world, path=f"{call.path}{joint}bestaat_niet=1")
        yield "done" if answer.status_code == 200 else "invalid-input", answer
    if isinstance(call.body, dict):
        yield "invalid-input", call.send(world, body=["niets"])
        yield "malformed-body", call.send_raw(world, b'{"a": NaN}')
        yield "unsupported-media-type", call.send_raw(world, b"<a/>", "text/xml")
        yield "too-large", call.send_raw(world, b'{"a": "' + b"x" * 1_000_001 + b'"}')
    if call.version is not None:
        yield "precondition-required", call.send(world, version=None)
        yield "stale-version", call.send(world, version=call.version + 7)
    yield from successes(call, world, takes_key=bool(access.idempotency))


def successes(call: Call, world: World, *, takes_key: bool) -> Iterator[tuple[str, TestResponse]]:
    """The good request; where it takes a key also the same again, and another one under that key."""
    if not takes_key:
        yield "done", call.send(world)
        return
    same = {"Idempotency_Key": "een-en-dezelfde"}
    yield "done", call.send(world, headers=same)
    yield "replayed", call.send(world, headers=same)
    if isinstance(call.body, dict):
        yield "idempotency-conflict", call.send(world, headers=same, body={**call.body, "anders": 1})


def everything_tried(world: World) -> Iterator[Tried]:
    for endpoint, prepare in CALLS.items():
        # Of refusals without proof the first of a minute has a row, for each action; some operations share theirs.
        world.clock.move(minutes=1)
        call = prepare(world)
        for outcome, answer in outcomes(endpoint, call, world):
            yield endpoint, outcome, answer


def test_every_outcome_of_every_operation_leaves_exactly_one_row_in_its_name(world: World) -> None:
    tried: Counter[str] = Counter()
    for endpoint, outcome, answer in everything_tried(world):
        cell = (endpoint, outcome, answer.status_code)
        if answer.status_code >= 400:
            assert answer.json["type"] == SLUG + outcome, cell
        rows = [row for row in trail(world, answer) if row.operation]
        assert len(rows) == 1, cell
        row = rows[0]
        assert (row.operation, row.result) == (OPERATIONS[endpoint].action, outcome), cell
        assert row.actor_id, cell
        assert all([row.action, row.object_type, row.occurred_at, row.origin]), cell
        assert (row.actor_id == NOBODY) == (outcome == "not-signed-in"), cell
        tried[outcome] += 1
    sys.stdout.write(f"{sum(tried.values())} requests, {dict(tried)}\n")
    assert tried["done"] >= tried["not-signed-in"] == len(CALLS)
    assert min(tried.values()) >= 2
    assert len(tried) == 12


def test_pages_leave_theirs_too(world: World) -> None:
    client = world.client
    secret = form_secret(client)
    form = {"csrf_token": secret, "email": "coach@demo.example", "password": "verkeerd-wachtwoord"}
    answers = [client.post("/sign-in", data=form, headers=HTML) for _ in range(11)]
    answers += [client.post("/sign-in", data={**form, "csrf_token": "anders"}, headers=HTML), client.get("/")]
    results = [row.result for answer in answers for row in trail(world, answer) if row.operation]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429, 400, 401]
    assert results == ["refused"] * 10 + ["too-many-requests", "invalid-input", "not-signed-in"]


def test_what_leaves_no_row_is_said_to(world: World) -> None:
    for path in ("/health/live", "/health/ready", "/v1/openapi.json", "/v1/docs", "/v1/docs/start.js", "/sign-in"):
        answer = world.call(None, "GET", path)
        assert (answer.status_code, trail(world, answer)) == (200, []), path
    assert all(len(OPERATIONS[endpoint].unrecorded) > 20 for endpoint in SILENT)


def test_an_operation_that_says_nothing_itself_is_recorded_all_the_same(world: World) -> None:
    """The control: the same view, once as an operation and once as one that is said to leave no row."""
    for unrecorded, rows in (("", 1), ("om te proberen", 0)):
        access = replace(OPERATIONS["identity.show_me"], unrecorded=unrecorded)
        world.app.operations = {**OPERATIONS, "identity.show_me": access}
        assert len(trail(world, world.call("coach", "GET", "/v1/me"))) == rows


def anonymous_rows(world: World) -> list[AuditEntry]:
    with world.service.work(read_only=True) as work:
        query = select(AuditEntry).where(AuditEntry.actor_id == NOBODY).order_by(AuditEntry.id)
        return list(work.session.scalars(query))


def knock(world: World, times: int, origins: int = 1) -> None:
    for number in range(times):
        address = f"192.0.2.{number % origins}" if origins < 256 else f"2001:db8::{number:x}"
        answer = world.client.get("/v1/me", environ_base={"REMOTE_ADDR": address})
        assert answer.status_code == 401


def test_a_flood_without_proof_of_identity_is_one_row_and_an_exact_count(world: World) -> None:
    knock(world, 120)
    [first] = anonymous_rows(world)
    assert (first.action, first.result, first.details) == ("user:show_me", "not-signed-in", {})
    world.clock.move(minutes=1)
    knock(world, 1)
    seal_log(world.service)
    assert len(anonymous_rows(world)) == 2, "the minute may still be running elsewhere"
    world.clock.move(minutes=2)
    seal_log(world.service)
    rows = anonymous_rows(world)
    assert [row.details.get("count") for row in rows] == [None, None, 119]
    assert sum(row.details.get("count", 1) for row in rows) == 121
    seal_log(world.service)
    assert len(anonymous_rows(world)) == 3


def test_forged_addresses_do_not_fill_the_log_either(world: World) -> None:
    knock(world, 300, origins=300)
    assert len(anonymous_rows(world)) == MOST_ORIGINS + 1
    world.clock.move(minutes=3)
    seal_log(world.service)
    rows = anonymous_rows(world)
    assert [row.details["count"] for row in rows if row.details] == [300 - MOST_ORIGINS - 1]
    assert {row.origin for row in rows if row.details} == {OTHER_ORIGINS}
