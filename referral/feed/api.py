"""The JSON door to the feed."""

from typing import Any

from flask import Response
from marshmallow import fields

from referral.core.fields import ApiSchema, Id, Instant, Number, QueryNumber, Text
from referral.core.http import ApiBlueprint, answer, current_actor, current_work
from referral.feed import usecases

api = ApiBlueprint("feed", __name__, url_prefix="/v1/events", description="Wat er in de keten gebeurt")


class FeedQuery(ApiSchema):
    """Where to go on, and how much at once."""

    after = QueryNumber(0, 999_999_999, load_default=0, metadata={"description": "De laatste `index` die u zag."})
    limit = QueryNumber(1, 100, load_default=50)


class FeedItemSchema(ApiSchema):
    """One thing that happened, as ids only."""

    index = Number(1, 2**31, required=True)
    event = Text(required=True)
    event_id = Id(required=True)
    referral_id = Id(required=True)
    occurred_at = Instant(required=True)


class FeedSchema(ApiSchema):
    """Some events, oldest first, and the index to go on from."""

    items = fields.List(fields.Nested(FeedItemSchema), required=True)
    next = Number(0, 2**31, required=True)


_EXAMPLE = {
    "items": [
        {
            "index": 12,
            "event": "accept",
            "eventId": "0193f0a2-9d44-7c1a-9b7e-52d1c6a3e002",
            "referralId": "0193f0a2-9d44-7c1a-9b7e-52d1c6a3e001",
            "occurredAt": "2026-11-05T10:00:00Z",
        }
    ],
    "next": 12,
}


@api.route("", methods=["GET"])
@api.arguments(FeedQuery, location="query")
@api.response(200, FeedSchema, example=_EXAMPLE)
def list_events(query: dict[str, Any]) -> Response:
    """Alles wat er gebeurde na `after`, alleen als id's; er valt niets tussenuit."""
    items = usecases.list_events(query["after"], query["limit"], actor=current_actor(), work=current_work())
    shown = FeedItemSchema(many=True).dump(items)
    return answer({"items": shown, "next": items[-1].index if items else query["after"]})
