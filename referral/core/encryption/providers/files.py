"""Keys in a directory: outside the database, its folder and its backups."""

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.engine import make_url

from referral.core.encryption.providers.interface import KEK_SIZE, DestroyReceipt, unwrap_here, wrap_here
from referral.core.errors import KeyMissing

_REMAINS = "Op een SSD, een bestandssysteem met kopieën of in een reservekopie kan de sleutel nog bestaan."


class FileKeys:
    """Keys of 32 bytes in a directory of mode 0700, one file of mode 0400 a key: `k1.key`, `k2.key`.

    A destroyed key leaves an empty `k1.destroyed`, so that its number is never given out again. Overwriting a file
    is no certain end on an SSD or a copy-on-write file system, and the receipt says so.
    """

    def __init__(self, directory: str | Path) -> None:
        self.directory = Path(directory)
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def current(self) -> str:
        """The id of the newest key; `KeyMissing` in an empty directory."""
        numbers = self._numbers("*.key")
        if not numbers:
            raise KeyMissing
        return f"k{max(numbers)}"

    def wrap(self, kek_id: str, data: bytes, aad: bytes) -> bytes:
        """AES-256-GCM under this key: nonce, ciphertext, tag."""
        return wrap_here(self._read(kek_id), data, aad)

    def unwrap(self, kek_id: str, blob: bytes, aad: bytes) -> bytes:
        """The bytes again; `WrongKey` when this key did not wrap them here, `KeyMissing` when its file is gone."""
        return unwrap_here(self._read(kek_id), blob, aad)

    def create(self) -> str:
        """Write the next key to its own file: whole and on disk before it gets its name."""
        kek_id = f"k{max(self._numbers('*.*'), default=0) + 1}"
        draft = self.directory / f"{kek_id}.draft"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "wb") as file:
            file.write(os.urandom(KEK_SIZE))
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, self._file(kek_id))
        draft.unlink()
        self._sync_directory()
        return kek_id

    def destroy(self, kek_id: str) -> DestroyReceipt:
        """Overwrite and remove the file; `KeyMissing` when there is none."""
        path = self._file(kek_id)
        if not path.exists():
            raise KeyMissing
        path.with_suffix(".destroyed").touch(mode=0o400)
        path.chmod(0o600)
        with path.open("r+b") as file:
            file.write(os.urandom(KEK_SIZE))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
        self._sync_directory()
        return DestroyReceipt(kek_id, is_certain=False, gone_at=datetime.now(UTC), remains=_REMAINS)

    def _file(self, kek_id: str) -> Path:
        return self.directory / f"{kek_id}.key"

    def _numbers(self, pattern: str) -> list[int]:
        return [int(path.stem[1:]) for path in self.directory.glob(pattern) if path.stem[1:].isdecimal()]

    def _read(self, kek_id: str) -> bytes:
        try:
            raw = self._file(kek_id).read_bytes()
        except OSError:
            raise KeyMissing from None
        if len(raw) != KEK_SIZE:
            raise KeyMissing
        return raw

    def _sync_directory(self) -> None:
        descriptor = os.open(self.directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def check_key_directory(path: str | Path, database_url: str, setting: str = "KEY_DIRECTORY") -> None:
    """Refuse to start (ValueError naming the setting) when others can read the keys or they lie beside the data.

    Keys and database must never end up in one backup: the directory may not be the folder of the SQLite database,
    nor lie inside it, nor around it (BIO2 8.24).
    """
    directory = Path(path).resolve()
    for entry in (directory, *directory.glob("*.key")):
        if entry.exists() and stat.S_IMODE(entry.stat().st_mode) & 0o077:
            raise ValueError(f"{setting}: others than the owner have access to {entry.name}")
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        folder = Path(url.database.removeprefix("file:").partition("?")[0]).resolve().parent
        if directory == folder or directory in folder.parents or folder in directory.parents:
            raise ValueError(f"{setting}: the keys must not lie in, or around, the folder of the database")
