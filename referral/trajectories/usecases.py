"""What one may do with the catalogue: offer, change, look, ask for advice, and take or free a place."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, String, cast, delete, func, or_, select, update
from sqlalchemy.orm.attributes import flag_modified

from referral.core.errors import FieldError, Invalid, NotAllowed, NotFound, Stale
from referral.core.paging import Page, read_page
from referral.core.policy import Actor, OrganisationKind
from referral.core.work import Work
from referral.identity.models import Organisation
from referral.trajectories.matching import Match, Profile, free_places, needs_checking, weigh
from referral.trajectories.models import StartDate, Trajectory

OFFERING = frozenset(
    {
        OrganisationKind.PROVIDER,
        OrganisationKind.TAALHUIS,
        OrganisationKind.LIBRARY,
        OrganisationKind.WERKCENTRUM,
    }
)


@dataclass(frozen=True)
class AddTrajectory:
    """A provider puts a trajectory in the catalogue. `facts`: columns of `Trajectory` by name, and `start_dates`."""

    facts: Mapping[str, Any]


@dataclass(frozen=True)
class ChangeTrajectory:
    """A provider changes some facts of a trajectory that was read at `version`; the others stay as they are."""

    trajectory_id: UUID
    version: int
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class ListTrajectories:
    """Which part of the catalogue somebody wants to see. None: no matter."""

    skill: str | None = None
    level: str | None = None
    language_background: str | None = None
    sector_code: str | None = None
    municipality_code: str | None = None
    template: str | None = None
    course_kind: str | None = None
    active: bool | None = None
    mine: bool = False
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True)
class MatchTrajectories:
    """For whom advice is asked, and how many offers to show."""

    profile: Profile
    limit: int = 20


@dataclass(frozen=True)
class CatalogueEntry:
    """A trajectory with its provider's name and its start dates, as it stands on one day."""

    trajectory: Trajectory
    provider_name: str
    start_dates: Sequence[date]
    today: date

    @property
    def free_places(self) -> int:
        """How many places are left."""
        return free_places(self.trajectory)

    @property
    def needs_checking(self) -> bool:
        """Whether the description is stale (V5)."""
        return needs_checking(self.trajectory, self.today)

    @property
    def next_start_on(self) -> date | None:
        """The first start from today on."""
        return min((day for day in self.start_dates if day >= self.today), default=None)


@dataclass(frozen=True)
class RankedOffer:
    """One offer with the reasons for its place in the advice."""

    entry: CatalogueEntry
    match: Match = field(repr=False)


def add_trajectory(command: AddTrajectory, *, actor: Actor, work: Work) -> CatalogueEntry:
    """Put a trajectory of the own organisation in the catalogue (L15, V5).

    Raises `NotAllowed` for an organisation that does not guide participants, and `Invalid`.
    """
    if actor.organisation_kind not in OFFERING:
        raise NotAllowed("Alleen een aanbieder zet een traject in de catalogus.")
    facts = {"last_checked_on": work.today, **command.facts}
    start_dates = facts.pop("start_dates", ())
    trajectory = Trajectory(organisation_id=actor.organisation_id, **facts)
    _check(trajectory, facts, actor, work)
    work.session.add(trajectory)
    work.session.flush()
    _set_start_dates(trajectory, start_dates, work)
    work.record(actor, "trajectory:add", "trajectory", trajectory.id)
    return _describe([trajectory], work)[0]


def change_trajectory(command: ChangeTrajectory, *, actor: Actor, work: Work) -> CatalogueEntry:
    """Change a trajectory of the own organisation.

    Raises `NotFound`, `NotAllowed` for another's trajectory, `Stale` when it changed meanwhile, and `Invalid`.
    """
    trajectory = find_own_trajectory(command.trajectory_id, actor=actor, work=work)
    if trajectory.version != command.version:
        raise Stale(version=trajectory.version)
    facts = dict(command.facts)
    start_dates = facts.pop("start_dates", None)
    for name, value in facts.items():
        setattr(trajectory, name, value)
    with work.session.no_autoflush:
        _check(trajectory, facts, actor, work)
    if start_dates is not None:
        _set_start_dates(trajectory, start_dates, work)
    flag_modified(trajectory, "last_checked_on")  # New start dates alone are a new version too.
    work.session.flush()
    work.record(actor, "trajectory:change", "trajectory", trajectory.id, fields=sorted(command.facts))
    return _describe([trajectory], work)[0]


def list_trajectories(command: ListTrajectories, *, actor: Actor, work: Work) -> Page[CatalogueEntry]:
    """One page of the catalogue, newest first. Everybody in the chain sees all of it."""
    query = select(Trajectory).where(*_filters(command, actor))
    page = read_page(work.session, query, Trajectory.id, limit=command.limit, cursor=command.cursor)
    return Page(_describe(page.items, work), page.next)


def find_trajectory(trajectory_id: UUID, *, work: Work) -> Trajectory:
    """A trajectory of the catalogue, active or not. Raises `NotFound`."""
    trajectory = work.session.get(Trajectory, trajectory_id)
    if trajectory is None:
        raise NotFound
    return trajectory


def find_own_trajectory(trajectory_id: UUID, *, actor: Actor, work: Work) -> Trajectory:
    """A trajectory that the actor's organisation offers. Raises `NotFound`, and `NotAllowed` for another's."""
    trajectory = find_trajectory(trajectory_id, work=work)
    if trajectory.organisation_id != actor.organisation_id:
        raise NotAllowed("Dit traject is van een andere organisatie.")
    return trajectory


def show_trajectory(trajectory_id: UUID, *, work: Work) -> CatalogueEntry:
    """A trajectory as the catalogue shows it. Raises `NotFound`."""
    return _describe([find_trajectory(trajectory_id, work=work)], work)[0]


def list_active(*, work: Work) -> Sequence[Trajectory]:
    """Everything that is on offer now, by name: the choices of whoever names a trajectory."""
    query = select(Trajectory).where(Trajectory.active).order_by(Trajectory.name, Trajectory.id)
    return work.session.scalars(query).all()


def municipalities_on_offer(*, work: Work) -> Sequence[str]:
    """The codes of the gemeenten in which the catalogue has a trajectory."""
    return work.session.scalars(select(Trajectory.municipality_code).distinct()).all()


def match_trajectories(command: MatchTrajectories, *, work: Work) -> list[RankedOffer]:
    """The active catalogue for one profile: the best first, what does not fit last, each with its reasons.

    Advice, never a decision: nothing is stored and nothing is refused because of it (AVG art. 22, L12).
    """
    catalogue = work.session.scalars(select(Trajectory).where(Trajectory.active)).all()
    matches = {offer.id: weigh(offer, command.profile, work.today) for offer in catalogue}
    best = sorted(
        catalogue,
        key=lambda offer: (not matches[offer.id].eligible, -matches[offer.id].score, offer.name, offer.id),
    )[: command.limit]
    return [RankedOffer(entry, matches[entry.trajectory.id]) for entry in _describe(best, work)]


def occupy(work: Work, trajectory_id: UUID, taken_delta: int, waiting_delta: int, allow_over: bool) -> bool:
    """Take or free places and places on the waiting list in one statement; False when there is no place left.

    The condition stands in the UPDATE itself, so that two coaches cannot both take the last place.
    """
    query = update(Trajectory).where(Trajectory.id == trajectory_id)
    if taken_delta > 0 and not allow_over:
        query = query.where(Trajectory.places_taken + taken_delta <= Trajectory.places)
    query = query.values(places_taken=Trajectory.places_taken + taken_delta, waiting=Trajectory.waiting + waiting_delta)
    changed = work.session.scalars(
        query.returning(Trajectory),
        execution_options={"populate_existing": True, "synchronize_session": False},
    )
    return changed.one_or_none() is not None


def _filters(command: ListTrajectories, actor: Actor) -> Iterable[ColumnElement[bool]]:
    wanted = {
        Trajectory.municipality_code: command.municipality_code,
        Trajectory.template: command.template,
        Trajectory.course_kind: command.course_kind,
        Trajectory.active: command.active,
        Trajectory.organisation_id: actor.organisation_id if command.mine else None,
    }
    yield from (column == value for column, value in wanted.items() if value is not None)
    listed = {
        Trajectory.skills: command.skill,
        Trajectory.levels: command.level,
        Trajectory.language_backgrounds: command.language_background,
    }
    yield from (_lists(column, code) for column, code in listed.items() if code)
    if command.sector_code is not None:
        yield or_(_lists(Trajectory.sector_codes, command.sector_code), cast(Trajectory.sector_codes, String) == "[]")


def _lists(column: Any, code: str) -> ColumnElement[bool]:
    """A list of codes is kept as JSON text, in which a code stands between quotes, on both databases."""
    return cast(column, String).contains(f'"{code}"', autoescape=True)


def _check(trajectory: Trajectory, given: Mapping[str, Any], actor: Actor, work: Work) -> None:
    """Every rule over more than one member, for the trajectory as it would be. Raises `Invalid`."""
    errors = []
    if trajectory.maximum_age is not None and trajectory.maximum_age < trajectory.minimum_age:
        errors.append(
            FieldError("/eligibility/maximumAge", "range", "De hoogste leeftijd ligt onder de laagste leeftijd.")
        )
    if (trajectory.minimum_group_size or 0) > trajectory.places:
        errors.append(FieldError("/minimumGroupSize", "range", "De kleinste groep is groter dan het aantal plaatsen."))
    if trajectory.last_checked_on > work.today:
        errors.append(FieldError("/lastCheckedOn", "future", "Deze datum ligt in de toekomst."))
    if given.get("region_id") is not None and trajectory.region_id not in actor.region_ids:
        errors.append(FieldError("/regionId", "unknown", "Dit is geen regio van uw organisatie."))
    if given.get("successor_id") is not None and not _may_follow(trajectory, work):
        errors.append(FieldError("/successorId", "unknown", "Dit is geen ander traject uit de catalogus."))
    if errors:
        raise Invalid(errors=errors)


def _may_follow(trajectory: Trajectory, work: Work) -> bool:
    found = work.session.scalar(select(func.count()).where(Trajectory.id == trajectory.successor_id))
    return bool(found) and trajectory.successor_id != trajectory.id


def _set_start_dates(trajectory: Trajectory, days: Sequence[date], work: Work) -> None:
    work.session.execute(delete(StartDate).where(StartDate.trajectory_id == trajectory.id))
    work.session.add_all([StartDate(trajectory_id=trajectory.id, starts_on=day) for day in days])
    work.session.flush()


def _describe(trajectories: Sequence[Trajectory], work: Work) -> list[CatalogueEntry]:
    """The entries of these trajectories in the same order, with two queries however many there are."""
    providers = {trajectory.organisation_id for trajectory in trajectories}
    names = dict(
        work.session.execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(providers))).all()
    )
    starts: dict[UUID, list[date]] = {trajectory.id: [] for trajectory in trajectories}
    for trajectory_id, day in work.session.execute(
        select(StartDate.trajectory_id, StartDate.starts_on)
        .where(StartDate.trajectory_id.in_(starts))
        .order_by(StartDate.starts_on)
    ):
        starts[trajectory_id].append(day)
    return [
        CatalogueEntry(trajectory, names[trajectory.organisation_id], starts[trajectory.id], work.today)
        for trajectory in trajectories
    ]
