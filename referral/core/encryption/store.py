"""Reading and writing the two key tables: the only place where a key is wrapped or unwrapped."""

import os
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from threading import Lock
from uuid import UUID

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, bindparam, func, insert, select, update

from referral.core.encryption.envelope import DataKey
from referral.core.encryption.index import IndexKeys, tag_version
from referral.core.encryption.keys import ANNOUNCED, INDEX_SUBJECT, CryptoJob, subject_key, wrapping_key
from referral.core.encryption.providers import KekProvider
from referral.core.errors import KeyMissing, Tampered

log = structlog.get_logger("referral.keys")

_BATCH = 900
_KEY_SIZE = 32
_NONCE_SIZE = 12

_of_subjects = (
    select(subject_key.c.subject_id, subject_key.c.gen, subject_key.c.wk_id, subject_key.c.blob)
    .where(subject_key.c.subject_id.in_(bindparam("subject_ids", expanding=True)))
    .order_by(subject_key.c.subject_id, subject_key.c.gen)
)


# A new version of the index is read by everybody before anybody writes it: who did not know it would miss rows.
_announced = select(CryptoJob.target).where(
    CryptoJob.kind == "index", CryptoJob.ended_at.is_(None), CryptoJob.step == ANNOUNCED
)


class WrappingKey:
    """An unwrapped wrapping key, until `expires` (monotonic seconds): wraps each subject's key for its own row only."""

    __slots__ = ("_aead", "_place", "expires", "id")

    def __init__(self, wk_id: int, raw: bytes, expires: float) -> None:
        self.id = wk_id
        self.expires = expires
        self._aead = AESGCM(raw)
        self._place = b"fv1 dek\0" + wk_id.to_bytes(4, "big")

    def wrap(self, subject_id: UUID, generation: int, raw: bytes, nonce: bytes | None = None) -> bytes:
        """The blob of a row: nonce (12 fresh random bytes), ciphertext, tag."""
        nonce = nonce or os.urandom(_NONCE_SIZE)
        return nonce + self._aead.encrypt(nonce, raw, self._place + subject_id.bytes + generation.to_bytes(2, "big"))

    def unwrap(self, subject_id: UUID, generation: int, blob: bytes) -> bytes:
        """The raw key; `Tampered` when it was wrapped for another subject or generation."""
        place = self._place + subject_id.bytes + generation.to_bytes(2, "big")
        try:
            return self._aead.decrypt(blob[:12], blob[12:], place)
        except (InvalidTag, ValueError):
            raise Tampered from None


class KeyStore:
    """Wrapped keys in the database. Every method works in the caller's connection and commits nothing."""

    def __init__(self, provider: KekProvider, ttl: float) -> None:
        self.provider = provider
        self.ttl = ttl
        self.forget()
        self.renew_lock()

    def forget(self) -> None:
        """Drop the unwrapped wrapping keys from memory."""
        self._wrapping_keys: dict[int, WrappingKey] = {}
        self._current: tuple[int, float] | None = None

    def renew_lock(self) -> None:
        """A new lock, for a forked child whose parent may have held the old one."""
        self._lock = Lock()

    def load(self, connection: Connection, subject_ids: Iterable[UUID]) -> dict[int, DataKey | None]:
        """The newest key of each of these subjects, by their number; None for an erased one, nothing without a row.

        One tombstone is enough: a generation that was made beside an erasure opens nothing.
        """
        found: dict[int, DataKey | None] = {}
        expires = time.monotonic() + self.ttl
        for subject_id, generation, raw in self.unwrap_all(connection, subject_ids):
            earlier = found.get(subject_id.int)
            is_erased = earlier is None and subject_id.int in found
            key = None if is_erased or raw is None else DataKey(raw, generation, expires, earlier)
            found[subject_id.int] = key
        return found

    def load_openable(self, connection: Connection, subject_ids: Collection[UUID]) -> dict[int, DataKey | None]:
        """As `load`, but who has a wrapped key that does not open is left out, instead of stopping all others."""
        people = list(subject_ids)
        try:
            return self.load(connection, people)
        except (Tampered, KeyMissing):
            if len(people) == 1:
                return {}
        middle = len(people) // 2
        first, second = people[:middle], people[middle:]
        return self.load_openable(connection, first) | self.load_openable(connection, second)

    def unwrap_all(
        self, connection: Connection, subject_ids: Iterable[UUID]
    ) -> Iterator[tuple[UUID, int, bytes | None]]:
        """Subject, generation (rising) and raw key (None: destroyed) of every row, at most 900 subjects a query."""
        waiting = iter(subject_ids)
        while chunk := list(islice(waiting, _BATCH)):
            rows = connection.execute(_of_subjects, {"subject_ids": chunk}).all()
            # A tombstone needs no key: asking for a destroyed one would turn an erasure (410) into an outage (503).
            needed = {row.wk_id for row in rows if row.blob is not None}
            keys = {wk_id: self.wrapping_key(connection, wk_id) for wk_id in needed}
            for subject_id, generation, wk_id, blob in rows:
                raw = None if blob is None else keys[wk_id].unwrap(subject_id, generation, blob)
                yield subject_id, generation, raw

    def create(self, connection: Connection, generations: Mapping[UUID, int]) -> dict[int, DataKey]:
        """A key of this generation for each of these subjects, in one statement."""
        key = self.wrapping_key(connection, self.current_id(connection))
        expires = time.monotonic() + self.ttl
        random = os.urandom(_KEY_SIZE * len(generations))
        created: dict[int, DataKey] = {}
        rows = []
        for number, (subject_id, generation) in enumerate(generations.items()):
            raw = random[_KEY_SIZE * number : _KEY_SIZE * (number + 1)]
            blob = key.wrap(subject_id, generation, raw)
            rows.append({"subject_id": subject_id, "gen": generation, "wk_id": key.id, "blob": blob})
            created[subject_id.int] = DataKey(raw, generation, expires)
        if rows:
            connection.execute(insert(subject_key), rows)
        return created

    def rewrap_all(
        self, connection: Connection, rows: Sequence[tuple[UUID, int, int, bytes]], wk_id: int
    ) -> list[bytes | None]:
        """The blobs of these rows (subject, generation, wrapping key, blob) under another wrapping key.

        None for a blob that does not open. One call for all the randomness.
        """
        new = self.wrapping_key(connection, wk_id)
        olds = {each: self._openable(connection, each) for each in {row[2] for row in rows}}
        random = os.urandom(_NONCE_SIZE * len(rows))
        blobs: list[bytes | None] = []
        for number, (subject_id, generation, old_id, blob) in enumerate(rows):
            old, nonce = olds[old_id], random[_NONCE_SIZE * number : _NONCE_SIZE * (number + 1)]
            try:
                raw = None if old is None else old.unwrap(subject_id, generation, blob)
            except Tampered:
                raw = None
            blobs.append(None if raw is None else new.wrap(subject_id, generation, raw, nonce))
        return blobs

    def _openable(self, connection: Connection, wk_id: int) -> WrappingKey | None:
        try:
            return self.wrapping_key(connection, wk_id)
        except (Tampered, KeyMissing):
            return None

    def destroy(self, connection: Connection, subject_id: UUID, at: datetime) -> None:
        """Turn every generation of this subject's key into a tombstone; `KeyMissing` when it never had one.

        Held first: a rotation that is making a new generation is awaited, and the next statement sees what it made.
        """
        rows = subject_key.c.subject_id == subject_id
        connection.execute(select(subject_key.c.gen).where(rows).with_for_update())
        alive = update(subject_key).where(rows, subject_key.c.blob.is_not(None))
        done = connection.execute(alive.values(blob=None, destroyed_at=at))
        if not done.rowcount and connection.scalar(select(func.count()).where(rows)) == 0:
            raise KeyMissing

    def wrapping_key(self, connection: Connection, wk_id: int) -> WrappingKey:
        """A wrapping key, unwrapped by the provider at most once per time to live, however many threads ask.

        `KeyMissing` when there is none, or the provider's key does not open it.
        """
        key = self._wrapping_keys.get(wk_id)
        if key is None or key.expires <= time.monotonic():
            wrapped = select(wrapping_key.c.kek_id, wrapping_key.c.blob).where(wrapping_key.c.id == wk_id)
            row = connection.execute(wrapped).one_or_none()
            if row is None:
                raise KeyMissing
            key = self._unwrap_once(wk_id, row.kek_id, row.blob)
        return key

    def _unwrap_once(self, wk_id: int, kek_id: str, blob: bytes) -> WrappingKey:
        with self._lock:
            key = self._wrapping_keys.get(wk_id)
            if key is None or key.expires <= time.monotonic():
                raw = self._unwrap(wk_id, kek_id, blob)
                key = self._wrapping_keys[wk_id] = WrappingKey(wk_id, raw, time.monotonic() + self.ttl)
        return key

    def _unwrap(self, wk_id: int, kek_id: str, blob: bytes) -> bytes:
        """A key of another installation under the right name is as good as none: an outage, and no fault of a value."""
        try:
            return self.provider.unwrap(kek_id, blob, _wrapping_place(wk_id))
        except Tampered:
            log.error("wrong_key", provider=type(self.provider).__name__, kek_id=kek_id, wrapping_key=wk_id)
            raise KeyMissing from None

    def current_id(self, connection: Connection) -> int:
        """The wrapping key that new keys are wrapped with; `KeyMissing` before `KeyRing.initialise`."""
        if self._current is None or self._current[1] <= time.monotonic():
            newest = connection.scalar(select(func.max(wrapping_key.c.id)))
            if newest is None:
                raise KeyMissing
            self._current = newest, time.monotonic() + self.ttl
        return self._current[0]

    def load_index_keys(self, connection: Connection) -> IndexKeys:
        """The root keys of the blind indexes; `KeyMissing` before `KeyRing.initialise`."""
        rows = self.unwrap_all(connection, [INDEX_SUBJECT])
        roots = {generation: raw for _subject, generation, raw in rows if raw is not None}
        written = roots.keys() - set(connection.scalars(_announced))
        if not written:
            raise KeyMissing
        by_version = {tag_version(generation): raw for generation, raw in roots.items()}
        return IndexKeys(by_version, tag_version(max(written)), time.monotonic() + self.ttl)

    def ensure_wrapping_key(self, connection: Connection) -> None:
        """A first wrapping key, and a first KEK if the provider has none, unless there is one already."""
        if connection.scalar(select(func.count()).select_from(wrapping_key)):
            return
        try:
            kek_id = self.provider.current()
        except KeyMissing:
            kek_id = self.provider.create()
        self.create_wrapping_key(connection, kek_id)

    def create_wrapping_key(self, connection: Connection, kek_id: str) -> int:
        """A new wrapping key under this KEK."""
        wk_id = (connection.scalar(select(func.max(wrapping_key.c.id))) or 0) + 1
        blob = self.provider.wrap(kek_id, os.urandom(_KEY_SIZE), _wrapping_place(wk_id))
        connection.execute(insert(wrapping_key).values(id=wk_id, kek_id=kek_id, blob=blob))
        return wk_id


def _wrapping_place(wk_id: int) -> bytes:
    return b"fv1 wk\0" + wk_id.to_bytes(4, "big")
