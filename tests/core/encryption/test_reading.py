"""Reading with a purpose: without one nothing is opened, and what was opened is counted."""

import pytest

from referral.core.encryption import KeyRing, PurposeMissing, open_reading
from tests.core.encryption.people import WILHELMINA, Person, find, register, session_of

BOB = {"name": "Bob Oudekerk", "phone": "0687654321"}


def test_without_a_purpose_nothing_is_opened(ring: KeyRing) -> None:
    (bob,) = register(ring, BOB)
    with session_of(ring) as session:
        person = find(session, bob)
        person.__dict__["name_ct"] = b"not even looked at"
        with pytest.raises(PurposeMissing):
            _ = person.name


@pytest.mark.parametrize("purpose", ["", "  "])
def test_an_empty_purpose_is_none(ring: KeyRing, purpose: str) -> None:
    with session_of(ring) as session, pytest.raises(PurposeMissing), open_reading(session, purpose):
        raise AssertionError("the reading was opened")


def test_a_missing_purpose_is_a_lack_of_permission() -> None:
    assert issubclass(PurposeMissing, PermissionError)


def test_what_was_flushed_counts_as_stored(ring: KeyRing) -> None:
    with session_of(ring) as session:
        person = Person(**BOB)
        session.add(person)
        session.flush()
        with pytest.raises(PurposeMissing):
            _ = person.name


def test_a_reading_counts_fields_per_person(ring: KeyRing) -> None:
    wilhelmina, bob = register(ring, WILHELMINA, BOB)
    with session_of(ring) as session, open_reading(session, "intake") as reading:
        _ = find(session, wilhelmina).name, find(session, wilhelmina).phone, find(session, bob).name
        assert find(session, bob).notes is None
        assert reading.opened == {wilhelmina: {"name", "phone"}, bob: {"name"}}
        assert reading.purpose == "intake"


def test_after_the_block_the_same_object_is_closed_again(ring: KeyRing) -> None:
    """A plaintext or a key that stays usable on the object would open it."""
    (bob,) = register(ring, BOB)
    with session_of(ring) as session:
        with open_reading(session, "intake"):
            person = find(session, bob)
            assert person.name == BOB["name"]
        with pytest.raises(PurposeMissing):
            _ = person.name


def test_an_inner_reading_counts_for_itself_and_gives_way(ring: KeyRing) -> None:
    (bob,) = register(ring, BOB)
    with session_of(ring) as session, open_reading(session, "list") as outer:
        person = find(session, bob)
        _ = person.name
        with open_reading(session, "duplicate check") as inner:
            _ = person.phone
        assert (outer.opened, inner.opened) == ({bob: {"name"}}, {bob: {"phone"}})
        _ = person.phone
        assert outer.opened == {bob: {"name", "phone"}}


def test_readings_that_end_out_of_order_leave_nothing_open(ring: KeyRing) -> None:
    (bob,) = register(ring, BOB)
    with session_of(ring) as session:
        person = find(session, bob)
        outer, inner = open_reading(session, "outer"), open_reading(session, "inner")
        first, second = outer.__enter__(), inner.__enter__()
        outer.__exit__(None, None, None)
        assert person.name == BOB["name"]
        assert (first.opened, second.opened) == ({}, {bob: {"name"}})
        inner.__exit__(None, None, None)
        with pytest.raises(PurposeMissing):
            _ = person.name


def test_a_reading_of_one_session_opens_nothing_in_another(ring: KeyRing) -> None:
    (bob,) = register(ring, BOB)
    with session_of(ring) as session:
        person = find(session, bob)
    with session_of(ring) as session, open_reading(session, "intake"), pytest.raises(PurposeMissing):
        _ = person.name


def test_a_detached_row_is_closed(ring: KeyRing) -> None:
    (bob,) = register(ring, BOB)
    with session_of(ring) as session:
        person = find(session, bob)
        session.expunge(person)
        with open_reading(session, "intake"), pytest.raises(PurposeMissing):
            _ = person.name


def test_a_reading_ends_when_its_block_fails(ring: KeyRing) -> None:
    (bob,) = register(ring, BOB)
    with session_of(ring) as session:
        with pytest.raises(ZeroDivisionError), open_reading(session, "intake"):
            _ = 1 / 0
        with pytest.raises(PurposeMissing):
            _ = find(session, bob).name


def test_a_session_without_a_ring_reads_nothing(ring: KeyRing) -> None:
    (bob,) = register(ring, BOB)
    with session_of(ring) as session, open_reading(session, "intake"):
        person = find(session, bob)
        session.info.pop("referral.key_ring")
        session.info.pop("referral.held_keys")
        with pytest.raises(RuntimeError, match="no key ring"):
            _ = person.name
