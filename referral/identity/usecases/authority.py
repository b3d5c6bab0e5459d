"""Who may change the register: the service itself, or an administrator within the own organisation."""

from uuid import UUID

from referral.core.errors import NotAllowed, NotFound, Stale
from referral.core.policy import Actor, Role
from referral.core.work import Work
from referral.identity.models import Organisation


def demand_administrator(actor: Actor, organisation_id: UUID | None = None) -> None:
    """Refuse everybody but the service and an administrator (of this organisation). Raises `NotAllowed`."""
    is_elsewhere = organisation_id is not None and organisation_id != actor.organisation_id
    if not actor.has_role(Role.SYSTEM) and (not actor.has_role(Role.ADMIN) or is_elsewhere):
        raise NotAllowed


def demand_service(actor: Actor) -> None:
    """Refuse everybody but the service itself. Raises `NotAllowed`."""
    if not actor.has_role(Role.SYSTEM):
        raise NotAllowed


def demand_self(actor: Actor, user_id: UUID | None) -> None:
    """Refuse all but the service and this user: nobody sets another's password (ASVS 6.4.6). Raises `NotAllowed`."""
    if not actor.has_role(Role.SYSTEM) and actor.id != user_id:
        raise NotAllowed


def find_own_organisation(organisation_id: UUID, version: int | None, *, actor: Actor, work: Work) -> Organisation:
    """The organisation that this actor may change, as it was read; without a version, as it is.

    Raises `NotFound`, `NotAllowed`, and `Stale` when it changed meanwhile.
    """
    organisation = work.session.get(Organisation, organisation_id)
    if organisation is None:
        raise NotFound
    demand_administrator(actor, organisation_id)
    if version not in (None, organisation.version):
        raise Stale(version=organisation.version)
    return organisation
