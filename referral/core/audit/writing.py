"""Writing the entries of one piece of work, at its end and in its own transaction, each linked to the one before it.

A chain belongs to a case or a person, or else to the organisation that acts. Its head is locked from here to the commit
and not longer, and no head is shared by the whole service, so that one deed does not wait for all others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Integer, bindparam, insert, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from referral.core.audit.models import AuditChain, AuditEntry, AuditUnsealed, content_of
from referral.core.audit.verifier import canonical, leaf_hash
from referral.core.database import new_id
from referral.core.policy import Actor
from referral.core.tracing import new_span_id

NOTHING_BEFORE: Final = bytes(32)
WITH_OWN_CHAIN: Final = frozenset({"referral", "participant"})
DONE: Final = "done"


@dataclass(frozen=True)
class Trace:
    """Where and when a piece of work runs: the instant and the id that joins its log lines, rows and answer.

    `span_id` is this work's own place in the trace, `parent_span_id` that of the system that asked for it.
    """

    id: str
    now: datetime
    span_id: str = field(default_factory=new_span_id)
    parent_span_id: str | None = None


@dataclass(frozen=True)
class Draft:
    """An entry that has no place in its chain yet. `details` holds codes, ids and counts, never somebody's data."""

    trace: Trace
    actor: Actor
    action: str
    object_type: str
    object_id: UUID | None
    result: str = DONE
    details: Mapping[str, object] = field(default_factory=dict)
    operation: str | None = None

    @property
    def chain_id(self) -> UUID:
        """The case or person that it was done to, or else the organisation; nobody begins a chain by being refused."""
        has_own = self.object_type in WITH_OWN_CHAIN and self.object_id is not None and self.result == DONE
        return self.object_id if has_own and self.object_id else self.actor.organisation_id


def standing_for(operation: str, drafts: Sequence[Draft]) -> list[Draft]:
    """The same drafts, with the one that stands for the whole request marked: the one of that name, or the first."""
    chosen = next((number for number, draft in enumerate(drafts) if draft.action == operation), 0)
    return [replace(draft, operation=operation) if number == chosen else draft for number, draft in enumerate(drafts)]


def write_entries(session: Session, drafts: Sequence[Draft]) -> None:
    """Add these entries in the caller's transaction: no deed without its trace, no trace without its deed.

    Chains are locked in the order of their ids, after everything else, so that two deeds never wait for each other.
    """
    session.flush()
    connection = session.connection()
    rows = [_row(draft) for draft in drafts]
    by_chain = sorted(rows, key=_chain)
    heads = [_link(connection, chain, list(group)) for chain, group in groupby(by_chain, _chain)]
    connection.execute(_add_entries, rows)
    connection.execute(_add_waiting, [{"id": row["id"], "sequence": row["sequence"]} for row in rows])
    connection.execute(_move_head, heads)


def _grow(dialect: str) -> Any:
    """Take so many places at the end of a chain, which locks it; tells the last of them and the hash before them."""
    insert_into = sqlite.insert if dialect == "sqlite" else postgresql.insert
    count = bindparam("count", type_=Integer)
    begun = insert_into(AuditChain).values(id=bindparam("chain"), sequence=count, entry_hash=NOTHING_BEFORE)
    grown = begun.on_conflict_do_update(index_elements=[AuditChain.id], set_={"sequence": AuditChain.sequence + count})
    return grown.returning(AuditChain.sequence, AuditChain.entry_hash)


_grow_chain = {dialect: _grow(dialect) for dialect in ("sqlite", "postgresql")}
_add_entries = insert(AuditEntry)
_add_waiting = insert(AuditUnsealed)
_move_head = update(AuditChain).where(AuditChain.id == bindparam("chain")).values(entry_hash=bindparam("hash"))


def _chain(row: Mapping[str, Any]) -> UUID:
    chain: UUID = row["chain_id"]
    return chain


def _row(draft: Draft) -> dict[str, Any]:
    return {
        "id": new_id(),
        "occurred_at": draft.trace.now,
        "actor_id": draft.actor.id,
        "client_id": draft.actor.client_id,
        "organisation_id": draft.actor.organisation_id,
        "action": draft.action,
        "operation": draft.operation,
        "object_type": draft.object_type,
        "object_id": draft.object_id,
        "result": draft.result,
        "origin": draft.actor.origin,
        "trace_id": draft.trace.id,
        "span_id": draft.trace.span_id,
        "details": dict(draft.details),
        "chain_id": draft.chain_id,
    }


def _link(connection: Connection, chain_id: UUID, rows: Sequence[dict[str, Any]]) -> Mapping[str, object]:
    """Give these rows their places at the end of this chain; returns its new head."""
    taken = {"chain": chain_id, "count": len(rows)}
    last, previous = connection.execute(_grow_chain[connection.dialect.name], taken).one()
    for sequence, row in enumerate(rows, start=last - len(rows) + 1):
        row["sequence"], row["previous_hash"] = sequence, previous
        previous = row["entry_hash"] = leaf_hash(canonical(content_of(row)))
    return {"chain": chain_id, "hash": previous}
