"""Putting a backup back: opened, checked, loaded beside, erased again, verified, and only then put in its place.

Whatever is wrong is said before the running database is touched; then it is all or nothing.
"""

import os
import secrets
import shutil
import sqlite3
import tempfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from alembic.script import ScriptDirectory
from psycopg import sql
from pyrage import x25519
from sqlalchemy import Connection, Engine, inspect, select, text
from sqlalchemy.orm import Session

from referral.core.audit import Trace
from referral.core.database import connect
from referral.core.encryption import KeyRing, bind_key_ring, subject_key, wrapping_key
from referral.core.encryption.store import KeyStore
from referral.core.errors import KeyMissing, Tampered
from referral.core.ledger import LedgerContent
from referral.core.migrate import migration_config, upgrade
from referral.core.remains import wipe_remains
from referral.core.work import Service, Work
from referral.operations.archive import CHUNK, DAMAGED, Archive, Manifest, opened_archive
from referral.operations.backup import (
    INSIDE,
    SQLITE_PART,
    columns_of,
    count_rows,
    ledger_of,
    part_of,
    tables_in_order,
)
from referral.operations.reerasing import Replay, erase_again, read_ledger_for
from referral.operations.verification import Verification, verify_record
from referral.operations.wrapping import unwrap_file

IN_USE = "De database is in gebruik. Stop eerst de dienst en de worker."
FAULTY = (
    "De vastlegging in deze reservekopie klopt niet ({faults}). Er is niets teruggezet."
    " Met --accept-faults komt hij toch terug; zoek dan uit wat er is gebeurd."
)


@dataclass(frozen=True)
class Restored:
    """What was put back: the manifest, who was erased again, and the record as it was verified."""

    manifest: Manifest
    replay: Replay
    record: Verification


@dataclass(frozen=True)
class _Restore:
    """One restore under way: the installation, the opened backup, the ledger and whether it is the newest, whether
    faults are accepted.
    """

    service: Service
    archive: Archive
    ledger: LedgerContent
    is_newest: bool
    accept_faults: bool

    def check_loaded(self, connection: Connection) -> tuple[Replay, Verification]:
        """Erase again in what was loaded over this connection, and verify it. Raises ValueError when it is wrong."""
        _check_rows(connection, self.archive.manifest.tables)
        ring = KeyRing(connection.engine, self.service.key_ring.provider)
        _check_keys(connection, ring)
        with Session(connection, expire_on_commit=False, join_transaction_mode="create_savepoint") as session:
            bind_key_ring(session, ring)
            trace = Trace(id=secrets.token_hex(16), now=self.service.clock())
            beside = replace(self.service, engine=connection.engine, key_ring=ring)
            work = Work(beside, session, trace)
            replay = erase_again(work, ledger_of(self.service), self.ledger, is_newest=self.is_newest)
            work.finish()
            session.commit()
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            found = verify_record(session, now=self.service.clock(), notary=self.service.notary, is_backup=True)
        if not found.is_whole and not self.accept_faults:
            faults = {fault.rule for fault in found.faults} | {finding.rule for finding in found.log.findings}
            raise ValueError(FAULTY.format(faults=", ".join(sorted(faults))))
        return replay, found


def restore_backup(
    service: Service, source: Path, *, identity: x25519.Identity, replace_old: bool = False, accept_faults: bool = False
) -> Restored:
    """Put the backup in the place of this installation's database; says what it held and who was erased again.

    SQLite: refuses while the database exists, unless `replace_old`. PostgreSQL: refuses unless every table is empty or
    there is none yet. Raises ValueError, with nothing changed, for a damaged file, another identity, engine, revision
    or set of keys, a ledger that is missing, older than the backup or than what was published of it, and a record with
    faults.
    """
    ledger = ledger_of(service)
    published = service.notary.published_ledger() if service.notary else None
    with tempfile.TemporaryDirectory(dir=_folder_for(service.engine), prefix=".restore-") as name:
        inside = Path(name) / INSIDE
        unwrap_file(source, inside, identity)
        with opened_archive(inside) as archive:
            _check_fit(archive.manifest, service.engine)
            content = read_ledger_for(archive.manifest.id, ledger, published)
            restore = _Restore(service, archive, content, published is not None, accept_faults)
            if service.engine.dialect.name == "sqlite":
                done = _restore_sqlite(restore, Path(name), replace_old=replace_old)
            else:
                done = _restore_postgresql(restore)
            return Restored(archive.manifest, *done)


def _folder_for(engine: Engine) -> Path | None:
    """Where the backup is opened: beside the database, on the same disk; for PostgreSQL the system's own place."""
    if engine.dialect.name != "sqlite":
        return None
    folder = Path(str(engine.url.database)).parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _check_fit(manifest: Manifest, engine: Engine) -> None:
    if manifest.engine != engine.dialect.name:
        raise ValueError(f"Deze reservekopie is van {manifest.engine}; DATABASE_URL wijst naar {engine.dialect.name}.")
    head = ScriptDirectory.from_config(migration_config(engine)).get_current_head()
    if manifest.revision != head:
        raise ValueError(f"Deze reservekopie heeft revisie {manifest.revision}; deze versie van de dienst {head}.")


def _check_rows(connection: Connection, expected: Mapping[str, int]) -> None:
    if {name: count_rows(connection, name) for name in tables_in_order(connection)} != dict(expected):
        raise ValueError(DAMAGED)


def _check_keys(connection: Connection, ring: KeyRing) -> None:
    """Whether every key that still lives in it can be opened here."""
    needed = select(wrapping_key.c.id, wrapping_key.c.kek_id).where(
        select(subject_key.c.subject_id)
        .where(subject_key.c.wk_id == wrapping_key.c.id, subject_key.c.blob.is_not(None))
        .exists()
    )
    store, missing = KeyStore(ring.provider, ttl=0), []
    for wk_id, kek_id in connection.execute(needed).all():
        try:
            store.wrapping_key(connection, wk_id)
        except (KeyMissing, Tampered):
            missing.append(kek_id)
    if missing:
        raise ValueError(
            f"De sleutels {', '.join(sorted(set(missing)))} ontbreken of zijn vernietigd. Zonder deze sleutels is deze"
            " reservekopie onleesbaar. Er is niets teruggezet."
        )


def _restore_sqlite(restore: _Restore, folder: Path, *, replace_old: bool) -> tuple[Replay, Verification]:
    target, beside = Path(str(restore.service.engine.url.database)), folder / SQLITE_PART
    if target.exists() and not replace_old:
        raise ValueError(f"{target} bestaat al. Met --replace komt de reservekopie ervoor in de plaats.")
    with restore.archive.open(SQLITE_PART) as stream, beside.open("wb") as file:
        shutil.copyfileobj(stream, file, CHUNK)
    beside.chmod(0o600)
    done = _check_sqlite(restore, beside)
    _close_off(target)
    _put_in_place(beside, target)
    return done


def _check_sqlite(restore: _Restore, path: Path) -> tuple[Replay, Verification]:
    with closing(sqlite3.connect(path)) as copy:
        sound = copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        if not sound or copy.execute("PRAGMA foreign_key_check").fetchall():
            raise ValueError(DAMAGED)
    engine = connect(f"sqlite:///{path}")
    try:
        with engine.begin() as connection:
            done = restore.check_loaded(connection)
        wipe_remains(engine)
        return done
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
    with closing(sqlite3.connect(beside)) as new:
        new.execute("PRAGMA journal_mode=DELETE")
    with beside.open("rb") as file:
        os.fsync(file.fileno())
    beside.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def _restore_postgresql(restore: _Restore) -> tuple[Replay, Verification]:
    engine = restore.service.engine
    with engine.connect() as connection:
        has_tables = bool(inspect(connection).get_table_names())
        if any(count_rows(connection, name) for name in tables_in_order(connection)):
            raise ValueError("Deze database is niet leeg. Maak een lege aan; terugzetten maakt zelf de tabellen.")
    if not has_tables:
        upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        for name in tables_in_order(connection):
            _copy_in(connection, name, restore.archive)
        done = restore.check_loaded(connection)
    wipe_remains(engine)
    return done


def _copy_in(connection: Connection, name: str, archive: Archive) -> None:
    order = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(
        sql.Identifier(name), columns_of(connection, name)
    )
    cursor = connection.connection.cursor()
    with archive.open(part_of(name)) as stream, closing(cursor), cursor.copy(order) as copy:
        while chunk := stream.read(CHUNK):
            copy.write(chunk)
