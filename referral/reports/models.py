"""The facts behind the figures: one journey a case, the cells in which they are added up, and what is not in them yet.

A journey is kept in the transaction of the event that changes it, together with a `FactChange`: the old fact out, the
new one in. Changes are only inserted, so that no two deeds wait for each other; the worker folds them into the cells.
A figure is the sum of cells and changes at one instant, so it never lags, however late the worker is.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from referral.core.database import Base
from referral.reports.measures import Side


class Journey(Base):
    """One case as it counts now for one organisation: the own one of a screening, the sender's, or a receiver's.

    `subject_id` is the screening, or the first referral of a transferred need. `counted_on` and `reached` hold the day
    of each stage and, as `ended`, of the end; once the person was erased only the month ("2026-03", and its first day
    in `counted_on`). Once the case itself was destroyed, `id` and `subject_id` are random and lead nowhere.
    `is_winding`: the case was on hold or transferred once, so its whole history is read again at every event.
    """

    __tablename__ = "journey"
    __table_args__ = (
        UniqueConstraint("subject_id", "side", "owner_id"),
        Index("ix_journey_counted", "owner_id", "counted_on"),
    )

    subject_id: Mapped[UUID]
    side: Mapped[Side]
    owner_id: Mapped[UUID]
    month: Mapped[str] = mapped_column(String(7))
    counted_on: Mapped[date]
    source_kind: Mapped[str] = mapped_column(String(32))
    organisation: Mapped[str] = mapped_column(String(36))
    partner: Mapped[str] = mapped_column(String(36))
    municipality: Mapped[str] = mapped_column(String(6))
    language_background: Mapped[str] = mapped_column(String(16))
    employment: Mapped[str] = mapped_column(String(16))
    age_band: Mapped[str] = mapped_column(String(8))
    raises_children: Mapped[str] = mapped_column(String(8))
    sector: Mapped[str] = mapped_column(String(1))
    occupation: Mapped[str] = mapped_column(String(8))
    skill: Mapped[str] = mapped_column(String(32))
    trajectory_template: Mapped[str] = mapped_column(String(1))
    course_kind: Mapped[str] = mapped_column(String(32))
    found_at: Mapped[str] = mapped_column(String(32))
    columns: Mapped[list[str]]
    days: Mapped[dict[str, Any]] = mapped_column(JSON)
    loss: Mapped[str | None] = mapped_column(String(64))
    result: Mapped[str] = mapped_column(String(32), default="")
    reached: Mapped[dict[str, Any]] = mapped_column(JSON)
    is_erased: Mapped[bool] = mapped_column(default=False)
    is_winding: Mapped[bool] = mapped_column(default=False)


class AnnualText(Base):
    """What a region writes in its yearly report, beside the figures. Only inserted: the newest of a part counts.

    None takes a text away. It is checked for whatever could name somebody before it comes here (M7).
    """

    __tablename__ = "annual_text"
    __table_args__ = (Index("ix_annual_text_read", "organisation_id", "year"),)

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    year: Mapped[int]
    part: Mapped[str] = mapped_column(String(32))
    text: Mapped[str | None] = mapped_column(String(8000))
    written_at: Mapped[datetime]
    written_by: Mapped[UUID]


class FactChange(Base):
    """A fact that came (`sign` 1) or went (-1) and is not in the cells yet."""

    __tablename__ = "fact_change"
    __table_args__ = (Index("ix_fact_change_owner", "owner_id", "month"),)

    sign: Mapped[int]
    owner_id: Mapped[UUID]
    month: Mapped[str] = mapped_column(String(7))
    fact: Mapped[dict[str, Any]] = mapped_column(JSON)


class FrozenReport(Base):
    """What one organisation was told of one reference date: counts only, never changed afterwards (M3).

    It needs nothing else to be read again: no case, no person, and no rule of the day on which it is read.
    """

    __tablename__ = "frozen_report"
    __table_args__ = (UniqueConstraint("reference_on", "organisation_id"),)

    reference_on: Mapped[date]
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    frozen_at: Mapped[datetime]
    content: Mapped[dict[str, Any]] = mapped_column(JSON)


class FigureCell(Base):
    """The sum of the facts of one organisation, side, kind of source and month that share one value of one division.

    `dimension` empty: all of them. The id follows from the key, so that a cell is found without a search.
    """

    __tablename__ = "figure_cell"
    __table_args__ = (Index("ix_figure_cell_read", "owner_id", "dimension", "month"),)

    owner_id: Mapped[UUID]
    side: Mapped[Side]
    source_kind: Mapped[str] = mapped_column(String(32))
    dimension: Mapped[str] = mapped_column(String(32))
    value: Mapped[str] = mapped_column(String(36))
    month: Mapped[str] = mapped_column(String(7))
    tally: Mapped[bytes] = mapped_column(LargeBinary)
    losses: Mapped[dict[str, Any]] = mapped_column(JSON)
