"""The processing records: for the officer of the organisation alone, sealed, and pointing nowhere after an erasure."""

import sys
from collections.abc import Iterator
from uuid import UUID

import pytest
from sqlalchemy import text

from referral.core.codelists import processing_register
from referral.core.policy import system_actor
from referral.core.processing import forget_erased
from referral.notifications.usecases import run_terms
from tests.accountability.logs import erase, listed, make_officer, records
from tests.house.needles import spellings
from tests.world import World

RECORDS = "/v1/processing-records"
SUBJECT = "dpl.core.data_subject_id"


def test_a_record_says_what_the_standard_asks(world: World) -> None:
    case = world.refer()
    path = f"/v1/participants/{case['participantId']}?purpose=contact"
    trace = world.call("referrer", "GET", path).headers["Trace-Id"]
    [item] = listed(world, f"{RECORDS}?traceId={trace}")
    assert item == {
        "id": item["id"],
        "traceId": trace,
        "spanId": item["spanId"],
        "parentSpanId": None,
        "name": "participant:read",
        "startTime": "2026-11-03T09:00:00Z",
        "endTime": item["endTime"],
        "status": "OK",
        "resource": {"name": "referral", "version": "0.1.0"},
        "attributes": {
            "dpl.core.processing_activity_id": "urn:processing-activity:referral:case_reading",
            SUBJECT: case["participantId"],
            "dpl.core.data_subject_id_type": "participant",
        },
    }
    assert not {"actor", "actorId", "user", "userId"} & set(item)


def test_records_are_found_by_person_activity_trace_and_period(world: World) -> None:
    first, second = world.refer(), world.refer()
    world.clock.move(minutes=5)
    later = world.clock.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    world.call("referrer", "GET", f"/v1/referrals/{first['id']}")
    person = f"participantId={first['participantId']}"
    everything = listed(world, f"{RECORDS}?{person}&limit=100")
    assert {item["attributes"][SUBJECT] for item in everything} == {first["participantId"]}
    assert sorted(item["name"] for item in everything) == [
        "agreement:record", "participant:read", "participant:register", "referral:create", "referral:show",
        "referral:submit",
    ]  # fmt: skip
    activity = "processingActivityId=urn:processing-activity:referral:referring"
    assert [item["name"] for item in listed(world, f"{RECORDS}?{person}&{activity}")] == [
        "referral:submit",
        "referral:create",
    ]
    assert {item["name"] for item in listed(world, f"{RECORDS}?{person}&since={later}")} >= {"referral:show"}
    before = listed(world, f"{RECORDS}?until={later}&limit=100")
    assert {item["attributes"].get(SUBJECT) for item in before} >= {first["participantId"], second["participantId"]}
    assert "referral:show" not in {item["name"] for item in before}
    unknown = world.call("privacy", "GET", f"{RECORDS}?processingActivityId=urn:x&traceId=zz&participantId=1")
    assert sorted(wrong["pointer"] for wrong in unknown.json["errors"]) == [
        "/participantId",
        "/processingActivityId",
        "/traceId",
    ]


def test_pages_hold_every_record_once(world: World) -> None:
    cases = [world.refer() for _ in range(3)]
    path = f"{RECORDS}?participantId={cases[0]['participantId']}"
    whole = [item["id"] for item in listed(world, path) if item["name"] != "processing_record:list"]
    ids, query = [], path + "&limit=2"
    while query:
        page = world.call("privacy", "GET", query).json
        ids += [item["id"] for item in page["items"] if item["name"] != "processing_record:list"]
        query = f"{path}&limit=2&cursor={page['next']}" if page["next"] else ""
    assert ids == whole
    assert len(whole) == 4


def test_reading_the_records_is_on_record_too(world: World) -> None:
    case = world.refer()
    path = f"{RECORDS}?participantId={case['participantId']}"
    trace = world.call("privacy", "GET", path).headers["Trace-Id"]
    [line] = records(world, trace_id=trace)
    assert (line.record.action, line.subject_id) == ("processing_record:list", UUID(case["participantId"]))
    assert line.record.activity == "accountability"
    assert listed(world, path)[0]["name"] == "processing_record:list"


def test_only_the_officer_of_the_organisation_reads_them(world: World) -> None:
    case = world.refer()
    world.call("coach", "GET", f"/v1/referrals/{case['id']}")
    there = listed(world, RECORDS, make_officer(world, "receiving_coordinator"))
    assert {item["name"] for item in there} == {"referral:show", "participant:read"}
    assert "referral:show" not in {item["name"] for item in listed(world, RECORDS)}
    assert listed(world, RECORDS, make_officer(world, "stranger")) == []
    path = f"{RECORDS}?participantId={case['participantId']}"
    assert listed(world, path, "stranger") == []
    for who in ("referrer", "coach", "coordinator", "admin", "region"):
        assert world.call(who, "GET", path).status_code == 403


def test_what_the_service_does_by_itself_is_for_the_officer_of_the_case(world: World) -> None:
    case = world.refer()
    world.clock.move(days=30)
    run_terms(world.service)
    path = f"{RECORDS}?participantId={case['participantId']}&limit=100"
    assert {"referral:expire", "notice:give"} <= {item["name"] for item in listed(world, path)}


def test_figures_leave_a_record_that_names_nobody(world: World) -> None:
    world.refer()
    trace = world.call("coordinator", "GET", "/v1/reports/funnel").headers["Trace-Id"]
    [item] = listed(world, f"{RECORDS}?traceId={trace}")
    assert item["attributes"] == {"dpl.core.processing_activity_id": "urn:processing-activity:referral:statistics"}


def dump(world: World, table: str) -> bytes:
    """Every cell of a table, as it lies there."""
    with world.service.engine.connect() as connection:
        rows = connection.execute(text(f"SELECT * FROM {table}")).all()
    return b"\n".join(
        bytes(cell) if isinstance(cell, memoryview | bytes) else str(cell).encode() for row in rows for cell in row
    )


def traces_of(person: str) -> Iterator[bytes]:
    """Every way in which an id can be spelled."""
    yield UUID(person).bytes
    for spelling in (person, UUID(person).hex):
        yield from spellings(spelling).values()


def test_the_records_hold_no_person_in_the_clear(world: World) -> None:
    people = [world.bring_to("in_trajectory")["participantId"] for _ in range(3)]
    content = dump(world, "processing_record")
    assert [person for person in people for trace in traces_of(person) if trace in content] == []
    assert {str(line.subject_id) for line in records(world)} >= set(people)
    # The control: the same search does find them in the audit log, whose object they are.
    audit = dump(world, "audit_entry")
    assert all(any(trace in audit for trace in traces_of(person)) for person in people)


def test_after_an_erasure_the_records_remain_and_point_nowhere(world: World) -> None:
    gone, stays = world.bring_to("accepted"), world.refer()
    before = records(world)
    about_gone = [line.record.id for line in before if str(line.subject_id) == gone["participantId"]]
    erase(world, gone["participantId"])
    after = {line.record.id: line for line in records(world)}
    assert len(about_gone) >= 5
    assert {after[each].subject_id for each in about_gone} == {None}
    assert {after[each].record.subject_ct for each in about_gone} == {None}
    assert {after[each].record.subject_bix for each in about_gone} == {None}
    assert listed(world, f"{RECORDS}?participantId={gone['participantId']}") == []
    assert listed(world, f"{RECORDS}?participantId={stays['participantId']}") != []
    erased = [line for line in after.values() if line.record.action == "participant:erase"]
    assert [line.subject_id for line in erased] == [None]
    # Also what is done with the case from now on does not say whose it was.
    assert world.call("coordinator", "GET", f"/v1/referrals/{gone['id']}").status_code == 200
    assert gone["participantId"] not in {str(line.subject_id) for line in records(world)}
    sys.stdout.write(f"{len(about_gone)} records point nowhere, {len(after)} remain\n")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_reading_that_ends_after_the_erasure_is_caught_up_with(world: World) -> None:
    """SQLite has one writer, so there nothing can overlap."""
    case = world.refer()
    person = UUID(case["participantId"])
    with world.service.work() as late:
        late.record(system_actor("test"), "referral:show", "referral", UUID(case["id"]), subjects=[person])
        late.session.flush()
        erase(world, case["participantId"])
    # The control: without the second look this record would keep pointing at somebody who was erased.
    assert [line.subject_id for line in records(world)].count(person) == 1
    with world.service.work() as work:
        assert forget_erased(work.session, world.clock.now) == 1
    assert [line.subject_id for line in records(world)].count(person) == 0
    with world.service.work() as work:
        assert forget_erased(work.session, world.clock.now) == 0


def test_every_activity_has_a_name_that_never_changes() -> None:
    assert list(processing_register().activities) == [
        "registration", "agreement", "referring", "guidance", "case_reading", "guarding_terms", "rights",
        "keeping", "accountability", "statistics", "national_statistics", "accounts",
    ]  # fmt: skip
