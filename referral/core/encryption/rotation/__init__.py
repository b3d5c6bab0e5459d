"""Keys that rotate beside a running service. One engine, three kinds of job:

    kek     a new key-encryption key: every wrapped key is wrapped anew          kek.py
    data    a new data key a person: every sealed value is sealed anew           data.py
    index   a new root of the blind indexes: every tag is made anew              index.py

`jobs` is the engine, `swap` the way rows are written, `status` counts what stands under which key.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Engine, MetaData, text
from sqlalchemy.orm import Session

from referral.core.encryption.cells import find_digests, find_sealed
from referral.core.encryption.keys import CryptoJob
from referral.core.encryption.rotation.data import data_plan
from referral.core.encryption.rotation.index import begin_index, index_plan
from referral.core.encryption.rotation.jobs import Plan, Progress, Report, Runner, find_job
from referral.core.encryption.rotation.kek import begin_kek, kek_plan
from referral.core.encryption.rotation.status import (
    GenerationStatus,
    KeyStatus,
    WrappingStatus,
    read_status,
    subjects_under,
)
from referral.core.encryption.store import KeyStore

KINDS: Final = ("kek", "data", "index")

Heard = Callable[[Progress, int], object]

__all__ = [
    "KINDS",
    "GenerationStatus",
    "Heard",
    "KeyStatus",
    "Progress",
    "Report",
    "WrappingStatus",
    "read_status",
    "rotate",
    "subjects_under",
]


def rotate(
    engine: Engine,
    store: KeyStore,
    kind: str,
    metadata: MetaData,
    *,
    clock: Callable[[], datetime],
    batch: int,
    heard: Heard,
) -> Report:
    """Begin a rotation of this kind, or go on with the one that runs, until it is done or has to wait."""
    with Session(engine) as session, session.begin():
        plan = _begin(session, store, kind, metadata, clock())
    return Runner(engine, plan, store.ttl, clock, batch, heard).run()


def plan_of(kind: str, store: KeyStore, metadata: MetaData, target: int, at: datetime) -> Plan:
    """The steps of this kind for the models of this metadata."""
    tables = find_sealed(metadata)
    if kind == "kek":
        return kek_plan(store, target, at)
    if kind == "data":
        return data_plan(store, tables)
    return index_plan(store, tables, find_digests(metadata), target)


def _begin(session: Session, store: KeyStore, kind: str, metadata: MetaData, now: datetime) -> Plan:
    """The plan of the running job; else make the new key and write down a job, in the same transaction."""
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE wrapping_key IN SHARE ROW EXCLUSIVE MODE"))
    job = find_job(session, kind)
    if job is not None:
        return plan_of(kind, store, metadata, job.target, now)
    target = _make_key(connection, store, kind)
    plan = plan_of(kind, store, metadata, target, now)
    session.add(CryptoJob(kind=kind, target=target, step=plan.steps[0].name, started_at=now, moved_at=now))
    return plan


def _make_key(connection: Connection, store: KeyStore, kind: str) -> int:
    if kind == "kek":
        return begin_kek(connection, store)
    return begin_index(connection, store) if kind == "index" else 0
