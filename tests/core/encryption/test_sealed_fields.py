"""Sealed attributes in the database: what goes in, what comes out, and what an attacker with SQL cannot do."""

from uuid import UUID

import pytest
from sqlalchemy import Engine, insert, select, update
from sqlalchemy.exc import CompileError, IntegrityError

from referral.core.database import new_id
from referral.core.encryption import KeyRing, SealedExpression, WrongKey, open_reading, subject_key
from referral.core.errors import KeyMissing, Tampered
from tests.core.encryption.people import WILHELMINA, Note, Person, Register, cell, find, overwrite, register, session_of

BOB = {"name": "Bob Oudekerk", "phone": "0687654321", "email": "b@voorbeeld.nl"}


def read(ring: KeyRing, model: type[Register], row_id: UUID, field: str) -> object:
    with session_of(ring) as session, open_reading(session, "test"):
        return getattr(session.get_one(model, row_id), field)


def test_every_kind_of_value_comes_back(ring: KeyRing) -> None:
    (wilhelmina,) = register(ring, WILHELMINA)
    with session_of(ring) as session, open_reading(session, "test"):
        person = find(session, wilhelmina)
        assert {field: getattr(person, field) for field in WILHELMINA} == WILHELMINA


def test_empty_and_absent_stay_apart(ring: KeyRing) -> None:
    (bob,) = register(ring, {"name": "", "other_phone": "", "notes": None})
    with session_of(ring) as session, open_reading(session, "test"):
        person = find(session, bob)
        assert (person.name, person.other_phone, person.notes, person.birth) == ("", "", None, None)


def test_the_database_holds_no_plaintext(ring: KeyRing, engine: Engine) -> None:
    register(ring, WILHELMINA)
    with engine.connect() as connection:
        stored = repr([tuple(row) for row in connection.execute(select(Person.__table__)).all()]).lower()
    needles = [
        "zoetemelk",
        "12345678",
        "voorbeeld",
        "98765432",
        "1951",
        "drents",
        "gemeente",
    ]
    assert not [needle for needle in needles if needle in stored or needle.encode().hex() in stored]
    assert "new" in stored


def test_an_assigned_value_may_be_read_until_it_is_stored(ring: KeyRing) -> None:
    with session_of(ring) as session:
        person = Person(**WILHELMINA)
        assert person.name == WILHELMINA["name"]
        session.add(person)
        assert person.extra == WILHELMINA["extra"]


def test_changing_a_value_seals_the_new_one(ring: KeyRing, engine: Engine) -> None:
    (wilhelmina,) = register(ring, WILHELMINA)
    before = cell(engine, Person, "phone_ct", wilhelmina)
    with session_of(ring) as session:
        find(session, wilhelmina).phone = "0687654321"
        session.commit()
    assert read(ring, Person, wilhelmina, "phone") == "0687654321"
    assert cell(engine, Person, "phone_ct", wilhelmina) != before
    with session_of(ring) as session:
        assert session.scalars(select(Person.id).where(Person.phone.matches(session, "0687654321"))).all() == [
            wilhelmina
        ]
        assert session.scalars(select(Person.id).where(Person.phone.matches(session, "0612345678"))).all() == []


def test_a_value_that_was_taken_away_is_gone_with_its_tag(ring: KeyRing) -> None:
    (wilhelmina,) = register(ring, WILHELMINA)
    with session_of(ring) as session:
        find(session, wilhelmina).phone = None
        session.commit()
    assert read(ring, Person, wilhelmina, "phone") is None
    with session_of(ring) as session:
        assert session.scalars(select(Person.id).where(Person.phone_bix.is_not(None))).all() == []  # type: ignore[attr-defined]


def test_a_refresh_drops_what_was_assigned(ring: KeyRing) -> None:
    """A plaintext kept beside the column would survive the refresh and lie."""
    (wilhelmina,) = register(ring, WILHELMINA)
    with session_of(ring) as session, open_reading(session, "test"):
        person = find(session, wilhelmina)
        person.name = "Iemand Anders"
        session.refresh(person)
        assert person.name == WILHELMINA["name"]


def test_a_note_is_sealed_for_the_person_it_is_set_on(ring: KeyRing) -> None:
    with session_of(ring) as session:
        note = Note(person=Person(**BOB), body="eerste gesprek")
        session.add(note)
        session.commit()
        note_id, bob = note.id, note.person_id
    with session_of(ring) as session, open_reading(session, "test") as reading:
        assert session.get_one(Note, note_id).body == "eerste gesprek"
        assert reading.opened == {bob: {"body"}}
        assert session.scalars(select(subject_key.c.subject_id).where(subject_key.c.subject_id == note_id)).all() == []


def test_a_note_for_a_person_already_stored(ring: KeyRing) -> None:
    (bob,) = register(ring, BOB)
    ring.forget()
    with session_of(ring) as session:
        note = Note(person_id=bob, body="tweede gesprek")
        session.add(note)
        session.commit()
    assert read(ring, Note, note.id, "body") == "tweede gesprek"


def test_a_note_for_nobody_is_refused(ring: KeyRing) -> None:
    with session_of(ring) as session:
        session.add(Note(person_id=new_id(), body="van wie?"))
        with pytest.raises(KeyMissing):
            session.flush()


def test_a_note_cannot_move_to_another_person(ring: KeyRing) -> None:
    """Its text was sealed for the first one and would be lost for ever."""
    wilhelmina, bob = register(ring, WILHELMINA, BOB)
    with session_of(ring) as session:
        note = Note(person_id=bob, body="over Bob")
        session.add(note)
        session.commit()
        note.person_id = wilhelmina
        with pytest.raises(ValueError, match="assign the value again"):
            session.flush()
        session.rollback()
        note.person_id, note.body = wilhelmina, "over Wilhelmina"
        session.commit()
    assert read(ring, Note, note.id, "body") == "over Wilhelmina"


def test_a_bulk_insert_seals_as_a_flush_does(ring: KeyRing) -> None:
    ids = [new_id(), new_id()]
    with session_of(ring) as session:
        ring.add_subjects(session, ids)
        rows = [
            Person.sealed_values(session, id=ids[0], status="new", **WILHELMINA),
            Person.sealed_values(session, id=ids[1], status="old", **BOB),
        ]
        session.execute(insert(Person), rows)
        session.commit()
        assert (
            session.scalars(select(Person.id).where(Person.email.matches(session, "B@voorbeeld.nl"))).all() == ids[1:]
        )
    assert read(ring, Person, ids[0], "extra") == WILHELMINA["extra"]
    assert read(ring, Person, ids[1], "notes") is None


# Attacks with write access to the database


def test_a_value_of_another_person_is_refused(ring: KeyRing, engine: Engine) -> None:
    wilhelmina, bob = register(ring, WILHELMINA, BOB)
    overwrite(engine, Person, "phone_ct", wilhelmina, cell(engine, Person, "phone_ct", bob))
    with pytest.raises(WrongKey):
        read(ring, Person, wilhelmina, "phone")


def test_a_value_of_another_column_is_refused(ring: KeyRing, engine: Engine) -> None:
    (wilhelmina,) = register(ring, WILHELMINA)
    overwrite(engine, Person, "phone_ct", wilhelmina, cell(engine, Person, "other_phone_ct", wilhelmina))
    with pytest.raises(Tampered):
        read(ring, Person, wilhelmina, "phone")


def test_a_value_of_another_row_of_the_same_person_is_refused(ring: KeyRing, engine: Engine) -> None:
    (bob,) = register(ring, BOB)
    with session_of(ring) as session:
        first, second = Note(person_id=bob, body="eerste"), Note(person_id=bob, body="tweede")
        session.add_all([first, second])
        session.commit()
    overwrite(engine, Note, "body_ct", first.id, cell(engine, Note, "body_ct", second.id))
    with pytest.raises(Tampered):
        read(ring, Note, first.id, "body")
    assert read(ring, Note, second.id, "body") == "tweede"


@pytest.mark.parametrize("opened_before", [(), ("name",)])
def test_every_changed_byte_is_refused(ring: KeyRing, engine: Engine, opened_before: tuple[str, ...]) -> None:
    """On the first value of a row in a reading, and on the quicker road of the others."""
    (bob,) = register(ring, BOB)
    stored = cell(engine, Person, "phone_ct", bob)
    with session_of(ring) as session, open_reading(session, "test"):
        person = find(session, bob)
        for position in range(len(stored)):
            assert [getattr(person, field) for field in opened_before] == [BOB[field] for field in opened_before]
            person.__dict__["phone_ct"] = stored[:position] + bytes((stored[position] ^ 1,)) + stored[position + 1 :]
            with pytest.raises(Tampered):
                _ = person.phone


def test_a_wrapped_key_of_another_person_is_refused(ring: KeyRing, engine: Engine) -> None:
    wilhelmina, bob = register(ring, WILHELMINA, BOB)
    with engine.begin() as connection:
        blob = select(subject_key.c.blob).where(subject_key.c.subject_id == bob)
        stolen = connection.execute(blob).scalar_one()
        connection.execute(update(subject_key).where(subject_key.c.subject_id == wilhelmina).values(blob=stolen))
    ring.forget()
    with pytest.raises(Tampered):
        read(ring, Person, wilhelmina, "phone")


@pytest.mark.parametrize(
    "plain", [b"", b"0612345678", b"0612345678" * 6, b"\x01\x01" + bytes(40), b"\x01\x02" + bytes(60)]
)
def test_the_database_itself_refuses_plaintext(ring: KeyRing, engine: Engine, plain: bytes) -> None:
    (bob,) = register(ring, BOB)
    with pytest.raises(IntegrityError, match="ck_test_person_phone_ct_sealed"):
        overwrite(engine, Person, "phone_ct", bob, plain)
    overwrite(engine, Person, "phone_ct", bob, b"\x01\x01" + bytes(46))


def test_an_update_statement_with_plaintext_fails_before_the_database(ring: KeyRing) -> None:
    (bob,) = register(ring, BOB)
    with session_of(ring) as session, pytest.raises(CompileError) as raised:
        session.execute(update(Person).where(Person.id == bob).values(phone="0600000000"))
    assert "0600000000" not in str(raised.value)


def test_no_message_carries_a_value(ring: KeyRing) -> None:
    (bob,) = register(ring, BOB)
    with session_of(ring) as session:
        session.add(Person(id=bob, **WILHELMINA))
        with pytest.raises(IntegrityError) as raised:
            session.flush()
    assert "Zoetemelk" not in str(raised.value) + repr(raised.value.params)


def test_printing_a_person_shows_the_id() -> None:
    person = Person(**WILHELMINA)
    assert repr(person) == f"<Person {person.id}>"


def test_on_the_class_an_attribute_is_an_expression_and_on_a_row_a_value() -> None:
    field: SealedExpression = Person.name
    value: str | None = Person(name="Bob").name
    assert (type(field), value) == (SealedExpression, "Bob")
