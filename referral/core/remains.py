"""What a database leaves of a row that was overwritten, and how it is wiped out of its files."""

import sqlite3
from contextlib import closing

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

REWRITTEN = ("subject_key", "participant")
"""The tables in which an erasure overwrites something that must not be found again: wrapped keys and index tags."""

STATISTICS = "pg_catalog.pg_statistic"
"""Where ANALYZE keeps samples of the values themselves, keys and tags included."""

LOOKS = 20
PATIENCE = 3_000
"""How long to wait for whoever stands in the way, in milliseconds."""

_OLDER_SNAPSHOT = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND backend_xmin IS NOT NULL AND age(backend_xmin) > age(CAST(CAST(:now AS text) AS xid))"
)


def wipe_remains(engine: Engine) -> bool:
    """Leave no overwritten key or tag in the database's own files; False when somebody stands in the way just now.

    Overwriting a row is not enough. SQLite (`secure_delete`) leaves copies of cells that it moved when it split a page,
    and PostgreSQL whole old rows, also after a plain VACUUM. So both write anew: SQLite the file, PostgreSQL the two
    tables and its samples of them, which takes the owner of the database. Each waits three seconds at most. The log
    (WAL) is another matter: `docs/encryption.md`.
    """
    return _rewrite_sqlite(engine) if engine.dialect.name == "sqlite" else _rewrite_postgresql(engine)


def _rewrite_sqlite(engine: Engine) -> bool:
    with closing(engine.raw_connection()) as connection, closing(connection.cursor()) as cursor:
        # Its settings are its own: it does not go back to the pool.
        connection.detach()
        cursor.execute(f"PRAGMA busy_timeout={PATIENCE}")
        try:
            cursor.execute("VACUUM")
        except sqlite3.OperationalError:
            return False
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        busy, _, _ = cursor.fetchone() or (1, 0, 0)
        return not busy


def _rewrite_postgresql(engine: Engine) -> bool:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # Its settings are its own: it does not go back to the pool.
        connection.detach()
        connection.exec_driver_sql(f"SET lock_timeout = {PATIENCE}")
        connection.exec_driver_sql("SET statement_timeout = 0")
        if not _outlive_older_snapshots(connection):
            return False
        try:
            for table in REWRITTEN:
                connection.exec_driver_sql(f"VACUUM (FULL, ANALYZE) {table}")
            connection.exec_driver_sql(f"VACUUM (FULL) {STATISTICS}")
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) == "55P03":
                return False
            raise
    return True


def _outlive_older_snapshots(connection: Connection) -> bool:
    """Whether nobody can still see the rows of before: for such a reader PostgreSQL would take them along."""
    now = connection.exec_driver_sql("SELECT CAST(pg_current_xact_id() AS xid)").scalar()
    for _ in range(LOOKS):
        if not connection.scalar(_OLDER_SNAPSHOT, {"now": str(now)}):
            return True
        connection.exec_driver_sql("SELECT pg_sleep(0.1)")
    return False
