"""Taking a role away from a colleague: what stands in the way, and what happens with the cases of that role."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, select

from referral.core.errors import Conflict, NotFound
from referral.core.outbox import Event
from referral.core.policy import Actor, Role
from referral.core.work import Work
from referral.identity.models import Membership, User
from referral.identity.usecases.authority import demand_administrator
from referral.identity.usecases.directory import has_other_colleague, roles_of, works_elsewhere

CLOSED = "Dit account is al gesloten."
LAST_ROLE = "Dit is de laatste rol van deze collega bij uw organisatie. Sluit dan het account."
OWN_ADMIN = "Uw eigen rol als beheerder kunt u niet wegnemen. Vraag een andere beheerder."
LAST_ADMIN = "Dit is de laatste beheerder van de organisatie. Maak eerst een andere collega beheerder."


@dataclass(frozen=True)
class RemoveMembership:
    """The role that a colleague no longer has in this organisation."""

    user_id: UUID
    organisation_id: UUID
    role: Role


@dataclass(frozen=True, kw_only=True)
class RoleRemoved(Event):
    """`object_id` is the user; cases that this user may no longer hold must find another place in this transaction."""


def find_role(code: str) -> Role:
    """The role with this code. Raises `NotFound`."""
    try:
        return Role(code)
    except ValueError:
        raise NotFound from None


def remove_membership(command: RemoveMembership, *, actor: Actor, work: Work) -> None:
    """Take a role away, from the next request on also for the sessions and tokens of this user that are open.

    Somebody who works elsewhere too may lose the last role here: the account is not this organisation's to close.

    Whoever reacts takes over the cases of the role or refuses (requirement L8). Raises `NotAllowed`, `NotFound` when
    the user does not have the role here, and `Conflict` when the role must stay or a case would have no owner.
    """
    demand_administrator(actor, command.organisation_id)
    # Locked, so that no case can be named to this user between now and the commit; see `find_coach`.
    user = work.session.scalars(select(User).where(User.id == command.user_id).with_for_update()).one_or_none()
    held = roles_of(work.session, command.organisation_id, [command.user_id])[command.user_id]
    if user is None or command.role not in held:
        raise NotFound
    kept = kept_roles(user, held, command.organisation_id, actor=actor, work=work)
    if command.role in kept:
        raise Conflict(kept[command.role])
    work.session.execute(
        delete(Membership).where(
            Membership.user_id == user.id,
            Membership.organisation_id == command.organisation_id,
            Membership.role == command.role,
        )
    )
    work.publish(RoleRemoved(object_id=user.id, actor_id=actor.id))
    work.record(actor, "user:remove_role", "user", user.id, role=command.role)


def kept_roles(
    user: User, held: Collection[Role], organisation_id: UUID, *, actor: Actor, work: Work
) -> Mapping[Role, str]:
    """Which of the roles held here cannot be taken away by this actor now, each with the reason why."""
    if not user.active:
        return dict.fromkeys(held, CLOSED)
    if len(held) == 1 and not works_elsewhere(work.session, organisation_id, user.id):
        return dict.fromkeys(held, LAST_ROLE)
    if Role.ADMIN not in held:
        return {}
    if user.id == actor.id:
        return {Role.ADMIN: OWN_ADMIN}
    return {} if has_other_colleague(work.session, organisation_id, Role.ADMIN, user.id) else {Role.ADMIN: LAST_ADMIN}
