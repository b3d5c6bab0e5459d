"""Signing checkpoints and publishing them outside the database: the key, the folder, and what stands in it.

The key is a file of the key directory in the form of a C2SP note signer, which also holds the name of the log, so that
the name never changes while the key does not.
"""

import base64
import fcntl
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from referral.core.audit.verifier import (
    ED25519,
    Checkpoint,
    Keys,
    key_id,
    open_note,
    read_keys,
    read_published,
    split_notes,
)
from referral.core.errors import KeyMissing
from referral.core.ledger import LedgerHead, LedgerProblem

KEY_FILE: Final = "audit-signing.key"
PUBLIC_FILE: Final = "audit.vkey"
LOCK_FILE: Final = ".lock"
LEDGER_FILE: Final = "erasure-ledger.head"
LONGEST_NOTE: Final = 4_000

log = structlog.get_logger("referral.audit")


@dataclass(frozen=True)
class Signer:
    """The log's name and its private key."""

    origin: str
    key: Ed25519PrivateKey = field(repr=False)

    @property
    def public(self) -> str:
        """The key that anybody may have, in the form of a C2SP note verifier."""
        raw = self.key.public_key().public_bytes_raw()
        return f"{self.origin}+{key_id(self.origin, raw).hex()}+{base64.b64encode(ED25519 + raw).decode()}"

    @property
    def secret(self) -> str:
        """The key that nobody may have, in the form of a C2SP note signer."""
        identity = key_id(self.origin, self.key.public_key().public_bytes_raw()).hex()
        seed = base64.b64encode(ED25519 + self.key.private_bytes_raw()).decode()
        return f"PRIVATE+KEY+{self.origin}+{identity}+{seed}"

    def sign(self, checkpoint: Checkpoint) -> str:
        """The signed note of this checkpoint."""
        text = checkpoint.text()
        identity = key_id(self.origin, self.key.public_key().public_bytes_raw())
        signature = base64.b64encode(identity + self.key.sign(text.encode())).decode()
        return f"{text}\n\u2014 {self.origin} {signature}\n"


@dataclass(frozen=True)
class Notary:
    """Signs for one installation. `name` is what a new log is called: the host of its public address."""

    key_directory: Path
    directory: Path
    name: str

    def create_key(self) -> None:
        """Make the signing key when there is none, whole before it gets its name; safe to run twice or at once."""
        if self._key_path.exists():
            return
        signer = Signer(f"{self.name}/audit", Ed25519PrivateKey.generate())
        draft = self.key_directory / f"{KEY_FILE}.{secrets.token_hex(8)}.draft"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "w") as file:
            file.write(f"{signer.secret}\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, self._key_path)
        draft.unlink()

    def signer(self) -> Signer:
        """The key to sign with. Raises `KeyMissing`: a lost key is never replaced in silence."""
        try:
            _, _, origin, _, encoded = self._key_path.read_text().strip().split("+", 4)
        except (OSError, ValueError):
            raise KeyMissing from None
        return Signer(origin, Ed25519PrivateKey.from_private_bytes(base64.b64decode(encoded)[1:]))

    def public_keys(self) -> Keys:
        """The keys that stand beside what was published, or else our own."""
        path = self.directory / PUBLIC_FILE
        return read_keys(path.read_text() if path.exists() else self.signer().public)

    def published(self) -> list[str]:
        """Every note in the folder, in the order in which it was published."""
        return read_published(self.directory)

    def newest(self) -> tuple[int, str]:
        """The size of the newest published checkpoint and its note; 0 and nothing when there is none yet.

        Raises ValueError when it is damaged.
        """
        files = sorted(self.directory.glob("*.checkpoints"))
        notes = split_notes(_end_of(files[-1])) if files else []
        return (open_note(notes[-1], self.public_keys()).size, notes[-1]) if notes else (0, "")

    def publish(self, notes: Iterable[tuple[int, str]]) -> None:
        """Append what is newer than the newest published, a file a day (UTC), on the disk before this returns.

        Every note goes to the log stream as well, so that whoever keeps that stream has a copy of his own.
        """
        with self._alone():
            newest, _ = self.newest()
            for size, note in notes:
                if size > newest:
                    self._append(note)
                    log.info("checkpoint", size=size, note=note)

    def published_ledger(self) -> LedgerHead | None:
        """How far the ledger of erasures went when that was last published; None when it never was.

        Raises `LedgerProblem` when what was published is damaged.
        """
        path = self.directory / LEDGER_FILE
        if not path.exists():
            return None
        number, _, digest = path.read_text(errors="replace").strip().partition(" ")
        if not (number.isascii() and number.isdigit() and digest):
            raise LedgerProblem(f"{path} is beschadigd: er staat niet in hoever het register van wissingen ging.")
        return LedgerHead(int(number), digest)

    def publish_ledger(self, head: LedgerHead) -> None:
        """Say outside the ledger how far it goes, so that an older copy of it is known as one; never goes back."""
        with self._alone():
            known = self.published_ledger()
            if known is not None and head.number <= known.number:
                return
            draft = self.directory / f"{LEDGER_FILE}.draft"
            draft.write_text(f"{head.number} {head.digest}\n")
            draft.replace(self.directory / LEDGER_FILE)
        log.info("erasure_ledger", lines=head.number, digest=head.digest)

    def _append(self, note: str) -> None:
        day = open_note(note, self.public_keys()).at[:10]
        with (self.directory / f"{day}.checkpoints").open("a", encoding="utf-8") as file:
            file.write(f"{note}\n")
            file.flush()
            os.fsync(file.fileno())

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time writes here; the public key stands beside what it proves."""
        self.directory.mkdir(parents=True, exist_ok=True)
        with (self.directory / LOCK_FILE).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            public = self.directory / PUBLIC_FILE
            if not public.exists():
                public.write_text(self.signer().public + "\n")
            yield

    @property
    def _key_path(self) -> Path:
        return self.key_directory / KEY_FILE


def _end_of(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - LONGEST_NOTE))
        return file.read().decode("utf-8", "replace")
