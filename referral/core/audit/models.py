"""The tables of the audit log. The database refuses to change or remove what is in the first three of them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from referral.core.database import Base


class AuditEntry(Base):
    """One deed, one reading or one refusal, linked to the one before it in its chain.

    `operation` is the name of the request for the one row that stands for it, and empty on its further rows.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_object", "object_type", "object_id"),
        UniqueConstraint("chain_id", "sequence"),
    )

    occurred_at: Mapped[datetime] = mapped_column(index=True)
    actor_id: Mapped[UUID] = mapped_column(index=True)
    client_id: Mapped[UUID | None]
    organisation_id: Mapped[UUID] = mapped_column(index=True)
    action: Mapped[str] = mapped_column(String(64))
    operation: Mapped[str | None] = mapped_column(String(64))
    object_type: Mapped[str] = mapped_column(String(64))
    object_id: Mapped[UUID | None]
    result: Mapped[str] = mapped_column(String(64))
    origin: Mapped[str] = mapped_column(String(64))
    trace_id: Mapped[str] = mapped_column(String(32), index=True)
    span_id: Mapped[str] = mapped_column(String(16))
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
    chain_id: Mapped[UUID]
    sequence: Mapped[int]
    previous_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    entry_hash: Mapped[bytes] = mapped_column(LargeBinary(32))

    def content(self) -> Mapping[str, Any]:
        """What is hashed of this entry."""
        return content_of(vars(self))


class AuditLeaf(Base):
    """The place of a sealed entry in the tree, under the entry's id; it stays when the entry's own term is over."""

    __tablename__ = "audit_leaf"

    log_index: Mapped[int] = mapped_column(unique=True)
    entry_hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class AuditCheckpoint(Base):
    """The tree at one size: its tops, to go on from, and the signed note that was published of it."""

    __tablename__ = "audit_checkpoint"

    size: Mapped[int] = mapped_column(unique=True)
    tops: Mapped[bytes] = mapped_column(LargeBinary)
    note: Mapped[str] = mapped_column(String(1000))
    signed_at: Mapped[datetime]


class AuditChain(Base):
    """The end of one chain; its row is the lock that lets one writer at a time add to that chain."""

    __tablename__ = "audit_chain"

    sequence: Mapped[int]
    entry_hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class AuditUnsealed(Base):
    """An entry that waits for the sealer, under the entry's id; written with it, gone when it is sealed."""

    __tablename__ = "audit_unsealed"
    __table_args__ = (Index("ix_audit_unsealed_order", "sequence", "id"),)

    sequence: Mapped[int]


class AnonymousRefusal(Base):
    """How often somebody without a proof of identity was refused from one origin in one minute."""

    __tablename__ = "anonymous_refusal"
    __table_args__ = (UniqueConstraint("minute", "origin", "action", "result"),)

    minute: Mapped[datetime]
    origin: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(64))
    result: Mapped[str] = mapped_column(String(64))
    count: Mapped[int]


def content_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """What is hashed: every column but the hash itself, in words that outlive the table."""
    return {
        "id": str(row["id"]),
        "at": row["occurred_at"].astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": str(row["actor_id"]),
        "client": _text(row["client_id"]),
        "organisation": str(row["organisation_id"]),
        "action": row["action"],
        "operation": row["operation"],
        "object_type": row["object_type"],
        "object": _text(row["object_id"]),
        "result": row["result"],
        "origin": row["origin"],
        "trace": row["trace_id"],
        "span": row["span_id"],
        "details": row["details"],
        "chain": str(row["chain_id"]),
        "sequence": row["sequence"],
        "previous": row["previous_hash"].hex(),
    }


def _text(id: UUID | None) -> str | None:
    return None if id is None else str(id)
