"""A backup is one instant of the database, without keys, for its recipient only; a damaged one changes nothing."""

import random
import sqlite3
import stat
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import pytest
from click.testing import CliRunner
from pyrage import x25519
from sqlalchemy import select
from sqlalchemy.engine import make_url

from config.settings import Settings
from referral.cli import main
from referral.core.database import connect
from referral.core.encryption import FileKeys, KeyRing
from referral.core.ledger import ErasureLedger
from referral.core.work import Service
from referral.operations.archive import Manifest, opened_archive, write_archive
from referral.operations.backup import count_rows, make_backup, tables_in_order
from referral.operations.restore import restore_backup
from referral.operations.wrapping import create_identity, read_identity, unwrap_file, wrap_file
from referral.participants.models import Participant
from tests.proof import scaled
from tests.world import World

CORRUPTED = scaled(1000)
Identity = x25519.Identity


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


def opened(source: Path, identity: Identity, folder: Path) -> Path:
    """What is inside the encrypted file."""
    inside = folder / f"{source.name}.tar"
    unwrap_file(source, inside, identity)
    return inside


def test_what_is_put_back_equals_what_was_kept_while_others_wrote(
    world: World, elsewhere: Service, tmp_path: Path, identity: Identity, recipient: str
) -> None:
    world.bring_to("closed")
    with somebody_writing(world):
        made = make_backup(world.service, tmp_path / "backup.age", recipient=recipient)
    restored = restore_backup(elsewhere, tmp_path / "backup.age", identity=identity)
    assert restored.manifest == made
    assert restored.record.faults == []
    assert restored.replay.erased == 0
    assert rows(elsewhere) == made.tables
    # Something was written after the instant of the backup, or this would say nothing about that instant.
    assert rows(world.service)["audit_entry"] > made.tables["audit_entry"]
    known = names(world, elsewhere)
    assert len(known) == made.tables["participant"]
    assert set(known) <= set(names(world, world.service))
    assert "Deelnemer 1" in known


def test_the_file_is_for_its_recipient_holds_no_key_and_is_never_overwritten(
    world: World, settings: Settings, tmp_path: Path, identity: Identity, recipient: str
) -> None:
    world.refer()
    target = tmp_path / "backup.age"
    manifest = make_backup(world.service, target, recipient=recipient)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    written = target.read_bytes()
    assert b"Duinwijk" not in written
    with pytest.raises(ValueError, match="niet te openen met deze sleutel"):
        unwrap_file(target, tmp_path / "not-mine", Identity.generate())
    inside = opened(target, identity, tmp_path).read_bytes()
    keys = list(settings.key_directory.iterdir())
    assert [key.stem for key in keys] == list(manifest.key_ids)
    for key in keys:
        assert key.read_bytes().strip() not in inside
    assert b"Duinwijk" in inside, "the control: what is not sealed can be found inside like this"
    assert b"Deelnemer" not in inside
    with pytest.raises(ValueError, match="nooit overschreven"):
        make_backup(world.service, target, recipient=recipient)
    with pytest.raises(FileExistsError):
        write_archive(target, replace(manifest, parts=[]), tmp_path)
    assert target.read_bytes() == written
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".backup-")] == []


def test_a_damaged_file_is_refused_before_anything_is_touched(
    world: World, elsewhere: Service, tmp_path: Path, identity: Identity, recipient: str
) -> None:
    world.refer()
    whole = tmp_path / "backup.age"
    make_backup(world.service, whole, recipient=recipient)
    content, inside = whole.read_bytes(), opened(whole, identity, tmp_path).read_bytes()
    standing = restore_backup(elsewhere, whole, identity=identity) and state_of(elsewhere)
    chance, damaged = random.Random(7), tmp_path / "damaged"
    for _ in range(CORRUPTED):
        # One in four is damaged inside and encrypted again, as somebody with the public key can do.
        is_inside = chance.random() < 0.25
        damaged.write_bytes(spoiled(inside if is_inside else content, chance))
        if is_inside:
            (tmp_path / "again").unlink(missing_ok=True)
            wrap_file(damaged, tmp_path / "again", recipient)
            (tmp_path / "again").replace(damaged)
        with pytest.raises(ValueError, match=r"Er is niets teruggezet|niet te openen"):
            restore_backup(elsewhere, damaged, identity=identity, replace_old=True)
    assert state_of(elsewhere) == standing
    print(f"{CORRUPTED} corrupted backups refused")  # noqa: T201
    # The control: the whole file is accepted in the same place, as far as this engine replaces at all.
    if elsewhere.engine.dialect.name == "sqlite":
        elsewhere.engine.dispose()
        restore_backup(elsewhere, whole, identity=identity, replace_old=True)
        assert rows(elsewhere) == rows(world.service)


def spoiled(content: bytes, chance: random.Random) -> bytes:
    """The bytes with one bit flipped, or cut off somewhere."""
    if chance.random() < 0.3:
        return content[: chance.choice([0, 1, 31, len(content) - 1, chance.randrange(len(content))])]
    bit, changed = chance.randrange(len(content) * 8), bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def state_of(service: Service) -> object:
    """Whatever a restore could have touched: the file and its time, or the rows of every table."""
    if service.engine.dialect.name == "sqlite":
        service.engine.dispose()
        folder = Path(str(service.engine.url.database)).parent
        return sorted((path.name, path.stat().st_mtime_ns, path.stat().st_ino) for path in folder.iterdir())
    return rows(service)


def remade(source: Path, target: Path, folder: Path, recipient: str, **changes: object) -> Path:
    """The same backup with another manifest and a seal that fits: what a wrong version would have written."""
    with opened_archive(source) as archive:
        manifest: Manifest = replace(archive.manifest, **changes)
        for part in archive.manifest.parts:
            (folder / part.name).write_bytes(archive.open(part.name).read())
    inside = folder / "inside"
    write_archive(inside, manifest, folder)
    wrap_file(inside, target, recipient)
    inside.unlink()
    return target


def test_a_backup_that_does_not_fit_here_is_refused(
    world: World, elsewhere: Service, tmp_path: Path, identity: Identity, recipient: str
) -> None:
    whole, folder = tmp_path / "backup.age", tmp_path / "parts"
    folder.mkdir()
    made = make_backup(world.service, whole, recipient=recipient)
    inside, other = opened(whole, identity, tmp_path), tmp_path / "other.age"
    too_few = {**made.tables, "organisation": 1}
    wrong: list[tuple[dict[str, object], str]] = [
        ({"revision": "0000"}, "revisie 0000"),
        ({"engine": "oracle"}, "van oracle"),
        ({"format": 1}, "vorm 1"),
        ({"tables": too_few}, "niets teruggezet"),
        ({"parts": [replace(made.parts[0], sha256="0" * 64), *made.parts[1:]]}, "niets teruggezet"),
        ({"id": "0" * 32}, "ouder dan deze reservekopie"),
    ]
    for changes, reason in wrong:
        with pytest.raises(ValueError, match=reason):
            restore_backup(elsewhere, remade(inside, other, folder, recipient, **changes), identity=identity)
        other.unlink()
    remade(inside, other, folder, recipient)
    restore_backup(elsewhere, other, identity=identity)
    assert rows(elsewhere) == made.tables


def test_a_database_with_something_in_it_is_not_replaced_by_accident(
    world: World, tmp_path: Path, identity: Identity, recipient: str
) -> None:
    make_backup(world.service, tmp_path / "backup.age", recipient=recipient)
    world.refer()
    before = rows(world.service)
    with pytest.raises(ValueError, match=r"bestaat al|niet leeg"):
        restore_backup(world.service, tmp_path / "backup.age", identity=identity)
    assert rows(world.service) == before


def test_a_backup_whose_keys_are_gone_is_refused(
    world: World, elsewhere: Service, settings: Settings, tmp_path: Path, identity: Identity, recipient: str
) -> None:
    make_backup(world.service, tmp_path / "backup.age", recipient=recipient)
    key = settings.key_directory / "k1.key"
    kept = key.read_bytes()
    key.unlink()
    with pytest.raises(ValueError, match="De sleutels k1 ontbreken"):
        restore_backup(elsewhere, tmp_path / "backup.age", identity=identity)
    key.write_bytes(kept)
    restore_backup(elsewhere, tmp_path / "backup.age", identity=identity)


def test_replacing_waits_until_nobody_has_the_old_database_open(
    sqlite_url: str, tmp_path: Path, identity: Identity, recipient: str
) -> None:
    engine = connect(sqlite_url)
    ring = KeyRing(engine, FileKeys(tmp_path / "keys"))
    service = Service(engine=engine, key_ring=ring, ledger=ErasureLedger(tmp_path / "ledger"))
    service.key_ring.initialise()
    made = make_backup(service, tmp_path / "backup.age", recipient=recipient)
    database = Path(str(make_url(sqlite_url).database))
    with closing(sqlite3.connect(database)) as reader:
        reader.execute("CREATE TABLE newer (id INTEGER)")
        with pytest.raises(ValueError, match="Stop eerst"):
            restore_backup(service, tmp_path / "backup.age", identity=identity, replace_old=True)
        # A copy made now has a log beside it: the traces of a service that was killed.
        logs = {path.name: path.read_bytes() for path in database.parent.iterdir()}
    assert any(name.endswith("-wal") for name in logs)
    engine.dispose()
    for name, content in logs.items():
        (database.parent / name).write_bytes(content)
    restore_backup(service, tmp_path / "backup.age", identity=identity, replace_old=True)
    assert rows(service) == made.tables
    assert stat.S_IMODE(database.stat().st_mode) == 0o600
    engine.dispose()
    assert [path.name for path in database.parent.iterdir()] == [database.name]


def test_the_commands_make_a_backup_that_only_the_other_key_opens(
    world: World, elsewhere: Service, settings_of_command: dict[str, str], tmp_path: Path
) -> None:
    world.refer()
    file, key = str(tmp_path / "backup.age"), tmp_path / "identity.txt"
    without = {**settings_of_command, "BACKUP_RECIPIENT": ""}
    refused = CliRunner().invoke(main, ["backup", file], env=without)
    assert (refused.exit_code, "BACKUP_RECIPIENT is niet ingesteld" in refused.stderr) == (1, True)
    created = CliRunner().invoke(main, ["backup-key", "create", str(key)], env=without)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert CliRunner().invoke(main, ["backup-key", "create", str(key)], env=without).exit_code == 1
    env = {**settings_of_command, "BACKUP_RECIPIENT": created.stdout.strip()}
    made = CliRunner().invoke(main, ["backup", file], env=env)
    assert made.exit_code == 0, made.output
    assert made.stdout == ""
    assert "sleutels zitten er niet in" in made.stderr
    again = CliRunner().invoke(main, ["backup", file], env=env)
    assert (again.exit_code, "nooit overschreven" in again.stderr) == (1, True)
    there = {**env, "DATABASE_URL": elsewhere.engine.url.render_as_string(hide_password=False)}
    restored = CliRunner().invoke(main, ["restore", file, "--identity", str(key)], env=there)
    assert restored.exit_code == 0, restored.output
    assert "in orde" in restored.stderr
    assert "0 deelnemers opnieuw gewist" in restored.stderr
    assert rows(elsewhere) == rows(world.service)


def test_a_file_that_holds_no_identity_is_refused(world: World, tmp_path: Path) -> None:
    path = tmp_path / "identity.txt"
    public = create_identity(path, world.clock.now)
    assert str(read_identity(path).to_public()) == public
    for wrong in ("", "AGE-SECRET-KEY-1NO", public):
        path.write_text(wrong)
        with pytest.raises(ValueError, match="geen sleutelbestand"):
            read_identity(path)
