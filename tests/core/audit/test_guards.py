"""The database itself refuses to change or remove what stands in the audit log, whoever asks."""

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from referral.operations.sealing import seal_log
from tests.tampering import drop_guards
from tests.world import World

TABLES = {"audit_entry": "result = 'x'", "audit_leaf": "log_index = 99", "audit_checkpoint": "note = 'x'"}


def attempts(connection: Connection) -> dict[str, str]:
    """Every road by which a row could be changed or go."""
    tried = {}
    for table, change in TABLES.items():
        tried[f"update {table}"] = f"UPDATE {table} SET {change}"
        tried[f"delete {table}"] = f"DELETE FROM {table}"
        if connection.dialect.name == "postgresql":
            tried[f"truncate {table}"] = f"TRUNCATE {table}"
        else:
            tried[f"replace {table}"] = f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"
    return tried


def refused(connection: Connection, statement: str) -> str:
    """The words of the refusal; empty when the database did it."""
    savepoint = connection.begin_nested()
    try:
        connection.execute(text(statement))
    except DBAPIError as error:
        return str(error.orig)
    finally:
        savepoint.rollback()
    return ""


def test_the_database_refuses_every_change(world: World) -> None:
    world.refer()
    seal_log(world.service)
    with world.service.engine.connect() as connection:
        told = {name: refused(connection, statement) for name, statement in attempts(connection).items()}
        connection.rollback()
    assert len(told) == 9
    assert {name for name, words in told.items() if "append-only" not in words} == set()


def test_without_the_guards_it_would_be_done(world: World) -> None:
    """The control: the same statements, by somebody who may take the triggers away."""
    world.refer()
    seal_log(world.service)
    with world.service.engine.connect() as connection:
        drop_guards(connection)
        told = {
            name: refused(connection, statement)
            for name, statement in attempts(connection).items()
            if not name.startswith(("update audit_l", "truncate"))
        }
        connection.rollback()
    assert set(told.values()) == {""}


@pytest.mark.parametrize(("days", "is_refused"), [(10 * 365 - 5, True), (10 * 365 + 5, False)])
def test_an_entry_may_go_when_its_term_is_over(world: World, days: int, is_refused: bool) -> None:
    columns = {"sqlite": f"datetime('now', '-{days} days')", "postgresql": f"now() - interval '{days} days'"}
    with world.service.engine.connect() as connection:
        guarded = connection.begin_nested()
        drop_guards(connection) if connection.dialect.name == "postgresql" else None
        guarded.commit()
        entry = connection.execute(text("SELECT id FROM audit_entry LIMIT 1")).scalar_one()
        old = columns[connection.dialect.name]
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"UPDATE audit_entry SET occurred_at = {old} WHERE id = :id"), {"id": entry})
            connection.execute(text("SET LOCAL session_replication_role = origin"))
        else:
            guard = connection.execute(
                text("SELECT sql FROM sqlite_master WHERE name = 'audit_entry_no_update'")
            ).scalar_one()
            connection.execute(text("DROP TRIGGER audit_entry_no_update"))
            connection.execute(text(f"UPDATE audit_entry SET occurred_at = {old} WHERE id = :id"), {"id": entry})
            connection.execute(text(guard))
        words = refused(connection, f"DELETE FROM audit_entry WHERE occurred_at < {old.replace(str(days), '100')}")
        connection.rollback()
    assert ("append-only" in words) == is_refused
