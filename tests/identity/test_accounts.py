"""Accounts: one address one account, roles given by who may, and a leave that takes sessions and tokens along."""

import threading
import time
from contextlib import suppress
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError, OperationalError

from referral.core.audit import AuditEntry
from referral.core.errors import Conflict, Invalid, NotAllowed, NotFound
from referral.core.outbox import OutboxMessage
from referral.core.policy import Actor, OrganisationKind, Role, system_actor
from referral.core.work import Service, Work
from referral.identity.models import Membership, RegionKind, User
from referral.identity.usecases import (
    AddMembership,
    DeactivateUser,
    IssueToken,
    RegisterOrganisation,
    RegisterRegion,
    RegisterUser,
    SetPassword,
    SignIn,
    UserDeactivated,
    add_membership,
    authenticate_session,
    deactivate_user,
    find_coach,
    has_other_colleague,
    issue_token,
    register_organisation,
    register_region,
    register_user,
    set_password,
    sign_in,
)

SYSTEM = system_actor("test")


def admin_of(town) -> Actor:
    return Actor(town.admin, town.library, OrganisationKind.LIBRARY, frozenset({Role.ADMIN}))


def pointers(refused) -> list[str]:
    return [error.pointer for error in refused.value.errors]


def test_an_address_is_kept_in_lower_case_and_has_one_account(service):
    with service.work() as work:
        user = register_user(RegisterUser(" Nieuw@Voorbeeld.Example ", " Nina Nieuw "), actor=SYSTEM, work=work)
        assert (user.email, user.name, user.created_at) == ("nieuw@voorbeeld.example", "Nina Nieuw", work.now)
    with pytest.raises(Conflict), service.work() as work:
        register_user(RegisterUser("NIEUW@voorbeeld.example", "Nog Een"), actor=SYSTEM, work=work)


def test_the_database_refuses_a_second_spelling_of_an_address(service):
    """Control: with a plain insert, past the use case, the wrong build would keep two accounts for one person."""
    with pytest.raises(IntegrityError), service.work() as work:
        work.session.add(User(email="Nieuw@voorbeeld.example", name="x", active=True, created_at=work.now))


@pytest.mark.parametrize("email", ["", "x", "x@y", "a b@c.nl", "a@b@c.nl", "é@c.nl", "a@c.nl\x00", "a" * 250 + "@c.nl"])
def test_what_is_no_address_is_refused_together_with_the_name(service, email):
    with pytest.raises(Invalid) as refused, service.work() as work:
        register_user(RegisterUser(email, " "), actor=SYSTEM, work=work)
    assert pointers(refused) == ["/email", "/name"]


@pytest.mark.parametrize("password", ["", "elf-tekens!", "x" * 129])
def test_a_password_has_twelve_to_128_characters(service, town, password):
    with pytest.raises(Invalid) as refused, service.work() as work:
        set_password(SetPassword(town.coach, password), actor=SYSTEM, work=work)
    assert pointers(refused) == ["/password"]


@pytest.mark.parametrize("password", ["twaalftekens", "x" * 128, "wachtwoord é ✓ spatie"])
def test_a_password_of_any_characters_works(service, town, password):
    with service.work() as work:
        set_password(SetPassword(town.coach, password), actor=SYSTEM, work=work)
    with service.work() as work:
        assert sign_in(SignIn("coach@voorbeeld.example", password), work=work)


def test_nobody_sets_the_password_of_somebody_else(service, town):
    with pytest.raises(NotAllowed), service.work() as work:
        set_password(SetPassword(town.coach, "een-goed-wachtwoord"), actor=admin_of(town), work=work)


def test_a_password_is_never_printed(town):
    for command in (SetPassword(town.coach, town.password), SignIn("coach@voorbeeld.example", town.password)):
        assert town.password not in repr(command)
        assert "coach@" not in repr(command)


def test_an_administrator_gives_roles_in_the_own_organisation_only(service, town):
    with service.work() as work:
        add_membership(AddMembership(town.coach, town.library, Role.REFERRER), actor=admin_of(town), work=work)
    with pytest.raises(NotAllowed), service.work() as work:
        add_membership(AddMembership(town.admin, town.municipality, Role.ADMIN), actor=admin_of(town), work=work)
    with pytest.raises(Conflict), service.work() as work:
        add_membership(AddMembership(town.coach, town.library, Role.REFERRER), actor=SYSTEM, work=work)


def test_an_administrator_does_not_take_in_somebody_of_another_organisation(service, town):
    """Wrong build: an id seen in a case is enough to read the address of its owner, and to keep the account open.

    Control: the service itself adds somebody who works elsewhere.
    """
    command = AddMembership(town.referrer, town.library, Role.COACH)
    with pytest.raises(NotFound), service.work() as work:
        add_membership(command, actor=admin_of(town), work=work)
    with service.work() as work:
        add_membership(command, actor=SYSTEM, work=work)
    with service.work() as work:
        add_membership(replace(command, role=Role.REFERRER), actor=admin_of(town), work=work)


def test_nobody_becomes_the_service_itself(service, town):
    with pytest.raises(Invalid), service.work() as work:
        add_membership(AddMembership(town.admin, town.library, Role.SYSTEM), actor=SYSTEM, work=work)
    with pytest.raises(IntegrityError), service.work() as work:
        work.session.add(Membership(user_id=town.admin, organisation_id=town.library, role=Role.SYSTEM))


@pytest.mark.parametrize("role", [Role.REFERRER, Role.COACH, Role.COORDINATOR, Role.PRIVACY_OFFICER])
def test_only_an_administrator_changes_the_register(service, town, role):
    actor = Actor(town.coach, town.library, OrganisationKind.LIBRARY, frozenset({role}))
    deeds = (
        lambda work: register_user(RegisterUser("x@y.example", "X"), actor=actor, work=work),
        lambda work: register_region(RegisterRegion(RegionKind.WEB, "X"), actor=actor, work=work),
        lambda work: register_organisation(RegisterOrganisation(OrganisationKind.UWV, "X"), actor=actor, work=work),
        lambda work: add_membership(AddMembership(town.admin, town.library, Role.COACH), actor=actor, work=work),
        lambda work: deactivate_user(DeactivateUser(town.admin), actor=actor, work=work),
    )
    for deed in deeds:
        with pytest.raises(NotAllowed), service.work() as work:
            deed(work)


def test_an_organisation_is_registered_with_a_known_municipality_and_known_regions(service, town):
    command = RegisterOrganisation(OrganisationKind.UWV, "x" * 201, "GM9999", [town.web_region, town.admin])
    with pytest.raises(Invalid) as refused, service.work() as work:
        register_organisation(command, actor=SYSTEM, work=work)
    assert pointers(refused) == ["/name", "/municipalityCode", "/regionIds"]


def test_a_region_tunes_only_what_is_there_to_tune(service):
    command = RegisterRegion(RegionKind.LABOUR_MARKET, "Nergens", code="AM99", terms={"submitted": {"never": {}}})
    with pytest.raises(Invalid) as refused, service.work() as work:
        register_region(command, actor=SYSTEM, work=work)
    assert pointers(refused) == ["/code", "/terms"]


def test_who_leaves_loses_account_sessions_and_tokens_at_once(service, town):
    with service.work() as work:
        session = sign_in(SignIn("coach@voorbeeld.example", town.password), work=work)
        issue_token(IssueToken("coach@voorbeeld.example", "Bibliotheek Voorbeeld"), actor=SYSTEM, work=work)
    with service.work() as work:
        user = deactivate_user(DeactivateUser(town.coach), actor=admin_of(town), work=work)
        assert (user.active, user.deactivated_at) == (False, work.now)
    with service.work() as work:
        assert authenticate_session(work, session.token, "-") is None
        assert sign_in(SignIn("coach@voorbeeld.example", town.password), work=work) is None
        message = work.session.scalars(select(OutboxMessage)).one()
        assert (message.event, message.payload) == (
            "UserDeactivated",
            {"object_id": str(town.coach), "actor_id": str(town.admin)},
        )
        entries = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "user:deactivate")
        assert work.session.scalar(entries) == 1
    with pytest.raises(Conflict), service.work() as work:
        deactivate_user(DeactivateUser(town.coach), actor=admin_of(town), work=work)


def test_a_colleague_of_others_does_not_exist_for_an_administrator(service, town):
    with pytest.raises(NotFound), service.work() as work:
        deactivate_user(DeactivateUser(town.referrer), actor=admin_of(town), work=work)
    with pytest.raises(NotFound), service.work() as work:
        deactivate_user(DeactivateUser(town.library), actor=admin_of(town), work=work)


def test_an_account_of_two_organisations_is_ended_by_the_service_only(service, town):
    with service.work() as work:
        add_membership(AddMembership(town.coach, town.municipality, Role.REFERRER), actor=SYSTEM, work=work)
    with pytest.raises(Conflict), service.work() as work:
        deactivate_user(DeactivateUser(town.coach), actor=admin_of(town), work=work)
    with service.work() as work:
        deactivate_user(DeactivateUser(town.coach), actor=SYSTEM, work=work)


def test_an_administrator_does_not_close_the_own_account(service, town):
    """Wrong build: only the page hides the button, and an organisation is left without an administrator."""
    with pytest.raises(Conflict), service.work() as work:
        deactivate_user(DeactivateUser(town.admin), actor=admin_of(town), work=work)
    with service.work() as work:
        assert work.session.get(User, town.admin).active


def test_a_reaction_that_refuses_keeps_the_user(service, town, clock):
    """Control: a reaction after the commit would find the user gone and the case without an owner."""

    def refuse(_event: UserDeactivated, _work: Work) -> None:
        raise Conflict("Er blijft een dossier zonder eigenaar achter.")

    strict = Service(service.engine, service.key_ring, now_reactions={UserDeactivated: [refuse]}, clock=clock)
    with pytest.raises(Conflict), strict.work() as work:
        deactivate_user(DeactivateUser(town.coach), actor=SYSTEM, work=work)
    with service.work() as work:
        assert work.session.get(User, town.coach).active
        assert work.session.scalar(select(func.count()).select_from(OutboxMessage)) == 0


def at_once(deed, *each):
    """Do it for each at the same moment, and wait for all."""
    threads = [threading.Thread(target=deed, args=given) for given in each]
    for one in threads:
        one.start()
    for one in threads:
        one.join()


def closed(service):
    """How many accounts have ended."""
    with service.work() as work:
        return work.session.scalar(select(func.count()).select_from(User).where(User.active.is_(False)))


def test_the_last_two_coaches_do_not_leave_at_the_same_moment(service, town, clock):
    """Control: without the lock in `has_other_colleague` each finds the other still there, and both leave."""
    with service.work() as work:
        add_membership(AddMembership(town.admin, town.library, Role.COACH), actor=SYSTEM, work=work)
    both_asked = threading.Barrier(2)

    def keep_one(event: UserDeactivated, work: Work) -> None:
        with suppress(threading.BrokenBarrierError):
            both_asked.wait(0.5)
        if not has_other_colleague(work.session, town.library, Role.COACH, event.object_id):
            raise Conflict

    strict = Service(service.engine, service.key_ring, now_reactions={UserDeactivated: [keep_one]}, clock=clock)

    def leave(user_id: UUID) -> None:
        with suppress(Conflict, OperationalError), strict.work() as work:
            deactivate_user(DeactivateUser(user_id), actor=SYSTEM, work=work)

    at_once(leave, (town.coach,), (town.admin,))
    assert closed(service) == 1


def test_the_last_two_administrators_do_not_close_each_other_at_the_same_moment(service, town, clock):
    """Wrong build: both are administrators when they ask, both accounts are closed, and nobody is left to let in."""
    with service.work() as work:
        add_membership(AddMembership(town.coach, town.library, Role.ADMIN), actor=SYSTEM, work=work)
    both_closed = threading.Barrier(2)

    def wait_for_the_other(_event: UserDeactivated, _work: Work) -> None:
        with suppress(threading.BrokenBarrierError):
            both_closed.wait(0.5)

    slow = Service(service.engine, service.key_ring, now_reactions={UserDeactivated: [wait_for_the_other]}, clock=clock)

    def close(actor_id: UUID, user_id: UUID) -> None:
        actor = Actor(actor_id, town.library, OrganisationKind.LIBRARY, frozenset({Role.ADMIN}))
        with suppress(Conflict, OperationalError), slow.work() as work:
            deactivate_user(DeactivateUser(user_id), actor=actor, work=work)

    at_once(close, (town.admin, town.coach), (town.coach, town.admin))
    assert closed(service) == 1


def test_nobody_is_named_to_a_case_while_leaving(service, town):
    """Whoever names a coach and whoever ends that account wait for each other, on both databases.

    Control: without the lock in `find_coach` the account ends while the case is being named, and nobody notices.
    """
    order: list[str] = []
    named = threading.Event()

    def name_coach() -> None:
        with service.work() as work:
            find_coach(work, town.coach, town.library)
            named.set()
            time.sleep(0.3)
            order.append("named")

    def leave() -> None:
        named.wait(5)
        with service.work() as work:
            deactivate_user(DeactivateUser(town.coach), actor=SYSTEM, work=work)
            order.append("left")

    both = [threading.Thread(target=name_coach), threading.Thread(target=leave)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert order == ["named", "left"]
    with pytest.raises(NotFound), service.work() as work:
        find_coach(work, town.coach, town.library)
