"""Finding sealed values by equality, and refusing everything else."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import aliased

from referral.core.database import new_id
from referral.core.encryption import INDEX_SUBJECT, KeyRing, subject_key
from tests.core.encryption.people import WILHELMINA, Person, register, session_of


def found(ring: KeyRing, phone: str) -> list[object]:
    with session_of(ring) as session:
        return list(session.scalars(select(Person.id).where(Person.phone.matches(session, phone))))


@pytest.mark.parametrize(
    "notation",
    ["0612345678", "06-1234 5678", "+31612345678", "0031 6 12345678", "+31 (0)6 12 34 56 78", "06.12.34.56.78"],
)
def test_a_phone_number_is_found_in_any_notation(ring: KeyRing, notation: str) -> None:
    wilhelmina, _bob = register(ring, WILHELMINA, {"phone": "0687654321"})
    assert found(ring, notation) == [wilhelmina]


def test_an_email_address_is_found_whatever_its_capitals(ring: KeyRing) -> None:
    (wilhelmina,) = register(ring, WILHELMINA)
    with session_of(ring) as session:
        matches = Person.email.matches(session, " w.zoetemelk@VOORBEELD.nl")
        assert session.scalars(select(Person.id).where(matches)).all() == [wilhelmina]


def test_an_invalid_number_is_no_search_at_all(ring: KeyRing) -> None:
    with session_of(ring) as session, pytest.raises(ValueError, match="not a valid phone number"):
        Person.phone.matches(session, "06-12")


def test_an_invalid_number_is_refused_when_it_is_assigned() -> None:
    with pytest.raises(ValueError, match="not a valid phone number"):
        Person(phone="06-12")


def test_a_client_number_is_found_within_its_organisation_only(ring: KeyRing) -> None:
    ours, theirs = new_id(), new_id()
    mine, _ = register(
        ring, {"client_number": "C-1", "organisation_id": ours}, {"client_number": "C-1", "organisation_id": theirs}
    )
    with session_of(ring) as session:
        matches = Person.client_number.matches(session, "C-1", scope=ours)
        assert session.scalars(select(Person.id).where(matches)).all() == [mine]


def test_equal_client_numbers_of_two_organisations_cannot_be_linked(ring: KeyRing) -> None:
    """An index over the number alone would give both the same tag."""
    ours = new_id()
    register(
        ring,
        {"client_number": "C-1", "organisation_id": ours},
        {"client_number": "C-1", "organisation_id": new_id()},
        {"client_number": "C-1", "organisation_id": ours},
    )
    with session_of(ring) as session:
        tags = session.scalars(select(Person.client_number_bix)).all()  # type: ignore[attr-defined]
    assert (len(tags), len(set(tags))) == (3, 2)


def test_a_client_number_without_its_organisation_is_refused(ring: KeyRing) -> None:
    with session_of(ring) as session:
        session.add(Person(client_number="C-1"))
        with pytest.raises(TypeError, match="organisation_id"):
            session.flush()


def test_a_scope_is_given_exactly_where_it_belongs(ring: KeyRing) -> None:
    with session_of(ring) as session:
        with pytest.raises(TypeError, match="needs the id"):
            Person.client_number.matches(session, "C-1")
        with pytest.raises(TypeError, match="no scope"):
            Person.phone.matches(session, "0612345678", scope=new_id())


def test_a_person_who_changes_organisation_gets_the_number_anew(ring: KeyRing) -> None:
    """The old tag would be found in the old organisation and missed in the new one."""
    ours, theirs = new_id(), new_id()
    (person_id,) = register(ring, {"client_number": "C-1", "organisation_id": ours})
    with session_of(ring) as session:
        person = session.get_one(Person, person_id)
        person.organisation_id = theirs
        with pytest.raises(ValueError, match="assign the value again"):
            session.flush()
        session.rollback()
        person.organisation_id, person.client_number = theirs, "C-1"
        session.commit()
        matches = Person.client_number.matches(session, "C-1", scope=theirs)
        assert session.scalars(select(Person.id).where(matches)).all() == [person_id]


def test_an_alias_is_searched_as_itself(ring: KeyRing) -> None:
    """Searching the table behind the alias would join everybody with everybody."""
    wilhelmina, _bob = register(ring, WILHELMINA, {"phone": "0687654321"})
    other = aliased(Person)
    with session_of(ring) as session:
        query = select(other.id).where(other.phone.matches(session, "0612345678"))
        assert session.scalars(query).all() == [wilhelmina]


def test_equal_values_in_two_columns_have_different_tags(ring: KeyRing) -> None:
    with session_of(ring) as session:
        keys = ring.index_keys(session)
        assert keys.tag("test_person.phone#e164-1", b"x") != keys.tag("test_person.email#email-1", b"x")


def test_while_an_index_is_renewed_old_and_new_tags_are_found(ring: KeyRing) -> None:
    (wilhelmina,) = register(ring, WILHELMINA)
    with session_of(ring) as session:
        key = ring._store.wrapping_key(session.connection(), 1)
        row = {"subject_id": INDEX_SUBJECT, "gen": 2, "wk_id": 1, "blob": key.wrap(INDEX_SUBJECT, 2, bytes(32))}
        session.execute(insert(subject_key), [row])
        session.commit()
    ring.forget()
    (again,) = register(ring, WILHELMINA)
    assert sorted(map(str, found(ring, "0612345678"))) == sorted(map(str, [wilhelmina, again]))
    with session_of(ring) as session:
        versions = ring.status(session, Person.metadata).index_versions
    assert versions == {
        "test_person.phone_bix": {1: 1, 2: 1},
        "test_person.email_bix": {1: 1, 2: 1},
        "test_person.client_number_bix": {},
    }


@pytest.mark.parametrize(
    "compare",
    [
        lambda field: field == "0612345678",
        lambda field: field != "0612345678",
        lambda field: field < "06",
        lambda field: field.like("06%"),
        lambda field: field.in_(["0612345678"]),
        lambda field: field.is_(None),
        lambda field: field.desc(),
        lambda field: select(Person).order_by(field),
        lambda field: select(field),
    ],
)
def test_any_other_comparison_is_refused_at_once(compare: Callable[[Any], object]) -> None:
    with pytest.raises(TypeError, match=r"use|search it with matches"):
        compare(Person.phone)


def test_a_field_without_an_index_cannot_be_searched(ring: KeyRing) -> None:
    with session_of(ring) as session, pytest.raises(TypeError, match="no blind index"):
        Person.name.matches(session, "Wilhelmina")
