"""The live workflow table in the words of the API, so that other programs need no copy of it."""

from collections.abc import Collection
from typing import Any

from marshmallow import fields

from referral.core.calendar import Span
from referral.core.codelists import Terms, default_terms, reasons, reasons_for
from referral.core.fields import ApiSchema, Listed, Part
from referral.referrals.schemas.events import DEEDS
from referral.referrals.schemas.requests import RetireCodeSchema
from referral.referrals.workflow import BALL, EVENT_LABELS, FINAL, LABELS, OPEN, STEPS, EventName, Status


class WorkflowSchema(ApiSchema):
    """The table as `GET /v1/workflow` gives it."""

    statuses = fields.List(fields.Dict(), required=True)
    events = fields.List(fields.Dict(), required=True)
    reasons = fields.List(fields.Dict(), required=True)
    terms = fields.List(fields.Dict(), required=True)


class RetiredCodesSchema(ApiSchema):
    """The codes that an organisation no longer offers."""

    items = Listed(Part(RetireCodeSchema), required=True, least=0, most=200)


def show_table(retired: Collection[str] = ()) -> dict[str, Any]:
    """Statuses, events, from → to, roles, reasons and the service's own terms.

    `retired` are the reasons that the organisation that asks no longer offers.
    """
    return {
        "statuses": [_status(status) for status in Status],
        "events": [_event(event, retired) for event in EventName],
        "reasons": [
            {
                "code": reason.code,
                "label": reason.label,
                "party": reason.party.value,
                "events": sorted(reason.events),
                "noteRequired": reason.note_required,
                "effect": reason.effect.value,
                "retired": reason.retired or reason.code in retired,
            }
            for reason in reasons().values()
        ],
        "terms": _terms(default_terms()),
    }


def _status(status: Status) -> dict[str, Any]:
    return {
        "status": status.value,
        "label": LABELS[status],
        "kind": "final" if status in FINAL else "open",
        "ballWith": BALL[status].value,
    }


def _event(event: EventName, retired: Collection[str]) -> dict[str, Any]:
    step = STEPS[event]
    schema = DEEDS[event][0] if event in DEEDS else None
    members = {field.data_key: field.required for field in schema.fields.values()} if schema else {}
    return {
        "event": event.value,
        "label": EVENT_LABELS[event],
        "from": [status.value for status in Status if status in step.sources],
        "to": step.target.value if step.target else None,
        "moves": [
            {"from": status.value, "to": (step.leads_to(status) or status).value}
            for status in Status
            if status in step.sources
        ],
        "roles": sorted({role.value for role, _ in step.grants}),
        "grants": [{"role": role.value, "relation": relation.value} for role, relation in step.grants],
        "whileHeld": step.while_held,
        "undoable": step.undoable,
        "members": [{"name": name, "required": required} for name, required in members.items() if name != "event"],
        "reasons": [reason.code for reason in reasons_for(event.value, but=retired)],
        "overlay": event in (EventName.HOLD, EventName.RESUME, EventName.ESCALATE, EventName.DECIDE_ESCALATION),
        "alwaysOpen": step.sources >= OPEN,
    }


def _terms(terms: Terms) -> list[dict[str, Any]]:
    return [
        {"from": code, "label": term.label, **{_STEP[step]: _span(span) for step, span in term.steps().items()}}
        for code, term in terms.table.items()
    ]


_STEP = {"remind": "remind", "escalate": "escalate", "escalate_region": "escalateRegion", "end": "end"}


def _span(span: Span) -> dict[str, int]:
    units = {"months": span.months, "days": span.days, "workingDays": span.working_days}
    return {unit: count for unit, count in units.items() if count}
