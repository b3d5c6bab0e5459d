"""Default deny: what is not in the table of operations does not exist, what is in it asks its proof, its role and its
scope, and what belongs to others looks exactly like nothing at all."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import update
from werkzeug.test import TestResponse

from config.settings import Settings
from referral.access import OPERATIONS
from referral.app import create_app
from referral.core.codes import new_screening_code
from referral.core.http import Application
from referral.core.policy import Door, Role, system_actor
from referral.core.work import drain
from referral.identity.models import ALL_SCOPES, User
from referral.identity.usecases import (
    AddMembership,
    IssueToken,
    RevokeToken,
    SetPassword,
    add_membership,
    issue_token,
    revoke_token,
    set_password,
)
from tests.house.calls import CALLS, Call, screening
from tests.identity.doors import HTML, sign_in
from tests.world import STAFF, World

API = {endpoint: access for endpoint, access in OPERATIONS.items() if access.door is Door.API}
SYSTEM = system_actor("test")
PASSWORD = "correct-paard-batterij"
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@ON_SQLITE
def test_every_operation_stands_in_the_table_and_the_table_holds_nothing_else(app: Application) -> None:
    assert {rule.endpoint for rule in app.url_map.iter_rules()} == set(OPERATIONS)
    assert set(CALLS) == set(API)


@ON_SQLITE
def test_an_operation_is_one_method_on_one_path(app: Application) -> None:
    """So that its row in the table can say who may knock."""
    rules = list(app.url_map.iter_rules())
    assert [rule.rule for rule in rules if len((rule.methods or set()) - {"HEAD", "OPTIONS"}) != 1] == []
    assert len({rule.endpoint for rule in rules}) == len(rules)


@ON_SQLITE
def test_an_operation_outside_the_table_does_not_exist(world: World, settings: Settings) -> None:
    """A view that somebody forgot to put in the table; the control is the same view in the table."""
    for operations, status in ((OPERATIONS, 404), ({**OPERATIONS, "forgotten": OPERATIONS["health.live"]}, 200)):
        app = create_app(settings, service=world.service)
        app.operations = operations
        app.add_url_rule("/v1/forgotten", "forgotten", lambda: "everything")
        assert app.test_client().get("/v1/forgotten").status_code == status


def test_nothing_works_without_proof_and_everything_with_it(world: World) -> None:
    calls = {endpoint: prepare(world) for endpoint, prepare in CALLS.items()}
    refused = {endpoint: call.send(world, who=None) for endpoint, call in calls.items()}
    assert {endpoint: answer.status_code for endpoint, answer in refused.items()} == dict.fromkeys(API, 401)
    assert {answer.json["type"] for answer in refused.values()} == {"urn:problem-type:referral:not-signed-in"}
    served = {endpoint: call.send(world).status_code for endpoint, call in calls.items()}
    assert {endpoint: status for endpoint, status in served.items() if status not in (200, 201, 204)} == {}


@ON_SQLITE
def test_a_path_that_does_not_exist_is_404_with_and_without_proof(world: World) -> None:
    for who in (None, "referrer"):
        for path in ("/v1", "/v1/", "/v1/nowhere", "/v1/referrals/nowhere", "/api", "/.git/config", "/admin"):
            assert world.call(who, "GET", path).status_code == 404, path


@ON_SQLITE
def test_a_proof_that_is_none_is_401(world: World) -> None:
    good = world.tokens["referrer"]
    for proof in (
        "", "Bearer", "Bearer ", f"Basic {good}", f"Token {good}", good, f"Bearer {good}x", f"Bearer {good[:-1]}",
        f"Bearer {good.upper()}", f"Bearer  {good} {good}", "Bearer " + "x" * 5_000, "Bearer \xff", "Bearer ' OR 1=1",
        f"Bearer {uuid4()}", "Digest username=x", "Basic !!!",
    ):  # fmt: skip
        answer = world.call(None, "GET", "/v1/me", Authorization=proof)
        assert answer.status_code == 401, proof
    assert world.call(None, "GET", "/v1/me", Authorization=f"bearer {good}").status_code == 200


@ON_SQLITE
def test_a_token_without_the_scope_is_403_on_every_operation(world: World) -> None:
    tokens = {}
    with world.service.work() as work:
        for who, (organisation, _) in STAFF.items():
            for lacking in ALL_SCOPES:
                scopes = tuple(scope for scope in ALL_SCOPES if scope != lacking)
                command = IssueToken(f"{who}@demo.example", organisation, scopes=scopes)
                tokens[who, lacking] = issue_token(command, actor=SYSTEM, work=work)
    tried = {}
    for endpoint, prepare in CALLS.items():
        call = prepare(world)
        proof = {"Authorization": f"Bearer {tokens[str(call.who), API[endpoint].scope]}"}
        tried[endpoint] = call.send(world, who=None, headers=proof).status_code
    assert tried == dict.fromkeys(API, 403)


@ON_SQLITE
def test_a_colleague_without_the_role_is_403_on_every_operation(world: World) -> None:
    calls = {endpoint: prepare(world) for endpoint, prepare in CALLS.items()}
    tried = {
        (endpoint, who): call.send(world, who=who).status_code
        for endpoint, call in calls.items()
        for who, (_, roles) in STAFF.items()
        if API[endpoint].roles.isdisjoint(roles)
    }
    assert {cell: status for cell, status in tried.items() if status != 403} == {}
    assert len(tried) > 120


def sign_in_as(world: World, who: str) -> Any:
    with world.service.work() as work:
        set_password(SetPassword(world.users[who], PASSWORD), actor=SYSTEM, work=work)
    client = world.client
    assert sign_in(client, PASSWORD, f"{who}@demo.example").status_code == 303
    return client


@ON_SQLITE
def test_a_session_never_works_on_the_api_nor_a_token_on_a_page(world: World) -> None:
    calls = {endpoint: prepare(world) for endpoint, prepare in CALLS.items()}
    browser = sign_in_as(world, "referrer")
    assert browser.get("/", headers=HTML).status_code == 200
    tried = {
        endpoint: browser.open(call.path, method=call.method, json=None if call.method == "GET" else {}).status_code
        for endpoint, call in calls.items()
    }
    assert tried == dict.fromkeys(API, 401)
    for headers in ({}, HTML):
        assert world.call("referrer", "GET", "/", **headers).status_code == 401
    assert world.call("referrer", "POST", "/sign-out").status_code == 400, "a form of ours has a secret of ours"


def test_a_token_ends_on_its_day(world: World) -> None:
    assert world.call("referrer", "GET", "/v1/me").status_code == 200
    world.clock.move(days=365, seconds=-1)
    assert world.call("referrer", "GET", "/v1/me").status_code == 200
    world.clock.move(seconds=1)
    assert world.call("referrer", "GET", "/v1/me").status_code == 401


def test_a_revoked_token_ends_at_once(world: World) -> None:
    actor = world.actor("coach")
    assert actor.client_id is not None
    with world.service.work() as work:
        revoke_token(RevokeToken(actor.client_id), actor=actor, work=work)
    assert world.call("coach", "GET", "/v1/me").status_code == 401
    assert world.call("second_coach", "GET", "/v1/me").status_code == 200


def test_somebody_who_left_is_out_at_once(world: World) -> None:
    browser = sign_in_as(world, "second_referrer")
    assert CALLS["identity.deactivate_user"](world).send(world).status_code == 201
    assert world.call("second_referrer", "GET", "/v1/me").status_code == 401
    assert browser.get("/", headers=HTML).status_code == 401
    assert world.call("referrer", "GET", "/v1/me").status_code == 200


def test_a_closed_account_is_nobody_even_while_its_token_stands(world: World) -> None:
    closed = update(User).where(User.id == world.users["coach"]).values(active=False, deactivated_at=world.clock.now)
    with world.service.work() as work:
        work.session.execute(closed)
    assert world.call("coach", "GET", "/v1/me").status_code == 401


OBJECTS = (
    "screenings.show_screening", "screenings.log_conversation", "participants.show_participant",
    "participants.change_participant", "rights.withdraw_agreement", "rights.erase_participant",
    "privacy.request_access", "referrals.show_one", "referrals.change_referral", "referrals.record_event",
    "referrals.list_history", "identity.deactivate_user", "accountability.list_access_of_participant",
    "accountability.list_access_of_referral", "identity.remove_role",
)  # fmt: skip
"""The operations on one object that not everybody in the chain may know."""


def elsewhere(call: Call) -> Call:
    """The same request for an object that was never there."""
    steps = call.path.split("/")
    steps[3] = steps[3].replace(steps[3].partition("?")[0], new_screening_code() if "S-" in steps[3] else str(uuid4()))
    return Call(call.who, call.method, "/".join(steps), call.body, call.version, call.content_type)


def without_the_moment(answer: TestResponse) -> tuple[int, bytes, list[tuple[str, str]]]:
    headers = [(name, value) for name, value in answer.headers if name not in ("Trace-Id", "traceparent", "Date")]
    return answer.status_code, answer.data, headers


@pytest.fixture
def outsider(world: World) -> str:
    """Somebody of another organisation in another region, who may be everything there."""
    with world.service.work() as work:
        for role in set(Role) - {Role.SYSTEM} - set(STAFF["stranger"][1]):
            command = AddMembership(world.users["stranger"], world.organisations["Gemeente Ver Weg"], role)
            add_membership(command, actor=SYSTEM, work=work)
    return "stranger"


def test_what_belongs_to_others_looks_like_nothing_at_all(world: World, outsider: str) -> None:
    nothing = without_the_moment(world.call(outsider, "GET", "/v1/nowhere"))
    assert nothing[0] == 404
    seen = {}
    for endpoint in OBJECTS:
        call = CALLS[endpoint](world)
        seen[endpoint] = without_the_moment(call.send(world, who=outsider))
        assert without_the_moment(elsewhere(call).send(world, who=outsider)) == seen[endpoint], endpoint
    assert {endpoint for endpoint, answer in seen.items() if answer != nothing} == set()


def test_a_neighbour_who_is_no_party_sees_no_case_either(world: World) -> None:
    nothing = without_the_moment(world.call("other_coach", "GET", "/v1/nowhere"))
    for endpoint in ("participants.show_participant", "referrals.show_one", "referrals.record_event"):
        assert without_the_moment(CALLS[endpoint](world).send(world, who="other_coach")) == nothing, endpoint


def test_whoever_it_belongs_to_finds_it(world: World, outsider: str) -> None:
    """The control of the two tests above: the same comparison with an answer that differs."""
    nothing = without_the_moment(world.call(outsider, "GET", "/v1/nowhere"))
    for endpoint in OBJECTS:
        assert without_the_moment(CALLS[endpoint](world).send(world)) != nothing, endpoint


def test_a_list_holds_nothing_of_others(world: World, outsider: str) -> None:
    world.bring_to("completed")
    screening(world)
    drain(world.service)
    for path in ("/v1/referrals", "/v1/screenings", "/v1/events"):
        assert world.call(outsider, "GET", path).json["items"] == [], path
        assert world.call("referrer", "GET", path).json["items"] != [], path
    for who, count in ((outsider, 0), ("employer", 0), ("referrer", 1)):
        found = world.call(who, "POST", "/v1/participants/_search", {"phone": "0630000001"})
        assert len(found.json["items"]) == count, who
    trail = world.call(outsider, "GET", "/v1/audit-entries?limit=100").json["items"]
    assert {row["organisationId"] for row in trail} == {str(world.organisations["Gemeente Ver Weg"])}
    colleagues = world.call(outsider, "GET", "/v1/users").json["items"]
    assert [row["id"] for row in colleagues] == [str(world.users["stranger"])]
