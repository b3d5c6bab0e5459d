"""The key ring of one running application: finds, makes and destroys keys, and seals what has no model.

All work with keys runs in the caller's session, on its connection and in its transaction; only `initialise` and
`rotate` open transactions of their own.
"""

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Engine, MetaData, exists, select, text
from sqlalchemy.orm import Session

from referral.core.database import Base
from referral.core.encryption.cache import HeldKeys, KeyCache, held_keys, hold_keys
from referral.core.encryption.doctor import Doctor, Finding
from referral.core.encryption.envelope import DataKey, WrongKey, generation_of, label_prefix, place_of
from referral.core.encryption.forking import watch_forks
from referral.core.encryption.index import IndexedModel, IndexKeys
from referral.core.encryption.keys import INDEX_SUBJECT, RESERVED_SUBJECTS, subject_key, wrapping_key
from referral.core.encryption.providers import KekProvider, KeyRefused
from referral.core.encryption.reading import renew_permit
from referral.core.encryption.rotation import Heard, KeyStatus, Report, read_status, rotate
from referral.core.encryption.store import KeyStore
from referral.core.errors import Erased, KeyMissing

_RING: Final = "referral.key_ring"


def _nobody() -> Iterable[UUID]:
    return ()


class KeyRing:
    """Keys for one database. `ttl` is in seconds, `max_keys` bounds what the process keeps in memory."""

    def __init__(self, engine: Engine, provider: KekProvider, *, ttl: float = 60.0, max_keys: int = 4096) -> None:
        self.engine = engine
        self.provider = provider
        self._store = KeyStore(provider, ttl)
        self._cache = KeyCache(max_keys)
        self._index: IndexKeys | None = None
        watch_forks(self)

    def initialise(self) -> None:
        """Make the first wrapping key and the reserved keys where they are absent; safe to run twice or at once."""
        try:
            with self.engine.begin() as connection:
                if connection.dialect.name == "postgresql":
                    connection.execute(text("LOCK TABLE wrapping_key IN SHARE ROW EXCLUSIVE MODE"))
                self._store.ensure_wrapping_key(connection)
                present = self._store.load(connection, RESERVED_SUBJECTS)
                self._store.create(connection, {each: 1 for each in RESERVED_SUBJECTS if each.int not in present})
        finally:
            self.forget()

    def forget(self) -> None:
        """Drop every key from memory; sessions keep theirs until their transaction ends."""
        self._store.forget()
        self._cache.clear()
        self._index = None

    def renew_after_fork(self) -> None:
        """Start a forked child with locks that nobody holds."""
        self._store.renew_lock()
        self._cache.renew_lock()

    # Keys of subjects

    def prefetch(self, session: Session, subject_ids: Iterable[UUID]) -> None:
        """Load the keys of these people in as few queries as possible; says nothing about those who have none."""
        self._load(session, self._unknown(session, subject_ids))

    def add_subjects(self, session: Session, subject_ids: Iterable[UUID], *, are_new: bool = False) -> None:
        """Make a key for each subject without one, in the caller's transaction; `Erased` for an erased subject.

        `are_new` spares the question whether they have one: their ids were made just now.
        """
        held = self._held(session)
        unknown = self._unknown(session, subject_ids)
        present = {} if are_new and held.is_certain else self._load(session, unknown)
        if None in present.values():
            raise Erased
        if new := [subject_id for subject_id in unknown if subject_id.int not in present]:
            held.keep_created(self._store.create(session.connection(), dict.fromkeys(new, 1)))

    def living(self, session: Session, subject_ids: Collection[UUID]) -> set[UUID]:
        """Those of these people who were not erased. Raises `KeyMissing` for somebody who never had a key."""
        asked, unknown = set(subject_ids), self._unknown(session, subject_ids)
        # What loading these drops from memory was known to live a moment ago, so it is not asked for again.
        known = asked.difference(unknown)
        found = self._load(session, unknown)
        if any(each.int not in found for each in unknown):
            raise KeyMissing
        return known | {each for each in unknown if found[each.int] is not None}

    def erased_since(self, session: Session, since: datetime) -> Sequence[UUID]:
        """Who was erased at this instant or later."""
        destroyed = select(subject_key.c.subject_id).where(subject_key.c.destroyed_at >= since)
        return session.scalars(destroyed.distinct()).all()

    def newest_key(
        self, session: Session, subject_id: UUID, siblings: Callable[[], Iterable[UUID]] = _nobody
    ) -> DataKey:
        """The key to seal with. A miss loads the siblings' keys as well. Raises `Erased` or `KeyMissing`."""
        held = self._held(session)
        key = held.get(subject_id)
        if key is None:
            others = () if subject_id.int in held.absent else siblings()
            found = self._load(session, self._unknown(session, [subject_id, *others]))
            # Not asked for means that another thread has loaded it meanwhile.
            key = found.get(subject_id.int) or held.get(subject_id)
            if key is None:
                raise Erased if subject_id.int in found else KeyMissing
        return key

    def key_for(
        self, session: Session, subject_id: UUID, envelope: bytes, siblings: Callable[[], Iterable[UUID]] = _nobody
    ) -> DataKey:
        """The key that sealed this; looks again once, because another process may have made it meanwhile."""
        generation = generation_of(envelope)
        key = self.newest_key(session, subject_id, siblings).of_generation(generation)
        if key is None:
            newest = self._load(session, [subject_id]).get(subject_id.int)
            key = newest and newest.of_generation(generation)
        if key is None:
            raise WrongKey
        return key

    def erase_subject(
        self, session: Session, subject_id: UUID, models: Iterable[type[IndexedModel]] = (), *, at: datetime
    ) -> None:
        """Destroy every generation of the person's key and the index tags in these models (AVG art. 17).

        A tombstone stays: reading or sealing for this person raises `Erased` from now on. `KeyMissing` for a person
        who never had a key; ValueError for a reserved subject.
        """
        if subject_id in RESERVED_SUBJECTS:
            raise ValueError("a reserved subject cannot be erased")
        session.flush()
        self._store.destroy(session.connection(), subject_id, at)
        for model in models:
            model.clear_indexes(session, subject_id)
        self._held(session).destroy(subject_id)
        renew_permit(session)

    # Bytes without a model

    def seal(self, session: Session, label: str, row_id: UUID, subject_id: UUID, data: bytes) -> bytes:
        """Seal bytes for one place under a subject's key; `SERVICE_SUBJECT` owns the service's own secrets."""
        if subject_id == INDEX_SUBJECT:
            raise ValueError("the key of the indexes seals nothing")
        return self.newest_key(session, subject_id).seal(place_of(label_prefix(label), row_id, subject_id), data)

    def unseal(self, session: Session, label: str, row_id: UUID, subject_id: UUID, envelope: bytes) -> bytes:
        """The bytes again, for the same place only."""
        key = self.key_for(session, subject_id, envelope)
        return key.unseal(place_of(label_prefix(label), row_id, subject_id), envelope)

    def fingerprint(self, session: Session, label: str, data: bytes) -> bytes:
        """A keyed digest of 33 bytes: recognises equal bytes without keeping them."""
        return self.index_keys(session).fingerprint(label, data)

    def fingerprints(self, session: Session, label: str, data: bytes) -> list[bytes]:
        """Every digest under which these bytes may be kept while the root is being renewed; `fingerprint` is first."""
        return self.index_keys(session).fingerprints(label, data)

    def index_keys(self, session: Session) -> IndexKeys:
        """The keys of the blind indexes and their live versions, read again after their time to live."""
        known = self._index
        if known is None or known.expires <= time.monotonic():
            known = self._index = self._store.load_index_keys(session.connection())
        return known

    # Rotation

    def rotate(
        self,
        kind: str,
        metadata: MetaData = Base.metadata,
        *,
        clock: Callable[[], datetime],
        batch: int = 500,
        heard: Heard = lambda _progress, _seen: None,
    ) -> Report:
        """A new KEK (`kek`), new data keys (`data`) or a new root of the indexes (`index`), beside the service.

        Goes on with the rotation of this kind that runs, or begins one; returns when it is done, or has to wait for
        caches to forget. It commits every `batch` items; `heard` learns of each batch, and may wait a while.
        """
        try:
            return rotate(self.engine, self._store, kind, metadata, clock=clock, batch=batch, heard=heard)
        finally:
            self.forget()

    def status(self, session: Session, metadata: MetaData = Base.metadata) -> KeyStatus:
        """How many keys and tags lie under which KEK, wrapping key, generation and version; and what rotates."""
        return read_status(session.connection(), metadata)

    def examine(self, session: Session, metadata: MetaData = Base.metadata) -> list[Finding]:
        """Open everything, change nothing, and say what is wrong."""
        return Doctor(session.connection(), self._store, metadata).examine()

    def refuse_if_used(self, session: Session, kek_id: str) -> None:
        """Raise `KeyRefused` while a wrapping key lies under this KEK: end the rotation first, it drops those."""
        is_used = session.scalar(select(exists().where(wrapping_key.c.kek_id == kek_id)))
        if is_used or kek_id == self.provider.current():
            raise KeyRefused("Deze sleutel is nog in gebruik. Maak eerst een rotatie van de KEK af.")

    def _unknown(self, session: Session, subject_ids: Iterable[UUID]) -> list[UUID]:
        held = self._held(session)
        return [each for each in dict.fromkeys(subject_ids) if held.get(each) is None]

    def _load(self, session: Session, subject_ids: Collection[UUID]) -> dict[int, DataKey | None]:
        if not subject_ids:
            return {}
        held = self._held(session)
        found = self._store.load(session.connection(), subject_ids)
        held.keep_loaded({number: key for number, key in found.items() if key is not None})
        held.absent.update(each.int for each in subject_ids if found.get(each.int) is None)
        return found

    def _held(self, session: Session) -> HeldKeys:
        if session.info.get(_RING) is not self:
            raise RuntimeError("this session is bound to another key ring, or to none")
        return held_keys(session)


def bind_key_ring(session: Session, ring: KeyRing) -> None:
    """Let the sealed attributes of this session's rows use this ring."""
    session.info[_RING] = ring
    hold_keys(session, ring._cache)


def ring_of(session: Session) -> KeyRing:
    """The ring of this session; RuntimeError when none was bound."""
    ring: KeyRing | None = session.info.get(_RING)
    if ring is None:
        raise RuntimeError("no key ring is bound to this session")
    return ring
