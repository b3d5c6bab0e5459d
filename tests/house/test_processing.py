"""Nothing happens to a participant's data without a processing record under an activity of the register; the records
and the audit log join on trace id and span id (AVG art. 30, Logboek Dataverwerkingen)."""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from referral.access import OPERATIONS
from referral.core.codelists import processing_register
from referral.core.codelists.activities import FILE, read_register
from referral.core.codelists.files import open_text, read_toml
from referral.core.encryption import SealedModel
from referral.core.idempotency import IdempotencyRecord
from referral.core.policy import Door, system_actor
from referral.core.processing import SubjectMissing, UnknownAction
from referral.core.tracing import continue_trace
from referral.core.work import Work, drain
from referral.participants.models import Participant
from referral.referrals.models import Referral
from referral.referrals.usecases import ReferralMoved
from referral.referrals.workflow import EventName
from tests.accountability.logs import Line, entries, records
from tests.house.calls import CALLS
from tests.world import World

ROOT = Path(__file__).parents[2]
ACTIONS = processing_register().actions
UUIDS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
SYSTEM = system_actor("test")

NAMES_NOBODY = {
    "audit.list_entries", "reports.show_funnel", "reports.show_monitor", "reports.show_reach",
    "reports.show_coverage", "reports.show_reference_date", "reports.reconcile_count",
    "reports.show_annual_report",
}  # fmt: skip
"""Overviews, with a record that names nobody."""

SHOWS_WITHOUT_ID = {"reports.show_national_statistics"}
"""Shows people without a number of ours, and names each of them in the records."""

POINTS_NOWHERE = {"rights.erase_participant"}
"""Says that somebody was erased, and no longer whom."""


# Every action stands in the register


def recorded_actions() -> dict[str, str]:
    """Every action that the source records when it goes well, with a file where."""
    found = {}
    for file in sorted((ROOT / "referral").rglob("*.py")):
        for call in ast.walk(ast.parse(file.read_text())):
            is_record = isinstance(call, ast.Call) and ast.unparse(call.func) in ("work.record", "self.record")
            if is_record and not any(each.arg == "result" for each in call.keywords):
                found |= dict.fromkeys(_names(call.args[1], file), file.name)
    return found


def _names(argument: ast.expr, file: Path) -> Iterator[str]:
    if isinstance(argument, ast.Constant):
        yield argument.value
    elif isinstance(argument, ast.Name):
        yield getattr(import_module(".".join(file.relative_to(ROOT).with_suffix("").parts)), argument.id)
    else:
        assert ast.unparse(argument) == "f'referral:{deed.event.value}'", "an action that this test cannot read"
        yield from (f"referral:{event.value}" for event in EventName)


def unlisted(register_text: str) -> tuple[set[str], set[str]]:
    """The actions without an activity, and the listed actions that nothing does."""
    listed = set(read_register(read_toml(FILE, register_text)).actions)
    done = set(recorded_actions())
    return done - listed, listed - done


def test_no_action_without_activity_and_no_activity_without_action() -> None:
    found = recorded_actions()
    sys.stdout.write(f"{len(found)} actions, {len(processing_register().activities)} activities\n")
    assert unlisted(open_text(FILE)) == (set(), set())
    assert all(each.actions or each.overviews or each.staff for each in processing_register().activities.values())
    assert len(found) > 60


def test_an_action_that_was_forgotten_and_one_too_many_are_found() -> None:
    """The control of the test above."""
    text = open_text(FILE)
    assert unlisted(text.replace('    "referral:transfer",\n', "")) == ({"referral:transfer"}, set())
    sells = text.replace('"referral:transfer",', '"referral:transfer", "referral:sell",')
    assert unlisted(sells) == (set(), {"referral:sell"})


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ('    "referral:transfer",\n', '    "referral:transfer",\n    "referral:show",\n', "stands in the file twice"),
        ('categories = ["case"]', 'categories = ["shoe_size"]', "unknown category"),
        ('retention = ["log_in"]', 'retention = ["for_ever"]', "must name codes of that list"),
        ("staff_data =", "data =", "is unknown"),
        ("staff_data =", "# staff_data =", "must be there"),
    ],
)
def test_a_register_that_is_wrong_is_refused(before: str, after: str, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        read_register(read_toml(FILE, open_text(FILE).replace(before, after)))


def sealed_models(kind: type[SealedModel] = SealedModel) -> Iterator[type[SealedModel]]:
    for model in kind.__subclasses__():
        if model.__module__.startswith("referral."):
            yield model
        yield from sealed_models(model)


def test_every_sealed_field_is_a_kind_of_data_of_the_register() -> None:
    sealed = {field.name for model in sealed_models() for field in model.__sealed__}
    listed = [field for category in processing_register().categories.values() for field in category.fields]
    assert sorted(listed) == sorted(sealed)
    assert len(sealed) >= 14


# What is not in the register does not happen


def test_an_action_outside_the_register_does_not_happen(world: World) -> None:
    before = len(entries(world))
    person = UUID(world.refer()["participantId"])
    for action, about, subjects, fault in (
        ("referral:sell", "referral", [person], UnknownAction),
        ("referral:show", "referral", None, SubjectMissing),
        ("report:funnel", "report", [person], SubjectMissing),
        ("screening:log", "participant", None, SubjectMissing),
    ):
        counted = len(entries(world)), len(records(world))
        with pytest.raises(fault), world.service.work() as work:
            work.record(SYSTEM, action, about, person, subjects=subjects)
        assert (len(entries(world)), len(records(world))) == counted
    # The control: the same, said as the register asks, does happen.
    with world.service.work() as work:
        work.record(SYSTEM, "referral:show", "referral", person, subjects=[person, person])
    assert [line.subject_id for line in records(world)][-1:] == [person]
    assert len(entries(world)) > before


# Every endpoint that touches a participant leaves its record


def people_shown(world: World, path: str, answer: TestResponse) -> set[UUID]:
    """Every participant whose id, or whose referral's id, stands in the path or in the answer."""
    ids = {UUID(found) for found in UUIDS.findall(path + answer.text)}
    with world.service.work(read_only=True) as work:
        direct = work.session.scalars(select(Participant.id).where(Participant.id.in_(ids))).all()
        through = work.session.scalars(select(Referral.participant_id).where(Referral.id.in_(ids))).all()
    return {*direct, *through}


def people_recorded(lines: list[Line]) -> set[UUID]:
    return {line.subject_id for line in lines if line.subject_id is not None}


def test_whoever_an_answer_shows_stands_in_the_records(world: World) -> None:
    touched: dict[str, int] = {}
    for endpoint, prepare in CALLS.items():
        call = prepare(world)
        drain(world.service)
        answer = call.send(world)
        lines = records(world, trace_id=answer.headers["Trace-Id"])
        touched[endpoint] = len(lines)
        if endpoint in NAMES_NOBODY | POINTS_NOWHERE:
            assert lines, endpoint
            assert people_recorded(lines) == set(), endpoint
        elif endpoint in SHOWS_WITHOUT_ID:
            assert people_shown(world, call.path, answer) == set(), endpoint
            assert len(people_recorded(lines)) == len(answer.json["rows"]) > 0, endpoint
        else:
            assert people_recorded(lines) == people_shown(world, call.path, answer), endpoint
    sys.stdout.write(
        f"{sum(map(bool, touched.values()))} of {len(CALLS)} operations, {sum(touched.values())} records\n"
    )
    assert sum(map(bool, touched.values())) >= 20


def test_a_record_that_was_forgotten_is_found(world: World) -> None:
    """The control of the test above: the same answer, with the record away."""
    case = world.refer()
    path = f"/v1/referrals/{case['id']}"
    answer = world.call("coach", "GET", path)
    lines = records(world, trace_id=answer.headers["Trace-Id"])
    shown = people_shown(world, path, answer)
    assert [line.record.action for line in lines] == ["referral:show", "participant:read"]
    assert people_recorded(lines) == shown == {UUID(case["participantId"])}
    assert people_recorded(lines[:0]) != shown


def test_a_refusal_processes_nothing(world: World) -> None:
    case = world.refer()
    before = len(records(world))
    for who, path in (
        ("stranger", f"/v1/referrals/{case['id']}"),
        ("employer", f"/v1/participants/{case['participantId']}"),
    ):
        answer = world.call(who, "GET", path)
        assert answer.status_code in (400, 404)
        assert len(entries(world, trace_id=answer.headers["Trace-Id"])) == 1
    assert len(records(world)) == before


def replayed(world: World, endpoint: str) -> tuple[TestResponse, TestResponse]:
    """The first answer of an operation and the same once more."""
    call = CALLS[endpoint](world)
    first, again = (call.send(world, headers={"Idempotency_Key": f"twice-{endpoint}"}) for _ in range(2))
    assert again.headers["Idempotent-Replayed"] == "true", endpoint
    return first, again


def test_an_answer_that_is_given_again_is_a_processing_again(world: World) -> None:
    """Whoever the repeated answer shows has a record of it, joined to an audit row of a reading."""
    keyed = [each for each, access in OPERATIONS.items() if access.idempotency and access.door is Door.API]
    counted = 0
    for endpoint in set(keyed) - POINTS_NOWHERE:
        _, again = replayed(world, endpoint)
        lines = records(world, trace_id=again.headers["Trace-Id"])
        rows = entries(world, trace_id=again.headers["Trace-Id"])
        shown = people_shown(world, "", again)
        assert people_recorded(lines) == shown, endpoint
        assert [line.record.action for line in lines] == ["answer:repeat"] * len(shown), endpoint
        assert [row.result for row in rows if row.operation] == ["replayed"], endpoint
        joined = {(row.trace_id, row.span_id) for row in rows if row.action == "answer:repeat"}
        assert {(line.record.trace_id, line.record.span_id) for line in lines} == joined
        counted += len(lines)
    sys.stdout.write(f"{len(keyed)} operations repeated, {counted} records\n")
    assert counted >= 8


def test_who_repeats_a_request_stands_among_those_who_saw_the_person(world: World) -> None:
    first, _ = replayed(world, "participants.register_participant")
    seen = world.call("privacy", "GET", f"/v1/participants/{first.json['id']}/access-log").json["items"]
    assert [each["reading"] for each in seen] == ["answer:repeat"]


def test_a_repeat_that_is_only_a_row_in_the_audit_log_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: a build in which a repeat is a request and no processing."""
    monkeypatch.setattr(IdempotencyRecord, "person_id", None)
    _, again = replayed(world, "participants.register_participant")
    assert people_shown(world, "", again)
    assert records(world, trace_id=again.headers["Trace-Id"]) == []


# The two logs join


def test_every_record_has_its_audit_row_and_every_row_about_people_its_records(world: World) -> None:
    for prepare in CALLS.values():
        prepare(world).send(world)
    rows = {(row.trace_id, row.span_id): row for row in entries(world)}
    lines = records(world)
    joined = [(line.record, rows[line.record.trace_id, line.record.span_id]) for line in lines]
    assert {(record.action, record.started_at) == (row.action, row.occurred_at) for record, row in joined} == {True}
    assert all(record.ended_at >= record.started_at for record, _ in joined)
    spans = {(record.trace_id, record.span_id) for record, _ in joined}
    due = {span for span, row in rows.items() if row.result == "done" and _asks_record(row.action, row.details)}
    assert due == spans
    assert len(rows) == len(entries(world))
    sys.stdout.write(f"{len(rows)} audit rows, {len(lines)} processing records\n")
    assert len(lines) > 60


def _asks_record(action: str, details: Mapping[str, Any]) -> bool:
    listed = ACTIONS.get(action)
    if listed is None:
        return False  # the row of a request that touched nobody's data
    is_empty = details.get("count", details.get("found")) == 0 and listed.names_persons
    return listed.activity is not None and not is_empty


TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def test_the_trace_of_the_caller_runs_through_both_logs_and_the_answer(world: World) -> None:
    case = world.refer()
    path = f"/v1/referrals/{case['id']}"
    answer = world.call("coach", "GET", path, traceparent=f"00-{TRACE}-{PARENT}-01")
    assert answer.headers["Trace-Id"] == TRACE
    assert re.fullmatch(f"00-{TRACE}-[0-9a-f]{{16}}-01", answer.headers["traceparent"])
    assert PARENT not in answer.headers["traceparent"]
    lines = records(world, trace_id=TRACE)
    assert {line.record.parent_span_id for line in lines} == {PARENT}
    assert [row.action for row in entries(world, trace_id=TRACE)] == [line.record.action for line in lines]
    assert len({line.record.span_id for line in lines}) == len(lines) == 2
    # The control: a header that is not valid is no caller's, and neither is none.
    for header in ({"traceparent": f"00-{TRACE}-{'0' * 16}-01"}, {"traceparent": "x" * 9_000}, {}):
        other = world.call("coach", "GET", path, **header)
        assert other.status_code == 200
        assert other.headers["Trace-Id"] not in ("0" * 32, TRACE)
        alone = records(world, trace_id=other.headers["Trace-Id"])
        assert {line.record.parent_span_id for line in alone} == {None}


def test_one_trace_may_hold_many_requests(world: World) -> None:
    """A caller uses one trace for all it does; the span tells the requests apart."""
    first, second = world.refer(), world.refer()
    for case in (first, second):
        path = f"/v1/participants/{case['participantId']}?purpose=contact"
        assert world.call("referrer", "GET", path, traceparent=f"00-{TRACE}-{PARENT}-01").status_code == 200
    rows, lines = entries(world, trace_id=TRACE), records(world, trace_id=TRACE)
    assert [(row.span_id, row.object_id) for row in rows] == [(line.record.span_id, line.subject_id) for line in lines]
    assert len({row.span_id for row in rows}) == 2


def test_what_happens_later_goes_on_in_the_trace_of_the_deed(world: World) -> None:
    """So that a message to another system carries the trace in which it came about."""
    drain(world.service)
    heard: list[tuple[str, str | None]] = []

    def listen(_event: ReferralMoved, work: Work) -> None:
        heard.append((work.trace.id, work.trace.parent_span_id))
        assert continue_trace(work.traceparent).trace_id == work.trace.id

    answer = world.call(
        "referrer", "POST", "/v1/referrals", world.referral_body(), traceparent=f"00-{TRACE}-{PARENT}-01"
    )
    assert answer.status_code == 201
    ours = continue_trace(answer.headers["traceparent"])
    assert drain(replace(world.service, later_reactions={ReferralMoved: [listen]})) == 2
    assert heard == [(TRACE, ours.parent_span_id)] * 2
