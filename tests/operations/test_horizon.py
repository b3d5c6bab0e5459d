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
from referral.core.encryption import INDEX_SUBJECT, PhoneNumber, subject_key
from referral.core.encryption.index import index_input, index_label
from referral.core.encryption.normalise import normalise_phone
from referral.core.idempotency import forget_old_keys
from referral.core.ledger import DESTROYED
from referral.core.work import Service
from referral.operations import horizon
from referral.operations.horizon import Horizon, advance_horizon
from referral.operations.keycopies import backup_keys, restore_keys
from referral.participants.models import ErasureRequest, Participant
from referral.participants.usecases.erasing import RENEWAL
from tests.world import World

Identity = x25519.Identity


def erase(world: World, person: str = "") -> str:
    person = person or str(world.refer()["participantId"])
    answer = world.call("privacy", "POST", f"/v1/participants/{person}/erasures", {"ground": "request"})
    assert answer.status_code == 201, answer.json
    return person


def key_files(settings: Settings) -> list[str]:
    return sorted(path.name for path in settings.key_directory.iterdir())


NOTHING = Horizon(rewrapped=0, retagged=0, destroyed=[], unreadable=0, waiting=0, overdue=0)


def pass_hours(world: World, *spans: int, service: Service | None = None) -> list[Horizon]:
    """The timer, and the worker that forgets old keys of idempotency, after each of these spans; what each run did.

    A run in between would do nothing: either the renewal waits for keys that are not 72 hours old yet, or it is over.
    """
    done = []
    for hours in spans:
        world.clock.move(hours=hours)
        with world.service.work() as work:
            forget_old_keys(work)
        done.append(advance_horizon(service or world.service))
    return done


def renew(world: World, service: Service | None = None) -> Horizon:
    """Three runs: begin, tag and wrap anew, and end when every process has forgotten the old keys."""
    runs = pass_hours(world, 1, 1, 1, service=service)
    return replace(runs[-1], rewrapped=sum(each.rewrapped for each in runs), retagged=sum(r.retagged for r in runs))


def roots(world: World) -> list[int]:
    with world.service.work(read_only=True) as work:
        of_index = select(subject_key.c.gen).where(subject_key.c.subject_id == INDEX_SUBJECT)
        return sorted(work.session.scalars(of_index))


def destroyed_in(runs: list[Horizon]) -> list[str]:
    return [each.kek_id for run in runs for each in run.destroyed]


def the_request(world: World) -> ErasureRequest:
    with world.service.work(read_only=True) as work:
        return work.session.scalars(select(ErasureRequest)).one()


def test_the_horizon_is_reached_by_the_day_that_was_promised(world: World, settings: Settings) -> None:
    kept = world.refer()
    assert advance_horizon(world.service) == NOTHING
    assert key_files(settings) == ["k1.key"], "nobody was erased, so nothing has to end"
    erase(world)
    first = renew(world)
    assert (first.rewrapped > 0, first.retagged > 0, first.destroyed, first.waiting) == (True, True, [], 1)
    assert key_files(settings) == ["k1.key", "k2.key"]
    assert roots(world) == [1, 2], "a kept answer of the last 72 hours is known by a digest under the old root"
    pass_hours(world, 72, 1, 1)
    assert roots(world) == [2]
    assert key_files(settings) == ["k1.key", "k2.key", "k3.key"], "the old root lay under the second key as well"
    world.clock.move(days=27, hours=18)
    runs = [advance_horizon(world.service)]
    assert (destroyed_in(runs), runs[0].unreadable, runs[0].waiting) == (["k1"], 0, 1)
    world.clock.move(days=4)
    last = advance_horizon(world.service)
    assert ([each.kek_id for each in last.destroyed], last.unreadable, last.waiting) == (["k2"], 1, 0)
    assert key_files(settings) == ["k1.destroyed", "k2.destroyed", "k3.key"]
    request = the_request(world)
    assert request.unreadable_at == world.clock.now
    assert request.backups_until >= world.clock.today, "the promise of the receipt was kept"
    world.service.key_ring.forget()
    path = f"/v1/participants/{kept['participantId']}?purpose=contact"
    assert world.call("referrer", "GET", path).json["name"] == "Deelnemer 1"
    phone = world.call("referrer", "GET", path).json["phone"]
    found = world.call("referrer", "POST", "/v1/participants/_search", {"phone": phone})
    assert [each["id"] for each in found.json["items"]] == [kept["participantId"]], "found under the new root"
    assert advance_horizon(world.service) == NOTHING


def test_whoever_is_erased_while_a_renewal_runs_waits_for_the_next_and_still_in_time(world: World) -> None:
    """The worst day to be erased: just after everybody was tagged under a new root."""
    erase(world)
    renew(world)
    erase(world)
    begun = world.clock.now
    assert roots(world) == [1, 2]
    pass_hours(world, 1, 71, 1)
    world.refer()
    assert roots(world) == [2, 3], "the second renewal began, and the service goes on to be used"
    pass_hours(world, 1, 1, 1)
    assert roots(world) == [2, 3], "an answer was kept under the root that goes"
    pass_hours(world, 72, 1)
    assert roots(world) == [3]
    assert world.clock.now - begun < RENEWAL
    with world.service.work(read_only=True) as work:
        left = work.session.scalars(select(ErasureRequest.index_generation)).all()
    assert left == [None, None]
    world.clock.move(days=30)
    assert advance_horizon(world.service).unreadable == 2


def recognised(world: World, old_tags: set[bytes], phones: list[str]) -> int:
    """How many of these numbers somebody recognises in an old backup who has every key of today."""
    world.service.key_ring.forget()
    with world.service.work(read_only=True) as work:
        keys = work.service.key_ring.index_keys(work.session)
        label = index_label("participant.phone", PhoneNumber("NL"))
        tried = [keys.candidates(label, index_input(PhoneNumber("NL"), phone, None)) for phone in phones]
        return sum(not old_tags.isdisjoint(tags) for tags in tried)


def tags_of(world: World) -> set[bytes]:
    with world.service.work(read_only=True) as work:
        return set(work.session.scalars(select(Participant.phone_bix).where(Participant.phone_bix.is_not(None))))


def test_the_keys_of_today_recognise_no_number_in_a_backup_from_before_the_horizon(world: World) -> None:
    """Trying all telephone numbers against the tags of an old backup: the root that made them is nowhere any more."""
    erased = world.referral_body()
    phone = normalise_phone(erased["participant"]["phone"], "NL")
    person = world.call("referrer", "POST", "/v1/referrals", erased).json["participantId"]
    backup = tags_of(world)
    erase(world, person)
    assert recognised(world, backup, [phone]) == 1, "the control: until then the root lives"
    renew(world)
    assert recognised(world, backup, [phone]) == 1, "and while the old root may still be needed"
    pass_hours(world, 72, 1, 1)
    assert recognised(world, backup, [phone]) == 0


def test_a_horizon_that_renews_only_the_kek_leaves_the_root_alive(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: a build that forgets the index never says that the backups are unreadable."""
    monkeypatch.setattr(horizon, "_asks_index", lambda _service: False)
    erase(world)
    renew(world)
    pass_hours(world, 72, 1, 1)
    assert roots(world) == [1]
    world.clock.move(days=60)
    done = advance_horizon(world.service)
    assert (done.unreadable, done.waiting, done.overdue) == (0, 1, 1)


def test_a_promise_that_was_not_kept_is_counted(world: World) -> None:
    erase(world)
    world.clock.move(days=38)
    late = advance_horizon(world.service)
    assert (late.waiting, late.overdue) == (1, 1)


def test_a_shorter_term_of_the_backups_brings_it_nearer(world: World) -> None:
    service = replace(world.service, settings={**world.service.settings, "backup_retention_days": 7})
    world.app.service = service
    erase(world)
    with service.work(read_only=True) as work:
        promised = work.session.scalars(select(ErasureRequest.backups_until)).one()
    assert (promised - world.clock.today).days == 14
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

    for _ in range(3):
        status, told = command("horizon")
        assert (status, "wachtend: 1, te laat: 0" in told) == (0, True)
        world.clock.move(minutes=2)
    world.clock.move(days=31)
    with world.service.work() as work:
        forget_old_keys(work)
    status, told = command("horizon")
    assert (status, "k1 is vernietigd" in told) == (0, True)
    assert "reservekopieën onleesbaar: 0" in told, "the root was dropped only now"
    file, own = str(tmp_path / "keys.age"), tmp_path / "own.txt"
    assert "KEY_BACKUP_RECIPIENT is niet ingesteld" in command("backup", file)[1]
    same = command("backup", file, KEY_BACKUP_RECIPIENT=settings_of_command["BACKUP_RECIPIENT"])
    assert (same[0], "andere ontvanger" in same[1]) == (1, True)
    pair = CliRunner().invoke(main, ["backup-key", "create", str(own)], env=settings_of_command).stdout.strip()
    assert "Bewaard: k2, k3." in command("backup", file, KEY_BACKUP_RECIPIENT=pair)[1]
    assert "Teruggezet: niets." in command("restore", file, "--identity", str(own))[1]
