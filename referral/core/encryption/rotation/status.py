"""How many keys and tags stand under which key, and which rotations run."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, MetaData, Select, String, cast, func, or_, select, union_all
from sqlalchemy.orm import Session

from referral.core.encryption.cells import find_digests, find_sealed
from referral.core.encryption.keys import (
    INDEX_SUBJECT,
    RESERVED_SUBJECTS,
    CryptoJob,
    retired_wrapping_key,
    subject_key,
    wrapping_key,
)
from referral.core.encryption.rotation.index import count_versions


@dataclass(frozen=True)
class WrappingStatus:
    """One wrapping key: the KEK above it and the number of live keys under it."""

    wk_id: int
    kek_id: str
    live_keys: int


@dataclass(frozen=True)
class GenerationStatus:
    """One generation: how many live keys there are of it, and for how many people it is the newest."""

    generation: int
    live_keys: int
    newest: int


@dataclass(frozen=True)
class JobStatus:
    """One rotation that has not ended; see `CryptoJob`."""

    kind: str
    step: str
    done: int
    total: int
    errors: int
    kept: int
    started_at: datetime
    not_before: datetime | None


@dataclass(frozen=True)
class KeyStatus:
    """The state of all keys; `index_versions` counts the tags and keyed digests by column and version."""

    wrapping_keys: tuple[WrappingStatus, ...]
    generations: tuple[GenerationStatus, ...]
    tombstones: int
    index_versions: Mapping[str, Mapping[int, int]]
    jobs: tuple[JobStatus, ...]

    def live_keys_under(self, kek_id: str) -> int:
        """How many keys would be lost with this KEK."""
        return sum(status.live_keys for status in self.wrapping_keys if status.kek_id == kek_id)


def read_status(connection: Connection, metadata: MetaData) -> KeyStatus:
    """Count keys by wrapping key and generation, and the tags and digests of these tables by version."""
    columns = [each.tag for table in find_sealed(metadata) for each in table.indexed if each.tag is not None]
    counted = {f"{each.table.name}.{each.name}": each for each in (*columns, *find_digests(metadata))}
    return KeyStatus(
        wrapping_keys=_read_wrapping(connection),
        generations=_read_generations(connection),
        tombstones=connection.scalar(select(func.count()).where(subject_key.c.blob.is_(None))) or 0,
        index_versions={name: count_versions(connection, column) for name, column in counted.items()},
        jobs=_read_jobs(connection),
    )


def _read_wrapping(connection: Connection) -> tuple[WrappingStatus, ...]:
    counts = (
        select(wrapping_key.c.id, wrapping_key.c.kek_id, func.count(subject_key.c.blob))
        .join_from(wrapping_key, subject_key, isouter=True)
        .group_by(wrapping_key.c.id, wrapping_key.c.kek_id)
        .order_by(wrapping_key.c.id)
    )
    return tuple(WrappingStatus(*row) for row in connection.execute(counts))


def _read_generations(connection: Connection) -> tuple[GenerationStatus, ...]:
    alive = subject_key.c.blob.is_not(None) & (subject_key.c.subject_id != INDEX_SUBJECT)
    live = _counts(connection, select(subject_key.c.gen, func.count()).where(alive).group_by(subject_key.c.gen))
    tops = select(func.max(subject_key.c.gen).label("gen")).where(alive).group_by(subject_key.c.subject_id).subquery()
    newest = _counts(connection, select(tops.c.gen, func.count()).group_by(tops.c.gen))
    return tuple(GenerationStatus(each, count, newest.get(each, 0)) for each, count in sorted(live.items()))


def _counts(connection: Connection, query: Select[int, int]) -> dict[int, int]:
    return {row[0]: row[1] for row in connection.execute(query)}


def _read_jobs(connection: Connection) -> tuple[JobStatus, ...]:
    job = CryptoJob.__table__.c
    shown = (job.kind, job.step, job.done, job.total, job.errors, job.kept, job.started_at, job.not_before)
    return tuple(JobStatus(*row) for row in connection.execute(select(*shown).where(job.ended_at.is_(None))))


def subjects_under(session: Session, key_id: str) -> set[UUID] | None:
    """Whose data key was ever wrapped under this KEK or wrapping key, erased people included; None for no key of ours.

    A key moves only upward, from the wrapping key it began under to the one it is under now. What it may have skipped
    counts as well: too many people are told rather than too few.
    """
    ever = union_all(*(select(table.c.id, table.c.kek_id) for table in (wrapping_key, retired_wrapping_key))).subquery()
    is_meant = or_(ever.c.kek_id == key_id, cast(ever.c.id, String) == key_id)
    wk_ids = session.scalars(select(ever.c.id).where(is_meant)).all()
    if not wk_ids:
        return None
    passed = or_(*((subject_key.c.first_wk_id <= each) & (subject_key.c.wk_id >= each) for each in wk_ids))
    return set(session.scalars(select(subject_key.c.subject_id).where(passed))) - RESERVED_SUBJECTS
