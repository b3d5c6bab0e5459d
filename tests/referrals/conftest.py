"""One invented region for all of these tests on each database, and a fresh one for who changes its people."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import load
from referral.app import create_app, create_service
from referral.core.http import Application
from tests.conftest import migrate
from tests.postgres import own_database
from tests.referrals.doors import offer
from tests.world import Clock, World, build_world


@pytest.fixture(scope="session")
def shared_sqlite(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database that keeps its rows from test to test."""
    return f"sqlite:///{shutil.copyfile(migrated_sqlite, tmp_path_factory.mktemp('shared') / 'referral.db')}"


@pytest.fixture(scope="session")
def shared_postgresql(postgres_server: str) -> Iterator[str]:
    """A database that keeps its rows from test to test, beside the one that is emptied."""
    with own_database(postgres_server, f"referral_shared_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}") as url:
        migrate(url)
        yield url


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def shared_world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The region on one of the two databases."""
    folder, clock = tmp_path_factory.mktemp("installation"), Clock()
    settings = load(
        {
            "ENVIRONMENT": "test",
            "DATABASE_URL": str(request.getfixturevalue(f"shared_{request.param}")),
            "KEY_DIRECTORY": str(folder / "keys"),
            "MAIL_SINK_DIRECTORY": str(folder / "mail"),
            "CHECKPOINT_DIRECTORY": str(folder / "checkpoints"),
            "SECRET_KEY": "een-geheim-voor-de-tests-0123456789",
            "COOKIE_SECURE": "no",
        }
    )
    service = create_service(settings, clock=clock)
    service.key_ring.initialise()
    yield build_world(create_app(settings, service=service), clock)
    service.engine.dispose()


@pytest.fixture
def world(shared_world: World) -> World:
    """The region on its first morning, with a trajectory that nobody was sent to yet."""
    shared_world.clock.now = Clock().now
    shared_world.trajectory_id = offer(shared_world)
    return shared_world


@pytest.fixture
def own_world(app: Application, clock: Clock) -> World:
    """A region of this test's own, for who deactivates people or counts everything there is."""
    return build_world(app, clock)
