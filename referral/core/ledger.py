"""The ledger of erasures: a file outside the database that says who must stay erased when a backup is put back.

One line a fact, added and never changed: number, instant, kind, what, ground, and a digest over all lines up to it.

    opened     the ledger was begun
    erased     a person: a keyed digest of the id, and on which ground
    backup     a backup was made, by its id: a ledger without this line is older than the backup
    destroyed  a key-encryption key, by its id: never to be put back

No personal data, and no id of a person: the key of the digests lies beside it in `ledger.key`. The head, which is the
number and the digest of the last line, is published elsewhere, so that an older copy can be told from the newest.
"""

import fcntl
import hmac
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import IO, Final
from uuid import UUID

KEY_SIZE: Final = 32
TAG_SIZE: Final = 16
LONGEST_LINE: Final = 1_000
OPENED, ERASED, BACKUP, DESTROYED = "opened", "erased", "backup", "destroyed"
NOTHING = "-"


class LedgerProblem(ValueError):
    """The ledger is not there, or not as it was written; the message is for the operator (Dutch)."""


@dataclass(frozen=True)
class LedgerLine:
    """One fact: when, of which kind, about what (a digest or an id of a backup or a key) and on which ground."""

    at: datetime
    kind: str
    what: str
    ground: str


@dataclass(frozen=True, order=True)
class LedgerHead:
    """How far a ledger goes: the number of its last line, and the digest over all lines up to it, in hexadecimal."""

    number: int
    digest: str


@dataclass(frozen=True)
class LedgerContent:
    """Everything that the ledger says, checked from the first line to the last, with the digest of each line."""

    lines: tuple[LedgerLine, ...]
    digests: tuple[str, ...]

    def includes(self, head: LedgerHead) -> bool:
        """Whether this ledger is that one, or one that went on from there."""
        return head.digest in self.digests[head.number - 1 : head.number]

    @cached_property
    def erased(self) -> Mapping[str, LedgerLine]:
        """Who was erased, by digest."""
        return {line.what: line for line in self.lines if line.kind == ERASED}

    def knows(self, kind: str, what: str) -> bool:
        """Whether this fact stands in it."""
        return any((line.kind, line.what) == (kind, what) for line in self.lines)

    @property
    def newest(self) -> datetime:
        """When the last line was added."""
        return self.lines[-1].at


class ErasureLedger:
    """The ledger in one directory (mode 0700). Any number of processes may add to it; each line is on disk at once."""

    def __init__(self, directory: str | Path) -> None:
        self.directory = Path(directory)
        self.path = self.directory / "erasures.log"
        self.key_path = self.directory / "ledger.key"

    def add_erasure(self, subject_id: UUID, ground: str, at: datetime) -> None:
        """This person must stay erased."""
        self._add(LedgerLine(at, ERASED, self._tag_with(self._ready(at), subject_id), ground))

    def add_backup(self, backup_id: str, at: datetime) -> None:
        """A backup was made."""
        self._ready(at)
        self._add(LedgerLine(at, BACKUP, backup_id, NOTHING))

    def add_destroyed_key(self, kek_id: str, at: datetime) -> None:
        """A key-encryption key is gone for good."""
        self._ready(at)
        self._add(LedgerLine(at, DESTROYED, kek_id, NOTHING))

    def tag(self, subject_id: UUID) -> str:
        """The digest under which this person stands in it. Raises `LedgerProblem` without a ledger."""
        return self._tag_with(self._key(), subject_id)

    def read(self) -> LedgerContent:
        """Everything in it. Raises `LedgerProblem` when it is missing, or a line was changed, moved or taken out."""
        key, digest, lines, digests = self._key(), b"", list[LedgerLine](), list[str]()
        if not self.path.exists():
            raise LedgerProblem(f"Het register van wissingen ontbreekt in {self.directory}.")
        for number, text in enumerate(_whole_lines(self.path.read_bytes()), start=1):
            fields, _, written = text.rpartition("\t")
            digest = _digest(key, digest, fields)
            if not hmac.compare_digest(digest.hex(), written) or not fields.startswith(f"{number}\t"):
                raise LedgerProblem(f"Het register van wissingen klopt niet vanaf regel {number}.")
            lines.append(_line(fields))
            digests.append(written)
        if not lines:
            raise LedgerProblem("Het register van wissingen is leeg.")
        return LedgerContent(tuple(lines), tuple(digests))

    def head(self) -> LedgerHead | None:
        """How far it goes now; None when there is none. Looks at the last line only, and checks nothing."""
        try:
            with self.path.open("rb") as file:
                file.seek(max(0, self.path.stat().st_size - LONGEST_LINE))
                lines = _whole_lines(file.read())
        except FileNotFoundError:
            return None
        if not lines:
            return None
        fields, _, digest = lines[-1].rpartition("\t")
        return LedgerHead(int(fields.partition("\t")[0]), digest)

    def _ready(self, at: datetime) -> bytes:
        """The key; a ledger is begun where there is none at all."""
        if not self.key_path.exists() and not self.path.exists():
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_once(self.key_path, secrets.token_bytes(KEY_SIZE))
            self._add(LedgerLine(at, OPENED, secrets.token_hex(TAG_SIZE), NOTHING))
            _sync(self.directory)
        return self._key()

    def _key(self) -> bytes:
        try:
            key = self.key_path.read_bytes()
        except FileNotFoundError:
            raise LedgerProblem(f"Het register van wissingen ontbreekt in {self.directory}.") from None
        if len(key) != KEY_SIZE:
            raise LedgerProblem("De sleutel van het register van wissingen is beschadigd.")
        return key

    def _tag_with(self, key: bytes, subject_id: UUID) -> str:
        return hmac.digest(key, b"subject" + subject_id.bytes, "sha256")[:TAG_SIZE].hex()

    def _add(self, line: LedgerLine) -> None:
        with self._alone() as file:
            content = file.read()
            whole = list(_whole_lines(content))
            # What a power cut left of a line was never answered for: it gives way.
            file.truncate(content.rfind(b"\n") + 1)
            before = bytes.fromhex(whole[-1].rpartition("\t")[2]) if whole else b""
            instant = line.at.astimezone(UTC).isoformat()
            fields = "\t".join((str(len(whole) + 1), instant, line.kind, line.what, line.ground))
            file.write(f"{fields}\t{_digest(self._key(), before, fields).hex()}\n".encode())
            file.flush()
            os.fsync(file.fileno())

    @contextmanager
    def _alone(self) -> Iterator[IO[bytes]]:
        with os.fdopen(os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600), "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file


def _whole_lines(content: bytes) -> list[str]:
    """The lines that were written to their end."""
    return content[: content.rfind(b"\n") + 1].decode(errors="replace").split("\n")[:-1]


def _digest(key: bytes, before: bytes, fields: str) -> bytes:
    return hmac.digest(key, b"line" + before + fields.encode(), "sha256")


def _line(fields: str) -> LedgerLine:
    _number, at, kind, what, ground = fields.split("\t")
    return LedgerLine(datetime.fromisoformat(at), kind, what, ground)


def _write_once(path: Path, content: bytes) -> None:
    """Whole and on disk before it gets its name; who comes second keeps what the first wrote."""
    draft = path.with_suffix(f".draft-{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
