"""The history of the database: one line, up and down again on both engines, ending exactly at the models."""

import subprocess
import sys

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Engine, inspect, text

from referral.core.migrate import current_is_head, downgrade, migration_config, upgrade


def history(engine: Engine) -> ScriptDirectory:
    return ScriptDirectory.from_config(migration_config(engine))


def shape(engine: Engine) -> dict[str, object]:
    """Tables, columns, keys, indexes and checks as the database itself tells them."""
    look = inspect(engine)
    return {"triggers": triggers(engine)} | {
        table: [
            in_words(tell(table))
            for tell in (
                look.get_columns,
                look.get_pk_constraint,
                look.get_foreign_keys,
                look.get_indexes,
                look.get_unique_constraints,
                look.get_check_constraints,
            )
        ]
        for table in look.get_table_names()
        if table != "alembic_version"
    }


def triggers(engine: Engine) -> object:
    """The guards that the database keeps by itself."""
    catalogue = {
        "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    }
    with engine.connect() as connection:
        return sorted(str(row) for row in connection.exec_driver_sql(catalogue[engine.dialect.name]))


def in_words(told: object) -> object:
    if isinstance(told, dict):
        return {name: in_words(part) for name, part in told.items()}
    return sorted((in_words(part) for part in told), key=str) if isinstance(told, list) else str(told)


def test_the_history_has_one_end(engine: Engine) -> None:
    assert len(history(engine).get_heads()) == 1


def test_the_revisions_are_numbered_in_order(engine: Engine) -> None:
    numbers = [script.revision for script in reversed(list(history(engine).walk_revisions()))]
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]


def test_every_revision_goes_up_down_and_up_to_the_same_shape(engine: Engine) -> None:
    before = "base"
    for script in reversed(list(history(engine).walk_revisions())):
        shape_before = shape(engine)
        upgrade(engine, script.revision)
        shape_after = shape(engine)
        assert shape_after != shape_before
        downgrade(engine, before)
        assert shape(engine) == shape_before
        upgrade(engine, script.revision)
        assert shape(engine) == shape_after
        before = script.revision


def test_the_models_equal_the_newest_revision(engine: Engine) -> None:
    upgrade(engine)
    command.check(migration_config(engine))


def test_a_difference_with_the_models_is_found(engine: Engine) -> None:
    upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_entry ADD COLUMN forgotten INTEGER"))
    with pytest.raises(CommandError, match="New upgrade operations detected"):
        command.check(migration_config(engine))


def test_the_database_knows_whether_it_is_up_to_date(engine: Engine) -> None:
    assert not current_is_head(engine)
    upgrade(engine)
    assert current_is_head(engine)
    downgrade(engine, "base")
    assert not current_is_head(engine)


def test_upgrading_again_changes_nothing(engine: Engine) -> None:
    upgrade(engine)
    expected = shape(engine)
    upgrade(engine)
    assert shape(engine) == expected


def test_a_revision_that_breaks_leaves_nothing_behind(engine: Engine) -> None:
    """SQLite's own driver would have committed every CREATE TABLE by itself."""
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE audit_entry (in_the_way INTEGER)"))
    with pytest.raises(Exception, match="already exists"):
        upgrade(engine)
    assert list(shape(engine)) == ["triggers", "audit_entry"]


def test_two_processes_may_upgrade_at_once(engine: Engine) -> None:
    engine.connect().close()
    url = engine.url.render_as_string(hide_password=False)
    program = "import sys; from referral.core.migrate import upgrade; upgrade(sys.argv[1])"
    both = [subprocess.Popen([sys.executable, "-c", program, url]) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    assert current_is_head(engine)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_sqlite_keeps_its_foreign_keys_after_an_upgrade(engine: Engine) -> None:
    upgrade(engine)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_the_whole_history_can_be_written_as_sql(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    command.upgrade(migration_config(engine), "head", sql=True)
    script = capsys.readouterr().out
    assert "CREATE TABLE audit_entry" in script
    assert ("lock_timeout" in script) == (engine.dialect.name == "postgresql")
