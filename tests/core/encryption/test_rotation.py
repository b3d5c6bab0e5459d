"""New keys beside a running service: everything readable all the time, nothing left under the old key afterwards."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, delete, event, insert, select, update
from sqlalchemy.orm import Session

from referral.core.database import connect, new_id
from referral.core.encryption import (
    INDEX_SUBJECT,
    KINDS,
    FileKeys,
    KeyRefused,
    KeyRing,
    Progress,
    WrappingStatus,
    open_reading,
    subject_key,
    wrapping_key,
)
from referral.core.encryption.keys import CryptoJob
from referral.core.encryption.rotation.swap import Swap
from referral.core.errors import Erased, KeyMissing
from tests.core.encryption.people import NOW, Note, Person, find, overwrite, register, session_of
from tests.core.encryption.rotating import (
    METADATA,
    Clock,
    fill,
    found_by_phone,
    read_everything,
    rotate,
    someone,
    standing,
)

OLD = {
    "kek": {"keks": {"k1"}, "wrapped": {1}},
    "data": {"generations": {1}, "cells": {1}},
    "index": {"roots": {1}, "tags": {1}},
}
NEW = {
    "kek": {"keks": {"k2"}, "wrapped": {2}},
    "data": {"generations": {2}, "cells": {2}},
    "index": {"roots": {2}, "tags": {2}},
}
PEOPLE = 20


class Stopped(Exception):
    """The operator pressed Ctrl+C."""


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def at(ring: KeyRing, step: str, deed: Callable[[], object]) -> Callable[[Progress, int], None]:
    """Do something once, after a batch of this step."""
    waiting = [deed]

    def heard(progress: Progress, _seen: int) -> None:
        if progress.step.startswith(step) and waiting:
            waiting.pop()()

    return heard


# What a rotation comes to


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
    with pytest.raises(KeyRefused):
        ring.destroy_kek("k1")
    with session_of(ring) as session:
        assert ring.status(session, METADATA).wrapping_keys == (WrappingStatus(1, "k1", 0), WrappingStatus(2, "k2", 5))
    assert rotate(ring, "kek", clock).is_done
    with pytest.raises(KeyRefused):
        ring.destroy_kek("k2")
    assert ring.destroy_kek("k1").kek_id == "k1"
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


# Beside a running service


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
    ring: KeyRing, clock: Clock, database_url: str, keys: FileKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test above: without the announcement, the other process does not find who was tagged anew."""
    people = fill(ring, 3)
    other = KeyRing(connect(database_url), keys)
    assert found_by_phone(other, range(3)) == people
    clock_of_the_hasty = Clock()
    ring._store.ttl, ttl = 0, ring._store.ttl
    ring.rotate("index", METADATA, clock=clock_of_the_hasty)
    ring._store.ttl = ttl
    assert found_by_phone(ring, range(3)) == people
    assert found_by_phone(other, range(3)) == [None, None, None]
    other.engine.dispose()


EDITS = {"data": "reseal:1:test_person", "index": "retag:1:test_person"}


@pytest.mark.parametrize("kind", EDITS)
def test_an_edit_in_the_middle_of_a_batch_wins(
    ring: KeyRing, kind: str, clock: Clock, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    """Between reading a row and writing it somebody else changes it: compare and swap leaves the edit alone."""
    people = fill(ring, 5)
    edited = _edit_before_writing(ring, people[2], monkeypatch)
    assert rotate(ring, kind, clock).is_done
    assert edited == [people[2]]
    assert read_everything(ring)[people[2]]["phone"] == "0699999999"
    with session_of(ring) as session:
        assert session.scalars(select(Person.id).where(Person.phone.matches(session, "0699999999"))).one() == people[2]
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
        by_new = session.scalars(select(Person.id).where(Person.phone.matches(session, "0699999999"))).all()
        assert (find(session, people[2]).phone, by_new) != ("0699999999", [people[2]])


def _edit_before_writing(ring: KeyRing, person_id: Any, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Change this person's phone once, in the batch's own connection, just before it writes what it read."""
    edited: list[Any] = []
    run = Swap.run

    def run_late(self: Swap, connection: Any, rows: Any) -> int:
        if not edited and any(row["row_id"] == person_id for row in rows) and "old_phone" in str(rows[0]):
            with Session(bind=connection, join_transaction_mode="create_savepoint") as session:
                ring_session(ring, session)
                session.get_one(Person, person_id).phone = "0699999999"
                session.commit()
            edited.append(person_id)
        return run(self, connection, rows)

    monkeypatch.setattr(Swap, "run", run_late)
    return edited


def ring_session(ring: KeyRing, session: Session) -> None:
    from referral.core.encryption import bind_key_ring

    bind_key_ring(session, ring)


def _swap_without_comparing(self: Swap, table: Any, columns: Any) -> None:
    from sqlalchemy import bindparam

    self._old = [f"old_{column.name}" for column in columns]
    self._new = [f"new_{column.name}" for column in columns]
    news = {column.name: bindparam(f"new_{column.name}", type_=column.type) for column in columns}
    self._statement = update(table).where(table.c.id == bindparam("row_id")).values(news)


# Erasing


def test_who_is_erased_during_a_rotation_stays_erased(ring: KeyRing, kind: str, clock: Clock) -> None:
    people = fill(ring, PEOPLE)

    def erase() -> None:
        with session_of(ring) as session:
            ring.erase_subject(session, people[-1], [Person], at=NOW)
            session.commit()

    step = {"kek": "rewrap", "data": "grow", "index": "announce"}[kind]
    assert rotate(ring, kind, clock, heard=at(ring, step, erase)).is_done
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
    rewrap = ring._store.rewrap

    def erased_meanwhile(connection: object, row: Any, wk_id: int) -> bytes:
        if row.subject_id == bob:
            with session_of(ring) as session:
                ring.erase_subject(session, bob, [Person], at=NOW)
                session.commit()
        return rewrap(connection, row, wk_id)  # type: ignore[arg-type]

    ring._store.rewrap = erased_meanwhile  # type: ignore[method-assign]
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


# What goes wrong


def test_what_does_not_open_is_counted_and_keeps_its_key(ring: KeyRing, clock: Clock, engine: Engine) -> None:
    """The run fails; everything else is new; once the value is mended, the same job ends."""
    people = fill(ring, 5)
    good = _stored(ring, people[1])
    overwrite(engine, Person, "name_ct", people[1], good[:-1] + bytes([good[-1] ^ 1]))
    report = rotate(ring, "data", clock)
    assert (report.errors, report.is_done) == (1, False)
    with engine.connect() as connection:
        rows = connection.execute(select(subject_key.c.subject_id).where(subject_key.c.gen == 1)).scalars().all()
    assert set(rows) == {people[1], INDEX_SUBJECT}, "the old key of everybody else is gone"
    overwrite(engine, Person, "name_ct", people[1], good)
    assert rotate(ring, "data", clock).is_done
    assert read_everything(ring)[people[1]]["name"] == someone(1)["name"]
    assert standing(ring)["generations"] == {2}, "no third generation was made"


def test_a_person_without_a_key_fails_the_run_and_stops_nobody(ring: KeyRing, clock: Clock) -> None:
    people = fill(ring, 5)
    with ring.engine.begin() as connection:
        connection.execute(delete(subject_key).where(subject_key.c.subject_id == people[0]))
    assert rotate(ring, "data", clock).errors == 2, "a person and a note"
    assert rotate(ring, "index", clock).errors == 1
    assert found_by_phone(ring, range(1, 5)) == people[1:]


def test_two_that_become_equal_in_a_unique_index_fail_the_run_and_stop_nobody(ring: KeyRing, clock: Clock) -> None:
    """The database cannot refuse the same client number under two versions; the rotation finds it."""
    people = fill(ring, 4)
    with ring.engine.begin() as connection:
        connection.exec_driver_sql("CREATE UNIQUE INDEX one_number ON test_person (client_number_bix)")
    ring.rotate("index", METADATA, clock=clock)
    clock.move(minutes=5)
    ring.rotate("index", METADATA, clock=clock, batch=1, heard=_stop_at("retag")) if False else None
    with session_of(ring) as session:
        twin = Person(**someone(0) | {"phone": "0611111111", "email": "twee@voorbeeld.nl"})
        index = ring.index_keys(session)
        session.add(twin)
        index.versions = (2, 1)
        session.commit()
    report = rotate(ring, "index", clock)
    assert report.errors == 1
    assert standing(ring)["roots"] == {1, 2}
    assert found_by_phone(ring, range(4)) == people


def _stop_at(step: str) -> Callable[[Progress, int], None]:
    def heard(progress: Progress, _seen: int) -> None:
        if progress.step.startswith(step):
            raise Stopped

    return heard


def test_without_the_provider_a_rotation_stops_and_goes_on_later(ring: KeyRing, keys: FileKeys, clock: Clock) -> None:
    fill(ring, 9)
    with pytest.raises(Stopped):
        ring.rotate("kek", METADATA, clock=clock, batch=4, heard=_stop_at("rewrap"))
    ring.forget()
    away = keys.directory.rename(keys.directory.with_name("away"))
    with pytest.raises(KeyMissing):
        ring.rotate("kek", METADATA, clock=clock)
    away.rename(keys.directory)
    assert rotate(ring, "kek", clock).is_done
    assert standing(ring)["keks"] == {"k2"}


def test_every_kind_has_one_job_at_a_time(ring: KeyRing, kind: str, clock: Clock) -> None:
    fill(ring, 9)
    with pytest.raises(Stopped):
        ring.rotate(kind, METADATA, clock=clock, batch=4, heard=_stop_at(""))
    assert rotate(ring, kind, clock).is_done
    with Session(ring.engine) as session:
        jobs = session.scalars(select(CryptoJob)).all()
        assert [(job.kind, job.ended_at is None) for job in jobs] == [(kind, False)]


def test_the_newest_key_is_never_dropped(ring: KeyRing, clock: Clock) -> None:
    """People with keys and no values, and an index without tags: nothing uses the newest, and it stays."""
    with session_of(ring) as session:
        ring.add_subjects(session, [new_id() for _ in range(3)])
        session.commit()
    for kind in KINDS:
        assert rotate(ring, kind, clock).is_done
    assert standing(ring) == NEW["kek"] | NEW["data"] | NEW["index"] | {"cells": set(), "tags": set()}


def test_a_root_stays_for_as_long_as_a_keyed_digest_needs_it(ring: KeyRing, clock: Clock) -> None:
    from sqlalchemy import Column, LargeBinary, MetaData, Table, Uuid

    from referral.core.encryption import keyed_digest

    own = MetaData()
    for table in METADATA.tables.values():
        table.to_metadata(own)
    digests = Table(
        "test_digest", own, Column("id", Uuid, primary_key=True), Column("d", LargeBinary, info=keyed_digest())
    )
    digests.create(ring.engine)
    try:
        _keep_digest(ring, clock, own, digests)
    finally:
        digests.drop(ring.engine)


def _keep_digest(ring: KeyRing, clock: Clock, own: Any, digests: Any) -> None:
    with session_of(ring) as session:
        first = ring.fingerprint(session, "x", b"data")
        session.execute(insert(digests), [{"id": new_id(), "d": first}])
        session.commit()
    for _ in range(3):
        report = ring.rotate("index", own, clock=clock)
        clock.move(minutes=5)
    assert (report.kept, report.errors, report.is_done) == (1, 0, False)
    with session_of(ring) as session:
        assert ring.fingerprints(session, "x", b"data")[1] == first
        session.execute(delete(digests))
        session.commit()
    assert ring.rotate("index", own, clock=clock).is_done
    with session_of(ring) as session:
        assert first not in ring.fingerprints(session, "x", b"data")


def _stored(ring: KeyRing, person_id: Any) -> bytes:
    with ring.engine.connect() as connection:
        return bytes(connection.scalar(select(Person.__table__.c.name_ct).where(Person.__table__.c.id == person_id)))


def test_a_stale_process_that_writes_too_late_is_caught_by_the_last_look(ring: KeyRing, clock: Clock) -> None:
    """A value under the old generation after the last round: the drop looks itself, and keeps that key."""
    people = fill(ring, 3)
    old = _stored(ring, people[0])
    put_back = at(ring, "drop", lambda: None)

    def heard(progress: Progress, seen: int) -> None:
        if progress.step == "drop" and progress.done == 0:
            overwrite(ring.engine, Person, "name_ct", people[0], old)
        put_back(progress, seen)

    report = rotate(ring, "data", clock, heard=heard)
    assert (report.kept, report.errors) == (1, 0)
    assert read_everything(ring)[people[0]]["name"] == someone(0)["name"]
    assert rotate(ring, "data", clock).is_done
    assert standing(ring)["cells"] == {2}
    assert wrapping_key is not None
    assert Note is not None
    assert event is not None
