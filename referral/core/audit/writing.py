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

from sqlalchemy import Connection, bindparam, insert, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from referral.core.audit.models import AuditChain, AuditEntry, AuditUnsealed
from referral.core.audit.verifier import canonical, leaf_hash
from referral.core.database import Base, new_id
from referral.core.policy import Actor

NOTHING_BEFORE: Final = bytes(32)
WITH_OWN_CHAIN: Final = frozenset({"referral", "participant"})
DONE: Final = "done"

_new_head = update(AuditChain).where(AuditChain.id == bindparam("chain")).values(entry_hash=bindparam("hash"))


@dataclass(frozen=True)
class Trace:
    """Where and when a piece of work runs: the instant and the id that joins its log lines, rows and answer."""

    id: str
    now: datetime


@dataclass(frozen=True)
class Draft:
    """An entry that has no place in its chain yet. `details` holds codes, ids and counts, never somebody's data."""

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


def upsert(connection: Connection, model: type[Base]) -> Any:
    """An insert of this database that can say what to do when the row is already there."""
    return (sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert)(model)


def standing_for(operation: str, drafts: Sequence[Draft]) -> list[Draft]:
    """The same drafts, with the one that stands for the whole request marked: the one of that name, or the first."""
    chosen = next((number for number, draft in enumerate(drafts) if draft.action == operation), 0)
    return [replace(draft, operation=operation) if number == chosen else draft for number, draft in enumerate(drafts)]


def write_entries(session: Session, trace: Trace, drafts: Sequence[Draft]) -> None:
    """Add these entries in the caller's transaction: no deed without its trace, no trace without its deed.

    Chains are locked in the order of their ids, after everything else, so that two deeds never wait for each other.
    """
    session.flush()
    connection = session.connection()
    entries = [_entry(draft, trace) for draft in drafts]
    by_chain = sorted(entries, key=lambda entry: entry.chain_id)
    heads = [_link(connection, chain, list(group)) for chain, group in groupby(by_chain, lambda each: each.chain_id)]
    rows = [{column.key: getattr(entry, column.key) for column in AuditEntry.__table__.columns} for entry in entries]
    connection.execute(insert(AuditEntry), rows)
    connection.execute(insert(AuditUnsealed), [{"id": each.id, "sequence": each.sequence} for each in entries])
    connection.execute(_new_head, heads)


def _entry(draft: Draft, trace: Trace) -> AuditEntry:
    return AuditEntry(
        id=new_id(),
        occurred_at=trace.now,
        actor_id=draft.actor.id,
        client_id=draft.actor.client_id,
        organisation_id=draft.actor.organisation_id,
        action=draft.action,
        operation=draft.operation,
        object_type=draft.object_type,
        object_id=draft.object_id,
        result=draft.result,
        origin=draft.actor.origin,
        trace_id=trace.id,
        details=dict(draft.details),
        chain_id=draft.chain_id,
    )


def _link(connection: Connection, chain_id: UUID, entries: Sequence[AuditEntry]) -> Mapping[str, object]:
    """Give these entries their places at the end of this chain; returns its new head."""
    ask = upsert(connection, AuditChain).values(id=chain_id, sequence=len(entries), entry_hash=NOTHING_BEFORE)
    grown = ask.on_conflict_do_update(
        index_elements=[AuditChain.id], set_={"sequence": AuditChain.sequence + len(entries)}
    )
    last, previous = connection.execute(grown.returning(AuditChain.sequence, AuditChain.entry_hash)).one()
    for sequence, entry in enumerate(entries, start=last - len(entries) + 1):
        entry.sequence, entry.previous_hash = sequence, previous
        previous = entry.entry_hash = leaf_hash(canonical(entry.content()))
    return {"chain": chain_id, "hash": previous}
