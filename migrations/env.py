"""Alembic's environment: one transaction for the whole upgrade, on SQLite and on PostgreSQL.

An engine may be handed over in `config.attributes["engine"]` (see `referral.core.migrate`); from the `alembic`
command line the database is the one that `DATABASE_URL` names.
"""

from collections.abc import Iterable
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import MigrationScript
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Dialect, Engine, Enum
from sqlalchemy.types import TypeDecorator

from config.settings import read_database_url
from migrations.metadata import full_metadata
from referral.core.database import connect
from referral.core.encryption.guard import render_sealed_check

# A migration that waits for a lock makes everybody behind it wait; better to give up and try again.
# The advisory lock makes a second upgrade wait for the first and then find nothing to do.
POSTGRESQL_MANNERS = (
    "SET LOCAL lock_timeout = '4s'",
    "SET LOCAL statement_timeout = '5s'",
    "SELECT pg_advisory_xact_lock(7318349394477056)",
)


def render_item(kind: str, item: Any, context: AutogenContext) -> str | Literal[False]:
    """Write down what the database stores, so that history does not change along with the code."""
    if kind != "type":
        return render_sealed_check(kind, item, context)
    if isinstance(item, Enum):
        return f"sa.String(length={item.length})"
    return f"sa.{item.impl_instance!r}" if isinstance(item, TypeDecorator) else False


def number_revision(migration: MigrationContext, _revision: Any, scripts: Iterable[MigrationScript]) -> None:
    """Call the next revision 0001, 0002, ..."""
    directory = ScriptDirectory.from_config(migration.config)  # type: ignore[arg-type]
    for script in scripts:
        script.rev_id = f"{int(directory.get_current_head() or 0) + 1:04}"


def configure(dialect: Dialect, **database: Any) -> None:
    """The same rules for a live database and for an SQL script."""
    context.configure(
        target_metadata=full_metadata(),
        render_as_batch=dialect.name == "sqlite",
        transactional_ddl=True,
        compare_type=True,
        render_item=render_item,
        process_revision_directives=number_revision,
        **database,
    )


def migrate(dialect: Dialect) -> None:
    """Run the asked revisions in one transaction."""
    with context.begin_transaction():
        if dialect.name == "postgresql":
            for statement in POSTGRESQL_MANNERS:
                context.execute(statement)
        context.run_migrations()
        if dialect.name == "sqlite" and not context.is_offline_mode():
            refuse_dangling_references(context.get_bind())


def refuse_dangling_references(connection: Connection) -> None:
    """Nothing may point at a row that is not there, after the revisions ran without foreign keys."""
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise RuntimeError(f"dangling references in {sorted({row[0] for row in broken})}")


def migrate_online(engine: Engine) -> None:
    """Migrate a live database.

    SQLite changes a table by copying and dropping it; with foreign keys on, that drop would take the rows that
    point at it along. The pragma works outside a transaction only, hence on the driver's own connection.
    """
    with engine.connect() as connection:
        if engine.dialect.name != "sqlite":
            configure(engine.dialect, connection=connection)
            migrate(engine.dialect)
            return
        driver = connection.connection.cursor()
        driver.execute("PRAGMA foreign_keys=OFF")
        try:
            configure(engine.dialect, connection=connection)
            migrate(engine.dialect)
        finally:
            driver.execute("PRAGMA foreign_keys=ON")
            driver.close()


def main() -> None:
    """Migrate the engine that was handed over, or the database of `DATABASE_URL`, or write the SQL."""
    handed_over = context.config.attributes.get("engine")
    engine: Engine = handed_over or connect(read_database_url())
    if context.is_offline_mode():
        configure(engine.dialect, dialect_name=engine.dialect.name, literal_binds=True)
        migrate(engine.dialect)
    else:
        migrate_online(engine)
    if handed_over is None:
        engine.dispose()


main()
