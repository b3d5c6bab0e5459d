"""One server and one browser a session."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from config.settings import load
from referral.app import create_app, create_service
from tests.browser_world import Stage, launch, serving
from tests.world import Clock, build_world


@pytest.fixture(scope="session")
def session_stage(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The region with a browser in front of it."""
    folder, clock = tmp_path_factory.mktemp("browser"), Clock()
    (folder / "db").mkdir()
    settings = load(
        {
            "ENVIRONMENT": "test",
            "DATABASE_URL": f"sqlite:///{shutil.copyfile(migrated_sqlite, folder / 'db' / 'referral.db')}",
            "KEY_DIRECTORY": str(folder / "keys"),
            "MAIL_SINK_DIRECTORY": str(folder / "mail"),
            "SECRET_KEY": "een-geheim-voor-de-tests-0123456789",
            "COOKIE_SECURE": "no",
            "SECOND_FACTOR": "optional",
        }
    )
    service = create_service(settings, clock=clock)
    service.key_ring.initialise()
    world = build_world(create_app(settings, service=service), clock)
    with serving(world.app) as url, sync_playwright() as playwright:
        browser = launch(playwright)
        yield Stage(world, url, browser)
        browser.close()
    service.engine.dispose()


@pytest.fixture
def stage(session_stage: Stage) -> Iterator[Stage]:
    """The stage; afterwards nothing may have complained: no policy, no script, no request to another host."""
    session_stage.complaints.clear()
    yield session_stage
    assert session_stage.complaints == []
