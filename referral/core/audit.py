"""The audit log: who did or read what, for which organisation, from where, with which result. Rows are added, never
changed, in the transaction of the deed itself (BIO2 8.15.01, AVG art. 5(2)). No personal data of participants."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, Session, mapped_column

from referral.core.database import Base
from referral.core.policy import Actor
from referral.core.tracing import new_span_id


class AuditEntry(Base):
    """One deed, one reading or one refusal."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_object", "object_type", "object_id"),)

    occurred_at: Mapped[datetime] = mapped_column(index=True)
    actor_id: Mapped[UUID] = mapped_column(index=True)
    client_id: Mapped[UUID | None]
    organisation_id: Mapped[UUID] = mapped_column(index=True)
    action: Mapped[str] = mapped_column(String(64))
    object_type: Mapped[str] = mapped_column(String(64))
    object_id: Mapped[UUID | None]
    result: Mapped[str] = mapped_column(String(64))
    origin: Mapped[str] = mapped_column(String(64))
    trace_id: Mapped[str] = mapped_column(String(32), index=True)
    span_id: Mapped[str] = mapped_column(String(16))
    details: Mapped[dict[str, Any]] = mapped_column(JSON)


@dataclass(frozen=True)
class Trace:
    """Where and when a piece of work runs: the instant and the id that joins its log lines, rows and answer.

    `span_id` is this work's own place in the trace, `parent_span_id` that of the system that asked for it.
    """

    id: str
    now: datetime
    span_id: str = field(default_factory=new_span_id)
    parent_span_id: str | None = None


def write_entry(
    session: Session,
    trace: Trace,
    actor: Actor,
    action: str,
    object_type: str,
    object_id: UUID | None,
    *,
    result: str = "done",
    **details: object,
) -> None:
    """Add one row in the caller's transaction: no deed without its trace, no trace without its deed.

    `details` holds codes, ids and counts only; never a participant's data, never free text.
    """
    session.add(
        AuditEntry(
            occurred_at=trace.now,
            actor_id=actor.id,
            client_id=actor.client_id,
            organisation_id=actor.organisation_id,
            action=action,
            object_type=object_type,
            object_id=object_id,
            result=result,
            origin=actor.origin,
            trace_id=trace.id,
            span_id=trace.span_id,
            details=details,
        )
    )
