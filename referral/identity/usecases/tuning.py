"""An arbeidsmarktregio tunes the terms of the chain for its organisations, and gives the service's back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from referral.core.calendar import Span
from referral.core.codelists import Terms, default_terms
from referral.core.errors import FieldError, Invalid, NotFound, Stale
from referral.core.policy import Actor, OrganisationKind, Role
from referral.core.work import Work
from referral.identity.models import Region, RegionKind
from referral.identity.usecases.bounds import in_units, limit_faults, own_limits, step_faults

LIMITS = "limits"
RIGHTS = "rights"


@dataclass(frozen=True)
class TuneTerm:
    """The steps of one term that a region tunes; the others stay. A step of None is the service's again.

    Without any `steps` the whole term is the service's again.
    """

    region_id: UUID
    term: str
    steps: Mapping[str, Span | None] | None
    expected_version: int | None = None


@dataclass(frozen=True)
class TuneLimits:
    """The limits that a region tunes; the others stay. None is the service's again: of one limit, or of all."""

    region_id: UUID
    limits: Mapping[str, int | None] | None
    expected_version: int | None = None


@dataclass(frozen=True)
class TunedRegion:
    """A region with the terms that it gives its organisations."""

    region: Region
    terms: Terms


def tune_term(command: TuneTerm, *, actor: Actor, work: Work) -> TunedRegion:
    """Give one term other lengths in this region; running cases keep the dates they have.

    Raises `NotFound`, `Stale`, and `Invalid` with every step that is wrong.
    """
    region = _hold(command.region_id, command.expected_version, actor=actor, work=work)
    region.terms = with_term(region, command)
    work.session.flush()
    names = sorted(command.steps or ())
    work.record(actor, "region:tune_term", "region", region.id, term=command.term, steps=names)
    return _tuned(region)


def tune_limits(command: TuneLimits, *, actor: Actor, work: Work) -> TunedRegion:
    """Hold steps against other limits in this region. Raises `NotFound`, `Stale`, and `Invalid` with every fault."""
    region = _hold(command.region_id, command.expected_version, actor=actor, work=work)
    region.terms = with_limits(region, command)
    work.session.flush()
    work.record(actor, "region:tune_limits", "region", region.id, limits=sorted(command.limits or ()))
    return _tuned(region)


def show_tuned(region_id: UUID, *, actor: Actor, work: Work) -> TunedRegion:
    """A region that this actor may tune, with its terms. Raises `NotFound`."""
    region = find_tunable(region_id, actor=actor, work=work)
    work.record(actor, "region:show_terms", "region", region.id)
    return _tuned(region)


def list_tunable(*, actor: Actor, work: Work) -> Sequence[Region]:
    """The regions that this actor may tune, by name."""
    return work.session.scalars(_tunable(actor).order_by(Region.name, Region.id)).all()


def find_tunable(region_id: UUID, *, actor: Actor, work: Work) -> Region:
    """A region that this actor may tune. Raises `NotFound`."""
    region = work.session.scalars(_tunable(actor).where(Region.id == region_id)).one_or_none()
    if region is None:
        raise NotFound
    return region


def with_term(region: Region, command: TuneTerm) -> dict[str, Any] | None:
    """What the region would have tuned after this; None for nothing. Raises `NotFound` and `Invalid`."""
    if command.term == RIGHTS:
        raise Invalid.one("/term", "law", "Deze termijn is van de wet (AVG artikel 12 lid 3). Niemand past hem aan.")
    usual = default_terms().table.get(command.term)
    if usual is None:
        raise NotFound
    steps: dict[str, Span | None] = {}
    if command.steps is not None:
        steps = {**_tuned(region).terms[command.term].steps(), **command.steps}
    lengths = {step: span or usual.steps().get(step, Span()) for step, span in steps.items()}
    _refuse(step_faults(usual, lengths))
    own = {step: in_units(span) for step, span in lengths.items() if span != usual.steps()[step]}
    return _replaced(region, command.term, own)


def with_limits(region: Region, command: TuneLimits) -> dict[str, Any] | None:
    """What the region would have tuned after this; None for nothing. Raises `Invalid`."""
    usual = default_terms().limits
    limits: dict[str, int] = {}
    if command.limits is not None:
        wishes = {name: getattr(usual, name) if each is None else each for name, each in command.limits.items()}
        limits = {**asdict(_tuned(region).terms.limits), **wishes}
    _refuse(limit_faults(limits))
    return _replaced(region, LIMITS, own_limits(usual, limits))


def _replaced(region: Region, key: str, own: Mapping[str, Any]) -> dict[str, Any] | None:
    others = {name: each for name, each in (region.terms or {}).items() if name != key}
    return others | ({key: dict(own)} if own else {}) or None


def _refuse(faults: Iterable[FieldError]) -> None:
    if errors := list(faults):
        raise Invalid(errors=errors)


def _tuned(region: Region) -> TunedRegion:
    return TunedRegion(region, default_terms().merged(region.terms or {}))


def _hold(region_id: UUID, expected: int | None, *, actor: Actor, work: Work) -> Region:
    query = _tunable(actor).where(Region.id == region_id).with_for_update()
    region = work.session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if region is None:
        raise NotFound
    if expected is not None and expected != region.version:
        raise Stale(version=region.version)
    return region


def _tunable(actor: Actor) -> "Select[Region]":
    """Only an arbeidsmarktregio has terms: its own collaboration tunes them, and the service."""
    query = select(Region).where(Region.kind == RegionKind.LABOUR_MARKET)
    if actor.has_role(Role.SYSTEM):
        return query
    may = actor.has_role(Role.ADMIN) and actor.organisation_kind is OrganisationKind.REGION
    return query.where(Region.id.in_(actor.region_ids if may else ()))
