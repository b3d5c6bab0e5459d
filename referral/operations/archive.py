"""What is inside a backup: a tar with `manifest.json` and the parts it names, and after it the SHA-256 of all that.

The 32 bytes at the end are beyond what tar reads, so that any tar program can list the file; they make every flipped
bit and every missing byte known before anything is restored. Around it lies the encryption of `wrapping`.
"""

import hashlib
import json
import os
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

FORMAT = 2
MANIFEST = "manifest.json"
CHUNK = 1 << 20
SEAL = hashlib.sha256().digest_size
DAMAGED = "Dit bestand is geen hele reservekopie: het is beschadigd of niet af. Er is niets teruggezet."


@dataclass(frozen=True)
class Part:
    """One file in the backup; `size` in bytes."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What the backup holds: engine, revision, instant (ISO 8601, UTC), rows per table and the keys that open it.

    `tables` stands in the order in which the tables can be filled. Under `id` it stands in the ledger of erasures.
    """

    format: int
    id: str
    engine: str
    revision: str
    created_at: str
    key_ids: Sequence[str]
    tables: Mapping[str, int]
    parts: Sequence[Part]


def describe(path: Path) -> Part:
    """The part that this file will be."""
    with path.open("rb") as file:
        return Part(path.name, path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())


def write_archive(target: Path, manifest: Manifest, folder: Path) -> None:
    """Write the file, for its owner only, and to the disk before this returns; nothing stays of one that failed.

    Raises FileExistsError: a backup is never overwritten.
    """
    (folder / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1))
    descriptor = os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            with tarfile.open(fileobj=file, mode="w") as tar:
                for name in (MANIFEST, *(part.name for part in manifest.parts)):
                    tar.add(folder / name, arcname=name, filter=_without_owner)
            file.seek(0)
            seal = hashlib.file_digest(file, "sha256").digest()
            file.write(seal)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        target.unlink()
        raise


def _without_owner(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


@dataclass(frozen=True)
class Archive:
    """A backup that was checked from the first byte to the last."""

    manifest: Manifest
    tar: tarfile.TarFile

    def open(self, name: str) -> IO[bytes]:
        """The bytes of one part. Raises ValueError when there is no such part."""
        try:
            stream = self.tar.extractfile(name)
        except KeyError:
            stream = None
        if stream is None:
            raise ValueError(DAMAGED)
        return stream


@contextmanager
def opened_archive(path: Path) -> Iterator[Archive]:
    """The backup in this file. Raises ValueError unless the file, its manifest and every part of it are whole."""
    with path.open("rb") as file:
        _check_seal(file)
        try:
            with tarfile.open(fileobj=file, mode="r:") as tar:
                archive = Archive(_read_manifest(tar), tar)
                for part in archive.manifest.parts:
                    _check_part(archive, part)
                yield archive
        except tarfile.TarError:
            raise ValueError(DAMAGED) from None


def _check_seal(file: IO[bytes]) -> None:
    left = file.seek(0, os.SEEK_END) - SEAL
    file.seek(0)
    digest = hashlib.sha256()
    while left > 0 and (chunk := file.read(min(CHUNK, left))):
        digest.update(chunk)
        left -= len(chunk)
    if left or file.read() != digest.digest():
        raise ValueError(DAMAGED)
    file.seek(0)


def _read_manifest(tar: tarfile.TarFile) -> Manifest:
    try:
        stream = tar.extractfile(MANIFEST)
        members: dict[str, Any] = json.load(stream) if stream else {}
        if members["format"] != FORMAT:
            raise ValueError(f"Deze reservekopie heeft vorm {members['format']}; deze versie leest vorm {FORMAT}.")
        return Manifest(**{**members, "parts": [Part(**part) for part in members["parts"]]})
    except (KeyError, TypeError, json.JSONDecodeError):
        raise ValueError(DAMAGED) from None


def _check_part(archive: Archive, part: Part) -> None:
    digest, size = hashlib.sha256(), 0
    with archive.open(part.name) as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
    if (size, digest.hexdigest()) != (part.size, part.sha256):
        raise ValueError(DAMAGED)
