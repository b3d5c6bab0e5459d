"""The old key is destroyed when the backups of its time had their term: not before, never with somebody under it."""

from dataclasses import replace
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner
from pyrage import x25519
from sqlalchemy import select

from config.settings import Settings
from referral.cli import main
from referral.core.ledger import DESTROYED
from referral.core.work import Service
from referral.operations.horizon import Horizon, advance_horizon
from referral.operations.keycopies import backup_keys, restore_keys
from referral.participants.models import ErasureRequest
from tests.world import World

Identity = x25519.Identity


def erase(world: World) -> str:
    person = str(world.refer()["participantId"])
    answer = world.call("privacy", "POST", f"/v1/participants/{person}/erasures", {"ground": "request"})
    assert answer.status_code == 201, answer.json
    return person


def key_files(settings: Settings) -> list[str]:
    return sorted(path.name for path in settings.key_directory.iterdir())


def renew(world: World, service: Service | None = None) -> Horizon:
    """One run that begins a renewal, and one that ends it when every process has forgotten the old key."""
    first = advance_horizon(service or world.service)
    world.clock.move(minutes=2)
    last = advance_horizon(service or world.service)
    return replace(last, rewrapped=first.rewrapped + last.rewrapped)


def test_the_horizon_is_reached_on_the_day_that_was_promised(world: World, settings: Settings) -> None:
    kept = world.refer()
    assert advance_horizon(world.service) == Horizon(0, [], 0, waiting=0, overdue=0)
    assert key_files(settings) == ["k1.key"], "nobody was erased, so nothing has to end"
    erase(world)
    world.clock.move(days=1)
    first = renew(world)
    assert (first.rewrapped > 0, first.destroyed, first.waiting) == (True, [], 1)
    assert key_files(settings) == ["k1.key", "k2.key"]
    world.clock.move(days=29)
    assert advance_horizon(world.service).destroyed == []
    world.clock.move(days=1)
    last = advance_horizon(world.service)
    assert ([each.kek_id for each in last.destroyed], last.unreadable, last.waiting) == (["k1"], 1, 0)
    assert key_files(settings) == ["k1.destroyed", "k2.key"]
    with world.service.work(read_only=True) as work:
        request = work.session.scalars(select(ErasureRequest)).one()
    assert request.unreadable_at == world.clock.now
    assert request.backups_until == world.clock.today, "the promise of the receipt was kept to the day"
    world.service.key_ring.forget()
    path = f"/v1/participants/{kept['participantId']}?purpose=contact"
    assert world.call("referrer", "GET", path).json["name"] == "Deelnemer 1"
    assert advance_horizon(world.service) == Horizon(0, [], 0, waiting=0, overdue=0)


def test_a_promise_that_was_not_kept_is_counted(world: World) -> None:
    erase(world)
    world.clock.move(days=32)
    late = advance_horizon(world.service)
    assert (late.waiting, late.overdue) == (1, 1)


def test_a_shorter_term_of_the_backups_brings_it_nearer(world: World) -> None:
    service = replace(world.service, settings={**world.service.settings, "backup_retention_days": 7})
    world.app.service = service
    erase(world)
    with service.work(read_only=True) as work:
        promised = work.session.scalars(select(ErasureRequest.backups_until)).one()
    assert (promised - world.clock.today).days == 8
    renew(world, service)
    world.clock.move(days=7)
    assert len(advance_horizon(service).destroyed) == 1


def test_the_keys_are_backed_up_apart_and_a_destroyed_one_does_not_come_back(
    world: World, settings: Settings, tmp_path: Path, identity: Identity, recipient: str
) -> None:
    erase(world)
    assert backup_keys(settings.key_directory, tmp_path / "keys.age", recipient=recipient) == ["k1"]
    renew(world)
    backup_keys(settings.key_directory, tmp_path / "both.age", recipient=recipient)
    world.clock.move(days=31)
    advance_horizon(world.service)
    assert world.service.ledger is not None
    assert world.service.ledger.read().knows(DESTROYED, "k1")
    empty = tmp_path / "empty"
    assert restore_keys(world.service, empty, tmp_path / "both.age", identity=identity) == ["k2"]
    assert (empty / "k2.key").read_bytes() == (settings.key_directory / "k2.key").read_bytes()
    assert restore_keys(world.service, empty, tmp_path / "both.age", identity=identity) == []
    with pytest.raises(ValueError, match="niet te openen"):
        restore_keys(world.service, empty, tmp_path / "both.age", identity=Identity.generate())
    with pytest.raises(ValueError, match="nooit overschreven"):
        backup_keys(settings.key_directory, tmp_path / "both.age", recipient=recipient)
    with pytest.raises(ValueError, match="geen sleutels"):
        backup_keys(tmp_path, tmp_path / "none.age", recipient=recipient)
    world.service.ledger.path.unlink()
    with pytest.raises(ValueError, match="register van wissingen ontbreekt"):
        restore_keys(world.service, empty, tmp_path / "both.age", identity=identity)


def test_the_commands_do_it_and_tell(world: World, settings_of_command: dict[str, str], tmp_path: Path) -> None:
    erase(world)

    def command(*arguments: str, **changes: str) -> tuple[int, str]:
        with time_machine.travel(world.clock.now, tick=False):
            done = CliRunner().invoke(main, ["keys", *arguments], env={**settings_of_command, **changes})
        return done.exit_code, done.output

    for _ in range(2):
        status, told = command("horizon")
        assert (status, "wachtend: 1, te laat: 0" in told) == (0, True)
        world.clock.move(minutes=2)
    world.clock.move(days=31)
    status, told = command("horizon")
    assert (status, "k1 is vernietigd" in told) == (0, True)
    assert "reservekopieën onleesbaar: 1" in told
    file, own = str(tmp_path / "keys.age"), tmp_path / "own.txt"
    assert "KEY_BACKUP_RECIPIENT is niet ingesteld" in command("backup", file)[1]
    same = command("backup", file, KEY_BACKUP_RECIPIENT=settings_of_command["BACKUP_RECIPIENT"])
    assert (same[0], "andere ontvanger" in same[1]) == (1, True)
    pair = CliRunner().invoke(main, ["backup-key", "create", str(own)], env=settings_of_command).stdout.strip()
    assert "Bewaard: k2." in command("backup", file, KEY_BACKUP_RECIPIENT=pair)[1]
    assert "Teruggezet: niets." in command("restore", file, "--identity", str(own))[1]
