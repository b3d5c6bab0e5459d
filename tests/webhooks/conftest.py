"""An application whose webhooks may reach the receiver of the tests, and nothing else on this machine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import Settings, load
from tests.webhooks.receiver import HOST, Receiver, receiving
from tests.world import World


@pytest.fixture(scope="session")
def running_receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    """The receiver of this test process."""
    with receiving(tmp_path_factory.mktemp("receiver")) as receiver:
        yield receiver


@pytest.fixture
def receiver(running_receiver: Receiver) -> Receiver:
    """The receiver, empty and friendly."""
    running_receiver.messages.clear()
    running_receiver.behave = lambda _event: 204
    return running_receiver


@pytest.fixture
def settings(database_url: str, tmp_path: Path, receiver: Receiver) -> Settings:
    """Settings that name the receiver's network, port and certificate."""
    return load(
        {
            "ENVIRONMENT": "test",
            "DATABASE_URL": database_url,
            "KEY_DIRECTORY": str(tmp_path / "keys"),
            "MAIL_SINK_DIRECTORY": str(tmp_path / "mail"),
            "SECRET_KEY": "een-geheim-voor-de-tests-0123456789",
            "COOKIE_SECURE": "no",
            "WEBHOOK_NETWORKS": f"{HOST}/32",
            "WEBHOOK_PORTS": f"443,{receiver.port}",
            "WEBHOOK_CA_FILE": receiver.ca_file,
        }
    )


def add_webhook(world: World, receiver: Receiver, who: str = "admin") -> dict[str, str]:
    """A webhook of this administrator's organisation, with its secret."""
    answer = world.call(who, "POST", "/v1/webhooks", {"url": receiver.url})
    assert answer.status_code == 201, answer.json
    return dict(answer.json)
