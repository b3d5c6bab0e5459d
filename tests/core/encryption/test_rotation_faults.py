"""What can go wrong in a rotation is counted, fails the run, keeps the keys that are needed, and stops nobody else."""

import pytest
from sqlalchemy import Column, Engine, LargeBinary, MetaData, Table, Uuid, delete, insert, select
from sqlalchemy.orm import Session

from referral.core.database import new_id
from referral.core.encryption import INDEX_SUBJECT, KINDS, FileKeys, KeyRing, keyed_digest, subject_key
from referral.core.encryption.keys import CryptoJob
from referral.core.errors import Conflict, KeyMissing
from tests.core.encryption.people import Person, overwrite, session_of
from tests.core.encryption.rotating import (
    METADATA,
    NEW,
    Clock,
    Stopped,
    fill,
    found_by_phone,
    once_after,
    read_everything,
    rotate,
    someone,
    standing,
    stop_at,
    stored_name,
)


def test_what_does_not_open_is_counted_and_keeps_its_key(ring: KeyRing, clock: Clock, engine: Engine) -> None:
    """The run fails; everything else is new; once the value is mended, the same job ends."""
    people = fill(ring, 5)
    good = stored_name(ring, people[1])
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
    ring.rotate("index", METADATA, clock=clock, batch=1, heard=stop_at("retag")) if False else None
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


def test_without_the_provider_a_rotation_stops_and_goes_on_later(ring: KeyRing, keys: FileKeys, clock: Clock) -> None:
    fill(ring, 9)
    with pytest.raises(Stopped):
        ring.rotate("kek", METADATA, clock=clock, batch=4, heard=stop_at("rewrap"))
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
        ring.rotate(kind, METADATA, clock=clock, batch=4, heard=stop_at(""))
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


def _keep_digest(ring: KeyRing, clock: Clock, own: MetaData, digests: Table) -> None:
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


def test_a_stale_process_that_writes_too_late_is_caught_by_the_last_look(ring: KeyRing, clock: Clock) -> None:
    """A value under the old generation after the last round: the drop looks itself, and keeps that key."""
    people = fill(ring, 3)
    old = stored_name(ring, people[0])
    late = once_after("reseal:2:test_person", lambda: overwrite(ring.engine, Person, "name_ct", people[0], old))
    report = rotate(ring, "data", clock, heard=late)
    assert (report.kept, report.errors) == (1, 0)
    assert read_everything(ring)[people[0]]["name"] == someone(0)["name"]
    assert rotate(ring, "data", clock).is_done
    assert standing(ring)["cells"] == {2}


def be_at(ring: KeyRing, generation: int) -> None:
    """As after that many renewals of the index: only this generation of the root is left."""
    with ring.engine.begin() as connection:
        ring._store.create(connection, {INDEX_SUBJECT: generation})
        older = (subject_key.c.subject_id == INDEX_SUBJECT) & (subject_key.c.gen < generation)
        connection.execute(delete(subject_key).where(older))
    ring.forget()


def test_the_first_byte_of_a_tag_comes_round_again(ring: KeyRing, clock: Clock) -> None:
    """A horizon renews the index after every erasure; a byte would be full after 255 of them."""
    be_at(ring, 255)
    people = fill(ring, 4)
    assert standing(ring)["tags"] == {255}
    for generation, version in ((256, 1), (257, 2)):
        assert rotate(ring, "index", clock).is_done
        assert (standing(ring)["roots"], standing(ring)["tags"]) == ({generation}, {version})
        assert found_by_phone(ring, range(4)) == people
    with session_of(ring) as session:
        assert ring.examine(session, METADATA) == []


def test_a_root_with_the_same_first_byte_is_never_made_beside_it(ring: KeyRing, clock: Clock) -> None:
    with ring.engine.begin() as connection:
        ring._store.create(connection, {INDEX_SUBJECT: 255})
    with pytest.raises(Conflict):
        rotate(ring, "index", clock)
    assert standing(ring)["roots"] == {1, 255}
