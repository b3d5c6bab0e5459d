"""The JSON door to the audit log."""

from typing import Any

from flask import Response
from marshmallow import fields, post_load

from referral.core.fields import ApiSchema, Id, Instant, Text
from referral.core.http import ApiBlueprint, PageQuery, answer, current_actor, current_work
from referral.logs import usecases
from referral.logs.usecases import ListEntries

api = ApiBlueprint("audit", __name__, url_prefix="/v1/audit-entries", description="Het auditlog")


class EntryQuery(PageQuery):
    """Which rows of the log."""

    action = Text(longest=64, load_default=None)
    object_type = Text(longest=64, load_default=None)
    object_id = Id(load_default=None)
    actor_id = Id(load_default=None)
    since = Instant(load_default=None)
    until = Instant(load_default=None)

    @post_load
    def to_command(self, members: dict[str, Any], **_: Any) -> ListEntries:
        """The question."""
        return ListEntries(**members)


class EntrySchema(ApiSchema):
    """One deed, reading or refusal."""

    id = Id(required=True)
    occurred_at = Instant(required=True)
    actor_id = Id(required=True)
    client_id = Id(allow_none=True)
    organisation_id = Id(required=True)
    action = Text(required=True)
    object_type = Text(required=True)
    object_id = Id(allow_none=True)
    result = Text(required=True)
    origin = Text(required=True)
    trace_id = Text(required=True)
    details = fields.Dict(required=True)


class EntryPage(ApiSchema):
    """A page of the log, newest first."""

    items = fields.List(fields.Nested(EntrySchema), required=True)
    next = Text(required=True, allow_none=True)


_EXAMPLE = {
    "items": [
        {
            "id": "0193f0a2-9d44-7c1a-9b7e-52d1c6a3e003",
            "occurredAt": "2026-11-05T10:00:00Z",
            "actorId": "01936f2a-5c00-7000-8000-00000000b001",
            "clientId": None,
            "organisationId": "01936f2a-5c00-7000-8000-00000000a001",
            "action": "participant:read",
            "objectType": "participant",
            "objectId": "0193f0a2-9d40-7e12-8f10-1c2b3a4d5e6f",
            "result": "done",
            "origin": "192.0.2.1",
            "traceId": "5f1c0c8a4c9b4f6d8e2b7a1d3c5e7f90",
            "details": {"purpose": "intake", "fields": ["name", "phone"]},
        }
    ],
    "next": None,
}


@api.route("", methods=["GET"])
@api.arguments(EntryQuery, location="query")
@api.response(200, EntryPage, example=_EXAMPLE)
def list_entries(query: ListEntries) -> Response:
    """Wie wat deed of inzag in uw organisatie, het nieuwste eerst."""
    page = usecases.list_entries(query, actor=current_actor(), work=current_work())
    return answer({"items": EntrySchema(many=True).dump(page.items), "next": page.next})
