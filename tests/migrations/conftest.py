"""An engine on a database without any table, of one test alone, on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from referral.core.database import connect
from tests.postgres import own_database


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        engine = connect(f"sqlite:///{tmp_path / 'empty.db'}")
        yield engine
        engine.dispose()
        return
    with own_database(request.getfixturevalue("postgres_server"), f"history_{tmp_path.name}"[:60]) as url:
        engine = connect(url)
        yield engine
        engine.dispose()
