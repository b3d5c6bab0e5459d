"""The accounts of people: begin, get a password and roles, and end without leaving a case behind."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import exists, select, update

from referral.core.errors import Conflict, FieldError, Invalid, NotFound
from referral.core.outbox import Event
from referral.core.policy import Actor, Role
from referral.core.work import Work
from referral.identity.models import AccessToken, LoginSession, Membership, Organisation, User
from referral.identity.passwords import LONGEST, SHORTEST, hash_password
from referral.identity.usecases.authority import demand_administrator, demand_self
from referral.identity.usecases.directory import has_other_colleague
from referral.identity.usecases.register import check_name
from referral.identity.usecases.roles import LAST_ADMIN

_EMAIL = re.compile(r"[!-?A-~]+@[a-z0-9-]+(\.[a-z0-9-]+)+")
LONGEST_EMAIL = 254


@dataclass(frozen=True)
class RegisterUser:
    """A new account; without a password until `set_password`."""

    email: str = field(repr=False)
    name: str = field(repr=False)


@dataclass(frozen=True)
class SetPassword:
    """The password that the user is to sign in with from now on."""

    user_id: UUID
    password: str = field(repr=False)


@dataclass(frozen=True)
class AddMembership:
    """One role for one user in one organisation."""

    user_id: UUID
    organisation_id: UUID
    role: Role


@dataclass(frozen=True)
class DeactivateUser:
    """The user who leaves."""

    user_id: UUID


@dataclass(frozen=True, kw_only=True)
class UserDeactivated(Event):
    """`object_id` is the user who left; cases named to this user must find another place in the same transaction."""


def normal_email(text: str) -> str:
    """The one spelling under which an address is kept and looked for."""
    return text.strip().lower()


def register_user(command: RegisterUser, *, actor: Actor, work: Work) -> User:
    """Open an account. Raises `Invalid`, or `Conflict` when the address has one already."""
    demand_administrator(actor)
    email = normal_email(command.email)
    if errors := [*_check_email(email), *check_name(command.name)]:
        raise Invalid(errors=errors)
    if work.session.scalar(select(exists().where(User.email == email))):
        raise Conflict("Er is al een account met dit e-mailadres.")
    user = User(email=email, name=command.name.strip(), active=True, created_at=work.now)
    work.session.add(user)
    work.session.flush()
    work.record(actor, "user:register", "user", user.id)
    return user


def set_password(command: SetPassword, *, actor: Actor, work: Work) -> User:
    """Set the password and end every session of the user (ASVS 7.4.3). Raises `Invalid`."""
    demand_self(actor, command.user_id)
    user = _find_active(work, command.user_id)
    if not SHORTEST <= len(command.password) <= LONGEST:
        raise Invalid.one("/password", "length", f"Kies een wachtwoord van {SHORTEST} tot en met {LONGEST} tekens.")
    user.password_hash = hash_password(command.password)
    _end_sessions(work, user.id)
    work.record(actor, "user:set_password", "user", user.id)
    return user


def add_membership(command: AddMembership, *, actor: Actor, work: Work) -> Membership:
    """Give a user a role in an organisation; an administrator, to a colleague or a new account only.

    Raises `NotAllowed`, `Invalid`, `NotFound` also for who works elsewhere only (the service adds those), and
    `Conflict` when the user has the role already.
    """
    demand_administrator(actor, command.organisation_id)
    if command.role is Role.SYSTEM:
        raise Invalid.one("/role", "unknown_code", "Deze rol is van de dienst zelf.")
    user = _find_active(work, command.user_id)
    if work.session.get(Organisation, command.organisation_id) is None:
        raise NotFound
    places = _places_of(work, user.id)
    if places and command.organisation_id not in places and not actor.has_role(Role.SYSTEM):
        raise NotFound
    membership = Membership(user_id=user.id, organisation_id=command.organisation_id, role=command.role)
    if membership.role in _roles_in(work, user.id, command.organisation_id):
        raise Conflict("Deze gebruiker heeft deze rol al.")
    work.session.add(membership)
    work.session.flush()
    work.record(actor, "user:add_role", "user", user.id, role=command.role)
    return membership


def deactivate_user(command: DeactivateUser, *, actor: Actor, work: Work) -> User:
    """End an account with its sessions and tokens; whoever reacts takes over its cases or refuses (requirement L8).

    An administrator ends accounts that belong to the own organisation only. Raises `NotFound`, or `Conflict` when the
    account has ended already, is the actor's own or that of the last administrator, belongs to another organisation
    too, or a case would be left without an owner.
    """
    user = _find_colleague(work, command.user_id, actor)
    if not user.active:
        raise Conflict("Dit account is al gesloten.")
    user.active, user.deactivated_at = False, work.now
    work.session.flush()
    _end_sessions(work, user.id)
    _revoke_tokens(work, user.id)
    work.publish(UserDeactivated(object_id=user.id, actor_id=actor.id))
    work.record(actor, "user:deactivate", "user", user.id)
    return user


def _find_colleague(work: Work, user_id: UUID, actor: Actor) -> User:
    # Locked, so that no case can be named to this user between now and the commit; see `find_coach`.
    user = work.session.scalars(select(User).where(User.id == user_id).with_for_update()).one_or_none()
    if user is None:
        raise NotFound
    if actor.has_role(Role.SYSTEM):
        return user
    places = _places_of(work, user_id)
    if actor.organisation_id not in places:
        raise NotFound
    demand_administrator(actor)
    if user_id == actor.id:
        raise Conflict("Dit bent u zelf. Vraag een andere beheerder om uw account te sluiten.")
    if len(places) > 1:
        raise Conflict("Deze collega werkt ook voor een andere organisatie. Vraag de beheerder van de dienst.")
    # Asked, and so held, although the actor is one: two administrators may close each other's account at one moment.
    is_admin = Role.ADMIN in _roles_in(work, user_id, actor.organisation_id)
    if is_admin and not has_other_colleague(work.session, actor.organisation_id, Role.ADMIN, user_id):
        raise Conflict(LAST_ADMIN)
    return user


def _find_active(work: Work, user_id: UUID) -> User:
    user = work.session.get(User, user_id)
    if user is None or not user.active:
        raise NotFound
    return user


def _places_of(work: Work, user_id: UUID) -> set[UUID]:
    return set(work.session.scalars(select(Membership.organisation_id).where(Membership.user_id == user_id)))


def _roles_in(work: Work, user_id: UUID, organisation_id: UUID) -> set[Role]:
    query = select(Membership.role).where(Membership.user_id == user_id, Membership.organisation_id == organisation_id)
    return set(work.session.scalars(query))


def _end_sessions(work: Work, user_id: UUID) -> None:
    open_ones = update(LoginSession).where(LoginSession.user_id == user_id, LoginSession.ended_at.is_(None))
    work.session.execute(open_ones.values(ended_at=work.now))


def _revoke_tokens(work: Work, user_id: UUID) -> None:
    live_ones = update(AccessToken).where(AccessToken.user_id == user_id, AccessToken.revoked_at.is_(None))
    work.session.execute(live_ones.values(revoked_at=work.now))


def _check_email(email: str) -> Iterator[FieldError]:
    # ASCII only: the database's idea of lower case agrees with ours there, on every engine.
    if len(email) > LONGEST_EMAIL or not _EMAIL.fullmatch(email):
        yield FieldError("/email", "email", "Dit is geen e-mailadres, zoals naam@voorbeeld.nl.")
