"""Bringing the keys under a new KEK beside a running service, and counting what lies under which key."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Engine, Row, String, bindparam, cast, func, or_, select, update
from sqlalchemy.orm import Session

from referral.core.encryption.index import IndexedModel
from referral.core.encryption.keys import RESERVED_SUBJECTS, subject_key, wrapping_key
from referral.core.encryption.store import KeyStore


@dataclass(frozen=True)
class WrappingStatus:
    """One wrapping key: the KEK above it and the number of live keys under it."""

    wk_id: int
    kek_id: str
    live_keys: int


@dataclass(frozen=True)
class KeyStatus:
    """The state of all keys; `index_versions` counts the tags by label and version."""

    wrapping_keys: tuple[WrappingStatus, ...]
    tombstones: int
    index_versions: Mapping[str, Mapping[int, int]]

    def live_keys_under(self, kek_id: str) -> int:
        """How many keys would be lost with this KEK."""
        return sum(status.live_keys for status in self.wrapping_keys if status.kek_id == kek_id)


def rewrap(engine: Engine, store: KeyStore, batch: int, progress: Callable[[int], None] | None) -> int:
    """Wrap every live key under the newest KEK, `batch` keys a transaction; see `KeyRing.rotate_kek`."""
    with engine.begin() as connection:
        target, outdated = _target(connection, store)
    done = 0
    for wk_id in outdated:
        while count := _rewrap_batch(engine, store, wk_id, target, batch):
            done += count
            if progress:
                progress(done)
    return done


def read_status(connection: Connection, models: Collection[type[IndexedModel]]) -> KeyStatus:
    """Count keys by wrapping key, and the tags of these models by version."""
    counts = (
        select(wrapping_key.c.id, wrapping_key.c.kek_id, func.count(subject_key.c.blob))
        .join_from(wrapping_key, subject_key, isouter=True)
        .group_by(wrapping_key.c.id, wrapping_key.c.kek_id)
        .order_by(wrapping_key.c.id)
    )
    return KeyStatus(
        wrapping_keys=tuple(WrappingStatus(*row) for row in connection.execute(counts)),
        tombstones=connection.scalar(select(func.count()).where(subject_key.c.blob.is_(None))) or 0,
        index_versions={
            label: _count_versions(connection, column)
            for model in models
            for label, column in model.index_columns().items()
        },
    )


def subjects_under(session: Session, key_id: str) -> set[UUID] | None:
    """Whose data key was ever wrapped under this KEK or wrapping key, erased people included; None for no key of ours.

    A key moves only upward, from the wrapping key it began under to the one it is under now. What it may have skipped
    counts as well: too many people are told rather than too few.
    """
    is_meant = or_(wrapping_key.c.kek_id == key_id, cast(wrapping_key.c.id, String) == key_id)
    wk_ids = session.scalars(select(wrapping_key.c.id).where(is_meant)).all()
    if not wk_ids:
        return None
    passed = or_(*((subject_key.c.first_wk_id <= each) & (subject_key.c.wk_id >= each) for each in wk_ids))
    return set(session.scalars(select(subject_key.c.subject_id).where(passed))) - RESERVED_SUBJECTS


def _target(connection: Connection, store: KeyStore) -> tuple[int, list[int]]:
    """The wrapping key to move to, made when the newest one is not yet under the newest KEK, and those to leave."""
    rows = connection.execute(select(wrapping_key.c.id, wrapping_key.c.kek_id).order_by(wrapping_key.c.id)).all()
    kek_id = store.provider.current()
    if rows and rows[-1].kek_id == kek_id:
        return rows[-1].id, [row.id for row in rows[:-1]]
    return store.create_wrapping_key(connection, kek_id), [row.id for row in rows]


def _rewrap_batch(engine: Engine, store: KeyStore, old: int, new: int, batch: int) -> int:
    columns = subject_key.c
    with engine.begin() as connection:
        waiting = select(subject_key).where(columns.wk_id == old, columns.blob.is_not(None)).limit(batch)
        rows = connection.execute(waiting).all()
        if rows:
            connection.execute(_SWAP, [_rewrapped(connection, store, row, new) for row in rows])
    return len(rows)


def _rewrapped(connection: Connection, store: KeyStore, row: Row[Any], wk_id: int) -> dict[str, object]:
    return {
        "subject": row.subject_id,
        "generation": row.gen,
        "old_blob": row.blob,
        "new_wk_id": wk_id,
        "new_blob": store.rewrap(connection, row, wk_id),
    }


# Compare and swap: a key that was erased meanwhile stays erased.
_SWAP = (
    update(subject_key)
    .where(
        subject_key.c.subject_id == bindparam("subject"),
        subject_key.c.gen == bindparam("generation"),
        subject_key.c.blob == bindparam("old_blob"),
    )
    .values(wk_id=bindparam("new_wk_id"), blob=bindparam("new_blob"))
)


def _count_versions(connection: Connection, column: ColumnElement[bytes | None]) -> dict[int, int]:
    version = func.substr(column, 1, 1)
    rows = connection.execute(select(version, func.count()).where(column.is_not(None)).group_by(version))
    return {bytes(tag)[0]: count for tag, count in rows}
