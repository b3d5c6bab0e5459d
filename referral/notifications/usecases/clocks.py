"""The table of the clocks: every date of a referral, when it counts, and what the service does when it has passed.

The clocks are asked from the top down, so that a case that ends today is not also reminded of. Time on hold does not
count: while a case is held, only the clock of the hold itself runs, and
while the data are only kept (AVG art. 18) none. A clock that told somebody does so once a date.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, delete, exists, select
from sqlalchemy.orm import InstrumentedAttribute

from referral.core.codelists import Term
from referral.core.errors import NotFound
from referral.core.policy import Relation
from referral.core.work import AMSTERDAM, Work
from referral.identity.usecases import terms_for
from referral.notifications.models import Kind, Notice
from referral.notifications.usecases.notices import SYSTEM, tell_ball_holder, tell_coordinators
from referral.referrals.models import Referral, ReferralEvent
from referral.referrals.usecases import (
    CloseReferral,
    EscalateReferral,
    Move,
    close_referral,
    escalate_referral,
    expire_referral,
    resume_referral,
)
from referral.referrals.usecases.moving import hold_referral
from referral.referrals.usecases.reading import last_facts
from referral.referrals.workflow import OPEN, EventName, Party, Status

Answer = Callable[[Referral, Work], "str | None"]

_RUNS = and_(Referral.hold_since.is_(None), Referral.restricted_at.is_(None))
_HELD = and_(Referral.hold_since.is_not(None), Referral.restricted_at.is_(None))
_OPEN = and_(_RUNS, Referral.status.in_(OPEN))


@dataclass(frozen=True)
class Clock:
    """One date of a referral: its column, what must hold besides, and the deed. `tells` is the notice that it gives."""

    name: str
    column: InstrumentedAttribute[date | None]
    counts: ColumnElement[bool]
    answer: Answer
    tells: Kind | None = None

    def due(self, today: date) -> Select[UUID]:
        """The ids of the referrals on which this date has passed and was not answered yet, in a fixed order."""
        query = select(Referral.id).where(self.column <= today, self.counts).order_by(Referral.id)
        if self.tells is None:
            return query
        told = exists().where(
            Notice.referral_id == Referral.id, Notice.kind == self.tells, Notice.due_on == self.column
        )
        return query.where(~told)

    def strike(self, referral_id: UUID, work: Work) -> str | None:
        """Do what belongs to the date; returns what was done, or None when somebody was first and nothing was left.

        The row is held before the date is looked at again, so that two workers never both answer it.
        """
        try:
            referral = hold_referral(referral_id, actor=SYSTEM, work=work)
        except NotFound:
            return None
        if work.session.scalar(self.due(work.today).where(Referral.id == referral_id)) is None:
            return None
        return self.answer(referral, work)


def _resume(referral: Referral, work: Work) -> str:
    resume_referral(Move(referral_id=referral.id), actor=SYSTEM, work=work)
    return "resumed"


def _end(referral: Referral, work: Work) -> str | None:
    return ENDINGS[_term(referral, work).end_by or ""](referral, work)


def _convene(referral: Referral, work: Work) -> str:
    """No fitting offer in time (M1): ask for a doorbraakberaad (M2), unless there is one already."""
    due_on = referral.offer_due_on
    if not referral.is_escalated:
        command = EscalateReferral(referral_id=referral.id, reason="no_response")
        referral = escalate_referral(command, actor=SYSTEM, work=work)
    return tell_coordinators(Kind.OFFER, referral, Relation.REGION, due_on, work)


def _tell_region(referral: Referral, work: Work) -> str:
    return tell_coordinators(Kind.REGION, referral, Relation.REGION, referral.escalate_region_on, work)


def _escalate(referral: Referral, work: Work) -> str:
    side = _term(referral, work).escalate_to or Relation.SOURCE
    return tell_coordinators(Kind.ESCALATION, referral, side, referral.escalate_on, work)


def _remind(referral: Referral, work: Work) -> str:
    return tell_ball_holder(Kind.REMINDER, referral, referral.remind_on, work)


CLOCKS: tuple[Clock, ...] = (
    Clock("resume", Referral.resume_on, _HELD, _resume),
    Clock("end", Referral.end_on, _OPEN, _end),
    Clock(
        "offer",
        Referral.offer_due_on,
        and_(_OPEN, Referral.status != Status.DRAFT, Referral.started_at.is_(None)),
        _convene,
        Kind.OFFER,
    ),
    Clock("escalate_region", Referral.escalate_region_on, _OPEN, _tell_region, Kind.REGION),
    Clock("escalate", Referral.escalate_on, _OPEN, _escalate, Kind.ESCALATION),
    Clock("remind", Referral.remind_on, and_(_RUNS, Referral.ball_party != Party.NOBODY), _remind, Kind.REMINDER),
)


def _expire(referral: Referral, work: Work) -> str:
    due_on = referral.end_on
    expired = expire_referral(Move(referral_id=referral.id), actor=SYSTEM, work=work)
    return tell_ball_holder(Kind.EXPIRED, expired, due_on, work)


def _close(referral: Referral, work: Work) -> str | None:
    """Close as unreachable; but the term was met when the aftercare was recorded, and then only the coach can close."""
    if last_facts(work, referral, EventName.RECORD_FOLLOW_UP):
        return None
    command = CloseReferral(referral_id=referral.id, reason="aftercare_unreachable")
    close_referral(command, actor=SYSTEM, work=work)
    return "closed"


def _delete(referral: Referral, work: Work) -> str | None:
    """Delete the draft for good, with its history and its notices; not before the day after it was reminded of.

    The participant stays: whether it is still needed is for the retention of participants to say.
    """
    reminded_at = work.session.scalar(
        select(Notice.given_at).where(
            Notice.referral_id == referral.id, Notice.kind == Kind.REMINDER, Notice.due_on == referral.remind_on
        )
    )
    if reminded_at is None or reminded_at.astimezone(AMSTERDAM).date() >= work.today:
        return None
    work.session.execute(delete(ReferralEvent).where(ReferralEvent.referral_id == referral.id))
    work.session.delete(referral)
    work.session.flush()
    work.record(
        SYSTEM,
        "referral:delete_draft",
        "referral",
        referral.id,
        subjects=[referral.participant_id],
        controller=referral.source_organisation_id,
    )
    return "deleted"


ENDINGS: Mapping[str, Answer] = {"expire": _expire, "close": _close, "delete": _delete}
"""What the service does at the end of a term, by `end_by` of `config/terms.toml`."""


def _term(referral: Referral, work: Work) -> Term:
    return terms_for(work.session, referral.source_organisation_id)[referral.status.value]
