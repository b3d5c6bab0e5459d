"""Tokens: readable once, bounded, and refused from the moment that their ground is gone."""

import hashlib
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import event, func, select

from referral.core.errors import Invalid, NotAllowed, NotFound
from referral.core.policy import Actor, OrganisationKind, Role, system_actor
from referral.core.work import Service
from referral.identity.models import AccessToken, Membership, Organisation
from referral.identity.usecases import (
    ALL_SCOPES,
    AddMembership,
    DeactivateUser,
    IssueClientToken,
    IssueToken,
    RevokeToken,
    add_membership,
    authenticate_token,
    deactivate_user,
    issue_client_token,
    issue_token,
    revoke_token,
)

SYSTEM = system_actor("test")
COACH = IssueToken("coach@voorbeeld.example", "Bibliotheek Voorbeeld")


def issue(service: Service, command: IssueToken = COACH) -> str:
    with service.work() as work:
        return issue_token(command, actor=SYSTEM, work=work)


def who(service: Service, token: str) -> Actor | None:
    with service.work() as work:
        return authenticate_token(work, token, "192.0.2.7")


def kept(service: Service) -> AccessToken:
    with service.work() as work:
        return work.session.scalars(select(AccessToken)).one()


def test_a_token_stands_for_its_user_in_one_organisation(service, town):
    token = issue(service)
    actor = who(service, token)
    assert (actor.id, actor.organisation_id) == (town.coach, town.library)
    assert actor.organisation_kind is OrganisationKind.LIBRARY
    assert actor.roles == {Role.COACH, Role.COORDINATOR}
    assert actor.region_ids == {town.web_region}
    assert actor.scopes == set(ALL_SCOPES)
    assert (actor.client_id, actor.origin, actor.name) == (kept(service).id, "192.0.2.7", "Bram Coach")


def test_a_token_is_256_random_bits_and_kept_as_its_sha_256(service, town):
    token = issue(service)
    assert token.startswith("rv_")
    assert len(token) == 3 + 43
    assert kept(service).token_hash == hashlib.sha256(token.encode()).digest()
    assert issue(service) != token


def test_a_token_is_checked_with_one_query(service, town):
    token = issue(service)
    assert who(service, token)
    seen: list[str] = []
    event.listen(service.engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    assert who(service, token)
    assert len([statement for statement in seen if statement.startswith(("SELECT", "UPDATE"))]) == 1


def test_the_use_of_a_token_is_kept_to_the_day(service, town, clock):
    token = issue(service)
    first = clock.now
    assert kept(service).last_used_at is None
    who(service, token)
    clock.now += timedelta(hours=23)
    who(service, token)
    assert kept(service).last_used_at == first
    clock.now += timedelta(hours=1)
    who(service, token)
    assert kept(service).last_used_at == clock.now


def test_a_token_ends_on_its_day(service, town, clock):
    token = issue(service, IssueToken(COACH.user_email, COACH.organisation, days=1))
    clock.now += timedelta(days=1, seconds=-1)
    assert who(service, token)
    clock.now += timedelta(seconds=1)
    assert who(service, token) is None


def test_a_revoked_token_is_refused(service, town):
    token = issue(service)
    with service.work() as work:
        revoke_token(RevokeToken(kept(service).id), actor=SYSTEM, work=work)
    assert who(service, token) is None


def test_the_administrator_revokes_in_the_own_organisation_only(service, town):
    issue(service)
    admin = Actor(town.admin, town.library, OrganisationKind.LIBRARY, frozenset({Role.ADMIN}))
    stranger = Actor(town.referrer, town.municipality, OrganisationKind.MUNICIPALITY, frozenset({Role.ADMIN}))
    colleague = Actor(town.admin, town.library, OrganisationKind.LIBRARY, frozenset({Role.COACH}))
    for actor, refusal in ((stranger, NotFound), (colleague, NotAllowed)):
        with pytest.raises(refusal), service.work() as work:
            revoke_token(RevokeToken(kept(service).id), actor=actor, work=work)
    with service.work() as work:
        revoke_token(RevokeToken(kept(service).id), actor=admin, work=work)
    assert kept(service).revoked_at is not None


@pytest.mark.parametrize("text", ["", "rv_", "rv_" + "a" * 43, "rv_" + "a" * 5000, "RV_x", "\u00e9", "rv_\x00"])
def test_an_invented_token_is_nobodys(service, town, text):
    issue(service)
    assert who(service, text) is None


def test_a_role_that_is_taken_away_is_gone_at_the_next_request(service, town):
    token = issue(service)
    with service.work() as work:
        held = select(Membership).where(Membership.user_id == town.coach, Membership.role == Role.COACH)
        work.session.delete(work.session.scalars(held).one())
    assert who(service, token).roles == {Role.COORDINATOR}
    with service.work() as work:
        work.session.delete(work.session.scalars(select(Membership).where(Membership.user_id == town.coach)).one())
    assert who(service, token) is None


def test_a_user_who_left_has_no_token(service, town):
    token = issue(service)
    with service.work() as work:
        deactivate_user(DeactivateUser(town.coach), actor=SYSTEM, work=work)
    assert who(service, token) is None


def test_an_organisation_that_stopped_has_no_tokens(service, town):
    token = issue(service)
    with service.work() as work:
        work.session.get(Organisation, town.library).active = False
    assert who(service, token) is None


def test_roles_of_another_organisation_do_not_travel_with_the_token(service, town):
    with service.work() as work:
        add_membership(AddMembership(town.coach, town.municipality, Role.ADMIN), actor=SYSTEM, work=work)
    assert who(service, issue(service)).roles == {Role.COACH, Role.COORDINATOR}
    elsewhere = who(service, issue(service, IssueToken(COACH.user_email, str(town.municipality))))
    assert (elsewhere.organisation_id, elsewhere.roles) == (town.municipality, {Role.ADMIN})


def test_everything_wrong_with_a_token_is_said_at_once(service, town):
    wrong = IssueToken(COACH.user_email, "Gemeente Voorbeeld", ["referrals:read", "everything"], 0)
    with pytest.raises(Invalid) as refused:
        issue(service, wrong)
    assert [error.pointer for error in refused.value.errors] == ["/scopes", "/days", "/organisation"]
    with pytest.raises(Invalid) as refused:
        issue(service, IssueToken("niemand@voorbeeld.example", "Gemeente Voorbeeld", [], 367))
    assert [error.pointer for error in refused.value.errors] == ["/scopes", "/days", "/userEmail"]
    with service.work() as work:
        assert work.session.scalar(select(func.count()).select_from(AccessToken)) == 0


def test_nobody_hands_out_a_token_for_somebody_else(service, town):
    admin = Actor(town.admin, town.library, OrganisationKind.LIBRARY, frozenset({Role.ADMIN}))
    for email in (COACH.user_email, "niemand@voorbeeld.example"):
        with pytest.raises(NotAllowed), service.work() as work:
            issue_token(IssueToken(email, COACH.organisation), actor=admin, work=work)


def test_a_client_token_stands_for_a_program_with_its_own_roles(service, town):
    command = IssueClientToken("Klantvolgsysteem", town.municipality, [Role.REFERRER], ["referrals:read"], days=90)
    with service.work() as work:
        token = issue_client_token(command, actor=SYSTEM, work=work)
    actor = who(service, token)
    assert (actor.id, actor.client_id, actor.name) == (kept(service).id, kept(service).id, "Klantvolgsysteem")
    assert (actor.organisation_id, actor.roles) == (town.municipality, {Role.REFERRER})
    assert actor.region_ids == {town.labour_market, town.web_region}
    assert actor.has_scope("referrals:read")
    assert not actor.has_scope("referrals:write")


@pytest.mark.parametrize("roles", [[], [Role.SYSTEM], [Role.COACH, Role.SYSTEM]])
def test_a_program_never_plays_the_service_itself(service, town, roles):
    with pytest.raises(Invalid), service.work() as work:
        issue_client_token(IssueClientToken("Slim", town.library, roles, ["audit:read"]), actor=SYSTEM, work=work)


def test_a_client_token_needs_the_administrator_of_that_organisation(service, town):
    stranger = Actor(town.admin, town.library, OrganisationKind.LIBRARY, frozenset({Role.ADMIN}))
    command = IssueClientToken("Slim", town.municipality, [Role.COACH], ["referrals:read"])
    with pytest.raises(NotAllowed), service.work() as work:
        issue_client_token(command, actor=stranger, work=work)
    unknown = IssueClientToken("Slim", UUID(int=9), [Role.COACH], ["referrals:read"])
    with pytest.raises(NotFound), service.work() as work:
        issue_client_token(unknown, actor=SYSTEM, work=work)
