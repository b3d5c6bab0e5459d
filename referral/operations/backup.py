"""Making a backup of the database while the service runs: one instant of it, in one file that only its recipient opens.

The keys are never in it. That it was made stands in the ledger of erasures before the file is there, so that at a
restore nobody can take an older ledger for the right one.
"""

import secrets
import sqlite3
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from psycopg import sql
from sqlalchemy import Connection, Engine, create_engine, func, inspect, select, table, text
from sqlalchemy.engine import URL

from referral.core.encryption import RESERVED_SUBJECTS, subject_key, wrapping_key
from referral.core.ledger import ErasureLedger
from referral.core.work import Service
from referral.operations.archive import FORMAT, Manifest, Part, describe, write_archive
from referral.operations.wrapping import wrap_file

INSIDE = "backup.tar"
NO_LEDGER = "Het register van wissingen is niet ingesteld."
REVISION = "alembic_version"
UNKNOWN_GROUND = "unknown"
SQLITE_PART = "referral.db"


@dataclass(frozen=True)
class _Standing:
    """What one instant of the database holds."""

    revision: str
    key_ids: Sequence[str]
    tables: Mapping[str, int]


def make_backup(service: Service, target: Path, *, recipient: str) -> Manifest:
    """Write one instant of the database to a new file, mode 0600; readers and writers go on meanwhile.

    `recipient` is the public key for whom it is encrypted. Raises ValueError when there is no migrated database, the
    file exists, or the ledger cannot be written. It needs the room of the database three times.
    """
    if target.exists():
        raise ValueError(f"{target} bestaat al. Een reservekopie wordt nooit overschreven.")
    engine, backup_id = service.engine, secrets.token_hex(16)
    with tempfile.TemporaryDirectory(dir=target.absolute().parent, prefix=".backup-") as name:
        folder = Path(name) / "parts"
        folder.mkdir()
        standing = _copy_sqlite(engine, folder) if engine.dialect.name == "sqlite" else _copy_postgresql(engine, folder)
        _enter_in_ledger(service, backup_id)
        manifest = Manifest(
            format=FORMAT,
            id=backup_id,
            engine=engine.dialect.name,
            revision=standing.revision,
            created_at=service.clock().isoformat(),
            key_ids=standing.key_ids,
            tables=standing.tables,
            parts=_describe_all(folder),
        )
        inside = Path(name) / INSIDE
        write_archive(inside, manifest, folder)
        wrap_file(inside, target, recipient)
    return manifest


def ledger_of(service: Service) -> ErasureLedger:
    """The ledger of erasures. Raises ValueError when there is none."""
    if service.ledger is None:
        raise ValueError(NO_LEDGER)
    return service.ledger


def _enter_in_ledger(service: Service, backup_id: str) -> None:
    """Note the backup, and first every erasure that a new ledger does not know: the database knows them still."""
    ledger = ledger_of(service)
    ledger.add_backup(backup_id, service.clock())
    known = ledger.read().erased
    tombstones = select(subject_key.c.subject_id, subject_key.c.destroyed_at).where(subject_key.c.blob.is_(None))
    with service.work(read_only=True) as work:
        for subject_id, at in work.session.execute(tombstones).all():
            if subject_id not in RESERVED_SUBJECTS and ledger.tag(subject_id) not in known:
                ledger.add_erasure(subject_id, UNKNOWN_GROUND, at)


def tables_in_order(connection: Connection) -> list[str]:
    """Every table but Alembic's own, in the order in which they can be filled."""
    named = inspect(connection).get_sorted_table_and_fkc_names()
    return [name for name, _ in named if name is not None and name != REVISION]


def count_rows(connection: Connection, name: str) -> int:
    """How many rows this table has."""
    return connection.scalar(select(func.count()).select_from(table(name))) or 0


def part_of(name: str) -> str:
    """The name of the part that holds this table of PostgreSQL."""
    return f"{name}.copy"


def columns_of(connection: Connection, name: str) -> sql.Composable:
    """The columns of this table by name, because a migrated table may hold them in another order."""
    names = sorted(column["name"] for column in inspect(connection).get_columns(name))
    return sql.SQL(", ").join(map(sql.Identifier, names))


def _describe_all(folder: Path) -> list[Part]:
    return [describe(path) for path in sorted(folder.iterdir())]


def _look(connection: Connection) -> _Standing:
    names = tables_in_order(connection)
    if wrapping_key.name not in names:
        raise ValueError("Deze database is nog niet aangemaakt; er is niets te bewaren.")
    return _Standing(
        revision=connection.scalar(text("SELECT version_num FROM alembic_version")) or "",
        key_ids=sorted(set(connection.scalars(select(wrapping_key.c.kek_id)))),
        tables={name: count_rows(connection, name) for name in names},
    )


def _copy_sqlite(engine: Engine, folder: Path) -> _Standing:
    """SQLite's own online backup, all pages in one step: what is written meanwhile is wholly in it or not at all."""
    copy, source = folder / SQLITE_PART, Path(str(engine.url.database))
    try:
        with (
            closing(sqlite3.connect(f"{source.as_uri()}?mode=rw", uri=True)) as live,
            closing(sqlite3.connect(copy)) as target,
        ):
            live.backup(target, pages=-1)
            target.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise ValueError(f"De database kan niet worden gelezen ({type(error).__name__}).") from None
    copied = create_engine(URL.create("sqlite", database=str(copy)))
    try:
        with copied.connect() as connection:
            return _look(connection)
    finally:
        copied.dispose()


def _copy_postgresql(engine: Engine, folder: Path) -> _Standing:
    """Every table in one transaction that sees one instant."""
    seeing = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with seeing.connect() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        standing = _look(connection)
        for name in standing.tables:
            _copy_out(connection, name, folder / part_of(name))
    return standing


def _copy_out(connection: Connection, name: str, path: Path) -> None:
    order = sql.SQL("COPY {} ({}) TO STDOUT (FORMAT binary)").format(sql.Identifier(name), columns_of(connection, name))
    cursor = connection.connection.cursor()
    with closing(cursor), path.open("wb") as file, cursor.copy(order) as copy:
        for chunk in copy:
            file.write(chunk)
