"""Every deed, reading and refusal leaves its row, with who, for whom, what, on what, how it ended, from where and under
which trace; and what cannot leave its row does not happen (BIO2 8.15.01)."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from werkzeug.test import TestResponse

from referral.access import OPERATIONS
from referral.core.audit import AuditEntry
from referral.core.database import Base
from referral.core.policy import Door, system_actor
from referral.identity.usecases import SetPassword, set_password
from tests.house.calls import CALLS, Call
from tests.identity.doors import HTML, form_secret, sign_in
from tests.world import STAFF, World

UUIDS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
SLUG = "urn:problem-type:referral:"
PASSWORD = "correct-paard-batterij"
READ = ("participant:read", "participant")
ROWS: Mapping[str, list[tuple[str, str]]] = {
    "identity.show_me": [("user:show_me", "user")],
    "identity.list_organisations": [("organisation:list", "organisation")],
    "screenings.list_screenings": [("screening:list", "screening")],
    "screenings.show_screening": [("screening:show", "screening")],
    "trajectories.list_trajectories": [("trajectory:list", "trajectory")],
    "trajectories.show_trajectory": [("trajectory:show", "trajectory")],
    "trajectories.match_trajectories": [("trajectory:match", "trajectory")],
    "workflow.show_workflow": [("workflow:show", "workflow")],
    "workflow.show_diagram": [("workflow:diagram", "workflow")],
    "identity.list_users": [("user:list", "organisation")],
    "identity.deactivate_user": [("user:deactivate", "user")],
    "identity.change_organisation": [("organisation:change", "organisation")],
    "identity.remove_role": [("user:remove_role", "user")],
    "screenings.log_screening": [("screening:log", "screening")],
    "screenings.import_screenings": [("screening:import", "screening")],
    "screenings.log_conversation": [("conversation:log", "screening")],
    "trajectories.add_trajectory": [("trajectory:add", "trajectory")],
    "trajectories.change_trajectory": [("trajectory:change", "trajectory")],
    "participants.register_participant": [("participant:register", "participant")],
    "participants.show_participant": [READ],
    "participants.change_participant": [("participant:change", "participant")],
    "participants.search_participants": [("participant:search", "participant")],
    "rights.withdraw_agreement": [("participant:withdraw_agreement", "participant")],
    "rights.erase_participant": [("participant:erase", "participant")],
    "privacy.request_access": [
        ("privacy_request:make", "participant"),
        ("participant:access_request", "participant"),
        READ,
    ],
    "privacy.list_disclosures": [("disclosure:list", "participant"), READ],
    "privacy.request_rectification": [("privacy_request:make", "participant"), READ],
    "privacy.request_restriction": [("privacy_request:make", "participant")],
    "privacy.request_objection": [("privacy_request:make", "participant"), READ],
    "privacy.request_erasure": [("privacy_request:make", "participant"), READ],
    "privacy_requests.list_requests": [("privacy_request:list", "privacy_request")],
    "privacy_requests.show_privacy_request": [("privacy_request:show", "privacy_request"), READ],
    "privacy_requests.show_answer": [("participant:access_answer", "privacy_request"), READ],
    "privacy_requests.decide_request": [("privacy_request:decide", "privacy_request"), READ],
    "referrals.create_referral": [
        ("participant:register", "participant"),
        ("agreement:record", "agreement"),
        ("referral:create", "referral"),
        ("referral:submit", "referral"),
    ],
    "referrals.list_referrals": [("referral:list", "referral")],
    "referrals.show_one": [("referral:show", "referral"), READ],
    "referrals.change_referral": [("referral:change", "referral")],
    "referrals.record_event": [("referral:accept", "referral")],
    "referrals.list_history": [("referral:history", "referral")],
    "reports.show_funnel": [("report:funnel", "report")],
    "reports.show_annual_report": [("report:annual", "report")],
    "reports.write_annual": [("report:write_annual", "report")],
    "reports.show_national_statistics": [READ, ("report:national_statistics", "report")],
    "reports.show_monitor": [("report:monitor", "report")],
    "reports.show_reach": [("report:reach", "report")],
    "reports.show_coverage": [("report:coverage", "report")],
    "reports.show_reference_date": [("report:reference_date", "report")],
    "reports.reconcile_count": [("report:reconcile", "report")],
    "identity.show_terms": [("region:show_terms", "region")],
    "identity.change_term": [("region:tune_term", "region")],
    "identity.change_limits": [("region:tune_limits", "region")],
    "codes.list_retired": [("organisation:list_retired_codes", "organisation")],
    "codes.retire_code": [("organisation:retire_code", "organisation")],
    "codes.remove_retirement": [("organisation:offer_code", "organisation")],
    "feed.list_events": [("event:list", "referral")],
    "webhooks.list_webhooks": [("webhook:list", "webhook")],
    "webhooks.add_webhook": [("webhook:add", "webhook")],
    "webhooks.show_webhook": [("webhook:show", "webhook")],
    "webhooks.remove_webhook": [("webhook:remove", "webhook")],
    "webhooks.renew_secret": [("webhook:renew_secret", "webhook")],
    "webhooks.resume_webhook": [("webhook:resume", "webhook")],
    "audit.list_entries": [("audit:list", "audit_entry")],
    "accountability.list_processing_records": [("processing_record:list", "processing_record")],
    "accountability.list_access_of_participant": [("participant:access_log", "participant")],
    "accountability.list_access_of_referral": [("referral:access_log", "referral")],
    "accountability.find_affected": [("audit:affected", "audit_entry")],
}
"""What each operation leaves when it goes well: the actions and what they were done to."""

SILENT = {
    "health.live", "health.ready", "docs.show", "docs.start", "docs.asset", "docs.openapi", "static", "home.theme",
    "sign_in.show", "sign_in.show_code", "account.show_app",
}  # fmt: skip
"""What leaves no row; the reason of each stands in the table of operations."""

OWN_TABLES = {"audit_entry", "audit_chain", "audit_unsealed", "audit_leaf", "audit_checkpoint", "anonymous_refusal"}


def trail(world: World, answer: TestResponse) -> list[AuditEntry]:
    """The rows under the trace of this answer."""
    query = select(AuditEntry).where(AuditEntry.trace_id == answer.headers["Trace-Id"]).order_by(AuditEntry.id)
    with world.service.work(read_only=True) as work:
        return list(work.session.scalars(query))


def everything(world: World) -> dict[str, int]:
    """How many rows every table has."""
    with world.service.work(read_only=True) as work:
        tables = [table for table in Base.metadata.sorted_tables if table.name not in OWN_TABLES]
        return {table.name: work.session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


def versions(world: World) -> list[Any]:
    """The version of everything that can be changed."""
    with world.service.work(read_only=True) as work:
        tables = [table for table in Base.metadata.sorted_tables if "version" in table.c]
        return [
            work.session.execute(select(table.c.id, table.c.version).order_by(table.c.id)).all() for table in tables
        ]


def test_every_operation_is_known_here() -> None:
    api = {endpoint for endpoint, access in OPERATIONS.items() if access.door is Door.API}
    assert set(ROWS) == api
    assert {endpoint for endpoint, access in OPERATIONS.items() if access.unrecorded} == SILENT
    assert {OPERATIONS[endpoint].door for endpoint in SILENT} == {Door.PUBLIC}


def test_every_deed_and_reading_leaves_its_row(world: World) -> None:
    for endpoint, prepare in CALLS.items():
        call = prepare(world)
        actor, answer = world.actor(str(call.who)), call.send(world)
        rows = trail(world, answer)
        assert answer.status_code in (200, 201, 204), endpoint
        assert sorted((row.action, row.object_type) for row in rows) == sorted(ROWS[endpoint]), endpoint
        assert [row.operation for row in rows if row.operation] == [OPERATIONS[endpoint].action], endpoint
        for row in rows:
            assert (row.actor_id, row.client_id, row.organisation_id) == (
                actor.id,
                actor.client_id,
                world.organisations[STAFF[str(call.who)][0]],
            )
            assert (row.result, row.origin, row.occurred_at) == ("done", "127.0.0.1", world.clock.now), endpoint
        assert set(UUIDS.findall(call.path)) <= {str(row.object_id) for row in rows}, endpoint


def test_the_row_of_a_deed_names_its_object(world: World) -> None:
    case = world.refer()
    history = {
        "referral:show": ("coach", "GET", f"/v1/referrals/{case['id']}", None, case["id"]),
        "participant:read": (
            "referrer", "GET", f"/v1/participants/{case['participantId']}?purpose=contact", None, case["participantId"],
        ),
        "participant:access_request": (
            "privacy", "POST", f"/v1/participants/{case['participantId']}/access-requests", {}, case["participantId"],
        ),
        "participant:erase": (
            "privacy", "POST", f"/v1/participants/{case['participantId']}/erasures", {"ground": "error"},
            case["participantId"],
        ),
    }  # fmt: skip
    for action, (who, method, path, body, object_id) in history.items():
        rows = trail(world, world.call(who, method, path, body))
        assert object_id in {str(row.object_id) for row in rows if row.action == action}, action


def test_the_row_of_a_reading_says_for_what_and_which_members(world: World) -> None:
    case = world.refer()
    path = f"/v1/participants/{case['participantId']}?purpose=guidance"
    [row] = trail(world, world.call("coach", "GET", path))
    assert row.details["purpose"] == "guidance"
    assert {"name", "phone"} <= set(row.details["fields"])
    assert "client_number" not in row.details["fields"], "no part of what the coach may see"


def refused_calls(world: World) -> Iterator[tuple[str, Call, str]]:
    """For every operation: somebody without the role, and a body or an address that is wrong."""
    for endpoint, prepare in CALLS.items():
        call, access = prepare(world), OPERATIONS[endpoint]
        without_role = [who for who, (_, roles) in STAFF.items() if access.roles.isdisjoint(roles)]
        if without_role:
            yield (
                endpoint,
                Call(without_role[0], call.method, call.path, call.body, call.version, call.content_type),
                ("not-allowed"),
            )
        if isinstance(call.body, dict):
            yield endpoint, Call(call.who, call.method, call.path, ["niets"], call.version), "invalid-input"
        if call.version is not None:
            yield endpoint, Call(call.who, call.method, call.path, call.body), "precondition-required"


def test_every_refusal_leaves_one_row(world: World) -> None:
    tried = 0
    for endpoint, call, slug in refused_calls(world):
        tried += 1
        actor, before = world.actor(str(call.who)), everything(world)
        answer = call.send(world)
        assert answer.json["type"] == f"urn:problem-type:referral:{slug}", endpoint
        [row] = trail(world, answer)
        action = OPERATIONS[endpoint].action
        assert (row.action, row.operation, row.object_type) == (action, action, action.partition(":")[0])
        assert UUIDS.findall(call.path.partition("?")[0]) == ([str(row.object_id)] if row.object_id else [])
        assert (row.actor_id, row.organisation_id, row.result, row.origin) == (
            actor.id,
            actor.organisation_id,
            slug,
            "127.0.0.1",
        )
        assert everything(world) == before, endpoint
    assert tried > 40


def test_what_others_may_not_see_leaves_a_row_too(world: World) -> None:
    case = world.refer()
    for path in (f"/v1/referrals/{case['id']}", f"/v1/participants/{case['participantId']}?purpose=contact"):
        [row] = trail(world, world.call("stranger", "GET", path))
        assert (row.result, row.organisation_id) == ("not-found", world.organisations["Gemeente Ver Weg"])


def test_signing_in_and_out_leaves_its_rows(world: World) -> None:
    with world.service.work() as work:
        set_password(SetPassword(world.users["coach"], PASSWORD), actor=system_actor("test"), work=work)
    browser = world.client
    [refused] = trail(world, sign_in(browser, "verkeerd-wachtwoord", "coach@demo.example"))
    [signed_in] = trail(world, sign_in(browser, PASSWORD, "coach@demo.example"))
    assert [(row.action, row.object_id, row.result) for row in (refused, signed_in)] == [
        ("session:sign_in", None, "refused"),
        ("session:sign_in", world.users["coach"], "done"),
    ]
    secret = browser.get("/", headers=HTML).text.partition('name="csrf_token" value="')[2].partition('"')[0]
    [out] = trail(world, browser.post("/sign-out", data={"csrf_token": secret}, headers=HTML))
    assert (out.action, out.actor_id) == ("session:sign_out", world.users["coach"])


@contextmanager
def no_audit_log(world: World) -> Iterator[None]:
    """The table of the audit log is away, as with a broken migration or a withdrawn right."""
    with world.service.engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_entry RENAME TO audit_entry_away"))
    try:
        yield
    finally:
        with world.service.engine.begin() as connection:
            connection.execute(text("ALTER TABLE audit_entry_away RENAME TO audit_entry"))


def test_the_same_requests_do_happen_when_they_can(world: World) -> None:
    """The control of `test_audit_closed`, where none of them does."""
    calls = {endpoint: prepare(world) for endpoint, prepare in CALLS.items()}
    before = everything(world), versions(world)
    assert {calls[endpoint].send(world).status_code for endpoint in ROWS} == {200, 201, 204}
    after = everything(world), versions(world)
    assert after[0] != before[0]
    assert after[1] != before[1]


def test_nobody_signs_in_and_no_refusal_is_told_without_a_row(world: World) -> None:
    client = world.client
    secret = form_secret(client)
    with no_audit_log(world):
        form = {"csrf_token": secret, "email": "coach@demo.example", "password": PASSWORD}
        assert client.post("/sign-in", data=form, headers=HTML).status_code == 503
        assert world.call("coach", "POST", "/v1/screenings", {}).status_code == 503
        assert world.call("stranger", "GET", f"/v1/referrals/{UUID(int=1)}").status_code == 503
        assert world.call(None, "GET", "/v1/me").status_code == 503
    assert world.call("coach", "POST", "/v1/screenings", {}).status_code == 403


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_row_holds_a_word_about_anybody(world: World) -> None:
    """Codes, ids and counts: every text in `details` is one of ours, never what somebody typed."""
    for endpoint, prepare in CALLS.items():
        prepare(world).send(world)
        assert endpoint
    world.bring_to("closed")
    with world.service.work(read_only=True) as work:
        details = [row.details for row in work.session.scalars(select(AuditEntry))]
    words = {
        word for row in details for value in row.values() for word in (value if isinstance(value, list) else [value])
    }
    texts = {word for word in words if isinstance(word, str)}
    assert {word for word in texts if " " in word or len(word) > 36} == set()
    assert len(texts) > 20
