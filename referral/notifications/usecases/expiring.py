"""Retention that is over within a month: a number for the organisation that registered the people, never a name."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import exists, select

from referral.core.policy import Role
from referral.core.work import Work
from referral.identity.models import Membership, User
from referral.notifications.models import Kind, Notice
from referral.notifications.usecases.notices import give_notice
from referral.referrals.usecases.retaining import list_due

AHEAD: Final = timedelta(days=30)


def people_due(organisation_id: UUID, day: date, work: Work) -> int:
    """How many people of the organisation fall due on this day; none when the day has been."""
    if day < work.today:
        return 0
    return sum((each.organisation_id, each.due_on) == (organisation_id, day) for each in list_due(work, day))


def organisations_with_retention(work: Work) -> Sequence[UUID]:
    """The organisations of which somebody falls due within thirty days, on a day of which they were not told yet."""
    return sorted({organisation_id for organisation_id, _ in _untold(work)})


def tell_of_retention(organisation_id: UUID, work: Work) -> list[str]:
    """The notices to one organisation, one for each day: to its privacy officers, or else its coordinators."""
    role = _reader(organisation_id, work)
    return [
        give_notice(Kind.RETENTION, organisation_id, role, day, work)
        for organisation, day in sorted(_untold(work))
        if organisation == organisation_id
    ]


def _untold(work: Work) -> set[tuple[UUID, date]]:
    due = {(each.organisation_id, each.due_on) for each in list_due(work, work.today + AHEAD)}
    told = select(Notice.organisation_id, Notice.due_on).where(Notice.kind == Kind.RETENTION)
    coming = {(organisation, day) for organisation, day in due if day >= work.today}
    return coming - {(organisation, day) for organisation, day in work.session.execute(told)}


def _reader(organisation_id: UUID, work: Work) -> Role:
    officer = exists().where(
        Membership.organisation_id == organisation_id,
        Membership.role == Role.PRIVACY_OFFICER,
        Membership.user_id == User.id,
        User.active,
    )
    return Role.PRIVACY_OFFICER if work.session.scalar(select(officer)) else Role.COORDINATOR
