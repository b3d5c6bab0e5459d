"""The encryption around a backup: the file format age, for one public key (X25519), so that the server cannot read it.

Who makes backups needs the public key only; the identity that opens them is kept elsewhere. Age authenticates every
64 kB and the end, so no part can be changed, left out or cut off unseen. Source: age-encryption.org/v1.
"""

import os
from datetime import datetime
from pathlib import Path

from pyrage import DecryptError, IdentityError, decrypt_io, encrypt_io, x25519

from referral.operations.archive import DAMAGED

SECRET = "AGE-SECRET-KEY-"  # noqa: S105 (how the line begins, not what it holds)
NOT_MEANT = "Dit bestand is niet te openen met deze sleutel: het is voor een andere sleutel, of het is beschadigd."
UNREADABLE = "Dit is geen sleutelbestand van age (AGE-SECRET-KEY-1…)."


def create_identity(path: Path, at: datetime) -> str:
    """Write a new identity to a new file, mode 0600, in the notation of age-keygen; gives its public key.

    Raises FileExistsError.
    """
    identity = x25519.Identity.generate()
    public = str(identity.to_public())
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"# created: {at.isoformat()}\n# public key: {public}\n{identity}\n")
        file.flush()
        os.fsync(file.fileno())
    return public


def read_identity(path: Path) -> x25519.Identity:
    """The identity in a file. Raises ValueError when there is none."""
    lines = path.read_text(errors="replace").splitlines()
    try:
        return x25519.Identity.from_str(next(line.strip() for line in lines if line.startswith(SECRET)))
    except (StopIteration, IdentityError):
        raise ValueError(UNREADABLE) from None


def wrap_file(source: Path, target: Path, recipient: str) -> None:
    """Encrypt a file to a new one, mode 0600, on the disk before this returns; nothing stays of one that failed."""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file, source.open("rb") as plain:
            encrypt_io(plain, file, [x25519.Recipient.from_str(recipient)])
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        target.unlink()
        raise


def unwrap_file(source: Path, target: Path, identity: x25519.Identity) -> None:
    """Decrypt a file to a new one, mode 0600. Raises ValueError for another identity and for any change."""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file, source.open("rb") as wrapped:
        try:
            decrypt_io(wrapped, file, [identity])
        except DecryptError as error:
            raise ValueError(NOT_MEANT if "matching keys" in str(error) else DAMAGED) from None
        except OSError as error:
            # What age refuses halfway comes as an OSError without a number; a full disk has one.
            if error.errno is not None:
                raise
            raise ValueError(DAMAGED) from None
