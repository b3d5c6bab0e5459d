"""The ring: keys are made once, loaded together, and never survive a transaction that did not."""

import os
import threading
import time
from collections.abc import Iterator, Sized
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, event, func, insert, select
from sqlalchemy.orm import Session

from referral.core.database import connect, new_id
from referral.core.encryption import (
    INDEX_SUBJECT,
    SERVICE_SUBJECT,
    FileKeys,
    KeyRing,
    Text,
    bind_key_ring,
    open_reading,
    subject_key,
    wrapping_key,
)
from referral.core.encryption.envelope import DataKey, label_prefix, place_of
from referral.core.encryption.keys import CryptoJob
from referral.core.errors import KeyMissing, Tampered
from tests.core.encryption.people import WILHELMINA, Person, find, overwrite, register, session_of

BOB = {"name": "Bob Oudekerk", "phone": "0687654321"}


class CountingKeys(FileKeys):
    """A provider that is as slow as one across a network, and counts how often it is asked."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.asked = 0

    def unwrap(self, kek_id: str, blob: bytes, aad: bytes) -> bytes:
        self.asked += 1
        time.sleep(0.05)
        return super().unwrap(kek_id, blob, aad)


@contextmanager
def key_queries(engine: Engine) -> Iterator[list[int]]:
    """How many subjects each query for keys asks for."""
    seen: list[int] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Sized, *_rest: object) -> None:
        if "FROM subject_key" in statement:
            seen.append(len(parameters))

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


def keys_of(ring: KeyRing, subject_id: object) -> int:
    with session_of(ring) as session:
        return session.scalar(select(func.count()).where(subject_key.c.subject_id == subject_id)) or 0


def name_of(ring: KeyRing, person_id: object) -> str | None:
    with session_of(ring) as session, open_reading(session, "test"):
        return find(session, person_id).name  # type: ignore[arg-type]


# Starting


def test_starting_twice_changes_nothing(ring: KeyRing, keys: FileKeys) -> None:
    (bob,) = register(ring, BOB)
    ring.initialise()
    KeyRing(ring.engine, keys).initialise()
    with session_of(ring) as session:
        assert session.scalar(select(func.count()).select_from(wrapping_key)) == 1
    assert (name_of(ring, bob), keys.current()) == (BOB["name"], "k1")


def test_two_processes_may_start_at_once(database_url: str, engine: Engine, keys: FileKeys) -> None:
    engines = [connect(database_url) for _ in range(4)]
    barrier = threading.Barrier(len(engines))

    def start(own: Engine) -> None:
        barrier.wait()
        KeyRing(own, keys).initialise()

    with ThreadPoolExecutor(len(engines)) as pool:
        list(pool.map(start, engines))
    for own in engines:
        own.dispose()
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(wrapping_key)) == 1
        assert connection.scalar(select(func.count()).select_from(subject_key)) == 2
    assert keys.current() == "k1"


def test_before_it_is_initialised_a_ring_has_no_keys(engine: Engine, keys: FileKeys) -> None:
    ring = KeyRing(engine, keys)
    with session_of(ring) as session:
        session.add(Person(**BOB))
        with pytest.raises(KeyMissing):
            session.flush()


def test_two_rings_in_one_process_know_nothing_of_each_other(ring: KeyRing, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    engine = connect(f"sqlite:///{folder / 'other.db'}")
    Person.metadata.create_all(engine)
    subject_key.metadata.create_all(engine, tables=[wrapping_key, subject_key, CryptoJob.__table__])
    other = KeyRing(engine, FileKeys(tmp_path / "other keys"))
    other.initialise()
    (bob,), (wilhelmina,) = register(ring, BOB), register(other, WILHELMINA)
    assert (name_of(ring, bob), name_of(other, wilhelmina)) == (BOB["name"], WILHELMINA["name"])
    with session_of(ring) as session, pytest.raises(RuntimeError, match="another key ring"):
        other.prefetch(session, [bob])
    with session_of(ring) as ours, session_of(other) as theirs:
        assert ring.fingerprint(ours, "x", b"same") != other.fingerprint(theirs, "x", b"same")
    engine.dispose()


def test_the_keys_of_another_installation_open_nothing(ring: KeyRing, tmp_path: Path) -> None:
    (bob,) = register(ring, BOB)
    strangers = FileKeys(tmp_path / "strangers")
    strangers.create()
    with pytest.raises(KeyMissing):
        name_of(KeyRing(ring.engine, strangers), bob)


# Transactions


def test_a_key_that_was_rolled_back_seals_nothing(ring: KeyRing) -> None:
    """A shared cache filled before the commit would hand the lost key to whoever comes next."""
    with session_of(ring) as session:
        person = Person(**BOB)
        session.add(person)
        session.flush()
        session.rollback()
    assert keys_of(ring, person.id) == 0
    with session_of(ring) as session, pytest.raises(KeyMissing):
        ring.seal(session, "x", person.id, person.id, b"data")


def test_the_same_object_may_be_added_again(ring: KeyRing) -> None:
    """Its values were sealed under the key that was rolled back: stored as they are, nobody could read them."""
    person = Person(**WILHELMINA)
    with session_of(ring) as session:
        session.add(person)
        session.flush()
        session.rollback()
    with session_of(ring) as session:
        session.add(person)
        session.commit()
    assert name_of(ring, person.id) == WILHELMINA["name"]
    with session_of(ring) as session:
        assert session.scalars(select(Person.id).where(Person.phone.matches(session, "0612345678"))).all() == [
            person.id
        ]


def test_the_same_id_may_be_used_again(ring: KeyRing) -> None:
    with session_of(ring) as session:
        person_id = new_id()
        session.add(Person(id=person_id, **BOB))
        session.flush()
        session.rollback()
        session.add(Person(id=person_id, **WILHELMINA))
        session.commit()
    assert name_of(ring, person_id) == WILHELMINA["name"]


def test_a_session_that_is_closed_forgets_what_it_made(ring: KeyRing) -> None:
    with session_of(ring) as session:
        person_id = new_id()
        session.add(Person(id=person_id, **BOB))
        session.flush()
        session.close()
        session.add(Person(id=person_id, **WILHELMINA))
        session.commit()
    ring.forget()
    assert name_of(ring, person_id) == WILHELMINA["name"]


def test_a_savepoint_takes_its_keys_along(ring: KeyRing) -> None:
    with session_of(ring) as session:
        before = Person(**BOB)
        session.add(before)
        session.flush()
        savepoint = session.begin_nested()
        inside = Person(**WILHELMINA)
        session.add(inside)
        session.flush()
        savepoint.rollback()
        before.notes = "na de terugval"
        session.add(inside)
        session.commit()
    assert (name_of(ring, before.id), name_of(ring, inside.id)) == (BOB["name"], WILHELMINA["name"])
    with session_of(ring) as session, open_reading(session, "test"):
        assert find(session, before.id).notes == "na de terugval"


def test_a_key_made_by_hand_outlives_a_savepoint(ring: KeyRing) -> None:
    """Whether it is there can only be told by the database then."""
    with session_of(ring) as session:
        person = Person(**BOB)
        ring.add_subjects(session, [person.id])
        session.begin_nested().rollback()
        session.add(person)
        session.commit()
    assert name_of(ring, person.id) == BOB["name"]


def test_a_released_savepoint_publishes_nothing_yet(ring: KeyRing) -> None:
    with session_of(ring) as session:
        with session.begin_nested():
            person = Person(**BOB)
            session.add(person)
        session.rollback()
    with session_of(ring) as session, pytest.raises(KeyMissing):
        ring.seal(session, "x", person.id, person.id, b"data")


def test_after_the_commit_the_key_is_at_hand(ring: KeyRing) -> None:
    (bob,) = register(ring, BOB)
    with key_queries(ring.engine) as seen:
        assert name_of(ring, bob) == BOB["name"]
    assert seen == []


# Loading


def test_a_generation_that_another_process_made_is_found(ring: KeyRing) -> None:
    (bob,) = register(ring, BOB)
    raw, label = bytes(range(32)), label_prefix("test_person.name")
    with session_of(ring) as session:
        blob = ring._store.wrapping_key(session.connection(), 1).wrap(bob, 2, raw)
        session.execute(insert(subject_key), [{"subject_id": bob, "gen": 2, "wk_id": 1, "blob": blob}])
        session.commit()
    overwrite(
        ring.engine, Person, "name_ct", bob, DataKey(raw, 2).seal(place_of(label, bob, bob), Text(32).dump("Bob"))
    )
    with session_of(ring) as session, open_reading(session, "test"):
        person = find(session, bob)
        assert (person.phone, person.name, person.phone) == (BOB["phone"], "Bob", BOB["phone"])


def test_one_query_loads_the_keys_of_all_rows_in_the_session(ring: KeyRing) -> None:
    register(ring, *[BOB] * 30)
    ring.forget()
    with session_of(ring) as session, open_reading(session, "list"), key_queries(ring.engine) as seen:
        assert {person.name for person in session.scalars(select(Person)).all()} == {BOB["name"]}
    assert seen == [30]


def test_a_small_cache_does_not_make_a_list_slow(engine: Engine, keys: FileKeys) -> None:
    """With only the shared cache, every row would push out the key of another."""
    ring = KeyRing(engine, keys, max_keys=5)
    ring.initialise()
    register(ring, *[BOB] * 30)
    with session_of(ring) as session, open_reading(session, "list"), key_queries(ring.engine) as seen:
        people = session.scalars(select(Person).order_by(Person.id.desc())).all()
        assert {person.name for person in people} == {BOB["name"]}
    assert len(seen) <= 2


def test_more_people_than_fit_in_memory_all_live(engine: Engine, keys: FileKeys) -> None:
    """Loading the last of them pushes out the first, who are alive all the same."""
    ring = KeyRing(engine, keys, max_keys=5)
    ring.initialise()
    people = register(ring, *[BOB] * 30)
    with session_of(ring) as session:
        ring.erase_subject(session, people[0], at=datetime(2026, 11, 3, tzinfo=UTC))
        session.commit()
    with session_of(ring) as session:
        ring.prefetch(session, people[:20])
        assert ring.living(session, people) == set(people[1:])
        # The control: who never had a key is not taken for somebody who was erased.
        with pytest.raises(KeyMissing):
            ring.living(session, [*people, new_id()])


def test_missing_keys_are_not_searched_for_over_and_over(ring: KeyRing) -> None:
    """Rescanning all rows on each miss would be quadratic."""
    people = register(ring, *[BOB] * 20)
    with session_of(ring) as session:
        session.execute(delete(subject_key).where(subject_key.c.subject_id.in_(people)))
        session.commit()
    ring.forget()
    with session_of(ring) as session, open_reading(session, "list"), key_queries(ring.engine) as seen:
        for person in session.scalars(select(Person)).all():
            with pytest.raises(KeyMissing):
                _ = person.name
    assert seen == [20] + [1] * 19


def test_prefetched_keys_are_not_asked_again(ring: KeyRing) -> None:
    people = register(ring, *[BOB] * 3)
    ring.forget()
    with session_of(ring) as session, open_reading(session, "list"):
        ring.prefetch(session, people)
        with key_queries(ring.engine) as seen:
            assert [find(session, person).name for person in people] == [BOB["name"]] * 3
    assert seen == []


def calls_in_a_stampede(engine: Engine, keys: CountingKeys, lock: object = None) -> int:
    """How often the provider is asked when five threads read at once and nothing is in memory."""
    ring = KeyRing(engine, keys)
    ring.initialise()
    (bob,) = register(ring, BOB)
    ring.forget()
    keys.asked = 0
    ring._store._lock = lock or ring._store._lock  # type: ignore[assignment]
    barrier = threading.Barrier(5)

    def read(_number: int) -> str | None:
        barrier.wait()
        with session_of(ring, read_only=True) as session, open_reading(session, "test"):
            return find(session, bob).name

    with ThreadPoolExecutor(5) as pool:
        assert list(pool.map(read, range(5))) == [BOB["name"]] * 5
    return keys.asked


def test_the_provider_is_asked_once_however_many_threads_read(engine: Engine, tmp_path: Path) -> None:
    assert calls_in_a_stampede(engine, CountingKeys(tmp_path / "keys")) == 1


def test_without_its_lock_a_stampede_would_reach_the_provider(engine: Engine, tmp_path: Path) -> None:
    """The control of the test above."""
    assert calls_in_a_stampede(engine, CountingKeys(tmp_path / "keys"), nullcontext()) > 1


def test_after_its_time_a_key_is_fetched_again_or_nothing_opens(engine: Engine, keys: FileKeys) -> None:
    """Fails closed: without the provider a process must not go on with what it remembers."""
    ring = KeyRing(engine, keys, ttl=0)
    ring.initialise()
    (bob,) = register(ring, BOB)
    assert name_of(ring, bob) == BOB["name"]
    keys.destroy("k1")
    with pytest.raises(KeyMissing):
        name_of(ring, bob)


def test_a_lost_key_row_is_an_outage(ring: KeyRing) -> None:
    (bob,) = register(ring, BOB)
    with session_of(ring) as session:
        session.execute(delete(subject_key).where(subject_key.c.subject_id == bob))
        session.commit()
    ring.forget()
    with pytest.raises(KeyMissing):
        name_of(ring, bob)


def test_a_forked_child_does_not_wait_for_a_lock_of_its_parent(ring: KeyRing) -> None:
    ring._cache._lock.acquire()
    child = os.fork()
    if child == 0:
        ring._cache.clear()
        os._exit(7)
    ring._cache._lock.release()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


# Bytes without a model


def test_bytes_open_in_their_own_place_only(ring: KeyRing) -> None:
    row, other = new_id(), new_id()
    with session_of(ring) as session:
        envelope = ring.seal(session, "webhook.secret", row, SERVICE_SUBJECT, b"s3cret")
        assert ring.unseal(session, "webhook.secret", row, SERVICE_SUBJECT, envelope) == b"s3cret"
        for label, place in (("webhook.secret", other), ("token.secret", row)):
            with pytest.raises(Tampered):
                ring.unseal(session, label, place, SERVICE_SUBJECT, envelope)


def test_an_organisation_can_own_secrets_too(ring: KeyRing) -> None:
    organisation = new_id()
    with session_of(ring) as session:
        with pytest.raises(KeyMissing):
            ring.seal(session, "webhook.secret", organisation, organisation, b"s3cret")
        ring.add_subjects(session, [organisation])
        ring.add_subjects(session, [organisation])
        envelope = ring.seal(session, "webhook.secret", organisation, organisation, b"s3cret")
        session.commit()
    ring.forget()
    with session_of(ring) as session:
        assert ring.unseal(session, "webhook.secret", organisation, organisation, envelope) == b"s3cret"


def test_the_index_key_seals_nothing(ring: KeyRing) -> None:
    with session_of(ring) as session, pytest.raises(ValueError, match="seals nothing"):
        ring.seal(session, "x", new_id(), INDEX_SUBJECT, b"data")


def test_a_fingerprint_knows_equal_bytes_by_label(ring: KeyRing) -> None:
    with session_of(ring) as session:
        first = ring.fingerprint(session, "idempotency", b"body")
        ring.forget()
        assert ring.fingerprint(session, "idempotency", b"body") == first
        assert ring.fingerprint(session, "idempotency", b"other") != first
        assert ring.fingerprint(session, "other", b"body") != first
        assert len(first) == 33


def test_a_session_of_nobody_is_told_so(ring: KeyRing) -> None:
    with Session(ring.engine) as session:
        session.add(Person(**BOB))
        with pytest.raises(RuntimeError, match="no key ring"):
            session.flush()
        session.rollback()
        bind_key_ring(session, ring)
        session.add(Person(**BOB))
        session.commit()
