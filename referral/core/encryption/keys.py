"""The tables of wrapped keys, and of the work on them. No key stands here in the clear, and none of them opens
without the provider's key.

    key of the provider (KEK, never in the database)
      wrapping_key    one in use at a time, wrapped by a KEK: one call to the provider serves every person
        subject_key   one a person and generation, wrapped by a wrapping key; blob NULL is the tombstone of an erasure

    retired_wrapping_key    what was once a wrapping key: since when nothing that lives stands under it
    crypto_job        one a rotation: how far it has come

Two subjects are reserved: one owns the root keys of the blind indexes (generation = index version), the other the
service's own secrets.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Uuid,
    text,
)
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column

from referral.core.database import Base, UtcDateTime

INDEX_SUBJECT: Final = UUID(int=0)
SERVICE_SUBJECT: Final = UUID(int=1)
RESERVED_SUBJECTS: Final = frozenset({INDEX_SUBJECT, SERVICE_SUBJECT})
ANNOUNCED: Final = "announce"


def _first_wk_id(context: DefaultExecutionContext) -> int:
    return int((context.current_parameters or {})["wk_id"])


wrapping_key = Table(
    "wrapping_key",
    Base.metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("kek_id", String(64), nullable=False),
    Column("blob", LargeBinary, nullable=False),
)

subject_key = Table(
    "subject_key",
    Base.metadata,
    Column("subject_id", Uuid, primary_key=True),
    Column("gen", SmallInteger, primary_key=True, autoincrement=False),
    Column("wk_id", ForeignKey(wrapping_key.c.id, ondelete="RESTRICT"), nullable=False, index=True),
    # Where the key began: a rotation moves it on, but a stolen copy of the database has it under the key of its time.
    Column("first_wk_id", Integer, nullable=False, default=_first_wk_id),
    Column("blob", LargeBinary),
    Column("destroyed_at", UtcDateTime),
    CheckConstraint("(blob IS NULL) = (destroyed_at IS NOT NULL)", name="tombstone"),
)

retired_wrapping_key = Table(
    "retired_wrapping_key",
    Base.metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("kek_id", String(64), nullable=False, index=True),
    Column("retired_at", UtcDateTime, nullable=False),
    Column("destroyed_at", UtcDateTime),
)
"""`destroyed_at` is when its KEK was destroyed: from then on no backup of its time opens."""

_RUNNING = text("ended_at IS NULL")


class CryptoJob(Base):
    """One rotation. `target` is the new wrapping key or index version; the counts are those of the running round."""

    __tablename__ = "crypto_job"
    __table_args__ = (
        Index("uq_crypto_job_running", "kind", unique=True, sqlite_where=_RUNNING, postgresql_where=_RUNNING),
    )

    kind: Mapped[str] = mapped_column(String(8))
    target: Mapped[int]
    step: Mapped[str] = mapped_column(String(100))
    cursor: Mapped[UUID | None]
    not_before: Mapped[datetime | None]
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    errors: Mapped[int] = mapped_column(default=0)
    kept: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime]
    moved_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
