"""Who has the ball and by when: pure functions of a referral's state and the region's terms (`config/terms.toml`)."""

from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from referral.core.calendar import add_working_days
from referral.core.codelists import Terms
from referral.referrals.models import Referral
from referral.referrals.workflow import BALL, FINAL, FOLLOW_UP, Party


class Ball(NamedTuple):
    """The one party that must act: which side, which organisation, and which person when there is one."""

    party: Party
    organisation_id: UUID | None
    user_id: UUID | None


def ball_of(referral: Referral) -> Ball:
    """The one party that must act on the referral as it stands now."""
    party = _party(referral)
    if party is Party.REFERRER:
        return Ball(party, referral.source_organisation_id, referral.referrer_id)
    if party is Party.RECEIVER:
        return Ball(party, referral.receiver_organisation_id, None)
    if party is Party.COACH:
        return Ball(party, referral.receiver_organisation_id, referral.coach_id)
    if party is Party.COORDINATOR:
        return Ball(party, referral.escalation_organisation_id or referral.source_organisation_id, None)
    return Ball(party, None, None)


def _party(referral: Referral) -> Party:
    if referral.status in FINAL:
        return BALL[referral.status] if referral.has_follow_up_task else Party.NOBODY
    party = Party.COORDINATOR if referral.waits_for_region else BALL[referral.status]
    return Party.RECEIVER if party is Party.COACH and referral.coach_id is None else party


def start_clock(referral: Referral, terms: Terms, today: date) -> None:
    """Start the term of the step that the referral is in now: reminder, escalations and end, counted from today."""
    code = referral.status.value
    if referral.status in FOLLOW_UP:
        code = "follow_up"
    elif referral.is_escalated:
        code = "escalated"
    term = terms.table.get(code)
    steps = term.steps() if term else {}
    days = {name: span.after(today) for name, span in steps.items()}
    referral.remind_on = days.get("remind")
    referral.escalate_on = days.get("escalate")
    referral.escalate_region_on = days.get("escalate_region")
    referral.end_on = days.get("end")


def repeat_reminder(referral: Referral, terms: Terms, today: date) -> None:
    """Start the reminder again where the term repeats: progress every 90 days, the waiting list every 30."""
    if terms[referral.status.value].repeats and not referral.is_escalated:
        start_clock(referral, terms, today)


def start_total_clock(referral: Referral, terms: Terms, today: date) -> None:
    """Start the clock of the fitting offer (M1) at the first submission; no question or transfer restarts it."""
    span = terms["fitting_offer"].escalate
    if referral.offer_due_on is None and span is not None:
        referral.offer_due_on = span.after(today)


def shift_clock(referral: Referral, today: date) -> None:
    """Move every deadline by the time that the case was on hold, to the next working day."""
    if referral.hold_since is not None:
        move_clock(referral, today - referral.hold_since)


def move_clock(referral: Referral, paused: timedelta) -> None:
    """Move every deadline by the time that the case stood still, to the next working day.

    The term of the fitting offer ended with the start: what happens later makes nobody late, or in time after all.
    """
    if not paused:
        return
    steps = ("remind_on", "escalate_on", "escalate_region_on", "end_on")
    for name in (*steps, "offer_due_on") if referral.started_at is None else steps:
        day: date | None = getattr(referral, name)
        if day is not None:
            setattr(referral, name, next_working_day(day + paused))


def next_working_day(day: date) -> date:
    """The day itself when offices are open, else the first day that they are."""
    return add_working_days(day - timedelta(days=1), 1)


def due_on(referral: Referral) -> date | None:
    """The one date by which whoever has the ball must act; None when nobody has it."""
    if referral.ball_party is Party.NOBODY:
        return None
    return referral.resume_on if referral.is_held and not referral.is_escalated else referral.remind_on
