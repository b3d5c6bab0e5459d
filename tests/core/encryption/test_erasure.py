"""Erasing a person: nothing of them opens again, everybody else is unharmed, and an outage is not an erasure."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update

from referral.core.database import connect
from referral.core.encryption import INDEX_SUBJECT, FileKeys, KeyRing, open_reading, subject_key
from referral.core.errors import Erased, KeyMissing
from tests.core.encryption.people import NOW, WILHELMINA, Note, Person, find, register, session_of
from tests.core.encryption.rotating import Clock, rotate

BOB = {"name": "Bob Oudekerk", "phone": "0687654321"}


def erase(ring: KeyRing, person_id: object) -> None:
    with session_of(ring) as session:
        ring.erase_subject(session, person_id, [Person, Note], at=NOW)  # type: ignore[arg-type]
        session.commit()


def test_an_erased_person_is_read_by_nobody(ring: KeyRing) -> None:
    wilhelmina, bob = register(ring, WILHELMINA, BOB)
    erase(ring, wilhelmina)
    with session_of(ring) as session, open_reading(session, "test") as reading:
        with pytest.raises(Erased):
            _ = find(session, wilhelmina).name
        assert find(session, bob).name == BOB["name"]
        assert reading.opened == {bob: {"name"}}


def test_a_list_with_an_erased_person_still_opens_the_others(ring: KeyRing) -> None:
    wilhelmina, *_others = register(ring, WILHELMINA, BOB, BOB)
    erase(ring, wilhelmina)
    ring.forget()
    with session_of(ring) as session, open_reading(session, "list"):
        for person in session.scalars(select(Person).order_by(Person.id)):
            if person.id == wilhelmina:
                with pytest.raises(Erased):
                    _ = person.name
            else:
                assert person.name == BOB["name"]


def test_an_erased_person_is_found_by_nothing(ring: KeyRing) -> None:
    """The tag alone can be guessed back by whoever holds the index key."""
    (wilhelmina,) = register(ring, WILHELMINA)
    erase(ring, wilhelmina)
    with session_of(ring) as session:
        assert session.scalars(select(Person.id).where(Person.phone.matches(session, "0612345678"))).all() == []
        assert session.scalars(select(Person.id).where(Person.phone_bix.is_not(None))).all() == []  # type: ignore[attr-defined]


def test_nothing_new_is_sealed_for_an_erased_person(ring: KeyRing) -> None:
    (wilhelmina,) = register(ring, WILHELMINA)
    erase(ring, wilhelmina)
    with session_of(ring) as session:
        session.add(Note(person_id=wilhelmina, body="toch nog iets"))
        with pytest.raises(Erased):
            session.flush()
        session.rollback()
        find(session, wilhelmina).notes = "toch nog iets"
        with pytest.raises(Erased):
            session.flush()
        session.rollback()
        session.add(Person(id=wilhelmina, **BOB))
        with pytest.raises(Erased):
            session.flush()
        session.rollback()
        with pytest.raises(Erased):
            ring.add_subjects(session, [wilhelmina])


def test_an_open_reading_loses_the_person_at_once(ring: KeyRing) -> None:
    """A key that stays on the object would go on opening its other fields."""
    wilhelmina, bob = register(ring, WILHELMINA, BOB)
    with session_of(ring) as session, open_reading(session, "test"):
        person = find(session, wilhelmina)
        assert (person.name, find(session, bob).name) == (WILHELMINA["name"], BOB["name"])
        ring.erase_subject(session, wilhelmina, [Person], at=NOW)
        with pytest.raises(Erased):
            _ = person.phone
        assert find(session, bob).phone == BOB["phone"]
        session.commit()


def test_an_erasure_holds_against_what_others_load_meanwhile(ring: KeyRing) -> None:
    """Until the commit others may read, and so fill the shared cache again; afterwards they may not."""
    (wilhelmina,) = register(ring, WILHELMINA)
    with session_of(ring) as session, open_reading(session, "test"):
        ring.erase_subject(session, wilhelmina, [Person], at=NOW)
        with session_of(ring, read_only=True) as other, open_reading(other, "test"):
            assert find(other, wilhelmina).name == WILHELMINA["name"]
        with pytest.raises(Erased):
            _ = find(session, wilhelmina).name
        session.commit()
    with session_of(ring) as session, open_reading(session, "test"), pytest.raises(Erased):
        _ = find(session, wilhelmina).name


def test_an_erasure_that_is_rolled_back_did_not_happen(ring: KeyRing) -> None:
    (wilhelmina,) = register(ring, WILHELMINA)
    with session_of(ring) as session, open_reading(session, "test"):
        ring.erase_subject(session, wilhelmina, [Person], at=NOW)
        with pytest.raises(Erased):
            _ = find(session, wilhelmina).name
        session.rollback()
        assert find(session, wilhelmina).name == WILHELMINA["name"]
        assert session.scalars(select(Person.id).where(Person.phone.matches(session, "0612345678"))).all() == [
            wilhelmina
        ]


def test_a_person_added_and_erased_in_one_transaction_is_erased(ring: KeyRing) -> None:
    with session_of(ring) as session:
        person = Person(**BOB)
        session.add(person)
        ring.erase_subject(session, person.id, [Person], at=NOW)
        session.commit()
        with open_reading(session, "test"), pytest.raises(Erased):
            _ = person.name


def test_erasing_twice_keeps_the_first_date(ring: KeyRing) -> None:
    (wilhelmina,) = register(ring, WILHELMINA)
    erase(ring, wilhelmina)
    with session_of(ring) as session:
        ring.erase_subject(session, wilhelmina, [Person], at=NOW.replace(year=2027))
        session.commit()
        tombstone = session.execute(select(subject_key).where(subject_key.c.subject_id == wilhelmina)).one()
    assert (tombstone.blob, tombstone.destroyed_at) == (None, NOW)


def test_who_never_had_a_key_cannot_be_erased(ring: KeyRing) -> None:
    with session_of(ring) as session, pytest.raises(KeyMissing):
        ring.erase_subject(session, Person().id, at=NOW)


def test_the_reserved_keys_cannot_be_erased(ring: KeyRing) -> None:
    with session_of(ring) as session, pytest.raises(ValueError, match="reserved"):
        ring.erase_subject(session, INDEX_SUBJECT, at=NOW)


def test_a_tombstone_needs_its_date(ring: KeyRing) -> None:
    (wilhelmina,) = register(ring, WILHELMINA)
    with session_of(ring) as session, pytest.raises(Exception, match="ck_subject_key_tombstone"):
        session.execute(update(subject_key).where(subject_key.c.subject_id == wilhelmina).values(blob=None))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_backup_opens_as_long_as_its_kek_lives(ring: KeyRing, engine: Engine, keys: FileKeys, tmp_path: Path) -> None:
    """Destroying a wrapped key is no erasure of the backup; destroying the KEK above it is."""
    wilhelmina, bob = register(ring, WILHELMINA, BOB)
    copy = tmp_path / "backup.db"
    with closing(sqlite3.connect(engine.url.database or "")) as live, closing(sqlite3.connect(copy)) as kept:
        live.backup(kept)
    erase(ring, wilhelmina)
    backup = KeyRing(connect(f"sqlite:///{copy}"), keys)
    with session_of(backup) as session, open_reading(session, "restore"):
        assert find(session, wilhelmina).name == WILHELMINA["name"]
    assert rotate(ring, "kek", Clock()).is_done
    keys.destroy("k1")
    ring.forget()
    backup.forget()
    with session_of(ring) as session, open_reading(session, "test"):
        assert find(session, bob).name == BOB["name"]
    for person in (wilhelmina, bob):
        with session_of(backup) as session, open_reading(session, "restore"), pytest.raises(KeyMissing):
            _ = find(session, person).name
    backup.engine.dispose()
