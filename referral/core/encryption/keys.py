"""The tables of wrapped keys. No key stands here in the clear, and none of them opens without the provider's key.

    key of the provider (KEK, never in the database)
      wrapping_key    one in use at a time, wrapped by a KEK: one call to the provider serves every person
        subject_key   one a person and generation, wrapped by a wrapping key; blob NULL is the tombstone of an erasure

`key_retirement` notes since when a KEK wraps nothing that lives, and when it was destroyed.

Two subjects are reserved: one owns the root keys of the blind indexes (generation = index version), the other the
service's own secrets.
"""

from typing import Final
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, LargeBinary, SmallInteger, String, Table, Uuid
from sqlalchemy.engine.default import DefaultExecutionContext

from referral.core.database import Base, UtcDateTime

INDEX_SUBJECT: Final = UUID(int=0)
SERVICE_SUBJECT: Final = UUID(int=1)
RESERVED_SUBJECTS: Final = frozenset({INDEX_SUBJECT, SERVICE_SUBJECT})


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

key_retirement = Table(
    "key_retirement",
    Base.metadata,
    Column("kek_id", String(64), primary_key=True),
    Column("retired_at", UtcDateTime, nullable=False),
    Column("destroyed_at", UtcDateTime),
)
