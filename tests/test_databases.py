"""What the fixtures of `conftest.py` promise to every other test."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from referral.core.audit import AuditEntry, Draft, Trace, write_entries
from referral.core.database import connect
from referral.core.policy import system_actor
from tests.postgres import TransactionLeftOpen, empty_tables

START_AND_WAIT = """
from tests.postgres import running_postgres
with running_postgres({}) as url:
    print(url, flush=True)
    input()
"""


@pytest.mark.parametrize("turn", [1, 2])
def test_every_test_finds_an_empty_database(database_url: str, turn: int) -> None:
    engine = connect(database_url)
    with Session(engine) as session:
        assert session.scalar(select(func.count()).select_from(AuditEntry)) == 0
        trace = Trace(id="0" * 32, now=datetime.now(UTC))
        write_entries(session, [Draft(trace, system_actor(), "test:try", "turn", None, details={"turn": turn})])
        session.commit()
    engine.dispose()


def test_a_transaction_that_was_left_open_is_refused(postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url) as connection:
        connection.execute("SELECT 1")
        with pytest.raises(TransactionLeftOpen, match="SELECT 1"):
            empty_tables(postgresql_url)


def test_the_server_dies_with_the_tests_that_started_it(open_folder: str) -> None:
    command = [sys.executable, "-c", START_AND_WAIT]
    environment = {**os.environ, "TMPDIR": open_folder}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as tests:
        assert tests.stdout is not None
        url = tests.stdout.readline().decode().strip()
        psycopg.connect(f"{url}/postgres").close()
        tests.kill()
    assert stops_answering(url)


def stops_answering(url: str) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            psycopg.connect(f"{url}/postgres").close()
        except psycopg.OperationalError:
            return True
    return False


@pytest.fixture
def open_folder() -> Iterator[str]:
    """A folder that the server's user can reach, which pytest's own `tmp_path` is not."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield folder
