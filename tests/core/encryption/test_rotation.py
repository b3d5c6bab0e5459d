"""A new KEK beside a running service: resumable, and never in the way of an erasure."""

from collections.abc import Iterable

import pytest
from sqlalchemy import Engine, select

from referral.core.encryption import FileKeys, KeyRing, WrappingStatus, open_reading, subject_key
from referral.core.errors import Erased
from tests.core.encryption.people import NOW, Person, find, register, session_of

BOB = {"name": "Bob Oudekerk", "phone": "0687654321"}


class Interrupted(Exception):
    """Somebody stopped the command."""


def names(ring: KeyRing, people: Iterable[object]) -> set[str | None]:
    with session_of(ring) as session, open_reading(session, "test"):
        return {find(session, person).name for person in people}  # type: ignore[arg-type]


def test_after_a_rotation_the_old_kek_can_go(ring: KeyRing, keys: FileKeys) -> None:
    people = register(ring, *[BOB] * 7)
    keys.create()
    heard: list[int] = []
    assert ring.rotate_kek(batch=4, progress=heard.append) == 9
    assert heard == [4, 8, 9]
    with session_of(ring) as session:
        status = ring.status(session)
    assert status.wrapping_keys == (WrappingStatus(1, "k1", 0), WrappingStatus(2, "k2", 9))
    assert (status.live_keys_under("k1"), status.live_keys_under("k2"), status.tombstones) == (0, 9, 0)
    assert keys.destroy("k1").is_certain is False
    ring.forget()
    assert names(ring, people) == {BOB["name"]}


def test_without_a_new_kek_there_is_nothing_to_do(ring: KeyRing) -> None:
    register(ring, BOB)
    assert ring.rotate_kek() == 0


def test_an_interrupted_rotation_runs_on(ring: KeyRing, keys: FileKeys) -> None:
    people = register(ring, *[BOB] * 7)
    keys.create()

    def stop(_done: int) -> None:
        raise Interrupted

    with pytest.raises(Interrupted):
        ring.rotate_kek(batch=4, progress=stop)
    assert names(ring, people) == {BOB["name"]}
    assert ring.rotate_kek(batch=4) == 5


def test_new_people_get_a_key_under_the_new_kek(ring: KeyRing, keys: FileKeys) -> None:
    register(ring, BOB)
    keys.create()
    ring.rotate_kek()
    (after,) = register(ring, BOB)
    with session_of(ring) as session:
        assert session.scalar(select(subject_key.c.wk_id).where(subject_key.c.subject_id == after)) == 2


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_an_erasure_during_the_rotation_wins(ring: KeyRing, keys: FileKeys, engine: Engine) -> None:
    """Without comparing the old blob, the batch would write the destroyed key back."""
    (bob,) = register(ring, BOB)
    keys.create()
    rewrap = ring._store.rewrap

    def erased_meanwhile(connection: object, row: object, wk_id: int) -> bytes:
        if row.subject_id == bob:  # type: ignore[attr-defined]
            with session_of(ring) as session:
                ring.erase_subject(session, bob, [Person], at=NOW)
                session.commit()
        return rewrap(connection, row, wk_id)  # type: ignore[arg-type]

    ring._store.rewrap = erased_meanwhile  # type: ignore[method-assign]
    ring.rotate_kek()
    ring.forget()
    with pytest.raises(Erased):
        names(ring, [bob])
    with session_of(ring) as session:
        assert ring.status(session).tombstones == 1
