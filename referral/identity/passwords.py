"""Passwords: argon2id as OWASP advises (19 MiB, 2 passes, 1 lane), and as much work when there is none to compare."""

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

MEMORY_KIB, PASSES, LANES = 19 * 1024, 2, 1
SHORTEST, LONGEST = 12, 128

_HASHER = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES, hash_len=32, salt_len=16)
# Salt and digest of zeros: no password leads to it, and comparing with it takes as long as with a real one.
_NOBODY = f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${'A' * 22}${'A' * 43}"


def hash_password(password: str) -> str:
    """The argon2id hash to keep, with its own salt and parameters in it."""
    return _HASHER.hash(_normal(password))


def verify_password(stored: str | None, password: str) -> bool:
    """Whether this is the password; without a stored hash the answer is no, after the same work (ASVS 6.3.8)."""
    try:
        return _HASHER.verify(stored or _NOBODY, _normal(password) if len(password) <= LONGEST else "")
    except VerifyMismatchError:
        return False


def needs_rehash(stored: str) -> bool:
    """Whether the hash was made with other parameters than today's (ASVS 11.4.2)."""
    return _HASHER.check_needs_rehash(stored)


def _normal(password: str) -> str:
    # The same keys on two keyboards may give two spellings of one letter (NIST SP 800-63B 5.1.1.2).
    return unicodedata.normalize("NFKC", password)
