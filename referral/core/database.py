"""The engine, the base model and its column types. Opening and committing live in `core.work`."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import uuid_utils.compat
from sqlalchemy import JSON, Date, DateTime, Engine, Enum, MetaData, String, create_engine, event
from sqlalchemy.engine import Connection, Dialect, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

READ_ONLY = "read_only"


class UtcDateTime(TypeDecorator[datetime]):
    """An instant in UTC on every engine (SQLite hands back naive datetimes)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002, D102
        if value is not None and value.tzinfo is None:
            raise TypeError("an instant needs a time zone")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002, D102
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def new_id() -> UUID:
    """A UUIDv7 made by us, so that a sealed value can be bound to its row before the insert (RFC 9562)."""
    return uuid_utils.compat.uuid7()


class Base(DeclarativeBase):
    """Every row has a UUIDv7 from birth. Printing a row shows its id and nothing else."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime,
        date: Date,
        str: String(200),
        dict[str, Any]: JSON,
        list[str]: JSON,
        # Values, not names, and no database enum type: a new status needs no ALTER TYPE.
        StrEnum: Enum(
            StrEnum,
            native_enum=False,
            length=32,
            create_constraint=False,
            values_callable=lambda kind: [member.value for member in kind],
        ),
    }

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}>"


def connect(url: str, *, pool_size: int = 5) -> Engine:
    """An engine with the durability and the manners of `docs/decisions/`: no parameters in logs, FULL sync.

    SQLite: WAL, synchronous=FULL, foreign keys, secure_delete, and `BEGIN IMMEDIATE` unless the work is
    read-only, because a deferred transaction that turns writer fails at once when another one wrote meanwhile.
    """
    if url.startswith("sqlite"):
        if file := make_url(url).database:
            Path(file).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        engine = create_engine(url, hide_parameters=True, connect_args={"timeout": 15})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    options = "-c statement_timeout=15000 -c lock_timeout=10000 -c timezone=UTC"
    return create_engine(
        _with_psycopg(url),
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=10,
        pool_pre_ping=True,
        connect_args={"options": options, "connect_timeout": 5},
    )


def _with_psycopg(url: str) -> str:
    for scheme in ("postgres://", "postgresql://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    statements: Sequence[str] = (
        "PRAGMA journal_mode=WAL",
        "PRAGMA synchronous=FULL",
        "PRAGMA foreign_keys=ON",
        "PRAGMA secure_delete=ON",
        "PRAGMA busy_timeout=15000",
    )
    cursor = connection.cursor()
    for statement in statements:
        cursor.execute(statement)
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    read_only = connection.get_execution_options().get(READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
