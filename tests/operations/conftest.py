"""What the work of an operator needs: settings, a pair of backup keys, and a machine that lost its database."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from pyrage import x25519

from config.settings import Settings
from referral.core.database import connect
from referral.core.encryption import FileKeys, KeyRing
from referral.core.work import Service
from tests.postgres import own_database
from tests.world import World


@pytest.fixture
def settings_of_command(database_url: str, tmp_path: Path, recipient: str) -> dict[str, str]:
    """The environment in which a command finds the installation of this test."""
    return {
        "ENVIRONMENT": "test",
        "DATABASE_URL": database_url,
        "KEY_DIRECTORY": str(tmp_path / "keys"),
        "ERASURE_LEDGER_DIRECTORY": str(tmp_path / "ledger"),
        "MAIL_SINK_DIRECTORY": str(tmp_path / "mail"),
        "CHECKPOINT_DIRECTORY": str(tmp_path / "checkpoints"),
        "SECRET_KEY": "een-geheim-voor-de-tests-0123456789",
        "COOKIE_SECURE": "no",
        "BACKUP_RECIPIENT": recipient,
    }


@pytest.fixture(scope="session")
def identity() -> x25519.Identity:
    """Who may open backups."""
    return x25519.Identity.generate()


@pytest.fixture(scope="session")
def recipient(identity: x25519.Identity) -> str:
    """For whom backups are made."""
    return str(identity.to_public())


@pytest.fixture
def elsewhere(world: World, settings: Settings, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Service]:
    """The same installation after the loss of its database: no file, or a new database without a table."""
    with nothing_left(request, world.service, tmp_path) as url, same_service(world.service, url, settings) as service:
        yield service


@contextmanager
def same_service(service: Service, url: str, settings: Settings) -> Iterator[Service]:
    """The service over another database, with the keys and the ledger of this installation."""
    engine = connect(url)
    yield replace(service, engine=engine, key_ring=KeyRing(engine, FileKeys(settings.key_directory)))
    engine.dispose()


@contextmanager
def nothing_left(
    request: pytest.FixtureRequest, service: Service, folder: Path, name: str = "elsewhere"
) -> Iterator[str]:
    """The URL of a database that is not there yet."""
    if service.engine.dialect.name == "sqlite":
        yield f"sqlite:///{folder}/{name}/referral.db"
        return
    with own_database(request.getfixturevalue("postgres_server"), f"referral_{name}_{os.getpid()}") as url:
        yield url
