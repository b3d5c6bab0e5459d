"""Somebody with write access to the database: nothing that was moved or changed opens."""

import sys
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from referral.core.encryption import KeyRing, Sealed, SealedModel, open_reading
from referral.core.errors import Tampered
from tests.core.encryption.people import Note, Person, session_of
from tests.core.encryption.rotating import fill
from tests.proof import scaled

PEOPLE = max(4, scaled(30))
Place = tuple[SealedModel, Sealed[Any]]


def places(session: Session) -> Iterator[tuple[Place, bytes]]:
    """Every sealed value of everybody, with where it stands."""
    for model in (Person, Note):
        for row in session.scalars(select(model).order_by(model.id)):
            for field in model.__sealed__:
                if (envelope := getattr(row, field.column)) is not None:
                    yield (row, field), envelope


def opens(place: Place, envelope: bytes) -> bool:
    """Whether these bytes open when they are found there, read as the service reads them."""
    row, field = place
    before = row.__dict__[field.column]
    set_committed_value(row, field.column, envelope)
    try:
        getattr(row, field.name)
    except Tampered:
        return False
    except ValueError:
        return True  # Bytes came out; that they mean nothing here is luck.
    finally:
        set_committed_value(row, field.column, before)
    return True


def swaps_that_open(ring: KeyRing) -> tuple[int, int]:
    """Put every value in the place of every other; returns how many were tried and how many opened."""
    with session_of(ring) as session, open_reading(session, "attack"):
        found = list(places(session))
        assert all(opens(place, envelope) for place, envelope in found)
        tried = [opens(here, envelope) for here, own in found for _, envelope in found if envelope is not own]
    return len(tried), sum(tried)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_value_that_is_moved_anywhere_does_not_open(ring: KeyRing) -> None:
    fill(ring, PEOPLE)
    tried, opened = swaps_that_open(ring)
    sys.stdout.write(f"{PEOPLE} people: {tried} swaps of row, column and person, {opened} opened\n")
    assert opened == 0
    assert tried >= PEOPLE * 6 * (PEOPLE * 6 - 1)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_values_that_are_not_bound_to_their_column_could_be_moved(
    ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: a build that leaves the label out of the associated data."""
    for field in (*Person.__sealed__, *Note.__sealed__):
        monkeypatch.setattr(field, "prefix", b"fv1\0\0")
    fill(ring, 4)
    assert swaps_that_open(ring)[1] == 4 * 5 * 4, "every value of a row opens in every other column of that row"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_value_with_any_byte_changed_or_cut_off_does_not_open(ring: KeyRing) -> None:
    fill(ring, 1)
    changes = (1, 0x80, 0xFF) if scaled(10) < 10 else range(1, 256)
    flipped = cut = 0
    with session_of(ring) as session, open_reading(session, "attack"):
        for place, envelope in list(places(session)):
            for position in range(len(envelope)):
                for change in changes:
                    flip = envelope[:position] + bytes([envelope[position] ^ change]) + envelope[position + 1 :]
                    assert not opens(place, flip), (place[1].label, position, change)
                    flipped += 1
                assert not opens(place, envelope[:position]), (place[1].label, position)
                cut += 1
            assert not opens(place, envelope + b"\0")
    sys.stdout.write(f"{flipped} flips of every byte and {cut} cuts, none opened\n")
