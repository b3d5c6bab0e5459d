"""The audit log as records that the verifier reads: from the live database, or in a file for an inspector."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import exists, select, text
from sqlalchemy.orm import Session

from referral.core.audit import AuditEntry
from referral.core.audit.models import AuditChain, AuditCheckpoint, AuditLeaf
from referral.core.audit.verifier import inclusion_path
from referral.core.database import READ_ONLY
from referral.core.errors import NotFound
from referral.core.policy import system_actor
from referral.core.work import Service

CHUNK: Final = 1_000

Record = Mapping[str, Any]


@contextmanager
def snapshot(service: Service) -> Iterator[Session]:
    """A session that sees one instant of the database and writes nothing, however long it takes."""
    is_postgresql = service.engine.dialect.name == "postgresql"
    manner = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True} if is_postgresql else {READ_ONLY: True}
    with Session(service.engine.execution_options(**manner)) as session:
        if is_postgresql:
            session.execute(text("SET LOCAL statement_timeout = 0"))
        yield session


def records_of(session: Session) -> Iterator[Record]:
    """Every entry in the order in which it was sealed, the destroyed ones as hashes only, and then those that wait."""
    sealed = (
        select(AuditLeaf.log_index, AuditLeaf.entry_hash, AuditEntry)
        .outerjoin(AuditEntry, AuditEntry.id == AuditLeaf.id)
        .order_by(AuditLeaf.log_index)
    )
    for index, entry_hash, entry in session.execute(sealed.execution_options(yield_per=CHUNK)):
        yield {"index": index, "hash": entry_hash.hex(), "entry": entry and entry.content()}
    waiting = select(AuditEntry).where(~exists().where(AuditLeaf.id == AuditEntry.id))
    ordered = waiting.order_by(AuditEntry.chain_id, AuditEntry.sequence).execution_options(yield_per=CHUNK)
    for entry in session.scalars(ordered):
        yield {"index": None, "hash": entry.entry_hash.hex(), "entry": entry.content()}


def heads_of(session: Session) -> Iterator[Record]:
    """Where every chain ends."""
    for head in session.scalars(select(AuditChain).order_by(AuditChain.id).execution_options(yield_per=CHUNK)):
        yield {"chain": str(head.id), "sequence": head.sequence, "hash": head.entry_hash.hex()}


def export_log(service: Service, target: Path) -> int:
    """Write the whole log to a new file, one JSON object a line; returns how many entries. Raises FileExistsError.

    That it was taken out is itself an entry, of after what is in the file.
    """
    count = 0
    with target.open("x", encoding="utf-8") as file, snapshot(service) as session:
        for record in records_of(session):
            file.write(_line(record))
            count += 1
        file.writelines(map(_line, heads_of(session)))
    with service.work() as work:
        work.record(system_actor("cli"), "audit:export", "audit_entry", None, count=count)
    return count


def prove_entry(service: Service, entry_id: UUID) -> Record:
    """The proof that this entry stands in the published log, to be checked without the log (RFC 6962 section 2.1.1).

    Raises `NotFound` when there is no such entry, or it is not sealed yet.
    """
    with snapshot(service) as session:
        entry, leaf = session.get(AuditEntry, entry_id), session.get(AuditLeaf, entry_id)
        if entry is None or leaf is None:
            raise NotFound("Deze regel staat niet in het logboek, of is nog niet verzegeld.")
        newest = select(AuditCheckpoint).order_by(AuditCheckpoint.size.desc()).limit(1)
        checkpoint = session.scalars(newest).one()
        leaves = session.scalars(select(AuditLeaf.entry_hash).order_by(AuditLeaf.log_index)).all()
        path = inclusion_path(leaves[: checkpoint.size], leaf.log_index)
        return {
            "entry": entry.content(),
            "index": leaf.log_index,
            "path": [each.hex() for each in path],
            "checkpoint": checkpoint.note,
        }


def _line(record: Record) -> str:
    return json.dumps(record, ensure_ascii=False) + "\n"
