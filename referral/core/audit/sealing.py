"""Sealing: giving the entries that wait their place in one Merkle tree, and signing what the tree has become.

One sealer at a time: a lock that ends with its transaction, so that a killed worker holds up nobody. Entries wait in a
table of their own until they are sealed, so none is missed, however late its transaction commits.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import delete, exists, func, insert, select
from sqlalchemy.orm import Session

from referral.core.audit.models import AuditCheckpoint, AuditEntry, AuditLeaf, AuditUnsealed
from referral.core.audit.notary import Signer
from referral.core.audit.verifier import Checkpoint, Tree
from referral.core.errors import Unavailable

BATCH: Final = 2_000
SEALER: Final = 7318349394477057
HASH: Final = 32


class LogForked(Unavailable):
    """What was published is not in this database: an older copy stands in its place, or somebody else's."""


def has_unsealed(session: Session) -> bool:
    """Whether anything waits for the sealer."""
    return bool(session.scalar(select(exists().select_from(AuditUnsealed))))


def oldest_unsealed(session: Session) -> datetime | None:
    """When the entry that waits longest for the sealer was written; None when nothing waits. Ids rise with time."""
    longest = select(AuditUnsealed.id).order_by(AuditUnsealed.id).limit(1).scalar_subquery()
    return session.scalar(select(AuditEntry.occurred_at).where(AuditEntry.id == longest))


def seal_entries(session: Session, signer: Signer, published: tuple[int, str], *, now: datetime) -> int:
    """Seal what waits, in the caller's transaction; returns how many entries, 0 when another sealer is at work.

    `published` is the newest note outside the database and its size. Raises `LogForked` when it is not ours, because
    a signature over two histories would make both worthless.
    """
    if not _is_only_sealer(session):
        return 0
    _refuse_fork(session, published)
    waiting = session.execute(_waiting).all()
    if not waiting:
        return 0
    tree = _tree(session)
    leaves = []
    for entry_id, entry_hash in waiting:
        leaves.append({"id": entry_id, "log_index": tree.size, "entry_hash": entry_hash})
        tree.append(entry_hash)
    session.execute(insert(AuditLeaf), leaves)
    session.execute(delete(AuditUnsealed).where(AuditUnsealed.id.in_([leaf["id"] for leaf in leaves])))
    session.add(_checkpoint(tree, signer, now))
    session.flush()
    return len(leaves)


def has_checkpoint(session: Session) -> bool:
    """Whether this log was ever signed."""
    return bool(session.scalar(select(exists().select_from(AuditCheckpoint))))


def notes_after(session: Session, size: int) -> Sequence[tuple[int, str]]:
    """The signed notes of every checkpoint larger than this, in order."""
    query = select(AuditCheckpoint.size, AuditCheckpoint.note).where(AuditCheckpoint.size > size)
    return [(found, note) for found, note in session.execute(query.order_by(AuditCheckpoint.size))]


# In the order of their chains: an entry is never sealed before the one that it is linked to.
_waiting = (
    select(AuditEntry.id, AuditEntry.entry_hash)
    .join(AuditUnsealed, AuditUnsealed.id == AuditEntry.id)
    .order_by(AuditUnsealed.sequence, AuditUnsealed.id)
    .limit(BATCH)
)


def _is_only_sealer(session: Session) -> bool:
    if session.get_bind().dialect.name != "postgresql":
        return True
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(SEALER))))


def _refuse_fork(session: Session, published: tuple[int, str]) -> None:
    size, note = published
    ours = session.scalar(select(AuditCheckpoint.note).where(AuditCheckpoint.size == size))
    if size and ours != note:
        raise LogForked("Het gepubliceerde controlepunt staat niet in deze database; er wordt niets verzegeld.")


def _tree(session: Session) -> Tree:
    """The tree as the newest checkpoint left it."""
    newest = session.scalars(select(AuditCheckpoint).order_by(AuditCheckpoint.size.desc()).limit(1)).first()
    if newest is None:
        return Tree()
    return Tree(newest.size, [newest.tops[start : start + HASH] for start in range(0, len(newest.tops), HASH)])


def _checkpoint(tree: Tree, signer: Signer, now: datetime) -> AuditCheckpoint:
    checkpoint = Checkpoint(signer.origin, tree.size, tree.root(), f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
    return AuditCheckpoint(size=tree.size, tops=b"".join(tree.tops), note=signer.sign(checkpoint), signed_at=now)
