"""What may be asked of the accountability doors, and what leaves them."""

from typing import Any

from marshmallow import fields, post_load

from referral.accountability.usecases import (
    Affected,
    FindAffected,
    ListProcessingRecords,
    SeenBy,
    ShownRecord,
)
from referral.core.codelists import labels, processing_register
from referral.core.codelists.activities import URN
from referral.core.fields import ApiSchema, Code, Id, Instant, Number, Text, pattern
from referral.core.http import PageQuery
from referral.core.paging import Page
from referral.core.processing import SERVICE_NAME

SUBJECT_TYPE = "participant"
SUCCEEDED = "OK"
_TRACE = pattern("[0-9a-f]{32}", "trace_id", "Een trace-id is 32 cijfers en kleine letters a tot en met f.")


class RecordQuery(PageQuery):
    """Which processing records."""

    activity = Code(
        [activity.uri for activity in processing_register().activities.values()],
        data_key="processingActivityId",
        load_default=None,
        metadata={"description": "Een activiteit uit het register."},
    )
    participant_id = Id(load_default=None, metadata={"description": "Alleen regels over deze deelnemer."})
    trace_id = Text(longest=32, validate=_TRACE, load_default=None, metadata={"description": "W3C trace-id."})
    since = Instant(load_default=None, metadata={"description": "Vanaf dit tijdstip."})
    until = Instant(load_default=None, metadata={"description": "Tot dit tijdstip."})

    @post_load
    def to_command(self, members: dict[str, Any], **_: Any) -> ListProcessingRecords:
        """The question."""
        activity = members.pop("activity")
        return ListProcessingRecords(activity=activity and activity.removeprefix(URN), **members)


class ResourceSchema(ApiSchema):
    """Which application wrote the record, in the version of that moment."""

    name = Text(required=True)
    version = Text(required=True)


class RecordSchema(ApiSchema):
    """One processing, in the words of the Logboek Dataverwerkingen; `attributes` keeps the standard's own names."""

    id = Id(required=True)
    trace_id = Text(required=True)
    span_id = Text(required=True)
    parent_span_id = Text(required=True, allow_none=True)
    name = Text(required=True)
    start_time = Instant(required=True)
    end_time = Instant(required=True)
    status = Code((SUCCEEDED,), required=True)
    resource = fields.Nested(ResourceSchema, required=True)
    attributes = fields.Dict(required=True)


class RecordPage(ApiSchema):
    """A page of processing records, newest first."""

    items = fields.List(fields.Nested(RecordSchema), required=True)
    next = Text(required=True, allow_none=True)


class SeenBySchema(ApiSchema):
    """One reading of a person's data."""

    occurred_at = Instant(required=True)
    organisation = Text(required=True)
    name = Text(required=True)
    reading = Code(processing_register().readings, required=True)
    reading_label = Text(required=True)
    purpose = Code(labels("purpose"), required=True, allow_none=True)
    purpose_label = Text(required=True, allow_none=True)
    data_categories = fields.List(Code(processing_register().categories), required=True)


class SeenByPage(ApiSchema):
    """A page of readings, newest first."""

    items = fields.List(fields.Nested(SeenBySchema), required=True)
    next = Text(required=True, allow_none=True)


class AffectedQuery(ApiSchema):
    """What leaked: at least one of a key, a user, and a period."""

    key_id = Text(longest=64, load_default=None, metadata={"description": "De naam van een hoofdsleutel (KEK)."})
    user_id = Id(load_default=None, metadata={"description": "Wiens account het was."})
    since = Instant(data_key="from", load_default=None, metadata={"description": "Vanaf dit tijdstip."})
    until = Instant(load_default=None, metadata={"description": "Tot dit tijdstip."})

    @post_load
    def to_command(self, members: dict[str, Any], **_: Any) -> FindAffected:
        """The question."""
        return FindAffected(**members)


class AffectedPersonSchema(ApiSchema):
    """One person, as an id; or the id of a draft that is not sent yet, with who knows whom it is about."""

    participant_id = Id(required=True)
    organisation_id = Id(required=True)
    draft_by = Text(required=True, allow_none=True)
    readings = Number(0, 2**31, required=True)
    changes = Number(0, 2**31, required=True)
    data_categories = fields.List(Code(processing_register().categories), required=True)


class PartySchema(ApiSchema):
    """An organisation that shares the responsibility."""

    id = Id(required=True)
    name = Text(required=True)


class CountsSchema(ApiSchema):
    """The figures for the notification."""

    participants = Number(0, 2**31, required=True)
    referrals = Number(0, 2**31, required=True)
    organisations = Number(0, 2**31, required=True)
    readings = Number(0, 2**31, required=True)
    changes = Number(0, 2**31, required=True)
    on_erased_participants = Number(0, 2**31, required=True)


class AffectedSchema(ApiSchema):
    """Everybody whom a data breach touches."""

    participants = fields.List(fields.Nested(AffectedPersonSchema), required=True)
    referrals = fields.List(Id(), required=True)
    organisations = fields.List(fields.Nested(PartySchema), required=True)
    data_categories = fields.List(Code(processing_register().categories), required=True)
    counts = fields.Nested(CountsSchema, required=True)


def show_records(page: Page[ShownRecord]) -> dict[str, Any]:
    """The page in the words of the standard."""
    return {"items": RecordSchema(many=True).dump([_record(each) for each in page.items]), "next": page.next}


def show_readings(page: Page[SeenBy]) -> dict[str, Any]:
    """The page with Dutch labels beside the codes."""
    return {"items": SeenBySchema(many=True).dump([_reading(each) for each in page.items]), "next": page.next}


def show_affected(affected: Affected) -> dict[str, Any]:
    """The people, the cases, the organisations, and the figures that the notification asks for."""
    people = [
        {**vars(person.touched), **vars(person), "data_categories": sorted(person.touched.categories)}
        for person in affected.people
    ]
    counts = {
        "participants": len(affected.people),
        "referrals": len(affected.referrals),
        "organisations": len(affected.organisations),
        "readings": affected.readings,
        "changes": affected.changes,
        "on_erased_participants": affected.erased,
    }
    body: dict[str, Any] = AffectedSchema().dump(
        {
            "participants": people,
            "referrals": affected.referrals,
            "organisations": [{"id": each, "name": name} for each, name in affected.organisations.items()],
            "data_categories": affected.categories,
            "counts": counts,
        }
    )
    return body


def _record(shown: ShownRecord) -> dict[str, Any]:
    record = shown.record
    attributes = {"dpl.core.processing_activity_id": URN + record.activity}
    if shown.subject_id is not None:
        attributes |= {
            "dpl.core.data_subject_id": str(shown.subject_id),
            "dpl.core.data_subject_id_type": SUBJECT_TYPE,
        }
    return {
        **{name: getattr(record, name) for name in ("id", "trace_id", "span_id", "parent_span_id")},
        "name": record.action,
        "start_time": record.started_at,
        "end_time": record.ended_at,
        "status": SUCCEEDED,
        "resource": {"name": SERVICE_NAME, "version": record.service_version},
        "attributes": attributes,
    }


def _reading(seen: SeenBy) -> dict[str, Any]:
    categories = processing_register().categories.items()
    return {
        **vars(seen),
        "reading_label": processing_register().readings[seen.reading],
        "purpose_label": seen.purpose and labels("purpose")[seen.purpose],
        "data_categories": [code for code, each in categories if not set(each.fields).isdisjoint(seen.fields)],
    }
