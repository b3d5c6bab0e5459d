"""Searching the audit log: who did or read what, for the privacy officer of an organisation."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from referral.core.audit import AuditEntry
from referral.core.paging import Page, read_page
from referral.core.policy import Actor
from referral.core.work import Work


@dataclass(frozen=True, kw_only=True)
class ListEntries:
    """Which rows; None means: whatever."""

    action: str | None = None
    object_type: str | None = None
    object_id: UUID | None = None
    actor_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 50
    cursor: str | None = None


def list_entries(query: ListEntries, *, actor: Actor, work: Work) -> Page[AuditEntry]:
    """The rows of the actor's own organisation, newest first (BIO2 8.15.01)."""
    rows = select(AuditEntry).where(AuditEntry.organisation_id == actor.organisation_id)
    equal = {
        AuditEntry.action: query.action,
        AuditEntry.object_type: query.object_type,
        AuditEntry.object_id: query.object_id,
        AuditEntry.actor_id: query.actor_id,
    }
    for column, value in equal.items():
        if value is not None:
            rows = rows.where(column == value)
    if query.since is not None:
        rows = rows.where(AuditEntry.occurred_at >= query.since)
    if query.until is not None:
        rows = rows.where(AuditEntry.occurred_at < query.until)
    page = read_page(work.session, rows, AuditEntry.id, limit=query.limit, cursor=query.cursor)
    work.record(actor, "audit:list", "audit_entry", None, count=len(page.items))
    return page
