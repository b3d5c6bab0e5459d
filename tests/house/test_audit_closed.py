"""What cannot leave its row in the audit log does not happen and is not shown: 503, and nothing has changed."""

import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Connection, event, select, text

from config.settings import Settings
from referral.app import create_app
from referral.core.audit import AuditEntry
from referral.core.tracing import Span
from referral.core.work import Service, Work
from tests.house.calls import CALLS
from tests.house.test_audit import SLUG, everything, versions
from tests.operations.test_sealing import findings
from tests.proof import scaled
from tests.world import World

FAILURES = scaled(1_000)
TABLES = ("audit_entry", "audit_chain", "audit_unsealed")


def take_away(connection: Connection, table: str) -> None:
    """As with a broken migration or a right that was withdrawn."""
    connection.execute(text(f"ALTER TABLE {table} RENAME TO {table}_away"))


def bring_back(connection: Connection, table: str) -> None:
    connection.execute(text(f"ALTER TABLE {table}_away RENAME TO {table}"))


def refuse_rows(connection: Connection, table: str) -> None:
    """As with a full tablespace, a failing trigger or a constraint: the table is there and takes nothing."""
    if connection.dialect.name == "sqlite":
        raised = "BEGIN SELECT RAISE(ABORT, 'no'); END"
        connection.execute(text(f"CREATE TRIGGER {table}_refuse BEFORE INSERT ON {table} {raised}"))
    else:
        connection.execute(text(f"ALTER TABLE {table} ADD CONSTRAINT {table}_refuse CHECK (false) NOT VALID"))


def take_rows(connection: Connection, table: str) -> None:
    if connection.dialect.name == "sqlite":
        connection.execute(text(f"DROP TRIGGER {table}_refuse"))
    else:
        connection.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {table}_refuse"))


WAYS: tuple[tuple[Callable[[Connection, str], None], Callable[[Connection, str], None]], ...] = (
    (take_away, bring_back),
    (refuse_rows, take_rows),
)


@contextmanager
def broken(world: World, table: str, way: int) -> Iterator[None]:
    """One table of the log fails in one way for as long as the block lasts."""
    breaks, mends = WAYS[way]
    with world.service.engine.begin() as connection:
        breaks(connection, table)
    try:
        yield
    finally:
        with world.service.engine.begin() as connection:
            mends(connection, table)


def test_what_cannot_leave_its_row_does_not_happen(world: World) -> None:
    chance = random.Random(8_15)
    calls = {endpoint: prepare(world) for endpoint, prepare in CALLS.items()}
    before, tried = (everything(world), versions(world)), Counter[str]()
    for table in TABLES:
        for way in range(len(WAYS)):
            with broken(world, table, way):
                for _ in range(FAILURES // 6 + 1):
                    endpoint = chance.choice(sorted(calls))
                    answer = calls[endpoint].send(world, who=chance.choice([calls[endpoint].who, None, "stranger"]))
                    assert answer.status_code == 503, (endpoint, table, WAYS[way][0].__name__)
                    assert answer.json["type"] == f"{SLUG}unavailable"
                    assert answer.headers["Retry-After"] == "5"
                    tried[f"{WAYS[way][0].__name__} {table}"] += 1
    assert (everything(world), versions(world)) == before
    assert findings(world.service) == []
    sys.stdout.write(f"{tried.total()} failures, 0 effects: {dict(tried)}\n")
    assert tried.total() >= FAILURES


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_full_disk_leaves_no_effect_without_its_row(world: World) -> None:
    """The database may grow no further: what still fits is there with its row, the rest is refused."""
    answers, done = Counter[int](), 0
    with world.service.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()

    def limit(connection: Any, *_others: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages + 12}")

    world.service.engine.dispose()
    event.listen(world.service.engine, "connect", limit)
    for _ in range(scaled(1_000) // 2):
        answer = CALLS["trajectories.add_trajectory"](world).send(world)
        answers[answer.status_code] += 1
        done += answer.status_code == 201
    event.remove(world.service.engine, "connect", limit)
    world.service.engine.dispose()
    with world.service.work(read_only=True) as work:
        rows = work.session.scalars(
            select(AuditEntry).where(AuditEntry.action == "trajectory:add", AuditEntry.result == "done")
        ).all()
    assert everything(world)["trajectory"] == len(rows) == done + 2, "two stood there before"
    assert set(answers) <= {201, 503, 507}
    assert answers[201] > 0
    assert answers[503] + answers[507] > 0
    assert findings(world.service) == []
    sys.stdout.write(f"{dict(answers)}: every 201 has its row\n")


class RecordsAfterwards(Service):
    """A wrong build: the deed is committed first, and its row is written in a transaction of its own."""

    @contextmanager
    def work(self, *, now: datetime | None = None, span: Span | None = None, read_only: bool = False) -> Iterator[Work]:
        """The deed's transaction, ended before the row is written."""
        with super().work(now=now, span=span, read_only=read_only) as work:
            yield work
            work.session.commit()


def test_a_build_that_records_afterwards_is_caught(world: World, settings: Settings) -> None:
    """The control: the same requests and the same failure leave effects without a row."""
    calls = {endpoint: prepare(world) for endpoint, prepare in CALLS.items()}
    wrong = RecordsAfterwards(**{each.name: getattr(world.service, each.name) for each in fields(Service)})
    world.app = create_app(settings, service=wrong)
    before = everything(world)
    with broken(world, "audit_entry", 0):
        for call in calls.values():
            call.send(world)
    assert everything(world) != before
