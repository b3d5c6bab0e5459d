"""The address that an organisation gave, and what was or must be told there."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from referral.core.database import Base
from referral.core.encryption import SERVICE_SUBJECT, sealed_bytes
from referral.referrals.workflow import EventName
from referral.webhooks.addresses import LONGEST_URL

SECRET = "webhook.secret"  # noqa: S105 (the label under which secrets are sealed)

_WAITING = text("delivered_at IS NULL")


class Webhook(Base):
    """Where a program of an organisation wants to hear what happens to its cases.

    The secrets are sealed under the service's own key. After a renewal the earlier one signs along until
    `earlier_secret_until`. `disabled_at` is set when nothing arrived for three days; nothing is lost then.
    """

    __tablename__ = "webhook"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    url: Mapped[str] = mapped_column(String(LONGEST_URL))
    secret: Mapped[bytes] = mapped_column(LargeBinary, info=sealed_bytes(SECRET, subject=SERVICE_SUBJECT))
    earlier_secret: Mapped[bytes | None] = mapped_column(
        LargeBinary, info=sealed_bytes(SECRET, subject=SERVICE_SUBJECT)
    )
    earlier_secret_until: Mapped[datetime | None]
    created_by: Mapped[UUID]
    created_at: Mapped[datetime]
    last_success_at: Mapped[datetime | None]
    last_failure_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    owner_told_at: Mapped[datetime | None]


class Delivery(Base):
    """One event that one webhook must hear of, with when to try again; holds ids only.

    `referral_id` and `event_id` are no foreign keys: a case that is destroyed does not wait for a receiver.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        UniqueConstraint("webhook_id", "event_id"),
        Index(
            "ix_webhook_delivery_case",
            "webhook_id",
            "referral_id",
            "sequence",
            sqlite_where=_WAITING,
            postgresql_where=_WAITING,
        ),
        Index("ix_webhook_delivery_due", "webhook_id", "next_at", sqlite_where=_WAITING, postgresql_where=_WAITING),
    )

    webhook_id: Mapped[UUID] = mapped_column(ForeignKey("webhook.id", ondelete="CASCADE"))
    event_id: Mapped[UUID]
    referral_id: Mapped[UUID]
    sequence: Mapped[int]
    event: Mapped[EventName]
    occurred_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None] = mapped_column(index=True)
