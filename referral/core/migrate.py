"""Bring the database to the newest revision, and say whether it is there. The revisions travel in the wheel."""

from functools import cache
from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from referral.core.database import connect


def upgrade(database: Engine | str, revision: str = "head") -> None:
    """Run every revision that this database (an engine or a URL) has not had yet, all of them or none.

    Two processes may do this at once: the second waits for the first and finds nothing left to do. Only the very
    first opening of a new SQLite file is for one process: while it becomes WAL, another one is refused as locked.
    """
    if isinstance(database, str):
        engine = connect(database)
        try:
            command.upgrade(migration_config(engine), revision)
        finally:
            engine.dispose()
    else:
        command.upgrade(migration_config(database), revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Undo the revisions after this one (`base`: all of them)."""
    command.downgrade(migration_config(engine), revision)


def current_is_head(engine: Engine) -> bool:
    """Whether the database stands at the newest revision that this version of the service knows."""
    with engine.connect() as connection:
        return set(MigrationContext.configure(connection).get_current_heads()) == _newest_revisions()


@cache
def _newest_revisions() -> frozenset[str]:
    """The heads among the revisions of this version; read once, since they change only with the code."""
    config = Config()
    config.set_main_option("script_location", _script_location())
    return frozenset(ScriptDirectory.from_config(config).get_heads())


def migration_config(engine: Engine) -> Config:
    """Alembic's configuration for this engine, read from the installed package instead of a file."""
    config = Config()
    config.set_main_option("script_location", _script_location())
    config.attributes["engine"] = engine
    return config


def _script_location() -> str:
    return str(files("migrations")).replace("%", "%%")
