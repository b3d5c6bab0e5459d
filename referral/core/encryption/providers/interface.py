"""What every keeper of key-encryption keys (KEK) can do, and how it says that it cannot."""

import os
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from referral.core.encryption.envelope import WrongKey
from referral.core.errors import Conflict, KeyMissing

KEK_SIZE: Final = 32
LONGEST_ID: Final = 64
_NONCE: Final = 12

log = structlog.get_logger("referral.keys")


class KeyRefused(Conflict):
    """The provider cannot make or destroy this key, and the detail says why."""


@dataclass(frozen=True)
class DestroyReceipt:
    """What destroying a key has come to.

    `gone_at` is the moment from which it opens nothing and cannot be called back, `remains` says what may survive
    (Dutch), and `is_certain` is False where remains of it may survive in the provider's own storage.
    """

    kek_id: str
    is_certain: bool
    gone_at: datetime
    remains: str


class KekProvider(Protocol):
    """Keeps versioned keys and wraps with them: a directory, the environment, a vault, a cloud or an HSM."""

    def current(self) -> str:
        """The id of the newest key; `KeyMissing` when there is none."""
        ...

    def wrap(self, kek_id: str, data: bytes, aad: bytes) -> bytes:
        """The bytes wrapped for one place (`aad`)."""
        ...

    def unwrap(self, kek_id: str, blob: bytes, aad: bytes) -> bytes:
        """The bytes again; `WrongKey` when this key did not wrap them, `KeyMissing` when it is not there."""
        ...

    def create(self) -> str:
        """Make the next key and return its id; ids are never used twice. `KeyRefused` where only people can."""
        ...

    def destroy(self, kek_id: str) -> DestroyReceipt:
        """Destroy one key for ever; what it wrapped, backups included, is then unreadable.

        `KeyMissing` when it is not there, `KeyRefused` when this provider cannot destroy it.
        """
        ...


def wrap_here(key: bytes, data: bytes, aad: bytes) -> bytes:
    """AES-256-GCM in this process: nonce, ciphertext, tag."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, data, aad)


def unwrap_here(key: bytes, blob: bytes, aad: bytes) -> bytes:
    """The bytes again; `WrongKey` when another key wrapped them, or for another place."""
    try:
        return AESGCM(key).decrypt(blob[:_NONCE], blob[_NONCE:], aad)
    except (InvalidTag, ValueError):
        raise WrongKey from None


def unreachable(provider: str, error: Exception) -> KeyMissing:
    """The refusal (503) for a provider that does not answer; the log keeps the kind of error, never its text."""
    log.error("key_provider", provider=provider, kind=type(error).__name__)
    return KeyMissing()
