"""Who is who: the organisations of the chain, the colleagues, and what the areas above ask about them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, exists, literal, select
from sqlalchemy.orm import Session

from referral.core.errors import NotFound
from referral.core.paging import Page, read_page
from referral.core.policy import Actor, OrganisationKind, Role
from referral.core.work import Work
from referral.identity.models import Membership, Organisation, Region, User, organisation_region


@dataclass(frozen=True)
class ListOrganisations:
    """Which organisations to list."""

    kind: OrganisationKind | None = None
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True)
class ListUsers:
    """Which page of the colleagues to list."""

    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True)
class Me:
    """The actor, and the organisation that the actor acts for."""

    actor: Actor
    organisation: Organisation

    @property
    def roles(self) -> list[Role]:
        """The roles in this organisation, in a fixed order."""
        return sorted(self.actor.roles)

    @property
    def scopes(self) -> list[str]:
        """How far the token reaches, in a fixed order."""
        return sorted(self.actor.scopes or ())


@dataclass(frozen=True)
class ListedOrganisation:
    """An organisation with the regions it belongs to."""

    organisation: Organisation
    regions: Sequence[Region]


@dataclass(frozen=True)
class Colleague:
    """An active user of the organisation with the roles held there."""

    user: User
    roles: Sequence[Role]


def show_me(*, actor: Actor, work: Work) -> Me:
    """Who asks, and for which organisation."""
    organisation = work.session.get(Organisation, actor.organisation_id)
    if organisation is None:
        raise NotFound
    return Me(actor, organisation)


def show_organisation(organisation_id: UUID, *, work: Work) -> ListedOrganisation:
    """One organisation with its regions. Raises `NotFound`."""
    organisation = work.session.get(Organisation, organisation_id)
    if organisation is None:
        raise NotFound
    return ListedOrganisation(organisation, _regions_of(work.session, [organisation_id])[organisation_id])


def list_organisations(query: ListOrganisations, *, actor: Actor, work: Work) -> Page[ListedOrganisation]:  # noqa: ARG001
    """The active organisations of the chain; they are no secret to anyone in it."""
    rows = select(Organisation).where(Organisation.active)
    if query.kind:
        rows = rows.where(Organisation.kind == query.kind)
    page = read_page(work.session, rows, Organisation.id, limit=query.limit, cursor=query.cursor)
    regions = _regions_of(work.session, [organisation.id for organisation in page.items])
    return page.showing(lambda organisation: ListedOrganisation(organisation, regions[organisation.id]))


def list_users(query: ListUsers, *, actor: Actor, work: Work) -> Page[Colleague]:
    """The active colleagues in the actor's own organisation, with their roles there."""
    works_there = exists().where(Membership.user_id == User.id, Membership.organisation_id == actor.organisation_id)
    rows = select(User).where(User.active, works_there)
    page = read_page(work.session, rows, User.id, limit=query.limit, cursor=query.cursor)
    roles = roles_of(work.session, actor.organisation_id, [user.id for user in page.items])
    work.record(actor, "user:list", "organisation", actor.organisation_id, count=len(page.items))
    return page.showing(lambda user: Colleague(user, roles[user.id]))


def find_coach(work: Work, user_id: UUID, organisation_id: UUID | None) -> User:
    """The active coach of this organisation who can be named to a case. Raises `NotFound`.

    User and role stay locked for sharing until the commit: whoever deactivates this user or takes the role away
    meanwhile waits, and then finds the case that was just named to the user.
    """
    coach = work.session.scalars(
        _holders(organisation_id, Role.COACH).where(User.id == user_id).with_for_update(read=True)
    ).one_or_none()
    if coach is None:
        raise NotFound
    return coach


def works_at(session: Session, organisation_id: UUID, user_id: UUID) -> bool:
    """Whether this person has a role in the organisation, or had one until the account ended."""
    mine = (Membership.user_id == user_id, Membership.organisation_id == organisation_id)
    return session.scalar(select(Membership.user_id).where(*mine).limit(1)) is not None


def holds_role(session: Session, organisation_id: UUID, role: Role, user_id: UUID) -> bool:
    """Whether this user works here in this role now."""
    return session.scalars(_holders(organisation_id, role).where(User.id == user_id)).one_or_none() is not None


def has_other_colleague(session: Session, organisation_id: UUID, role: Role, user_id: UUID) -> bool:
    """Whether anybody but this user holds the role here: nobody leaves a case without one (requirement L8).

    The colleague stays locked for sharing until the commit, so that the last two cannot leave at the same moment.
    """
    others = _holders(organisation_id, role).where(User.id != user_id).limit(1).with_for_update(read=True)
    return session.scalars(others).first() is not None


def roles_of_others(session: Session, organisation_id: UUID, user_id: UUID) -> set[Role]:
    """The roles that anybody but this user holds here."""
    roles = select(Membership.role).join(User, User.id == Membership.user_id).where(User.active)
    return set(session.scalars(roles.where(Membership.organisation_id == organisation_id, User.id != user_id)))


def works_elsewhere(session: Session, organisation_id: UUID, user_id: UUID) -> bool:
    """Whether this user has a role in another organisation as well."""
    other = exists().where(Membership.user_id == user_id, Membership.organisation_id != organisation_id)
    return bool(session.scalar(select(other)))


@dataclass(frozen=True)
class Names:
    """The names of people and organisations by id; the service itself and programs have a name too."""

    users: Mapping[UUID, str]
    organisations: Mapping[UUID, str]

    def user(self, user_id: UUID | None) -> str:
        """The name of a person; empty when there is none."""
        return self.users.get(user_id, "") if user_id else ""

    def organisation(self, organisation_id: UUID | None) -> str:
        """The name of an organisation; empty when there is none."""
        return self.organisations.get(organisation_id, "") if organisation_id else ""


def names_of(session: Session, users: Collection[UUID | None], organisations: Collection[UUID | None]) -> Names:
    """The names that belong to these ids, in one query however many there are."""
    people = select(literal("user"), User.id, User.name).where(User.id.in_({each for each in users if each}))
    places = select(literal("place"), Organisation.id, Organisation.name).where(
        Organisation.id.in_({each for each in organisations if each})
    )
    found: dict[str, dict[UUID, str]] = {"user": {}, "place": {}}
    for kind, key, name in session.execute(people.union_all(places)):
        found[kind][key] = name
    return Names(found["user"], found["place"])


def staff_of(session: Session, organisation_id: UUID) -> Sequence[User]:
    """Everybody with a role in this organisation, also who left, by name."""
    works_there = exists().where(Membership.user_id == User.id, Membership.organisation_id == organisation_id)
    return session.scalars(select(User).where(works_there).order_by(User.name, User.id)).all()


def show_colleague(user_id: UUID, *, actor: Actor, work: Work) -> Colleague:
    """Somebody of the actor's own organisation, with the roles there. Raises `NotFound`."""
    roles = roles_of(work.session, actor.organisation_id, [user_id])[user_id]
    user = work.session.get(User, user_id)
    if user is None or not roles:
        raise NotFound
    work.record(actor, "user:show", "user", user.id)
    return Colleague(user, roles)


def coaches_of(session: Session, organisation_id: UUID | None) -> Sequence[User]:
    """The active coaches of this organisation, by name."""
    return session.scalars(_holders(organisation_id, Role.COACH).order_by(User.name, User.id)).all()


def coordinators_of(session: Session, organisation_id: UUID) -> Sequence[User]:
    """The active coordinators of this organisation, by name."""
    return session.scalars(_holders(organisation_id, Role.COORDINATOR).order_by(User.name, User.id)).all()


def shared_regions(session: Session, organisation_id: UUID, other_id: UUID) -> frozenset[UUID]:
    """The regions to which both organisations belong."""
    ours, theirs = organisation_region.alias(), organisation_region.alias()
    query = (
        select(ours.c.region_id)
        .join(theirs, theirs.c.region_id == ours.c.region_id)
        .where(ours.c.organisation_id == organisation_id, theirs.c.organisation_id == other_id)
    )
    return frozenset(session.scalars(query))


def region_organisations_for(session: Session, organisation_id: UUID) -> Sequence[Organisation]:
    """The active regional collaborations that share a region with this organisation, by name."""
    theirs = select(organisation_region.c.region_id).where(organisation_region.c.organisation_id == organisation_id)
    shares = exists().where(
        organisation_region.c.organisation_id == Organisation.id, organisation_region.c.region_id.in_(theirs)
    )
    query = select(Organisation).where(Organisation.kind == OrganisationKind.REGION, Organisation.active, shares)
    return session.scalars(query.order_by(Organisation.name, Organisation.id)).all()


def roles_of(session: Session, organisation_id: UUID, user_ids: Sequence[UUID]) -> dict[UUID, list[Role]]:
    """The roles of each of these users in this organisation; none for who does not work there."""
    found: dict[UUID, list[Role]] = {user_id: [] for user_id in user_ids}
    query = (
        select(Membership.user_id, Membership.role)
        .where(Membership.organisation_id == organisation_id, Membership.user_id.in_(user_ids))
        .order_by(Membership.role)
    )
    for user_id, role in session.execute(query):
        found[user_id].append(role)
    return found


def _holders(organisation_id: UUID | None, role: Role) -> Select[User]:
    # Joined, so that a lock holds the role as well as the user.
    holds = (Membership.user_id == User.id) & (Membership.organisation_id == organisation_id)
    return select(User).join(Membership, holds & (Membership.role == role)).where(User.active)


def _regions_of(session: Session, organisation_ids: Sequence[UUID]) -> dict[UUID, list[Region]]:
    found: dict[UUID, list[Region]] = {organisation_id: [] for organisation_id in organisation_ids}
    query = (
        select(organisation_region.c.organisation_id, Region)
        .join(Region, Region.id == organisation_region.c.region_id)
        .where(organisation_region.c.organisation_id.in_(organisation_ids))
        .order_by(Region.kind, Region.name)
    )
    for organisation_id, region in session.execute(query):
        found[organisation_id].append(region)
    return found
