"""Taking a role away: who may, when it must stay, and what it does to whoever works with it at that moment."""

import threading
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from referral.core.errors import Conflict, NotAllowed, NotFound
from referral.core.outbox import OutboxMessage
from referral.core.policy import Actor, OrganisationKind, Role, system_actor
from referral.identity.models import Membership
from referral.identity.usecases import (
    AddMembership,
    DeactivateUser,
    IssueToken,
    RemoveMembership,
    SignIn,
    add_membership,
    authenticate_session,
    authenticate_token,
    deactivate_user,
    find_coach,
    issue_token,
    remove_membership,
    sign_in,
)

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SYSTEM = system_actor("test")


def admin_of(town):
    return Actor(town.admin, town.library, OrganisationKind.LIBRARY, frozenset({Role.ADMIN}))


def take(service, town, user_id, role, actor=None, place=None):
    with service.work() as work:
        command = RemoveMembership(user_id, place or town.library, role)
        remove_membership(command, actor=actor or admin_of(town), work=work)


def give(service, town, user_id, role):
    with service.work() as work:
        add_membership(AddMembership(user_id, town.library, role), actor=SYSTEM, work=work)


def state(service):
    """How many roles and events there are."""
    with service.work(read_only=True) as work:
        return [work.session.scalar(select(func.count()).select_from(each)) for each in (Membership, OutboxMessage)]


def test_a_session_and_a_token_that_are_open_lose_the_role_at_once(service, town):
    """Wrong build: a token remembers the roles of the day on which it was given out."""
    with service.work() as work:
        session = sign_in(SignIn("coach@voorbeeld.example", town.password), work=work).token
        token = issue_token(IssueToken("coach@voorbeeld.example", "Bibliotheek Voorbeeld"), actor=SYSTEM, work=work)
    for lost, roles in ((None, {Role.COACH, Role.COORDINATOR}), (Role.COACH, {Role.COORDINATOR})):
        if lost:
            take(service, town, town.coach, lost)
        with service.work() as work:
            assert authenticate_session(work, session, "-").roles == roles
            assert authenticate_token(work, token, "-").roles == roles
    with pytest.raises(NotFound):
        take(service, town, town.coach, Role.COACH)


@ON_SQLITE
def test_only_a_role_that_somebody_has_here_can_be_taken(service, town):
    before = state(service)
    for user_id in (town.referrer, town.admin, town.library, uuid4()):
        for role in (Role.COACH, Role.SYSTEM):
            with pytest.raises(NotFound):
                take(service, town, user_id, role)
    assert state(service) == before


@ON_SQLITE
def test_only_the_administrator_of_that_organisation_takes_roles(service, town):
    before = state(service)
    colleague = Actor(town.coach, town.library, OrganisationKind.LIBRARY, frozenset(Role) - {Role.ADMIN, Role.SYSTEM})
    for actor, user_id, place in (
        (colleague, town.coach, town.library),
        (admin_of(town), town.referrer, town.municipality),
    ):
        with pytest.raises(NotAllowed):
            take(service, town, user_id, Role.COACH, actor, place)
    assert state(service) == before


def test_the_last_role_the_own_administration_and_the_last_administrator_stay(service, town):
    """The control stands at the end: with another administrator there, the service takes the role away."""
    give(service, town, town.admin, Role.COACH)
    take(service, town, town.coach, Role.COORDINATOR)
    before = state(service)
    for user_id, role, actor, words in (
        (town.coach, Role.COACH, admin_of(town), "laatste rol"),
        (town.admin, Role.ADMIN, admin_of(town), "Uw eigen rol"),
        (town.admin, Role.ADMIN, SYSTEM, "laatste beheerder"),
    ):
        with pytest.raises(Conflict) as refused:
            take(service, town, user_id, role, actor)
        assert words in refused.value.detail
    assert state(service) == before
    give(service, town, town.coach, Role.ADMIN)
    take(service, town, town.admin, Role.ADMIN, SYSTEM)


@ON_SQLITE
def test_a_closed_account_keeps_its_roles_for_the_history(service, town):
    with service.work() as work:
        deactivate_user(DeactivateUser(town.coach), actor=SYSTEM, work=work)
    with pytest.raises(Conflict):
        take(service, town, town.coach, Role.COACH)


def test_nobody_is_named_to_a_case_while_losing_the_role(service, town):
    """Whoever names a coach meanwhile waits, and then finds no coach.

    Control: with a lock on the user alone PostgreSQL still answers from before the wait, and names somebody who is
    no coach any more.
    """
    taken, found = threading.Event(), []

    def name_coach():
        taken.wait(5)
        with service.work() as work:
            try:
                found.append(find_coach(work, town.coach, town.library))
            except NotFound:
                found.append(None)

    naming = threading.Thread(target=name_coach)
    naming.start()
    with service.work() as work:
        remove_membership(RemoveMembership(town.coach, town.library, Role.COACH), actor=SYSTEM, work=work)
        taken.set()
        naming.join(0.3)
        assert found == []
    naming.join()
    assert found == [None]
