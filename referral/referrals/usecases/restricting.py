"""A participant's data are only kept (AVG art. 18): its cases stand still until the restriction is lifted."""

from uuid import UUID

from sqlalchemy import select

from referral.core.work import AMSTERDAM, Work
from referral.referrals.deadlines import due_on, move_clock
from referral.referrals.models import Referral


def restrict_cases(participant_id: UUID, work: Work) -> int:
    """Let every case of this person stand still; returns how many."""
    cases = _cases_of(participant_id, work)
    for case in cases:
        case.restricted_at = work.now
        case.version += 1
    return len(cases)


def release_cases(participant_id: UUID, work: Work) -> int:
    """Let the cases go on; every deadline moved by the days that they stood still. Returns how many."""
    cases = _cases_of(participant_id, work)
    for case in cases:
        if case.restricted_at is not None:
            move_clock(case, work.today - case.restricted_at.astimezone(AMSTERDAM).date())
        case.restricted_at = None
        case.due_on = due_on(case)
        case.version += 1
    return len(cases)


def _cases_of(participant_id: UUID, work: Work) -> list[Referral]:
    query = select(Referral).where(Referral.participant_id == participant_id).order_by(Referral.id).with_for_update()
    return list(work.session.scalars(query))
