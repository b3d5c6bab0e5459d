"""Putting a backup back. The whole file is checked before anything is touched; then it is all or nothing."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.orm import Session

from referral.core.database import connect
from referral.core.migrate import migration_config, upgrade
from referral.core.work import Service
from referral.operations.archive import CHUNK, DAMAGED, Archive, Manifest, opened_archive
from referral.operations.backup import SQLITE_PART, columns_of, count_rows, part_of, tables_in_order
from referral.operations.verification import Verification, verify_record

IN_USE = "De database is in gebruik. Stop eerst de dienst en de worker."


def restore_backup(service: Service, source: Path, *, replace: bool = False) -> tuple[Manifest, Verification]:
    """Put the backup in the place of this installation's database; gives what it held and what is wrong in its record.

    SQLite: refuses while the database exists, unless `replace`. PostgreSQL: refuses unless every table is empty or
    there is none yet. Raises ValueError, with nothing changed, for a damaged file, another engine or revision.
    """
    with opened_archive(source) as archive:
        _check_fit(archive.manifest, service.engine)
        if service.engine.dialect.name == "sqlite":
            return archive.manifest, _restore_sqlite(service, archive, replace=replace)
        return archive.manifest, _restore_postgresql(service, archive)


def _check_fit(manifest: Manifest, engine: Engine) -> None:
    if manifest.engine != engine.dialect.name:
        raise ValueError(f"Deze reservekopie is van {manifest.engine}; DATABASE_URL wijst naar {engine.dialect.name}.")
    head = ScriptDirectory.from_config(migration_config(engine)).get_current_head()
    if manifest.revision != head:
        raise ValueError(f"Deze reservekopie heeft revisie {manifest.revision}; deze versie van de dienst {head}.")


def _check_rows(connection: Connection, expected: Mapping[str, int]) -> None:
    if {name: count_rows(connection, name) for name in tables_in_order(connection)} != dict(expected):
        raise ValueError(DAMAGED)


def _check_record(connection: Connection, service: Service) -> Verification:
    with Session(connection) as session:
        return verify_record(session, now=service.clock(), notary=service.notary)


def _restore_sqlite(service: Service, archive: Archive, *, replace: bool) -> Verification:
    target = Path(str(service.engine.url.database))
    if target.exists() and not replace:
        raise ValueError(f"{target} bestaat al. Met --replace komt de reservekopie ervoor in de plaats.")
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".restore-") as folder:
        beside = Path(folder) / SQLITE_PART
        with archive.open(SQLITE_PART) as stream, beside.open("wb") as file:
            shutil.copyfileobj(stream, file, CHUNK)
        beside.chmod(0o600)
        found = _check_sqlite(service, archive.manifest, beside)
        _close_off(target)
        _put_in_place(beside, target)
    return found


def _check_sqlite(service: Service, manifest: Manifest, path: Path) -> Verification:
    with closing(sqlite3.connect(path)) as copy:
        sound = copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        if not sound or copy.execute("PRAGMA foreign_key_check").fetchall():
            raise ValueError(DAMAGED)
    engine = connect(f"sqlite:///{path}")
    try:
        with engine.connect() as connection:
            _check_rows(connection, manifest.tables)
            return _check_record(connection, service)
    finally:
        engine.dispose()


def _close_off(target: Path) -> None:
    """Take the log of the old database back into it: a log left behind would be played into the new one.

    SQLite grants this only when nobody else has the database open.
    """
    if target.exists():
        try:
            with closing(sqlite3.connect(target, timeout=2)) as old:
                old.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError:
            raise ValueError(IN_USE) from None
        except sqlite3.DatabaseError:
            raise ValueError(f"{target} is onleesbaar. Zet het bestand zelf opzij, met -wal en -shm.") from None
    if left := [name for name in (f"{target}-wal", f"{target}-shm") if Path(name).exists()]:
        raise ValueError(f"Zet eerst opzij wat van een oude database over is: {', '.join(left)}.")


def _put_in_place(beside: Path, target: Path) -> None:
    with beside.open("rb") as file:
        os.fsync(file.fileno())
    beside.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def _restore_postgresql(service: Service, archive: Archive) -> Verification:
    with service.engine.connect() as connection:
        has_tables = bool(inspect(connection).get_table_names())
        if any(count_rows(connection, name) for name in tables_in_order(connection)):
            raise ValueError("Deze database is niet leeg. Maak een lege aan; terugzetten maakt zelf de tabellen.")
    if not has_tables:
        upgrade(service.engine)
    with service.engine.begin() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        for name in tables_in_order(connection):
            _copy_in(connection, name, archive)
        _check_rows(connection, archive.manifest.tables)
        return _check_record(connection, service)


def _copy_in(connection: Connection, name: str, archive: Archive) -> None:
    order = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(
        sql.Identifier(name), columns_of(connection, name)
    )
    cursor = connection.connection.cursor()
    with archive.open(part_of(name)) as stream, closing(cursor), cursor.copy(order) as copy:
        while chunk := stream.read(CHUNK):
            copy.write(chunk)
