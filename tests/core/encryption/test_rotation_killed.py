"""A rotation that is killed in the middle of anything goes on: nothing lost, nobody left behind."""

import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from referral.core.encryption import FileKeys, KeyRing
from referral.core.encryption.keys import CryptoJob
from tests.core.encryption.killed import Counter
from tests.core.encryption.people import Person
from tests.core.encryption.rotating import (
    METADATA,
    NEW,
    PEOPLE,
    Clock,
    Stopped,
    fill,
    found_by_phone,
    read_everything,
    rotate,
    standing,
    stop_at,
)
from tests.proof import scaled

POINTS = scaled(20)
ROOT = Path(__file__).parents[3]


def kill(url: str, keys: FileKeys, kind: str, clock: Clock, point: int) -> None:
    """Run the rotation in a process of its own until just before this statement."""
    arguments = [url, str(keys.directory), kind, clock.now.isoformat(), str(point)]
    command = [sys.executable, "-m", "tests.core.encryption.killed", *arguments]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert run.returncode == -signal.SIGKILL, run.stderr


def test_a_killed_rotation_goes_on_where_it_was(
    ring: KeyRing, keys: FileKeys, kind: str, clock: Clock, database_url: str
) -> None:
    people = fill(ring, PEOPLE)
    before = read_everything(ring)
    counter = Counter(ring.engine)
    rotate(ring, kind, clock)
    total = counter.seen
    event.remove(ring.engine, "before_cursor_execute", counter.count)
    event.remove(ring.engine, "commit", counter.count)
    points = [1 + total * number // (POINTS + 1) for number in range(1, POINTS + 1)]
    for point in points:
        kill(database_url, keys, kind, clock, point)
        ring.forget()
        assert read_everything(ring) == before, f"killed at {point}"
        assert found_by_phone(ring, range(PEOPLE)) == people
        clock.now += timedelta(hours=1)
        assert rotate(ring, kind, clock).is_done
        ring.forget()
        assert read_everything(ring) == before
        assert found_by_phone(ring, range(PEOPLE)) == people
        after = standing(ring)
        assert {name: len(after[name]) for name in NEW[kind]} == dict.fromkeys(NEW[kind], 1), f"killed at {point}"
    sys.stdout.write(f"{kind}: killed at {len(points)} of {total} statements, {points}; all read, none old\n")


CURSOR = {"data": "reseal:1:test_person", "index": "retag:1:test_person"}


@pytest.mark.parametrize("kind", CURSOR)
def test_a_cursor_that_is_stored_before_its_batch_leaves_people_behind(ring: KeyRing, kind: str, clock: Clock) -> None:
    """The control: with the cursor in a transaction of its own, what was killed is skipped in that round.

    The second round finds it, and the last look before dropping would keep its key: one safeguard does not stand alone.
    """
    fill(ring, PEOPLE)
    if kind == "index":
        clock.now = ring.rotate(kind, METADATA, clock=clock).until
    with pytest.raises(Stopped):
        ring.rotate(kind, METADATA, clock=clock, batch=3, heard=stop_at(CURSOR[kind]))
    with Session(ring.engine) as session:
        job = session.scalars(select(CryptoJob)).one()
        ahead = select(Person.id).where(Person.id > job.cursor).order_by(Person.id).limit(3)
        job.cursor = session.scalars(ahead).all()[-1]
        session.commit()
    report = ring.rotate(kind, METADATA, clock=clock, batch=3)
    name = {"data": "cells", "index": "tags"}[kind]
    assert report.until is not None
    assert standing(ring)[name] == {1, 2}, "the first round left them behind"
    assert rotate(ring, kind, clock).is_done
    assert standing(ring)[name] == {2}
