"""Screenings with an indication that nobody discussed in time: numbers for an organisation, never a code (L6, L7)."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute

from referral.core.policy import Role
from referral.core.work import Work
from referral.notifications.models import Kind, Notice
from referral.notifications.usecases.notices import give_notice
from referral.screenings.models import Discussed, Screening

WHO = {Kind.CONVERSATION: Role.REFERRER, Kind.CONVERSATION_ESCALATION: Role.COORDINATOR}

_UNDISCUSSED = Screening.discussed == Discussed.NONE


def organisations_with_overdue(work: Work) -> Sequence[UUID]:
    """The organisations with a conversation that should have been held by now."""
    query = select(Screening.organisation_id).where(_UNDISCUSSED, Screening.conversation_due_on <= work.today)
    return work.session.scalars(query.distinct().order_by(Screening.organisation_id)).all()


def remind_of_conversations(organisation_id: UUID, work: Work) -> list[str]:
    """The notices to one organisation: its referrers at the day, its coordinators when it lasts; one for each day."""
    return [
        *_give_for(Kind.CONVERSATION, organisation_id, Screening.conversation_due_on, work),
        *_give_for(Kind.CONVERSATION_ESCALATION, organisation_id, Screening.conversation_escalate_on, work),
    ]


def count_undiscussed(organisation_id: UUID, kind: Kind, work: Work) -> int:
    """How many screenings of the organisation still wait for a conversation and were noticed under this kind."""
    query = select(func.count()).select_from(Screening)
    noticed = exists().where(
        Notice.organisation_id == Screening.organisation_id,
        Notice.kind == kind,
        Notice.due_on == Screening.conversation_due_on,
    )
    own = and_(Screening.organisation_id == organisation_id, _UNDISCUSSED)
    return work.session.scalar(query.where(own, noticed)) or 0


def still_undiscussed() -> ColumnElement[bool]:
    """Whether a notice about conversations still is about any."""
    return exists().where(
        Screening.organisation_id == Notice.organisation_id,
        _UNDISCUSSED,
        Screening.conversation_due_on == Notice.due_on,
    )


def _give_for(kind: Kind, organisation_id: UUID, day_of: InstrumentedAttribute[date | None], work: Work) -> list[str]:
    own = and_(Screening.organisation_id == organisation_id, _UNDISCUSSED, day_of <= work.today)
    given = exists().where(
        Notice.referral_id.is_(None),
        Notice.organisation_id == organisation_id,
        Notice.kind == kind,
        Notice.due_on == Screening.conversation_due_on,
    )
    days = select(Screening.conversation_due_on).where(own, ~given)
    return [
        kind.value
        for day in work.session.scalars(days.distinct().order_by(Screening.conversation_due_on)).all()
        if _give_once(kind, organisation_id, day, work)
    ]


def _give_once(kind: Kind, organisation_id: UUID, day: date | None, work: Work) -> bool:
    try:
        with work.attempt():
            give_notice(kind, organisation_id, WHO[kind], day, work)
    except IntegrityError:
        return False
    return True
