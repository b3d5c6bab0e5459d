"""No personal value stands anywhere in plain: not in the database's files, nor in what it wrote beside them, nor in a
log, an error or a mail (encryption: "Encrypted at rest, canary grep")."""

import base64
import gzip
import io
import logging
import sys
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from pyrage import x25519
from sqlalchemy import text

from config.settings import Settings
from referral.core.work import drain
from referral.notifications.mail import FileMailSink
from referral.notifications.usecases import run_terms, send_digests
from referral.operations.backup import make_backup
from referral.operations.log_export import export_log
from referral.operations.sealing import seal_log
from referral.operations.wrapping import unwrap_file
from tests.house.needles import Places, PostgresPlaces, find, mail_places, spellings, sqlite_places
from tests.house.story import Story, tell
from tests.webhooks.conftest import add_webhook
from tests.webhooks.receiver import HOST, Receiver, receiving
from tests.webhooks.test_delivering import run_until_empty
from tests.world import World

LOGGERS = ("sqlalchemy", "sqlalchemy.engine", "sqlalchemy.orm", "sqlalchemy.pool", "referral", "werkzeug", "psycopg")


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Whatever anybody logs, to the last detail."""
    buffer = io.StringIO()
    handler = logging.StreamHandler(buffer)
    loggers = [logging.getLogger(name) for name in ("", *LOGGERS)]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    loggers[0].addHandler(handler)
    yield buffer
    loggers[0].removeHandler(handler)
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)


class Database:
    """The places where the database of this test may have left something."""

    def __init__(self, world: World) -> None:
        self.engine = world.service.engine
        self.server = PostgresPlaces(_plain_url(world)) if self.engine.dialect.name == "postgresql" else None
        if self.server:
            self.server.log_everything(on=True)
            self.engine.dispose()

    def places(self) -> Places:
        """Files and dumps, as they are now."""
        return self.server.read() if self.server else sqlite_places(Path(str(self.engine.url.database)))

    def close(self) -> None:
        """Leave the server as it was."""
        if self.server:
            self.server.close()


def _plain_url(world: World) -> str:
    return world.service.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)


@pytest.fixture
def database(world: World) -> Iterator[Database]:
    database = Database(world)
    yield database
    database.close()


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    """The system of another organisation, to which webhooks go."""
    folder = tmp_path / "receiver"
    folder.mkdir()
    with receiving(folder) as receiver:
        yield receiver


@pytest.fixture
def settings(settings: Settings, receiver: Receiver) -> Settings:
    """Those of every test, with the receiver allowed."""
    networks, ports = (ip_network(f"{HOST}/32"),), (443, receiver.port)
    return replace(settings, webhook_networks=networks, webhook_ports=ports, webhook_ca_file=receiver.ca_file)


def webhook_places(world: World, receiver: Receiver) -> Places:
    """Everything that went over the line to both organisations: bodies, and headers with their trace."""
    run_until_empty(world)
    assert len(receiver.messages) > 60
    return {
        "webhook bodies": b"\n".join(message.body for message in receiver.messages),
        "webhook headers": "\n".join(str(message.headers) for message in receiver.messages).encode(),
    }


def record_places(world: World, settings: Settings, folder: Path) -> Places:
    """What an inspector gets: the audit log with its traces, and what was published of it."""
    seal_log(world.service)
    export_log(world.service, folder / "audit-log.jsonl")
    published = [path.read_bytes() for path in sorted(settings.checkpoint_directory.iterdir())]
    return {"audit export": (folder / "audit-log.jsonl").read_bytes(), "checkpoints": b"\n".join(published)}


def backup_places(world: World, settings: Settings, folder: Path) -> Places:
    """A backup as it lies there, as its recipient opens it, and the ledger of erasures."""
    identity = x25519.Identity.generate()
    make_backup(world.service, folder / "backup.age", recipient=str(identity.to_public()))
    unwrap_file(folder / "backup.age", folder / "opened.tar", identity)
    return {
        "backup": (folder / "backup.age").read_bytes(),
        "backup as opened": (folder / "opened.tar").read_bytes(),
        "ledger": (settings.erasure_ledger_directory / "erasures.log").read_bytes(),
    }


def write_digests(world: World, folder: Path) -> int:
    """Let weeks pass and write to everybody whom something waits for."""
    drain(world.service)
    world.clock.move(days=20, hours=3)
    run_terms(world.service)
    return send_digests(world.service, sink=FileMailSink(folder)).counts["sent"]


def test_no_personal_value_stands_anywhere_in_plain(
    world: World,
    settings: Settings,
    database: Database,
    log: io.StringIO,
    receiver: Receiver,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    record_property: Any,
) -> None:
    story = Story(world)
    for admin in ("admin", "provider_admin"):
        add_webhook(world, receiver, admin)
    tell(story)
    webhooks = webhook_places(world, receiver)
    assert write_digests(world, tmp_path / "mail") >= 2
    places = {
        **database.places(),
        **mail_places(tmp_path / "mail"),
        **backup_places(world, settings, tmp_path),
        **record_places(world, settings, tmp_path),
        **webhooks,
        "key files": b"".join(path.read_bytes() for path in settings.key_directory.iterdir()),
        "errors": b"\n".join(story.refusals),
        "log": log.getvalue().encode(),
        "output": "".join(capfd.readouterr()).encode(),
    }
    spelled = len(spellings("iets"))
    searched = f"{len(story.values)} values x {len(places)} places x {spelled} spellings"
    record_property("searched", searched)
    sys.stdout.write(f"{searched}: { ({name: len(content) for name, content in places.items()}) }\n")
    assert story.planted >= 60
    assert {name for name, content in places.items() if not content} <= {"output", "server log"}
    assert "INSERT INTO participant" in log.getvalue(), "the log was on"
    assert find(story.values, places) == []


def test_one_value_left_in_plain_is_found_in_three_places(
    world: World, settings: Settings, database: Database, log: io.StringIO, tmp_path: Path
) -> None:
    """The control: the same search, and one column that somebody forgot to seal."""
    word = Story(world).word("naam").split()[1]
    with world.service.work() as work:
        work.session.execute(text("UPDATE organisation SET name = :name WHERE name LIKE 'Taalhuis%'"), {"name": word})
    assert world.call("referrer", "GET", "/v1/organisations").status_code == 200
    backups = backup_places(world, settings, tmp_path)
    found = find({"naam": word}, {**database.places(), **backups, "log": log.getvalue().encode()})
    assert {spelling for _, _, spelling in found} == {"utf-8"}
    assert len({place for _, place, _ in found}) >= 3
    assert "backup as opened" in {place for _, place, _ in found}


@pytest.mark.parametrize("before", [b"", b"x", b"xy"])
def test_a_value_is_found_in_every_spelling(before: bytes) -> None:
    """The control of the search itself."""
    sentence = before + b"een Zwaantje Voorbeeld hier"
    for place in (
        sentence,
        sentence.decode().encode("utf-16-le"),
        base64.b64encode(sentence),
        sentence.hex().encode(),
        sentence.hex().upper().encode(),
        b"..." + gzip.compress(sentence) + b"...",
    ):
        assert find({"naam": "Zwaantje Voorbeeld"}, {"place": place}), place
        assert not find({"naam": "Zwaantje Voorbeelden"}, {"place": place})
