"""Events and their outbox. An event carries ids, never personal data.

`Work.publish` writes the event in the deed's own transaction and runs the reactions that must share it (NOW);
`core.work.drain` runs the others afterwards (LATER), one transaction an event.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from referral.core.database import Base


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that has happened to one object, named in the past tense."""

    object_id: UUID
    actor_id: UUID

    def to_payload(self) -> dict[str, str]:
        """The ids as text, for the outbox."""
        return {name: str(value) for name, value in asdict(self).items()}

    @classmethod
    def from_payload(cls, payload: dict[str, Any]) -> Self:
        """The event as it was published."""
        return cls(**{name: UUID(value) for name, value in payload.items()})


class OutboxMessage(Base):
    """An event that waits for, or has had, its later reactions.

    `feed_index` is given when it is handled, one after the other, so that a reader of the feed who asks for everything
    after the last index it saw misses nothing; ids alone are given before the commit and so out of order. `traceparent`
    is the trace of the deed, in which its later reactions go on.
    """

    __tablename__ = "outbox_message"
    __table_args__ = (Index("ix_outbox_message_waiting", "handled_at", "id"),)

    event: Mapped[str] = mapped_column(String(64))
    object_id: Mapped[UUID] = mapped_column(index=True)
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    published_at: Mapped[datetime]
    traceparent: Mapped[str] = mapped_column(String(55))
    handled_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    retry_at: Mapped[datetime | None]
    feed_index: Mapped[int | None] = mapped_column(unique=True)
