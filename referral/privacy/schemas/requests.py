"""What enters and leaves about the requests of participants, and the decisions on them."""

from typing import Any

from marshmallow import fields, post_load

from referral.core.codelists import labels
from referral.core.fields import ApiSchema, Code, Day, Flag, Id, Instant, Listed, Number, Part, Text
from referral.core.http import PageQuery
from referral.core.paging import Page
from referral.participants.models import RequestKind, RequestStatus
from referral.participants.usecases import ListRequests, Outcome, RequestView, outcomes_of

LONG = 4000
_WISH = {"description": "In de woorden van de deelnemer; wordt versleuteld bewaard."}
_RECEIVED = {"description": "De dag waarop het verzoek kwam; vandaag als u niets stuurt. Vanaf dan loopt de termijn."}


class AccessInSchema(ApiSchema):
    """A request for access."""

    received_on = Day(metadata=_RECEIVED)


class RectificationInSchema(AccessInSchema):
    """A request to correct: what is wrong."""

    text = Text(longest=LONG, required=True, metadata=_WISH)


class ObjectionInSchema(AccessInSchema):
    """An objection: why."""

    text = Text(longest=LONG, required=True, metadata=_WISH)


class ErasureRequestInSchema(AccessInSchema):
    """A request to erase, that still has to be decided on."""

    text = Text(longest=LONG, metadata=_WISH)


class RestrictionInSchema(AccessInSchema):
    """A request to keep the data and not use them, on one of the four grounds (AVG art. 18(1))."""

    ground = Code(labels("restrictionGround"), required=True)
    text = Text(longest=LONG, metadata=_WISH)


class DecisionInSchema(ApiSchema):
    """The outcome, why, and on which day the participant was told."""

    outcome = Code(labels("decisionOutcome"), required=True)
    told_on = Day(required=True, metadata={"description": "De dag waarop de deelnemer het hoorde."})
    reason = Code(labels("refusalReason"), metadata={"description": "Verplicht bij een afwijzing."})
    explanation = Text(longest=LONG, metadata={"description": "Zoals het de deelnemer is verteld."})

    @post_load
    def to_members(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**members, "outcome": Outcome(members["outcome"])}


class ListRequestsSchema(PageQuery):
    """Which requests to list; without `status` those that wait for a decision."""

    status = Code(labels("requestStatus"), load_default=RequestStatus.OPEN.value)
    kind = Code(labels("requestKind"), load_default=None)

    @post_load
    def to_command(self, members: dict[str, Any], **_: Any) -> ListRequests:
        kind = members.pop("kind")
        return ListRequests(
            status=RequestStatus(members.pop("status")), kind=RequestKind(kind) if kind else None, **members
        )


class DecisionSchema(ApiSchema):
    """One decision."""

    outcome = Code(labels("decisionOutcome"), required=True)
    reason = Text(allow_none=True)
    told_on = Day(required=True)
    decided_at = Instant(required=True)
    explanation = Text(longest=LONG, allow_none=True)


class PrivacyRequestSchema(ApiSchema):
    """A participant calls on a right. `text` and `decisions` stand with a single request only."""

    id = Id(required=True)
    participant_id = Id(required=True)
    kind = Code(labels("requestKind"), required=True)
    kind_label = Text(required=True)
    ground = Text(required=True, allow_none=True)
    received_on = Day(required=True)
    due_on = Day(required=True, metadata={"description": "De laatste dag van de wettelijke termijn."})
    overdue = Flag(required=True)
    extended = Flag(required=True)
    status = Code(labels("requestStatus"), required=True)
    status_label = Text(required=True)
    closed_at = Instant(required=True, allow_none=True)
    allowed_outcomes = Listed(Code(labels("decisionOutcome")), least=0, required=True)
    version = Number(1, 2**31, required=True)
    text = Text(longest=LONG, allow_none=True)
    decisions = fields.List(Part(DecisionSchema))


class RequestPageSchema(ApiSchema):
    """A page of requests: over the term first, then by the last day."""

    items = fields.List(Part(PrivacyRequestSchema), required=True)
    next = Text(required=True, allow_none=True)


def show_request(view: RequestView) -> dict[str, Any]:
    """One request with its words and its decisions."""
    decisions = [
        {
            "outcome": each.decision.outcome,
            "reason": each.decision.reason,
            "told_on": each.decision.told_on,
            "decided_at": each.decision.decided_at,
            "explanation": each.explanation,
        }
        for each in view.decisions
    ]
    return {**_line(view), "text": view.wish, "decisions": decisions}


def show_requests(page: Page[RequestView]) -> dict[str, Any]:
    """A page of requests, without words."""
    return {"items": [_line(view) for view in page.items], "next": page.next}


def _line(view: RequestView) -> dict[str, Any]:
    request = view.request
    return {
        "id": request.id,
        "participant_id": request.participant_id,
        "kind": request.kind.value,
        "kind_label": labels("requestKind")[request.kind],
        "ground": request.ground,
        "received_on": request.received_on,
        "due_on": request.due_on,
        "overdue": view.is_overdue,
        "extended": request.extended,
        "status": request.status.value,
        "status_label": labels("requestStatus")[request.status],
        "closed_at": request.closed_at,
        "allowed_outcomes": [outcome.value for outcome in outcomes_of(request)],
        "version": request.version,
    }
