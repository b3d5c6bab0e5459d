"""Anonymous screenings and the conversations about them.

No column holds a name, a contact, free text or the id of a user: nothing in a row leads to a person, and all that a
screening ever learns of a referral is the month. Who logged it stands in the audit log.
"""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, UniqueConstraint, or_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from referral.core.database import Base
from referral.core.policy import Actor, OrganisationKind
from referral.identity.models import organisation_region

NOT_ASKED = "unknown"
"""Whether somebody raises children when it was not asked, or not said (K5)."""


class Discussed(StrEnum):
    """Whether the result was discussed; a conversation that was held outweighs one that was not (L7)."""

    NONE = "none"
    NOT_HELD = "not_held"
    HELD = "held"


class Screening(Base):
    """One outcome of one instrument, in coarse bands. `code` is what stands on paper and leads to no person."""

    __tablename__ = "screening"
    __table_args__ = (
        CheckConstraint("indication IN ('yes', 'no', 'undetermined')", name="indication"),
        CheckConstraint("raises_children IN ('yes', 'no', 'unknown')", name="raises_children"),
        CheckConstraint("discussed IN ('none', 'not_held', 'held')", name="discussed"),
        CheckConstraint("block IS NULL OR block = 1 OR score IS NOT NULL", name="block_after_score"),
        CheckConstraint("conversation_due_on IS NULL OR indication = 'yes'", name="due_with_indication"),
        Index("ix_screening_due", "organisation_id", "discussed", "conversation_due_on"),
    )

    code: Mapped[str] = mapped_column(String(16), unique=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    source_kind: Mapped[OrganisationKind]
    instrument: Mapped[str] = mapped_column(String(32))
    instrument_year: Mapped[int]
    conducted_on: Mapped[date] = mapped_column(index=True)
    indication: Mapped[str] = mapped_column(String(16))
    score: Mapped[int | None]
    block: Mapped[int | None]
    duration_minutes: Mapped[int | None]
    skills: Mapped[list[str]]
    language_background: Mapped[str] = mapped_column(String(16))
    employment: Mapped[str] = mapped_column(String(16))
    age_band: Mapped[str] = mapped_column(String(8))
    raises_children: Mapped[str] = mapped_column(String(8), default=NOT_ASKED)
    education_level: Mapped[str | None] = mapped_column(String(16))
    municipality_code: Mapped[str] = mapped_column(String(6))
    sector: Mapped[str | None] = mapped_column(String(1))
    occupation_code: Mapped[str | None] = mapped_column(String(4))
    found_at: Mapped[str] = mapped_column(String(32))
    logged_at: Mapped[datetime] = mapped_column(index=True)
    conversation_due_on: Mapped[date | None]
    conversation_escalate_on: Mapped[date | None]
    discussed: Mapped[Discussed] = mapped_column(default=Discussed.NONE)
    conversation_count: Mapped[int] = mapped_column(default=0)
    referred_month: Mapped[str | None] = mapped_column(String(7))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @staticmethod
    def visible_to(actor: Actor) -> ColumnElement[bool]:
        """The rows an actor may see: the own, and those of the chain in a shared region; an employer only the own."""
        own = Screening.organisation_id == actor.organisation_id
        if actor.has_narrow_view:
            return own
        neighbours = select(organisation_region.c.organisation_id).where(
            organisation_region.c.region_id.in_(actor.region_ids)
        )
        return or_(own, Screening.organisation_id.in_(neighbours))


class Conversation(Base):
    """One conversation about a result that was held, with its outcome, or that was not, with the reason (L6, L7)."""

    __tablename__ = "conversation"
    __table_args__ = (
        UniqueConstraint("screening_id", "sequence"),
        CheckConstraint(
            "(held AND held_on IS NOT NULL AND outcome IS NOT NULL AND reason IS NULL)"
            " OR (NOT held AND held_on IS NULL AND outcome IS NULL AND reason IS NOT NULL)",
            name="held_or_reason",
        ),
    )

    screening_id: Mapped[UUID] = mapped_column(ForeignKey("screening.id"))
    sequence: Mapped[int]
    held: Mapped[bool]
    held_on: Mapped[date | None]
    outcome: Mapped[str | None] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(32))
    logged_at: Mapped[datetime]

    screening: Mapped[Screening] = relationship(lazy="raise")
