"""The bytes of a sealed value, against a construction that shares no code with ours."""

from hashlib import sha256
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from referral.core.encryption import NotSealed, WrongKey
from referral.core.encryption.envelope import DataKey, generation_of, label_prefix, place_of
from referral.core.errors import Tampered

RAW = bytes(range(32))
ROW = UUID(bytes=b"\x11" * 16)
SUBJECT = UUID(bytes=b"\x22" * 16)
NONCE = b"\xab" * 12
PHONE = b"+31612345678"
PLACE = place_of(label_prefix("participant.phone"), ROW, SUBJECT)
# Frozen: a build that cannot open this cannot open what is in anybody's database.
KNOWN = bytes.fromhex(
    "010100078d2b90a137ef84a12ed366e92a4d3071abababababababababababab"
    "e7eb857f952a22cf1769711312a33f1d823e263eb42be069f7b83794"
)


def independent(raw: bytes, generation: int, nonce: bytes, data: bytes) -> bytes:
    """AES-256-GCM with the low-level interface, associated data by hand."""
    header = bytes((1, 1, generation >> 8, generation & 255)) + sha256(b"fv1 commit" + raw).digest()[:16]
    cipher = Cipher(algorithms.AES(raw), modes.GCM(nonce)).encryptor()
    cipher.authenticate_additional_data(b"fv1\0\x11participant.phone" + b"\x11" * 16 + b"\x22" * 16 + header)
    return header + nonce + cipher.update(data) + cipher.finalize() + cipher.tag


def test_the_known_answer_never_changes() -> None:
    assert independent(RAW, 7, NONCE, PHONE) == KNOWN
    assert DataKey(RAW, 7).unseal(PLACE, KNOWN) == PHONE


def test_sealing_equals_the_independent_construction() -> None:
    envelope = DataKey(RAW, 7).seal(PLACE, PHONE)
    assert envelope == independent(RAW, 7, envelope[20:32], PHONE)


def test_every_nonce_is_new() -> None:
    """A pool of nonces, or one nonce for a whole row, would repeat."""
    envelopes = DataKey(RAW, 1).seal_all([(PLACE, PHONE)] * 2_000)
    assert len({envelope[20:32] for envelope in envelopes}) == 2_000


def test_every_flipped_bit_is_refused() -> None:
    key = DataKey(RAW, 7)
    envelope = key.seal(PLACE, PHONE)
    for position in range(len(envelope) * 8):
        changed = bytearray(envelope)
        changed[position // 8] ^= 1 << position % 8
        with pytest.raises(Tampered):
            key.unseal(PLACE, bytes(changed))
    assert key.unseal(PLACE, envelope) == PHONE


@pytest.mark.parametrize("cut", [1, 16, 17, 28, 40, 47])
def test_a_value_that_was_cut_short_is_refused(cut: int) -> None:
    key = DataKey(RAW, 7)
    with pytest.raises(Tampered):
        key.unseal(PLACE, key.seal(PLACE, PHONE)[:-cut])


@pytest.mark.parametrize("stored", [b"", b"0612345678", b"\x01\x01" + bytes(45), b"\x02\x01" + bytes(60)])
def test_what_is_no_envelope_is_called_so(stored: bytes) -> None:
    with pytest.raises(NotSealed):
        generation_of(stored)


def test_another_key_is_told_from_tampering() -> None:
    with pytest.raises(WrongKey):
        DataKey(bytes(32), 7).unseal(PLACE, KNOWN)


@pytest.mark.parametrize(
    "place",
    [
        place_of(label_prefix("participant.email"), ROW, SUBJECT),
        place_of(label_prefix("participant.phone"), SUBJECT, SUBJECT),
        place_of(label_prefix("participant.phone"), ROW, ROW),
        place_of(label_prefix("participant.phon"), UUID(bytes=b"e" + b"\x11" * 15), SUBJECT),
    ],
    ids=["column", "row", "person", "shifted"],
)
def test_a_value_opens_in_its_own_place_only(place: bytes) -> None:
    with pytest.raises(Tampered):
        DataKey(RAW, 7).unseal(place, KNOWN)
