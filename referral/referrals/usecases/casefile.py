"""A case with all that belongs to it on one page: history, names, trajectory, and the person when opened on purpose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from referral.core.policy import Actor
from referral.core.work import Work
from referral.identity.usecases import Names, names_of
from referral.participants.usecases import ParticipantView, read_participant
from referral.referrals.models import Referral
from referral.referrals.usecases.reading import (
    HistoryView,
    ReferralView,
    find_referral,
    history_of,
    may_read_words,
    view_of,
)
from referral.referrals.workflow import EventName
from referral.trajectories.models import Trajectory


@dataclass(frozen=True)
class CaseFile:
    """One case as one actor may see it. Without `person` the data and words about the person stayed sealed."""

    view: ReferralView
    history: list[HistoryView]
    names: Names
    trajectories: Mapping[UUID, Trajectory]
    may_open: bool
    person: ParticipantView | None = None

    @property
    def referral(self) -> Referral:
        """The case itself."""
        return self.view.referral

    @property
    def trajectory(self) -> Trajectory | None:
        """Where the case goes."""
        return self.trajectories.get(self.referral.trajectory_id) if self.referral.trajectory_id else None


@dataclass(frozen=True)
class Listed:
    """A list of cases with the names that belong to them."""

    views: Sequence[ReferralView]
    names: Names
    trajectories: Mapping[UUID, Trajectory]


def show_case(referral_id: UUID, *, actor: Actor, work: Work) -> CaseFile:
    """The case without a word about the person. Raises `NotFound`."""
    referral = find_referral(referral_id, actor=actor, work=work)
    view = view_of(referral, actor=actor, work=work)
    return _file(view, history_of(referral, actor=actor, work=work, with_words=False), None, actor, work)


def open_case(referral_id: UUID, purpose: str, *, actor: Actor, work: Work) -> CaseFile:
    """The case with the person and all words, for a purpose that is on record (AVG art. 5(1)b).

    Raises `NotFound`, `Erased`, and `NotAllowed` for a purpose that is not the actor's.
    """
    referral = find_referral(referral_id, actor=actor, work=work)
    person = read_participant(referral.participant_id, purpose, actor=actor, work=work)
    view = view_of(referral, actor=actor, work=work, with_words=True)
    return _file(view, history_of(referral, actor=actor, work=work), person, actor, work)


def show_lists(views: Sequence[ReferralView], *, work: Work) -> Listed:
    """The names and trajectories that go with a list of cases."""
    cases = [view.referral for view in views]
    places = [each for case in cases for each in (case.source_organisation_id, case.receiver_organisation_id)]
    names = names_of(work.session, [case.coach_id for case in cases], places)
    return Listed(views, names, _trajectories([case.trajectory_id for case in cases], work))


def goals_of(history: Sequence[HistoryView]) -> dict[str, str]:
    """The goals that were set at the last start that still counts, in the participant's words, by their id."""
    undone = {view.row.undoes for view in history}
    starts = [
        view
        for view in history
        if view.row.event is EventName.START_TRAJECTORY and view.row.sequence not in undone and view.words
    ]
    return dict(starts[-1].words["goals"]) if starts and starts[-1].words else {}


def _file(
    view: ReferralView, history: list[HistoryView], person: ParticipantView | None, actor: Actor, work: Work
) -> CaseFile:
    """Everything together, and the audit row of looking at it."""
    referral = view.referral
    coaches = [UUID(row.row.facts["coachId"]) for row in history if "coachId" in row.row.facts]
    people = [referral.referrer_id, referral.coach_id, referral.ball_user_id, *coaches]
    places = [referral.source_organisation_id, referral.receiver_organisation_id, referral.ball_organisation_id]
    names = names_of(
        work.session,
        [*people, *(row.row.actor_id for row in history)],
        [*places, *(row.row.organisation_id for row in history)],
    )
    trajectories = _trajectories([referral.trajectory_id, referral.alternative_trajectory_id], work)
    work.record(actor, "referral:show", "referral", referral.id, subjects=[referral.participant_id])
    return CaseFile(view, history, names, trajectories, may_read_words(referral, actor), person)


def _trajectories(ids: Sequence[UUID | None], work: Work) -> dict[UUID, Trajectory]:
    found = work.session.scalars(select(Trajectory).where(Trajectory.id.in_({each for each in ids if each})))
    return {trajectory.id: trajectory for trajectory in found}
