"""Nobody who was erased comes back: not from the live system, not from today's backup, not from an earlier one."""

import shutil
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from pyrage import x25519
from sqlalchemy import select

from config.settings import Settings
from referral.core.encryption import open_reading, subject_key
from referral.core.errors import Problem
from referral.core.idempotency import forget_old_keys
from referral.core.ledger import ErasureLedger
from referral.core.work import Service
from referral.operations.backup import make_backup
from referral.operations.horizon import advance_horizon
from referral.operations.restore import restore_backup
from referral.operations.sealing import seal_log
from referral.participants.models import Participant
from referral.participants.usecases import (
    EraseParticipant,
    RegisterParticipant,
    complete_erasures,
    erase_participant,
    register_participant,
)
from tests.house.needles import PostgresPlaces, sqlite_places
from tests.operations.conftest import nothing_left, same_service
from tests.proof import scaled
from tests.world import World

ERASED = scaled(1000)
KEPT = 20
BATCH = 50


def register(world: World, count: int, name: str, first_phone: int) -> list[UUID]:
    people, actor = [], world.actor("referrer")
    with world.service.work() as work:
        for number in range(count):
            command = RegisterParticipant(
                name=f"{name} {number}", phone=f"06{first_phone + number}", client_number=f"{name}-{number}",
                allow_duplicate=True,
            )  # fmt: skip
            people.append(register_participant(command, actor=actor, work=work).id)
    return people


def erase(world: World, people: list[UUID]) -> None:
    actor = world.actor("privacy")
    for start in range(0, len(people), BATCH):
        with world.service.work() as work:
            for person in people[start : start + BATCH]:
                erase_participant(EraseParticipant(person, "request"), actor=actor, work=work)


def recovered(service: Service, people: Iterable[UUID]) -> int:
    """How many of these names somebody opens who has the whole database and every key that there is."""
    found, wanted = 0, set(people)
    service.key_ring.forget()
    with service.work(read_only=True) as work, open_reading(work.session, "rights"):
        for person in work.session.scalars(select(Participant)).all():
            try:
                found += person.id in wanted and bool(person.name)
            except Problem:
                continue
    return found


def traces(service: Service, people: Iterable[UUID]) -> list[bytes]:
    """What must not be found again: the wrapped key and the index tags of each."""
    wanted = set(people)
    with service.work(read_only=True) as work:
        keys = work.session.execute(select(subject_key.c.subject_id, subject_key.c.blob)).all()
        tags = work.session.execute(select(Participant.id, Participant.phone_bix, Participant.client_number_bix)).all()
    return [value for person, *values in [*keys, *tags] if person in wanted for value in values if value]


def files(service: Service) -> bytes:
    """Every byte in the database's own files; of PostgreSQL the tables and indexes, not the log behind them."""
    if service.engine.dialect.name == "sqlite":
        return b"".join(sqlite_places(Path(str(service.engine.url.database))).values())
    url = service.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    server = PostgresPlaces(url)
    try:
        return server.tables()
    finally:
        server.close()


def test_the_erased_come_back_from_nowhere(
    world: World,
    settings: Settings,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    identity: x25519.Identity,
    recipient: str,
) -> None:
    live, ledger = world.service, settings.erasure_ledger_directory
    gone, kept = register(world, ERASED, "Gewist", 41_000_000), register(world, KEPT, "Gebleven", 42_000_000)
    known = traces(live, gone)
    assert len(known) == 3 * ERASED
    make_backup(live, tmp_path / "first.age", recipient=recipient)
    shutil.copytree(ledger, tmp_path / "too-old")
    make_backup(live, tmp_path / "earlier.age", recipient=recipient)
    shutil.copytree(ledger, tmp_path / "of-then")
    with live.engine.begin() as connection:
        # As the database does by itself: PostgreSQL samples values into its statistics.
        connection.exec_driver_sql("ANALYZE")
    found = files(live)
    assert (recovered(live, gone), sum(each in found for each in known)) == (ERASED, 3 * ERASED), "the control"

    erase(world, gone)
    # Whoever reads a table at that moment keeps it from being written anew; the worker comes back for it.
    assert any(complete_erasures(live) for _ in range(10))
    found = files(live)
    assert (recovered(live, gone), recovered(live, kept)) == (0, KEPT)
    assert [each for each in known if each in found] == []

    make_backup(live, tmp_path / "today.age", recipient=recipient)
    with ExitStack() as stack:

        def empty(name: str, ledger: Path) -> Service:
            url = stack.enter_context(nothing_left(request, live, tmp_path, name))
            service = stack.enter_context(same_service(live, url, settings))
            return replace(service, ledger=ErasureLedger(ledger))

        today = empty("today", ledger)
        restore_backup(today, tmp_path / "today.age", identity=identity)
        assert (recovered(today, gone), recovered(today, kept)) == (0, KEPT)

        for wrong, reason in ((tmp_path / "nowhere", "ontbreekt"), (tmp_path / "too-old", "ouder dan deze")):
            with pytest.raises(ValueError, match=reason):
                restore_backup(empty("closed", wrong), tmp_path / "earlier.age", identity=identity)

        naive = empty("naive", tmp_path / "of-then")
        naive_replay = restore_backup(naive, tmp_path / "earlier.age", identity=identity).replay
        assert recovered(naive, gone) == ERASED, "the control: a ledger that knows nothing of them brings all back"

        seal_log(live)
        with pytest.raises(ValueError, match="niet het nieuwste"):
            # From now on it is known outside the ledger how far it goes.
            restore_backup(empty("refused", tmp_path / "of-then"), tmp_path / "earlier.age", identity=identity)

        again = empty("again", ledger)
        replayed = restore_backup(again, tmp_path / "earlier.age", identity=identity)
        assert (replayed.replay.erased, replayed.record.faults) == (ERASED, [])
        assert (replayed.replay.is_newest, naive_replay.is_newest) == (True, False)
        found = files(again)
        assert (recovered(again, gone), recovered(again, kept)) == (0, KEPT)
        assert [each for each in known if each in found] == []

        for span in ({"days": 4}, {"minutes": 2}, {"minutes": 2}, {"minutes": 2}):
            world.clock.move(**span)
            with live.work() as work:
                forget_old_keys(work)
            advance_horizon(live)
        world.clock.move(days=30)
        assert advance_horizon(live).unreadable == ERASED
        assert (recovered(naive, gone), recovered(live, kept)) == (0, KEPT), "the earlier backup, with every key"
        with pytest.raises(ValueError, match="ontbreken of zijn vernietigd"):
            restore_backup(empty("late", ledger), tmp_path / "earlier.age", identity=identity)
    sys.stdout.write(f"{ERASED} erased, 0 recovered from 4 places; {KEPT} kept\n")
