"""Unwrapped keys in memory: those the whole process shares, and those one session keeps to itself.

A session that has made or destroyed keys neither uses nor feeds the shared ones until it commits: a key whose row is
rolled back never existed, and must not seal anything for anybody.
"""

import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from threading import Lock
from typing import Final
from uuid import UUID

from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from referral.core.encryption.envelope import DataKey

_HELD: Final = "referral.held_keys"


class KeyCache:
    """The newest keys of the process, by subject: the last `size` that were loaded, each for its time to live."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.renew_lock()
        self._keys: OrderedDict[int, DataKey] = OrderedDict()

    def renew_lock(self) -> None:
        """A new lock, for a forked child whose parent may have held the old one."""
        self._lock = Lock()

    def get(self, subject_id: UUID) -> DataKey | None:
        """The subject's newest key, unless it is not here or has had its time."""
        key = self._keys.get(subject_id.int)
        return key if key is not None and key.expires > time.monotonic() else None

    def put(self, keys: Mapping[int, DataKey]) -> None:
        """Share these; the oldest give way."""
        with self._lock:
            for number, key in keys.items():
                self._keys[number] = key
                self._keys.move_to_end(number)
            while len(self._keys) > self.size:
                self._keys.popitem(last=False)

    def evict(self, subject_ids: Iterable[UUID]) -> None:
        """Forget these subjects."""
        with self._lock:
            for subject_id in subject_ids:
                self._keys.pop(subject_id.int, None)

    def clear(self) -> None:
        """Forget everybody."""
        with self._lock:
            self._keys.clear()


class HeldKeys:
    """The keys one session works with, for as long as its transaction lasts."""

    def __init__(self, shared: KeyCache) -> None:
        self.shared = shared
        self.absent: set[int] = set()
        self.is_certain = True
        self._own: dict[int, DataKey] = {}
        self._destroyed: set[UUID] = set()
        self._has_changed = False

    def get(self, subject_id: UUID) -> DataKey | None:
        """The subject's newest key, as far as this transaction may use what is in memory."""
        key = self._own.get(subject_id.int)
        if key is not None and key.expires > time.monotonic():
            return key
        return None if self._has_changed else self.shared.get(subject_id)

    def keep_loaded(self, keys: Mapping[int, DataKey]) -> None:
        """Keys that this session read from its database, by the number of the subject."""
        if len(self._own) > self.shared.size:
            self._own.clear()
        self._own.update(keys)
        if not self._has_changed:
            self.shared.put(keys)

    def keep_created(self, keys: Mapping[int, DataKey]) -> None:
        """Keys that this transaction made."""
        self._has_changed = True
        self.absent -= keys.keys()
        self.keep_loaded(keys)

    def destroy(self, subject_id: UUID) -> None:
        """This transaction erased a subject."""
        self._has_changed = True
        self._own.pop(subject_id.int, None)
        self._destroyed.add(subject_id)
        self.shared.evict([subject_id])

    def publish(self) -> None:
        """The transaction was committed: what it made is for everybody, what it destroyed for nobody."""
        if self._has_changed:
            self.shared.put(self._own)
            self.shared.evict(self._destroyed)

    def roll_back(self) -> None:
        """A savepoint was rolled back: ask the database again, and keep the answers here."""
        self._own.clear()
        self.absent.clear()
        self.is_certain = False

    def start_anew(self) -> None:
        """The transaction is over."""
        self.roll_back()
        self._destroyed.clear()
        self._has_changed = False
        self.is_certain = True


def hold_keys(session: Session, shared: KeyCache) -> None:
    """Give the session its own place for keys, above the shared one."""
    session.info[_HELD] = HeldKeys(shared)


def held_keys(session: Session) -> HeldKeys:
    """The session's keys; RuntimeError when no key ring was bound to it."""
    held: HeldKeys | None = session.info.get(_HELD)
    if held is None:
        raise RuntimeError("no key ring is bound to this session")
    return held


@event.listens_for(Session, "after_commit")
def _after_commit(session: Session) -> None:
    held: HeldKeys | None = session.info.get(_HELD)
    if held is not None and session.get_nested_transaction() is None:
        held.publish()


@event.listens_for(Session, "after_soft_rollback")
def _after_rollback(session: Session, _transaction: SessionTransaction) -> None:
    held: HeldKeys | None = session.info.get(_HELD)
    if held is not None:
        held.roll_back()


@event.listens_for(Session, "after_transaction_end")
def _after_end(session: Session, transaction: SessionTransaction) -> None:
    held: HeldKeys | None = session.info.get(_HELD)
    if held is not None and transaction.parent is None:
        held.start_anew()
