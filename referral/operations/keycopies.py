"""Backups of the keys, apart from those of the data: the key files in one encrypted file, for another recipient."""

import os
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pyrage import x25519

from referral.core.ledger import DESTROYED
from referral.core.work import Service
from referral.operations.archive import DAMAGED
from referral.operations.backup import ledger_of
from referral.operations.wrapping import unwrap_file, wrap_file

PATTERN = "k*.key"
INSIDE = "keys.tar"
KEK_SIZE = 32


def backup_keys(directory: Path, target: Path, *, recipient: str) -> Sequence[str]:
    """Write every key file to a new encrypted file; gives the ids. Raises ValueError without keys or over a file."""
    if target.exists():
        raise ValueError(f"{target} bestaat al. Een reservekopie wordt nooit overschreven.")
    files = sorted(directory.glob(PATTERN))
    if not files:
        raise ValueError(f"Er zijn geen sleutels in {directory}.")
    with tempfile.TemporaryDirectory(dir=target.absolute().parent, prefix=".keys-") as name:
        inside = Path(name) / INSIDE
        with tarfile.open(inside, "w") as tar:
            for file in files:
                tar.add(file, arcname=file.name)
        wrap_file(inside, target, recipient)
    return [file.stem for file in files]


def restore_keys(service: Service, directory: Path, source: Path, *, identity: x25519.Identity) -> Sequence[str]:
    """Put back the keys that are not there; gives the ids. A key that was destroyed on purpose stays destroyed.

    Raises ValueError for another identity, a damaged file, and a ledger that is missing or changed.
    """
    content = ledger_of(service).read()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".keys-") as name:
        inside = Path(name) / INSIDE
        unwrap_file(source, inside, identity)
        keys = _read(inside)
    back = [
        kek_id
        for kek_id in sorted(keys)
        if not content.knows(DESTROYED, kek_id) and not (directory / f"{kek_id}.key").exists()
    ]
    for kek_id in back:
        _write(directory / f"{kek_id}.key", keys[kek_id])
    return back


def _read(path: Path) -> dict[str, bytes]:
    try:
        with tarfile.open(path) as tar:
            found = {Path(member.name).stem: tar.extractfile(member) for member in tar.getmembers() if member.isfile()}
            keys = {kek_id: stream.read() for kek_id, stream in found.items() if stream}
    except tarfile.TarError:
        raise ValueError(DAMAGED) from None
    if any(len(key) != KEK_SIZE for key in keys.values()):
        raise ValueError(DAMAGED)
    return keys


def _write(path: Path, key: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
