"""What a database leaves of a row that was overwritten, and how it is wiped out of its files."""

from contextlib import closing

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

REWRITTEN = ("subject_key", "participant")
"""The tables in which an erasure overwrites something that must not be found again: wrapped keys and index tags."""


def wipe_remains(engine: Engine) -> bool:
    """Leave no overwritten key or tag in the database's own files; False when somebody stands in the way just now.

    SQLite overwrites what it lets go of (`secure_delete`), and the log is emptied here. PostgreSQL keeps old rows in
    their pages, also after a plain VACUUM, so the tables are written anew; that locks them, and waits one second for
    it at most. Its own log (WAL) keeps them until it is recycled; see `docs/encryption.md`.
    """
    if engine.dialect.name == "sqlite":
        with closing(engine.raw_connection()) as connection:
            cursor = connection.cursor()
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            (busy, _, _) = cursor.fetchone() or (1, 0, 0)
            return not busy
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # Its settings are its own: it does not go back to the pool.
        connection.detach()
        connection.exec_driver_sql("SET lock_timeout = '1s'")
        connection.exec_driver_sql("SET statement_timeout = 0")
        try:
            for table in REWRITTEN:
                connection.exec_driver_sql(f"VACUUM (FULL) {table}")
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) == "55P03":
                return False
            raise
    return True
