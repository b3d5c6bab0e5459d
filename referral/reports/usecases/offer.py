"""What is on offer where somebody works: activities and places, from the catalogue.

Places count no people, so they are told as they are. How many of them are taken does: that is for disclosure control.
"""

from collections.abc import Callable, Sequence
from uuid import UUID

from sqlalchemy import Select, select

from referral.core.policy import Actor
from referral.core.work import Work
from referral.identity.models import organisation_region
from referral.reports.report import HIDDEN, Cell
from referral.reports.usecases.funnel import organisations_of
from referral.trajectories.models import Trajectory
from referral.trajectories.usecases import OFFERING


class Offer:
    """The active trajectories of the providers near whoever asks: the own ones, or those that share a region."""

    def __init__(self, actor: Actor, work: Work) -> None:
        query = select(Trajectory).where(Trajectory.active, Trajectory.organisation_id.in_(_providers(actor)))
        self.trajectories: Sequence[Trajectory] = work.session.scalars(query.order_by(Trajectory.id)).all()

    def those(self, fits: Callable[[Trajectory], bool]) -> "Sequence[Trajectory]":
        """The activities that fit."""
        return [each for each in self.trajectories if fits(each)]


def places(trajectories: Sequence[Trajectory]) -> tuple[int, int]:
    """How many activities, and how many places they have."""
    return len(trajectories), sum(each.places for each in trajectories)


def free(seats: int, taken: int | None) -> Cell:
    """The free places: what the shown number of taken ones leaves."""
    return HIDDEN if taken is None else Cell(max(0, seats - taken))


def _providers(actor: Actor) -> Select[UUID]:
    if actor.organisation_kind in OFFERING or not actor.region_ids:
        return organisations_of(actor)
    return select(organisation_region.c.organisation_id).where(organisation_region.c.region_id.in_(actor.region_ids))
