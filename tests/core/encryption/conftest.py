"""A key ring over a migrated database, with the test's own tables beside the service's."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from referral.core.database import connect
from referral.core.encryption import KINDS, FileKeys, KeyRing
from tests.core.encryption.people import Register
from tests.core.encryption.rotating import Clock


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = connect(database_url)
    Register.metadata.create_all(engine)
    yield engine
    Register.metadata.drop_all(engine)
    engine.dispose()


@pytest.fixture
def keys(tmp_path: Path) -> FileKeys:
    return FileKeys(tmp_path / "keys")


@pytest.fixture
def ring(engine: Engine, keys: FileKeys) -> KeyRing:
    ring = KeyRing(engine, keys)
    ring.initialise()
    return ring


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)
