"""What leaves the service about a referral. Hand-written, so that a new column never leaves by itself."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from marshmallow import fields

from referral.core.fields import ApiSchema, Code, Day, Flag, Id, Instant, Listed, Number, Part, Text
from referral.core.paging import Page
from referral.referrals.models import Referral
from referral.referrals.usecases import HistoryView, ReferralView
from referral.referrals.workflow import LABELS, MILESTONES, EventName, Party, Status


def show_referral(view: ReferralView) -> dict[str, Any]:
    """The members that this actor may see; an employer gets the progress and nothing else."""
    referral = view.referral
    progress = {
        "id": str(referral.id),
        "reference": referral.reference,
        "status": referral.status.value,
        "statusLabel": LABELS[referral.status],
        "ballWith": _ball(referral),
        "dueOn": _day(referral.due_on),
        "allowedEvents": [event.value for event in view.allowed_events],
        "milestones": _milestones(referral),
        "source": {"organisationId": str(referral.source_organisation_id), "kind": referral.source_kind.value},
        "receiver": {"organisationId": _id(referral.receiver_organisation_id)},
        "participantId": str(referral.participant_id),
        "trajectoryId": _id(referral.trajectory_id),
        "skills": referral.skills,
        "createdAt": _instant(referral.created_at),
        "changedAt": _instant(referral.changed_at),
        "version": referral.version,
    }
    return progress if view.narrow else progress | _case(referral) | _words(view)


def _case(referral: Referral) -> dict[str, Any]:
    return {
        "referrerId": _id(referral.referrer_id),
        "coachId": _id(referral.coach_id),
        "reason": referral.reason,
        "alternativeTrajectoryId": _id(referral.alternative_trajectory_id),
        "waitlistKind": referral.waitlist_kind,
        "previousReferralId": _id(referral.previous_id),
        "hold": {
            "reason": referral.hold_reason,
            "since": _day(referral.hold_since),
            "resumeOn": _day(referral.resume_on),
        }
        if referral.is_held
        else None,
        "escalated": referral.is_escalated,
        "restricted": referral.is_restricted,
        "offerDueOn": _day(referral.offer_due_on),
        "legalBasis": referral.legal_basis,
        "dataScope": referral.data_scope,
        "overrideReason": referral.override_reason,
        "waiver": referral.waiver,
        "noScreening": referral.no_screening,
        "ageBand": referral.age_band,
        "languageBackground": referral.language_background,
        "municipalityCode": referral.municipality_code,
        "employment": referral.employment,
    }


def _words(view: ReferralView) -> dict[str, Any]:
    opened = {
        "learningWish": view.learning_wish,
        "barriers": list(view.barriers) if view.barriers is not None else None,
        "purpose": view.purpose,
        "screeningCodes": list(view.screening_codes) if view.screening_codes is not None else None,
    }
    return {name: value for name, value in opened.items() if value is not None}


def _ball(referral: Referral) -> dict[str, Any]:
    return {
        "party": referral.ball_party.value,
        "organisationId": _id(referral.ball_organisation_id),
        "userId": _id(referral.ball_user_id),
    }


def _milestones(referral: Referral) -> dict[str, Any]:
    reached = {
        "createdAt": referral.created_at,
        **{_camel(name): getattr(referral, name) for name in MILESTONES.values()},
        "endedAt": referral.ended_at,
    }
    return {name: _instant(moment) for name, moment in reached.items() if moment is not None}


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)


def show_page(page: Page[ReferralView]) -> dict[str, Any]:
    """A page of referrals."""
    return {"items": [show_referral(view) for view in page.items], "next": page.next}


def show_event(view: HistoryView) -> dict[str, Any]:
    """One row of the history; an employer sees what happened and when, not why."""
    row = view.row
    progress = {
        "id": str(row.id),
        "sequence": row.sequence,
        "event": row.event.value,
        "from": row.from_status.value if row.from_status else None,
        "to": row.to_status.value,
        "occurredAt": _instant(row.occurred_at),
        "organisationId": str(row.organisation_id),
    }
    if view.narrow:
        return progress
    told = {"actorId": str(row.actor_id), "reason": row.reason, "undoes": row.undoes, "facts": row.facts}
    return progress | told | ({"words": view.words} if view.words else {})


def _id(value: UUID | None) -> str | None:
    return None if value is None else str(value)


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def _instant(value: datetime | None) -> str | None:
    return None if value is None else value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# What the OpenAPI document says about these answers.


class BallSchema(ApiSchema):
    party = Code([party.value for party in Party], required=True)
    organisation_id = Id(allow_none=True)
    user_id = Id(allow_none=True)


class SourceSchema(ApiSchema):
    organisation_id = Id(required=True)
    kind = Text()


class ReceiverSchema(ApiSchema):
    organisation_id = Id(allow_none=True)


class HoldAnswerSchema(ApiSchema):
    reason = Text()
    since = Day()
    resume_on = Day()


class ReferralSchema(ApiSchema):
    """A referral as the caller may see it. Members after `version` depend on relation, data scope and status."""

    id = Id(required=True)
    reference = Text(required=True, metadata={"description": "Het nummer dat mensen gebruiken."})
    status = Code([status.value for status in Status], required=True)
    status_label = Text(required=True)
    ball_with = Part(BallSchema, required=True, metadata={"description": "Wie nu aan zet is: altijd precies een."})
    due_on = Day(required=True, allow_none=True, metadata={"description": "Voor welke dag."})
    allowed_events = Listed(Code([event.value for event in EventName]), least=0, most=40, required=True)
    milestones = fields.Dict(keys=fields.String(), values=Instant(), required=True)
    source = Part(SourceSchema, required=True)
    receiver = Part(ReceiverSchema, required=True)
    participant_id = Id(required=True)
    trajectory_id = Id(allow_none=True)
    skills = Listed(Text(), required=True)
    created_at = Instant(required=True)
    changed_at = Instant(required=True)
    version = Number(1, 2**31, required=True)
    event_id = Id(metadata={"description": "De stap die u zojuist vastlegde."})
    referrer_id = Id(allow_none=True)
    coach_id = Id(allow_none=True)
    reason = Text(allow_none=True)
    alternative_trajectory_id = Id(allow_none=True)
    waitlist_kind = Text(allow_none=True)
    previous_referral_id = Id(allow_none=True)
    hold = Part(HoldAnswerSchema, allow_none=True)
    escalated = Flag()
    restricted = Flag(metadata={"description": "De gegevens worden alleen bewaard (AVG art. 18)."})
    offer_due_on = Day(allow_none=True)
    legal_basis = Text(allow_none=True)
    data_scope = Listed(Text(), least=0)
    override_reason = Text(allow_none=True)
    waiver = Text(allow_none=True)
    no_screening = Flag()
    age_band = Text(allow_none=True)
    language_background = Text()
    municipality_code = Text(allow_none=True)
    employment = Text(allow_none=True)
    learning_wish = Text(longest=2000)
    barriers = Listed(Text(), least=0)
    purpose = Text(longest=500)
    screening_codes = Listed(Text(), least=0)


class ReferralPageSchema(ApiSchema):
    items = fields.List(fields.Nested(ReferralSchema), required=True)
    next = Text(required=True, allow_none=True)


class HistoryEventSchema(ApiSchema):
    id = Id(required=True)
    sequence = Number(1, 2**31, required=True)
    event = Code([event.value for event in EventName], required=True)
    from_ = Code([status.value for status in Status], data_key="from", attribute="from", allow_none=True)
    to = Code([status.value for status in Status], required=True)
    occurred_at = Instant(required=True)
    organisation_id = Id(required=True)
    actor_id = Id()
    reason = Text(allow_none=True)
    undoes = Number(1, 2**31, allow_none=True)
    facts = fields.Dict()
    words = fields.Dict()


class HistorySchema(ApiSchema):
    items = fields.List(fields.Nested(HistoryEventSchema), required=True)
    next = Text(required=True, allow_none=True)
