"""A backup is one instant of the database, without keys, and comes back as it was; a damaged one changes nothing."""

import os
import random
import sqlite3
import stat
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import pytest
import time_machine
from click.testing import CliRunner
from sqlalchemy import select
from sqlalchemy.engine import make_url

from config.settings import Settings
from referral.cli import main
from referral.core.database import connect
from referral.core.encryption import FileKeys, KeyRing
from referral.core.work import Service
from referral.operations.archive import Manifest, opened_archive, write_archive
from referral.operations.backup import count_rows, make_backup, tables_in_order
from referral.operations.restore import restore_backup
from referral.participants.models import Participant
from tests.postgres import own_database
from tests.world import World


@pytest.fixture
def elsewhere(world: World, settings: Settings, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Service]:
    """The same installation after the loss of its database: no file, or a new database without a table."""
    with nothing_left(request, world.service, tmp_path) as url:
        engine = connect(url)
        yield Service(engine=engine, key_ring=KeyRing(engine, FileKeys(settings.key_directory)), clock=world.clock)
        engine.dispose()


@contextmanager
def nothing_left(request: pytest.FixtureRequest, service: Service, folder: Path) -> Iterator[str]:
    if service.engine.dialect.name == "sqlite":
        yield f"sqlite:///{folder}/elsewhere/referral.db"
        return
    with own_database(request.getfixturevalue("postgres_server"), f"referral_restored_{os.getpid()}") as url:
        yield url


@contextmanager
def somebody_writing(world: World) -> Iterator[None]:
    """A referrer who goes on referring for as long as the block lasts."""
    stop, begun = Event(), Event()

    def write() -> None:
        while not stop.is_set():
            world.refer()
            begun.set()

    writer = Thread(target=write)
    writer.start()
    try:
        assert begun.wait(10)
        yield
    finally:
        stop.set()
        writer.join()


def rows(service: Service) -> Mapping[str, int]:
    with service.engine.connect() as connection:
        return {name: count_rows(connection, name) for name in tables_in_order(connection)}


def names(world: World, service: Service) -> list[str]:
    actor = world.actor("privacy")
    with service.work() as work, work.reading(actor, "rights"):
        return sorted(person.name or "" for person in work.session.scalars(select(Participant)))


def test_what_is_put_back_equals_what_was_kept_while_others_wrote(
    world: World, elsewhere: Service, tmp_path: Path
) -> None:
    world.bring_to("closed")
    with somebody_writing(world):
        made = make_backup(world.service, tmp_path / "backup.tar")
    manifest, found = restore_backup(elsewhere, tmp_path / "backup.tar")
    assert manifest == made
    assert found.faults == []
    assert rows(elsewhere) == made.tables
    # Something was written after the instant of the backup, or this would say nothing about that instant.
    assert rows(world.service)["audit_entry"] > made.tables["audit_entry"]
    known = names(world, elsewhere)
    assert len(known) == made.tables["participant"]
    assert set(known) <= set(names(world, world.service))
    assert "Deelnemer 1" in known


def test_the_file_is_for_its_owner_holds_no_key_and_is_never_overwritten(
    world: World, settings: Settings, tmp_path: Path
) -> None:
    world.refer()
    target = tmp_path / "backup.tar"
    manifest = make_backup(world.service, target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    written = target.read_bytes()
    keys = list(settings.key_directory.iterdir())
    assert [key.stem for key in keys] == list(manifest.key_ids)
    for key in keys:
        assert key.read_bytes().strip() not in written
    assert b"Duinwijk" in written, "the control: what is not sealed can be found in the file like this"
    assert b"Deelnemer" not in written
    with pytest.raises(ValueError, match="nooit overschreven"):
        make_backup(world.service, target)
    with pytest.raises(FileExistsError):
        write_archive(target, replace(manifest, parts=[]), tmp_path)
    assert target.read_bytes() == written
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".backup-")] == []


def test_a_damaged_file_is_refused_before_anything_is_touched(world: World, elsewhere: Service, tmp_path: Path) -> None:
    whole = tmp_path / "backup.tar"
    make_backup(world.service, whole)
    content = whole.read_bytes()
    chance = random.Random(7)
    damaged = tmp_path / "damaged.tar"
    flips = [chance.randrange(len(content) * 8) for _ in range(50)]
    cuts = [0, 1, 31, 32, 512, len(content) - 32, len(content) - 1, *(chance.randrange(len(content)) for _ in range(9))]
    for bit in flips:
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        damaged.write_bytes(flipped)
        with pytest.raises(ValueError, match="Er is niets teruggezet"):
            restore_backup(elsewhere, damaged)
    for length in cuts:
        damaged.write_bytes(content[:length])
        with pytest.raises(ValueError, match="Er is niets teruggezet"):
            restore_backup(elsewhere, damaged)
    assert is_untouched(elsewhere)
    # The control: the whole file does come back, in the same place.
    restore_backup(elsewhere, whole)
    assert rows(elsewhere) == rows(world.service)


def is_untouched(service: Service) -> bool:
    if service.engine.dialect.name == "sqlite":
        return list(Path(str(service.engine.url.database)).parent.iterdir()) == []
    with service.engine.connect() as connection:
        return tables_in_order(connection) == []


def remade(source: Path, target: Path, folder: Path, **changes: object) -> Path:
    """The same backup with another manifest and a seal that fits: what a wrong version would have written."""
    with opened_archive(source) as archive:
        manifest: Manifest = replace(archive.manifest, **changes)
        for part in archive.manifest.parts:
            (folder / part.name).write_bytes(archive.open(part.name).read())
    write_archive(target, manifest, folder)
    return target


def test_a_backup_that_does_not_fit_here_is_refused(world: World, elsewhere: Service, tmp_path: Path) -> None:
    whole, folder = tmp_path / "backup.tar", tmp_path / "parts"
    folder.mkdir()
    made = make_backup(world.service, whole)
    other = tmp_path / "other.tar"
    too_few = {**made.tables, "organisation": 1}
    wrong: list[tuple[dict[str, object], str]] = [
        ({"revision": "0000"}, "revisie 0000"),
        ({"engine": "oracle"}, "van oracle"),
        ({"format": 2}, "vorm 2"),
        ({"tables": too_few}, "niets teruggezet"),
        ({"parts": [replace(made.parts[0], sha256="0" * 64), *made.parts[1:]]}, "niets teruggezet"),
    ]
    for changes, reason in wrong:
        with pytest.raises(ValueError, match=reason):
            restore_backup(elsewhere, remade(whole, other, folder, **changes))
        other.unlink()
    remade(whole, other, folder)
    restore_backup(elsewhere, other)
    assert rows(elsewhere) == made.tables


def test_a_database_with_something_in_it_is_not_replaced_by_accident(world: World, tmp_path: Path) -> None:
    make_backup(world.service, tmp_path / "backup.tar")
    world.refer()
    before = rows(world.service)
    with pytest.raises(ValueError, match=r"bestaat al|niet leeg"):
        restore_backup(world.service, tmp_path / "backup.tar")
    assert rows(world.service) == before


def test_replacing_waits_until_nobody_has_the_old_database_open(sqlite_url: str, tmp_path: Path) -> None:
    engine = connect(sqlite_url)
    service = Service(engine=engine, key_ring=KeyRing(engine, FileKeys(tmp_path / "keys")))
    service.key_ring.initialise()
    made = make_backup(service, tmp_path / "backup.tar")
    database = Path(str(make_url(sqlite_url).database))
    with closing(sqlite3.connect(database)) as reader:
        reader.execute("CREATE TABLE newer (id INTEGER)")
        with pytest.raises(ValueError, match="Stop eerst"):
            restore_backup(service, tmp_path / "backup.tar", replace=True)
        # A copy made now has a log beside it: the traces of a service that was killed.
        logs = {path.name: path.read_bytes() for path in database.parent.iterdir()}
    assert any(name.endswith("-wal") for name in logs)
    engine.dispose()
    for name, content in logs.items():
        (database.parent / name).write_bytes(content)
    restore_backup(service, tmp_path / "backup.tar", replace=True)
    assert rows(service) == made.tables
    assert stat.S_IMODE(database.stat().st_mode) == 0o600
    engine.dispose()
    assert [path.name for path in database.parent.iterdir()] == [database.name]


def test_the_commands_say_that_the_keys_are_kept_apart(
    world: World, elsewhere: Service, settings_of_command: dict[str, str], tmp_path: Path
) -> None:
    world.refer()
    file = str(tmp_path / "backup.tar")
    made = CliRunner().invoke(main, ["backup", file], env=settings_of_command)
    assert made.exit_code == 0, made.output
    assert made.stdout == ""
    assert "sleutels zitten er niet in" in made.stderr
    again = CliRunner().invoke(main, ["backup", file], env=settings_of_command)
    assert (again.exit_code, "nooit overschreven" in again.stderr) == (1, True)
    there = elsewhere.engine.url.render_as_string(hide_password=False)
    with time_machine.travel(world.clock.now, tick=False):
        restored = CliRunner().invoke(main, ["restore", file], env={**settings_of_command, "DATABASE_URL": there})
    assert restored.exit_code == 0, restored.output
    assert "in orde" in restored.stderr
    assert rows(elsewhere) == rows(world.service)
