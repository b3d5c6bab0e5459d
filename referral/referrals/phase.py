"""Where in the chain a case stands (ketenfase): derived from the facts every time, never stored.

recognised → screened → discussed → referred → intake → in_trajectory → completed → aftercare → closed
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from referral.referrals.workflow import Status


class Phase(StrEnum):
    """The phases of a participant in the chain, in their order."""

    RECOGNISED = "recognised"
    SCREENED = "screened"
    DISCUSSED = "discussed"
    REFERRED = "referred"
    INTAKE = "intake"
    IN_TRAJECTORY = "in_trajectory"
    COMPLETED = "completed"
    AFTERCARE = "aftercare"
    CLOSED = "closed"


class Facts(Protocol):
    """What a case tells about how far it came."""

    status: Status
    screened_on: date | None
    conversation_held_on: date | None
    submitted_at: datetime | None
    intake_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    ended_at: datetime | None


OF_STATUS: Mapping[Status, Phase] = {
    **dict.fromkeys(
        (Status.SUBMITTED, Status.RETURNED, Status.ACCEPTED, Status.WAITLISTED, Status.HANDED_OVER), Phase.REFERRED
    ),
    Status.INTAKE: Phase.INTAKE,
    Status.IN_TRAJECTORY: Phase.IN_TRAJECTORY,
    Status.COMPLETED: Phase.AFTERCARE,
    Status.CLOSED: Phase.CLOSED,
}
"""The phase that a status stands for by itself; a draft and an early end are read from the other facts."""


def phase_of(case: Facts) -> Phase:
    """How far a case is; of one that ended early, how far it came."""
    return OF_STATUS.get(case.status) or next(phase for phase, holds in _reached(case) if holds)


def furthest(cases: Iterable[Facts]) -> Phase:
    """The phase of a participant: the furthest of the open cases, else the furthest of all; recognised without any."""
    known = list(cases)
    still_open = [case for case in known if case.ended_at is None]
    order = list(Phase)
    return max((phase_of(case) for case in still_open or known), key=order.index, default=Phase.RECOGNISED)


def _reached(case: Facts) -> tuple[tuple[Phase, bool], ...]:
    return (
        (Phase.COMPLETED, case.completed_at is not None),
        (Phase.IN_TRAJECTORY, case.started_at is not None),
        (Phase.INTAKE, case.intake_at is not None),
        (Phase.REFERRED, case.submitted_at is not None),
        (Phase.DISCUSSED, case.conversation_held_on is not None),
        (Phase.SCREENED, case.screened_on is not None),
        (Phase.RECOGNISED, True),
    )
