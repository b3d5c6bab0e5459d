"""Somebody with write access to the database: nothing that was moved or changed opens."""

import sys
from collections.abc import Collection, Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from referral.core.encryption import KeyRing, Sealed, SealedModel, envelope, open_reading
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


def flips_that_open(ring: KeyRing, changes: Collection[int]) -> tuple[int, int, int]:
    """Change every byte of every value, cut it off there, and add one; how many flips and cuts, and how many opened."""
    flipped = cut = opened = 0
    with session_of(ring) as session, open_reading(session, "attack"):
        for place, value in list(places(session)):
            for position in range(len(value)):
                before, byte, after = value[:position], value[position], value[position + 1 :]
                opened += sum(opens(place, before + bytes([byte ^ change]) + after) for change in changes)
                opened += opens(place, before)
                flipped, cut = flipped + len(changes), cut + 1
            opened += opens(place, value + b"\0")
    return flipped, cut, opened


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_value_with_any_byte_changed_or_cut_off_does_not_open(ring: KeyRing) -> None:
    fill(ring, 1)
    flipped, cut, opened = flips_that_open(ring, (1, 0x80, 0xFF) if scaled(10) < 10 else range(1, 256))
    sys.stdout.write(f"{flipped} flips of every byte and {cut} cuts, {opened} opened\n")
    assert opened == 0


class Unauthenticated:
    """A wrong build: AES in counter mode, with sixteen bytes at the end that nobody looks at."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def encrypt(self, nonce: bytes, data: bytes, _place: bytes) -> bytes:
        """The bytes, and room for a tag."""
        return self._turn(nonce, data) + bytes(16)

    def decrypt(self, nonce: bytes, data: bytes, _place: bytes) -> bytes:
        """Whatever comes out."""
        return self._turn(nonce, data[:-16])

    def _turn(self, nonce: bytes, data: bytes) -> bytes:
        return Cipher(AES(self._raw), CTR(nonce + bytes(4))).encryptor().update(data)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_without_authentication_a_changed_value_opens(ring: KeyRing, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: everything behind the header, which names the key, can be changed."""
    monkeypatch.setattr(envelope, "AESGCM", Unauthenticated)
    fill(ring, 1)
    flipped, cut, opened = flips_that_open(ring, (1,))
    sys.stdout.write(f"{opened} of {flipped + cut} opened\n")
    assert opened > flipped / 2
