"""The sealed value as it lies in the database (envelope v1), and the data key that makes and opens it.

    0x01 version | 0x01 suite (AES-256-GCM) | generation, 2 bytes | key check, 16 | nonce, 12 | ciphertext | tag, 16

    key check       = SHA-256("fv1 commit" || data key)[:16]
    associated data = "fv1" 0x00 | length of the label, 1 byte | label | row id, 16 | subject id, 16 | first 20 bytes

So a value opens only in the row, the column and the person it was sealed for. Source: NIST SP 800-38D.
"""

import os
from collections.abc import Sequence
from hashlib import sha256
from math import inf
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from referral.core.errors import Tampered

MAGIC: Final = b"\x01\x01"
HEADER_SIZE: Final = 20
NONCE_SIZE: Final = 12
BODY_START: Final = HEADER_SIZE + NONCE_SIZE
OVERHEAD: Final = 48


class NotSealed(Tampered):
    """What stands there is no envelope of a version we know: plaintext, cut short, or from a newer release."""


class WrongKey(Tampered):
    """The value, or a wrapped key, was sealed under another key than the one that belongs there."""


class DataKey:
    """One generation of a subject's key: seals and opens that subject's values until `expires` (monotonic seconds).

    `earlier` is the generation before it that is still alive.
    """

    __slots__ = ("aead", "earlier", "expires", "generation", "header")

    def __init__(self, raw: bytes, generation: int, expires: float = inf, earlier: "DataKey | None" = None) -> None:
        self.aead = AESGCM(raw)
        self.generation = generation
        self.expires = expires
        self.earlier = earlier
        self.header = MAGIC + generation.to_bytes(2, "big") + sha256(b"fv1 commit" + raw).digest()[:16]

    def of_generation(self, generation: int) -> "DataKey | None":
        """The subject's key of that generation."""
        key: DataKey | None = self
        while key is not None and key.generation != generation:
            key = key.earlier
        return key

    def seal(self, place: bytes, data: bytes) -> bytes:
        """The envelope of these bytes for this place."""
        return self.seal_all([(place, data)])[0]

    def seal_all(self, values: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
        """The envelopes of these (place, bytes), each under a fresh random nonce; one call for all the randomness."""
        header, encrypt = self.header, self.aead.encrypt
        random = os.urandom(NONCE_SIZE * len(values))
        nonces = (random[start : start + NONCE_SIZE] for start in range(0, len(random), NONCE_SIZE))
        return [
            header + nonce + encrypt(nonce, data, place + header)
            for nonce, (place, data) in zip(nonces, values, strict=True)
        ]

    def unseal(self, place: bytes, envelope: bytes) -> bytes:
        """The bytes again; `WrongKey` when another key sealed them, `Tampered` when they were changed or moved."""
        header = self.header
        if envelope[:HEADER_SIZE] != header:
            raise WrongKey
        try:
            return self.aead.decrypt(envelope[HEADER_SIZE:BODY_START], envelope[BODY_START:], place + header)
        except (InvalidTag, ValueError):
            raise Tampered from None


def label_prefix(label: str) -> bytes:
    """The part of the associated data that names the column; a label is a declared constant of at most 255 bytes."""
    name = label.encode()
    return b"fv1\0" + bytes((len(name),)) + name


def place_of(prefix: bytes, row_id: UUID, subject_id: UUID) -> bytes:
    """The one place where a value may be opened: column, row and person."""
    return prefix + row_id.bytes + subject_id.bytes


def generation_of(envelope: bytes) -> int:
    """Which generation of the subject's key sealed this; `NotSealed` for anything that is no v1 envelope."""
    if envelope[:2] != MAGIC or len(envelope) < OVERHEAD:
        raise NotSealed
    return int.from_bytes(envelope[2:4], "big")
