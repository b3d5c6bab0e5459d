"""The catalogue: a trajectory, what it asks of a participant, and the days on which it starts (L11, L13, L15, V5)."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from referral.core.database import Base


class Trajectory(Base):
    """One offer of one provider.

    `sector_codes` names the sectors that it is meant for (SBI); empty is every sector (G8).
    `version` counts what the provider wrote. `places_taken` and `waiting` are counted by the referrals (`occupy`) and
    leave it alone, so that a coach who accepts does not spoil the provider's edit.
    """

    __tablename__ = "trajectory"
    __table_args__ = (
        CheckConstraint("template IN ('A', 'B', 'C')", name="template"),
        CheckConstraint("places >= 0 AND places_taken >= 0 AND waiting >= 0", name="places"),
        CheckConstraint("minimum_group_size IS NULL OR minimum_group_size > 0", name="minimum_group_size"),
        CheckConstraint("minimum_age >= 0", name="minimum_age"),
        CheckConstraint("maximum_age IS NULL OR maximum_age >= minimum_age", name="maximum_age"),
        CheckConstraint("successor_id IS NULL OR successor_id <> id", name="successor"),
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    description: Mapped[str] = mapped_column(String(2000))
    template: Mapped[str] = mapped_column(String(1))
    components: Mapped[list[str]]
    skills: Mapped[list[str]]
    levels: Mapped[list[str]]
    language_backgrounds: Mapped[list[str]]
    sector_codes: Mapped[list[str]] = mapped_column(default=list)
    course_kind: Mapped[str] = mapped_column(String(32))
    course_type: Mapped[str] = mapped_column(String(32))
    places: Mapped[int]
    minimum_group_size: Mapped[int | None]
    municipality_code: Mapped[str] = mapped_column(String(6), index=True)
    region_id: Mapped[UUID | None] = mapped_column(ForeignKey("region.id"))
    delivery: Mapped[str] = mapped_column(String(16))
    minimum_age: Mapped[int]
    maximum_age: Mapped[int | None]
    region_only: Mapped[bool]
    civic_integration_allowed: Mapped[bool]
    means_allowed: Mapped[bool]
    funding_source: Mapped[str] = mapped_column(String(16))
    successor_id: Mapped[UUID | None] = mapped_column(ForeignKey("trajectory.id"))
    last_checked_on: Mapped[date]
    active: Mapped[bool] = mapped_column(default=True)
    places_taken: Mapped[int] = mapped_column(default=0)
    waiting: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class StartDate(Base):
    """One day on which a trajectory starts."""

    __tablename__ = "trajectory_start"
    __table_args__ = (UniqueConstraint("trajectory_id", "starts_on"),)

    trajectory_id: Mapped[UUID] = mapped_column(ForeignKey("trajectory.id", ondelete="CASCADE"))
    starts_on: Mapped[date]
