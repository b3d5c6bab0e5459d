"""The state of a referral that an event may change, kept as plain values so that `undo` brings back exactly that."""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Date, Uuid
from sqlalchemy.orm import InstrumentedAttribute

from referral.core.database import UtcDateTime
from referral.referrals.models import Referral
from referral.referrals.workflow import Status

STATE: tuple[InstrumentedAttribute[Any], ...] = (
    Referral.status,
    Referral.reason,
    Referral.trajectory_id,
    Referral.receiver_organisation_id,
    Referral.offered_template,
    Referral.offered_course_kind,
    Referral.offered_course_type,
    Referral.coach_id,
    Referral.alternative_trajectory_id,
    Referral.waitlist_kind,
    Referral.hold_reason,
    Referral.hold_since,
    Referral.resume_on,
    Referral.escalated_at,
    Referral.escalation_organisation_id,
    Referral.follow_up_done,
    Referral.remind_on,
    Referral.escalate_on,
    Referral.escalate_region_on,
    Referral.end_on,
    Referral.offer_due_on,
    Referral.submitted_at,
    Referral.accepted_at,
    Referral.handed_over_at,
    Referral.intake_at,
    Referral.started_at,
    Referral.completed_at,
    Referral.closed_at,
    Referral.ended_at,
)
"""What an event can change and an undo brings back."""


def snapshot(referral: Referral) -> dict[str, Any]:
    """The state that the next event may change, as plain values."""
    return {column.key: plain(getattr(referral, column.key)) for column in STATE}


def restore(referral: Referral, state: dict[str, Any]) -> None:
    """Bring back a state exactly as it was kept."""
    for column in STATE:
        setattr(referral, column.key, _typed(column, state[column.key]))


def plain(value: Any) -> Any:
    """The value as JSON keeps it."""
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _typed(column: InstrumentedAttribute[Any], value: Any) -> Any:
    if value is None:
        return None
    if column is Referral.status:
        return Status(value)
    kind = column.type
    if isinstance(kind, UtcDateTime):
        return datetime.fromisoformat(value)
    if isinstance(kind, Date):
        return date.fromisoformat(value)
    return UUID(value) if isinstance(kind, Uuid) else value
