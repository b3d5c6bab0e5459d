"""New keys: afterwards everything reads the same and nothing is left under the old key, and never sooner."""

import pytest

from referral.core.encryption import KINDS, FileKeys, KeyRefused, KeyRing, WrappingStatus
from tests.core.encryption.people import session_of
from tests.core.encryption.rotating import (
    METADATA,
    NEW,
    OLD,
    PEOPLE,
    Clock,
    fill,
    found_by_phone,
    read_everything,
    rotate,
    standing,
)


def test_after_a_rotation_everything_is_new_and_reads_the_same(ring: KeyRing, kind: str, clock: Clock) -> None:
    people = fill(ring, PEOPLE)
    before = read_everything(ring)
    assert standing(ring).items() >= OLD[kind].items()
    report = rotate(ring, kind, clock)
    assert report.is_done
    assert report.changed >= PEOPLE
    assert {name: standing(ring)[name] for name in NEW[kind]} == NEW[kind]
    assert read_everything(ring) == before
    assert found_by_phone(ring, range(PEOPLE)) == people
    rotate(ring, kind, clock)
    assert read_everything(KeyRing(ring.engine, ring.provider)) == before


def test_the_three_rotations_run_after_and_through_each_other(ring: KeyRing, clock: Clock) -> None:
    people = fill(ring, PEOPLE)
    before = read_everything(ring)
    waiting = {kind: ring.rotate(kind, METADATA, clock=clock, batch=7) for kind in KINDS}
    assert all(report.until for report in waiting.values())
    for kind in KINDS:
        assert rotate(ring, kind, clock).is_done
    assert standing(ring) == NEW["kek"] | NEW["data"] | NEW["index"]
    assert read_everything(ring) == before
    assert found_by_phone(ring, range(PEOPLE)) == people


def test_the_old_kek_can_go_when_nothing_lies_under_it(ring: KeyRing, clock: Clock) -> None:
    fill(ring, 3)
    before = read_everything(ring)
    ring.rotate("kek", METADATA, clock=clock)
    with session_of(ring) as session:
        with pytest.raises(KeyRefused):
            ring.refuse_if_used(session, "k1")
        assert ring.status(session, METADATA).wrapping_keys == (WrappingStatus(1, "k1", 0), WrappingStatus(2, "k2", 5))
    assert rotate(ring, "kek", clock).is_done
    with session_of(ring) as session:
        with pytest.raises(KeyRefused):
            ring.refuse_if_used(session, "k2")
        ring.refuse_if_used(session, "k1")
    assert ring.provider.destroy("k1").kek_id == "k1"
    ring.forget()
    assert read_everything(ring) == before


def test_a_kek_that_was_made_and_not_used_is_used_first(ring: KeyRing, keys: FileKeys, clock: Clock) -> None:
    """A command that died between the provider and the database must not leave a KEK behind at every try."""
    fill(ring, 1)
    keys.create()
    rotate(ring, "kek", clock)
    assert (keys.current(), standing(ring)["keks"]) == ("k2", {"k2"})


def test_nothing_is_dropped_before_every_cache_has_forgotten(ring: KeyRing, kind: str, clock: Clock) -> None:
    fill(ring, 3)
    while (report := ring.rotate(kind, METADATA, clock=clock)).until is not None:
        assert (report.until - clock.now).total_seconds() == 2 * ring._store.ttl
        for name, old in OLD[kind].items():
            if name in ("keks", "generations", "roots"):
                assert standing(ring)[name] >= old
        again = ring.rotate(kind, METADATA, clock=clock)
        assert (again.until, again.changed) == (report.until, 0), "asked too early, it does nothing"
        clock.now = report.until
    assert report.is_done
