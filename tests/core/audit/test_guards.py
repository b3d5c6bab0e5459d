"""The database itself refuses to change or remove what stands in the audit log, whoever asks."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DBAPIError

from referral.core.policy import system_actor
from referral.operations.sealing import seal_log
from tests.operations.test_sealing import findings
from tests.tampering import drop_guards
from tests.world import World

PAGE = Path(__file__).parents[3] / "docs" / "audit.md"
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
    """By the clock of the database, which is the real one."""
    world.clock.now = datetime.now(UTC) - timedelta(days=days)
    with world.service.work() as work:
        work.note_request(system_actor("test"), "test:try", "turn", None)
    with world.service.engine.connect() as connection:
        words = refused(connection, "DELETE FROM audit_entry WHERE action = 'test:try'")
        connection.rollback()
    assert ("append-only" in words) == is_refused


@contextmanager
def lesser_role(world: World) -> Iterator[None]:
    """The service under the role of `docs/audit.md`, which owns nothing; its grants are read from that page."""
    grants = re.findall(r"^ {4}(GRANT .+);$", PAGE.read_text(), re.MULTILINE)
    engine = world.service.engine
    with engine.begin() as connection:
        connection.execute(text("CREATE ROLE referral_app"))
        connection.execute(text("GRANT ALL ON ALL TABLES IN SCHEMA public TO referral_app"))
        own = ", ".join(f"audit_{name}" for name in ("entry", "leaf", "checkpoint", "chain", "unsealed"))
        connection.execute(text(f"REVOKE ALL ON {own}, anonymous_refusal FROM referral_app"))
        for grant in grants:
            connection.execute(text(grant))

    def take_role(connection: Any, *_others: object) -> None:
        connection.execute("SET ROLE referral_app")
        connection.commit()

    engine.dispose()
    event.listen(engine, "connect", take_role)
    try:
        yield
    finally:
        event.remove(engine, "connect", take_role)
        engine.dispose()
        with engine.begin() as connection:
            connection.execute(text("DROP OWNED BY referral_app"))
            connection.execute(text("DROP ROLE referral_app"))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_service_works_under_the_rights_of_the_page_and_cannot_change_its_log(world: World) -> None:
    with lesser_role(world):
        world.bring_to("accepted")
        assert world.call(None, "GET", "/v1/me").status_code == 401
        assert seal_log(world.service) > 0
        assert findings(world.service) == []
        with world.service.engine.connect() as connection:
            told = {name: refused(connection, statement) for name, statement in attempts(connection).items()}
            told["take the guard away"] = refused(connection, "DROP TRIGGER audit_entry_no_update ON audit_entry")
            connection.rollback()
    assert {name for name, words in told.items() if "permission denied" not in words} == {"take the guard away"}
    assert "must be owner" in told["take the guard away"]
