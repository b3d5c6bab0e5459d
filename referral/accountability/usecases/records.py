"""Reading the processing records of the own organisation (Logboek Dataverwerkingen, the reading extension)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from referral.core.paging import Page, read_page
from referral.core.policy import Actor
from referral.core.processing import ProcessingRecord, read_subject
from referral.core.work import Work

FILTERS = ("activity", "participant_id", "trace_id", "since", "until")


@dataclass(frozen=True, kw_only=True)
class ListProcessingRecords:
    """Which records; None means: whatever. `since` is included, `until` is not."""

    activity: str | None = None
    participant_id: UUID | None = None
    trace_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True)
class ShownRecord:
    """One record with the person it is about; None when it names nobody, or somebody who was erased."""

    record: ProcessingRecord
    subject_id: UUID | None


def list_processing_records(query: ListProcessingRecords, *, actor: Actor, work: Work) -> Page[ShownRecord]:
    """A page of what the actor's own organisation processed, newest first; this reading leaves its records as well."""
    page = read_page(
        work.session, _filtered(query, actor, work), ProcessingRecord.id, limit=query.limit, cursor=query.cursor
    )
    shown = page.showing(lambda record: ShownRecord(record, read_subject(work.session, record.id, record.subject_ct)))
    people = [each.subject_id for each in shown.items if each.subject_id is not None]
    asked: dict[str, Any] = {name: str(value) for name in FILTERS if (value := getattr(query, name)) is not None}
    work.record(
        actor,
        "processing_record:list",
        "processing_record",
        None,
        subjects=people,
        count=len(shown.items),
        **asked,
    )
    return shown


def _filtered(query: ListProcessingRecords, actor: Actor, work: Work) -> Select[ProcessingRecord]:
    rows = select(ProcessingRecord).where(ProcessingRecord.organisation_id == actor.organisation_id)
    if query.activity is not None:
        rows = rows.where(ProcessingRecord.activity == query.activity)
    if query.participant_id is not None:
        rows = rows.where(ProcessingRecord.about(work.session, query.participant_id))
    if query.trace_id is not None:
        rows = rows.where(ProcessingRecord.trace_id == query.trace_id)
    if query.since is not None:
        rows = rows.where(ProcessingRecord.started_at >= query.since)
    if query.until is not None:
        rows = rows.where(ProcessingRecord.started_at < query.until)
    return rows
