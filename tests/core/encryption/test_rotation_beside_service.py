"""A rotation beside a running service: stale caches, edits and erasures in the middle of it."""

from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.orm import Session

from referral.core.database import connect
from referral.core.encryption import FileKeys, KeyRing, bind_key_ring, open_reading, subject_key
from referral.core.encryption.rotation.swap import Swap
from referral.core.errors import Erased
from tests.core.encryption.people import NOW, Person, find, register, session_of
from tests.core.encryption.rotating import (
    METADATA,
    NEW,
    PEOPLE,
    Clock,
    fill,
    found_by_phone,
    once_after,
    read_everything,
    rotate,
    someone,
    standing,
)


def test_a_process_with_old_keys_goes_on_reading_writing_and_finding(
    ring: KeyRing, kind: str, clock: Clock, database_url: str, keys: FileKeys
) -> None:
    """Two processes: one rotates, the other works on with what it remembers, until its time to live is over."""
    people = fill(ring, PEOPLE)
    other = KeyRing(connect(database_url), keys)
    late: list[Any] = []
    assert found_by_phone(other, range(PEOPLE)) == people
    read_everything(other)

    def work_on() -> None:
        late.extend(register(other, someone(PEOPLE + len(late))))
        with session_of(other) as session:
            person = session.get_one(Person, people[0])
            person.notes = f"Bijgewerkt {len(late)}"
            session.commit()
        everybody = [*people, *late]
        for each in (ring, other):
            assert len(read_everything(each)) == len(everybody)
            assert found_by_phone(each, range(len(everybody))) == everybody, f"{len(late)}"

    report = ring.rotate(kind, METADATA, clock=clock, batch=7, heard=lambda *_: work_on())
    while report.until is not None:
        work_on()
        other.forget()
        work_on()
        clock.now = report.until
        report = ring.rotate(kind, METADATA, clock=clock, batch=7)
    assert report.is_done
    assert {name: standing(ring)[name] for name in NEW[kind]} == NEW[kind] or kind == "data"
    assert read_everything(other)[people[0]]["notes"] == f"Bijgewerkt {len(late)}"
    other.engine.dispose()


def test_an_index_that_is_written_before_everybody_reads_it_misses_people(
    ring: KeyRing, clock: Clock, database_url: str, keys: FileKeys
) -> None:
    """The control of the test above: without the announcement, the other process does not find who was tagged anew."""
    people = fill(ring, 3)
    other = KeyRing(connect(database_url), keys)
    assert found_by_phone(other, range(3)) == people
    hasty = KeyRing(ring.engine, keys, ttl=0)
    hasty.rotate("index", METADATA, clock=clock)
    ring.forget()
    assert found_by_phone(ring, range(3)) == people
    assert found_by_phone(other, range(3)) == [None, None, None]
    other.engine.dispose()


EDITS = {"data": "reseal:1:test_person", "index": "retag:1:test_person"}


@pytest.mark.parametrize("kind", EDITS)
def test_an_edit_in_the_middle_of_a_batch_wins(
    ring: KeyRing, kind: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between reading a row and writing it somebody else changes it: compare and swap leaves the edit alone."""
    people = fill(ring, 5)
    edited = _edit_before_writing(ring, people[2], monkeypatch)
    assert rotate(ring, kind, clock).is_done
    assert edited == [people[2]]
    assert read_everything(ring)[people[2]]["phone"] == "0687654321"
    with session_of(ring) as session:
        assert session.scalars(select(Person.id).where(Person.phone.matches(session, "0687654321"))).one() == people[2]
    assert {name: standing(ring)[name] for name in NEW[kind]} == NEW[kind]


@pytest.mark.parametrize("kind", EDITS)
def test_without_comparing_the_edit_would_be_lost(
    ring: KeyRing, kind: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test above."""
    people = fill(ring, 5)
    _edit_before_writing(ring, people[2], monkeypatch)
    monkeypatch.setattr(Swap, "__init__", _swap_without_comparing)
    rotate(ring, kind, clock)
    with session_of(ring) as session, open_reading(session, "test"):
        by_new = session.scalars(select(Person.id).where(Person.phone.matches(session, "0687654321"))).all()
        assert (find(session, people[2]).phone, by_new) != ("0687654321", [people[2]])


def _edit_before_writing(ring: KeyRing, person_id: Any, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Change this person's phone once, in the batch's own connection, just before it writes what it read."""
    edited: list[Any] = []
    run = Swap.run

    def run_late(self: Swap, connection: Any, rows: Any) -> int:
        if not edited and any(row["row_id"] == person_id for row in rows) and "old_phone" in str(rows[0]):
            with Session(bind=connection, join_transaction_mode="create_savepoint") as session:
                bind_key_ring(session, ring)
                session.get_one(Person, person_id).phone = "0687654321"
                session.commit()
            edited.append(person_id)
        return run(self, connection, rows)

    monkeypatch.setattr(Swap, "run", run_late)
    return edited


def _swap_without_comparing(self: Swap, table: Any, columns: Any) -> None:
    self._old = [f"old_{column.name}" for column in columns]
    self._new = [f"new_{column.name}" for column in columns]
    news = {column.name: bindparam(f"new_{column.name}", type_=column.type) for column in columns}
    self._statement = update(table).where(table.c.id == bindparam("row_id")).values(news)


def test_who_is_erased_during_a_rotation_stays_erased(ring: KeyRing, kind: str, clock: Clock) -> None:
    people = fill(ring, PEOPLE)

    def erase() -> None:
        with session_of(ring) as session:
            ring.erase_subject(session, people[-1], [Person], at=NOW)
            session.commit()

    step = {"kek": "rewrap", "data": "grow", "index": "announce"}[kind]
    assert rotate(ring, kind, clock, heard=once_after(step, erase)).is_done
    with session_of(ring) as session, open_reading(session, "test"), pytest.raises(Erased):
        _ = find(session, people[-1]).name
    with ring.engine.connect() as connection:
        kept = (
            connection.execute(select(subject_key.c.blob).where(subject_key.c.subject_id == people[-1])).scalars().all()
        )
    assert set(kept) == {None}
    assert found_by_phone(ring, [PEOPLE - 1]) == [None]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_an_erasure_while_a_key_is_wrapped_anew_wins(ring: KeyRing, keys: FileKeys, clock: Clock) -> None:
    """Without comparing the old blob, the batch would write the destroyed key back."""
    (bob,) = fill(ring, 1)
    rewrap_all = ring._store.rewrap_all

    def erased_meanwhile(connection: Connection, rows: Any, wk_id: int) -> list[bytes | None]:
        if bob in {row[0] for row in rows}:
            with session_of(ring) as session:
                ring.erase_subject(session, bob, [Person], at=NOW)
                session.commit()
        return rewrap_all(connection, rows, wk_id)

    ring._store.rewrap_all = erased_meanwhile  # type: ignore[method-assign]
    assert rotate(ring, "kek", clock).is_done
    with session_of(ring) as session, open_reading(session, "test"), pytest.raises(Erased):
        _ = find(session, bob).name


def test_one_tombstone_is_enough(ring: KeyRing) -> None:
    """A live generation beside a tombstone must not open, nor seal, anything for an erased person."""
    (bob,) = register(ring, someone(1))
    with session_of(ring) as session:
        ring.erase_subject(session, bob, [Person], at=NOW)
        wrapped = ring._store.wrapping_key(session.connection(), 1).wrap(bob, 2, bytes(32))
        session.execute(insert(subject_key), [{"subject_id": bob, "gen": 2, "wk_id": 1, "blob": wrapped}])
        session.commit()
    with session_of(ring) as session, pytest.raises(Erased):
        ring.seal(session, "x", bob, bob, b"data")
