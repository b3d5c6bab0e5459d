"""What the commands of an operator need: the settings of the installation under test."""

from pathlib import Path

import pytest


@pytest.fixture
def settings_of_command(database_url: str, tmp_path: Path) -> dict[str, str]:
    """The environment in which a command finds the installation of this test."""
    return {
        "ENVIRONMENT": "test",
        "DATABASE_URL": database_url,
        "KEY_DIRECTORY": str(tmp_path / "keys"),
        "MAIL_SINK_DIRECTORY": str(tmp_path / "mail"),
        "SECRET_KEY": "een-geheim-voor-de-tests-0123456789",
        "COOKIE_SECURE": "no",
    }
