"""A migrated, empty database for every test, on SQLite and on a real PostgreSQL. What does not run here, fails."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import Settings, load
from referral.app import create_app, create_service
from referral.core.http import Application
from referral.core.migrate import upgrade
from tests.postgres import empty_tables, own_database, running_postgres
from tests.world import Clock, World, build_world


def migrate(url: str) -> None:
    """Bring a database to the newest revision."""
    upgrade(url)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL, without a database name, of this worker's own PostgreSQL server."""
    with running_postgres() as url:
        yield url


@pytest.fixture(scope="session")
def migrated_postgresql(postgres_server: str) -> Iterator[str]:
    """This worker's own database, migrated once."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    with own_database(postgres_server, f"referral_test_{worker}_{os.getpid()}") as url:
        migrate(url)
        yield url


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    path = tmp_path_factory.mktemp("template") / "referral.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def postgresql_url(migrated_postgresql: str) -> Iterator[str]:
    """A migrated and empty PostgreSQL database."""
    yield migrated_postgresql
    empty_tables(migrated_postgresql)


@pytest.fixture
def sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """A migrated and empty SQLite database in a folder of its own."""
    folder = tmp_path / "db"
    folder.mkdir()
    return f"sqlite:///{shutil.copyfile(migrated_sqlite, folder / 'referral.db')}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated and empty database; the test runs once on each engine."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def clock() -> Clock:
    """The clock of the service under test."""
    return Clock()


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """The settings of an installation in this test's own folder."""
    return load(
        {
            "ENVIRONMENT": "test",
            "DATABASE_URL": database_url,
            "KEY_DIRECTORY": str(tmp_path / "keys"),
            "ERASURE_LEDGER_DIRECTORY": str(tmp_path / "ledger"),
            "MAIL_SINK_DIRECTORY": str(tmp_path / "mail"),
            "CHECKPOINT_DIRECTORY": str(tmp_path / "checkpoints"),
            "SECRET_KEY": "een-geheim-voor-de-tests-0123456789",
            "COOKIE_SECURE": "no",
            "SECOND_FACTOR": "optional",
        }
    )


@pytest.fixture
def app(settings: Settings, clock: Clock) -> Iterator[Application]:
    """The whole application, on both databases, with its own keys."""
    service = create_service(settings, clock=clock)
    service.key_ring.initialise()
    yield create_app(settings, service=service)
    service.engine.dispose()


@pytest.fixture
def world(app: Application, clock: Clock) -> World:
    """The application with an invented region in it."""
    return build_world(app, clock)
