"""Inviting a colleague: an account with its roles, and a link with which only the colleague sets a password.

Nothing of the link is stored. It is sealed, holds for seven days, and means nothing once there is a password.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import orjson
from sqlalchemy import select

from referral.core.encryption import SERVICE_SUBJECT
from referral.core.errors import Conflict, Invalid, NotFound, Problem
from referral.core.policy import SYSTEM_ID, Actor, Role
from referral.core.work import Work
from referral.identity.models import Membership, Organisation, User
from referral.identity.usecases.accounts import (
    AddMembership,
    RegisterUser,
    SetPassword,
    add_membership,
    register_user,
    set_password,
)
from referral.identity.usecases.directory import show_colleague, show_organisation, staff_of
from referral.identity.usecases.register import registrable_regions

LABEL = "identity.invitation"
HOLDS = timedelta(days=7)
LONGEST = 1_000


@dataclass(frozen=True)
class InviteUser:
    """A new colleague in the actor's own organisation, with one role or more."""

    email: str = field(repr=False)
    name: str = field(repr=False)
    roles: Sequence[Role]


@dataclass(frozen=True)
class InviteFirstAdministrator:
    """Who is to run an organisation in which nobody works yet."""

    organisation_id: UUID
    email: str = field(repr=False)
    name: str = field(repr=False)


@dataclass(frozen=True)
class AcceptInvitation:
    """What stands in the link, and the password that the colleague chose."""

    text: str = field(repr=False)
    password: str = field(repr=False)


def invite_user(command: InviteUser, *, actor: Actor, work: Work) -> User:
    """Open the account. Raises `NotAllowed`, `Invalid`, and `Conflict` when the address has an account already."""
    if not command.roles:
        raise Invalid.one("/roles", "required", "Kies minstens een rol.")
    user = register_user(RegisterUser(command.email, command.name), actor=actor, work=work)
    for role in command.roles:
        add_membership(AddMembership(user.id, actor.organisation_id, role), actor=actor, work=work)
    return user


def invite_first_administrator(command: InviteFirstAdministrator, *, actor: Actor, work: Work) -> tuple[User, str]:
    """Open the account, and what stands in the link to it: for whoever may register organisations in these regions.

    Raises `NotAllowed`, `NotFound`, `Invalid`, and `Conflict` when somebody works there or the address has an account.
    """
    own = {each.region.id for each in registrable_regions(actor=actor, work=work)}
    regions = {region.id for region in show_organisation(command.organisation_id, work=work).regions}
    if not actor.has_role(Role.SYSTEM) and not (regions and regions <= own):
        raise NotFound
    if staff_of(work.session, command.organisation_id):
        raise Conflict("Bij deze organisatie werkt al iemand. De beheerder daar nodigt collega's uit.")
    user = register_user(RegisterUser(command.email, command.name), actor=actor, work=work)
    # Not `add_membership`: the actor is no administrator there, and will not become one.
    work.session.add(Membership(user_id=user.id, organisation_id=command.organisation_id, role=Role.ADMIN))
    work.session.flush()
    work.record(actor, "user:add_role", "user", user.id, role=Role.ADMIN)
    return user, _seal_link(user, actor, work)


def write_invitation(user_id: UUID, *, actor: Actor, work: Work) -> tuple[User, str]:
    """What stands in the link to this colleague. Raises `NotFound`, and `Conflict` for who has a password already."""
    user = show_colleague(user_id, actor=actor, work=work).user
    if not user.active or user.password_hash is not None:
        raise Conflict("Deze collega heeft de uitnodiging al gebruikt, of het account is gesloten.")
    return user, _seal_link(user, actor, work)


def find_invited(text: str, *, work: Work) -> User:
    """For whom this link is, as long as it holds. Raises `NotFound`."""
    try:
        sealed = base64.urlsafe_b64decode(text[:LONGEST].encode("ascii"))
        data = orjson.loads(work.service.key_ring.unseal(work.session, LABEL, SYSTEM_ID, SERVICE_SUBJECT, sealed))
    except (Problem, ValueError):
        raise NotFound from None
    user = work.session.get(User, UUID(data["user"]), with_for_update=True)
    if user is None or not user.active or user.password_hash or datetime.fromisoformat(data["until"]) <= work.now:
        raise NotFound
    return user


def accept_invitation(command: AcceptInvitation, *, origin: str, work: Work) -> Actor:
    """Set the password, once; gives the colleague. Raises `NotFound` for a link that holds no more, and `Invalid`."""
    user = find_invited(command.text, work=work)
    place = work.session.execute(
        select(Organisation.id, Organisation.kind)
        .join(Membership, Membership.organisation_id == Organisation.id)
        .where(Membership.user_id == user.id)
        .limit(1)
    ).one()
    colleague = Actor(user.id, place.id, place.kind, frozenset(), origin=origin, name=user.name)
    set_password(SetPassword(user.id, command.password), actor=colleague, work=work)
    return colleague


def _seal_link(user: User, actor: Actor, work: Work) -> str:
    data = orjson.dumps({"user": str(user.id), "until": (work.now + HOLDS).isoformat()})
    sealed = work.service.key_ring.seal(work.session, LABEL, SYSTEM_ID, SERVICE_SUBJECT, data)
    work.record(actor, "user:invite", "user", user.id)
    return base64.urlsafe_b64encode(sealed).decode()
