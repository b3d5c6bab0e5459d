"""What was said about a date that passed, and the digest of a day in which somebody read of it."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, String, Table, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from referral.core.database import Base
from referral.core.policy import Role
from referral.referrals.models import Referral


class Kind(StrEnum):
    """What a notice is about; the order is that of a digest, the most pressing first."""

    REVOKED = "revoked"
    ERASED = "erased"
    AGREEMENT_ENDED = "agreement_ended"
    RESTRICTED = "restricted"
    RESTRICTION_LIFTED = "restriction_lifted"
    CORRECTED = "corrected"
    PRIVACY_OVERDUE = "privacy_overdue"
    PRIVACY_REQUEST = "privacy_request"
    EXPIRED = "expired"
    OFFER = "offer"
    REGION = "region"
    ESCALATION = "escalation"
    REMINDER = "reminder"
    CONVERSATION_ESCALATION = "conversation_escalation"
    CONVERSATION = "conversation"
    RETENTION = "retention"


_WITHOUT_CASE = text("referral_id IS NULL AND reference IS NULL")


class Notice(Base):
    """That a date passed, given once: to the people with this role in this organisation who can act on it now.

    A date that moves (a hold, an answer, a decision) is a new date, and so a new notice. About screenings and about
    requests of participants there is one notice for an organisation and a day, which leads to nobody. `due_on` is the
    date that passed; of what the participant's rights ask of others, the day on which it was told; about retention, the
    day to come on which the term of some people is over. That somebody was erased must be told even when the case is
    destroyed with the person: that notice has only the `reference`.
    """

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("referral_id", "organisation_id", "kind", "due_on"),
        UniqueConstraint("reference", "organisation_id", "kind", "due_on"),
        Index(
            "uq_notice_conversation",
            "organisation_id",
            "kind",
            "due_on",
            unique=True,
            sqlite_where=_WITHOUT_CASE,
            postgresql_where=_WITHOUT_CASE,
        ),
        CheckConstraint(
            "(referral_id IS NULL) = (kind IN ('conversation', 'conversation_escalation', 'retention',"
            " 'privacy_request', 'privacy_overdue', 'erased'))",
            name="about_a_case",
        ),
        CheckConstraint("(reference IS NOT NULL) = (kind = 'erased')", name="outlives_its_case"),
    )

    referral_id: Mapped[UUID | None] = mapped_column(ForeignKey("referral.id", ondelete="CASCADE"))
    reference: Mapped[str | None] = mapped_column(String(16))
    kind: Mapped[Kind]
    due_on: Mapped[date]
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    role: Mapped[Role]
    given_at: Mapped[datetime]


class Digest(Base):
    """The one mail of a day to a person. Without `sent_at` it is on its way, or was lost with the process that sent it.

    `sent_on` is the Dutch calendar day.
    """

    __tablename__ = "digest"
    __table_args__ = (UniqueConstraint("user_id", "sent_on"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    sent_on: Mapped[date]
    claimed_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


digest_line = Table(
    "digest_line",
    Base.metadata,
    Column("digest_id", ForeignKey("digest.id", ondelete="CASCADE"), primary_key=True),
    Column("notice_id", ForeignKey("notice.id", ondelete="CASCADE"), primary_key=True, index=True),
)
"""Which notices stood in which digest."""

for _column in (
    Referral.remind_on,
    Referral.escalate_on,
    Referral.escalate_region_on,
    Referral.end_on,
    Referral.offer_due_on,
    Referral.resume_on,
):
    # The worker looks for dates that passed; most referrals have most of them empty.
    Index(
        f"ix_referral_{_column.key}",
        _column,
        sqlite_where=_column.is_not(None),
        postgresql_where=_column.is_not(None),
    )
