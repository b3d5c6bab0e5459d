"""What the environment promises to every revision, on a small history of its own: readers and their loans."""

import shutil
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from referral.core.migrate import migration_config

MIGRATIONS = Path(__file__).parents[2] / "migrations"
FIRST = """
    op.execute("CREATE TABLE reader (id INTEGER PRIMARY KEY, name VARCHAR(20))")
    op.execute("CREATE TABLE loan (id INTEGER PRIMARY KEY, reader_id INTEGER REFERENCES reader(id) ON DELETE CASCADE)")
    op.execute("INSERT INTO reader VALUES (1, 'Noor')")
    op.execute("INSERT INTO loan VALUES (10, 1)")"""
REBUILD = """
    with op.batch_alter_table("reader", recreate="always" if op.get_bind().dialect.name == "sqlite" else "auto") as t:
        t.alter_column("name", existing_type=sa.String(20), type_=sa.String(40), nullable=False)"""
ORPHAN = """
    op.execute("INSERT INTO loan VALUES (11, 99)")"""
LOCK_TIMEOUT = """
    op.execute("CREATE TABLE seen AS SELECT current_setting('lock_timeout') AS wait")"""


@pytest.fixture
def config(engine: Engine, tmp_path: Path) -> Config:
    """The service's own environment over a history in a temporary folder."""
    folder = tmp_path / "migrations"
    (folder / "versions").mkdir(parents=True)
    for name in ("env.py", "script.py.mako"):
        shutil.copy(MIGRATIONS / name, folder)
    config = migration_config(engine)
    config.set_main_option("script_location", str(folder))
    return config


def add_revision(config: Config, number: int, body: str) -> None:
    folder = Path(config.get_main_option("script_location") or "") / "versions"
    down = f'"{number - 1:04}"' if number > 1 else None
    head = f'import sqlalchemy as sa\nfrom alembic import op\nrevision = "{number:04}"\ndown_revision = {down}\n'
    folder.joinpath(f"{number:04}_step.py").write_text(f"{head}\ndef upgrade():{body}\n")


def loans(engine: Engine) -> list[tuple[int, int]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql("SELECT id, reader_id FROM loan ORDER BY id")]


def test_rebuilding_a_table_keeps_the_rows_that_point_at_it(engine: Engine, config: Config) -> None:
    """With foreign keys on, SQLite's drop of the old table would take its loans along."""
    add_revision(config, 1, FIRST)
    add_revision(config, 2, REBUILD)
    command.upgrade(config, "0001")
    command.upgrade(config, "head")
    assert loans(engine) == [(10, 1)]


def test_a_revision_that_leaves_an_orphan_is_undone(engine: Engine, config: Config) -> None:
    add_revision(config, 1, FIRST)
    add_revision(config, 2, ORPHAN)
    command.upgrade(config, "0001")
    with pytest.raises(Exception, match=r"dangling references|violates foreign key"):
        command.upgrade(config, "head")
    assert loans(engine) == [(10, 1)]


def test_the_next_revision_gets_the_next_number(config: Config) -> None:
    add_revision(config, 1, FIRST)
    add_revision(config, 2, REBUILD)
    command.upgrade(config, "head")
    command.revision(config, message="third step", autogenerate=True)
    assert ScriptDirectory.from_config(config).get_current_head() == "0003"


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_revision_does_not_wait_long_for_a_lock(engine: Engine, config: Config) -> None:
    add_revision(config, 1, LOCK_TIMEOUT)
    command.upgrade(config, "head")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT wait FROM seen").scalar() == "4s"
