"""A key ring over a migrated database, with the test's own tables beside the service's."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from referral.core.database import connect
from referral.core.encryption import FileKeys, KeyRing
from tests.core.encryption.people import Register


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
