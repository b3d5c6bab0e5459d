"""The answer to an access request as it leaves the service."""

from datetime import UTC, datetime
from typing import Any

from marshmallow import fields

from referral.core.fields import ApiSchema, Day
from referral.participants.schemas import ParticipantSchema
from referral.privacy.usecases import AccessAnswer, HeldReferral
from referral.referrals.workflow import EVENT_LABELS, LABELS


class AccessAnswerSchema(ApiSchema):
    """Everything held about one person, who received it and who saw it (AVG art. 15)."""

    made_on = Day(required=True)
    participant = fields.Dict(required=True)
    agreements = fields.List(fields.Dict(), required=True)
    referrals = fields.List(fields.Dict(), required=True)
    recipients = fields.List(fields.Dict(), required=True)
    readings = fields.List(fields.Dict(), required=True)


def show_access(answer: AccessAnswer) -> dict[str, Any]:
    """The members of the answer, in the person's own order: who you are, what you agreed, what happened, who saw it."""
    return {
        "madeOn": answer.made_on.isoformat(),
        "participant": ParticipantSchema().dump(answer.participant),
        "agreements": [
            {
                "givenOn": each.given_on.isoformat(),
                "method": each.method,
                "dataScope": each.data_scope,
                "withdrawnOn": each.withdrawn_on.isoformat() if each.withdrawn_on else None,
            }
            for each in answer.agreements
        ],
        "referrals": [_referral(each) for each in answer.referrals],
        "recipients": [
            {
                "organisation": each.organisation,
                "legalBasis": each.legal_basis,
                "dataScope": list(each.data_scope),
                "startedAt": _instant(each.started_at),
                "endedAt": _instant(each.ended_at) if each.ended_at else None,
            }
            for each in answer.recipients
        ],
        "readings": [
            {
                "organisation": each.organisation,
                "name": each.name,
                "occurredAt": _instant(each.occurred_at),
                "purpose": each.purpose,
            }
            for each in answer.readings
        ],
    }


def _referral(held: HeldReferral) -> dict[str, Any]:
    return {
        "reference": held.referral.reference,
        "status": held.referral.status.value,
        "statusLabel": LABELS[held.referral.status],
        "skills": held.referral.skills,
        "learningWish": held.learning_wish,
        "barriers": list(held.barriers or ()),
        "purpose": held.purpose,
        "screeningCodes": list(held.screening_codes or ()),
        "ageBand": held.referral.age_band,
        "languageBackground": held.referral.language_background,
        "municipalityCode": held.referral.municipality_code,
        "employment": held.referral.employment,
        "history": [
            {
                "event": told.row.event.value,
                "label": EVENT_LABELS[told.row.event],
                "occurredAt": _instant(told.row.occurred_at),
                "reason": told.row.reason,
                "facts": told.row.facts,
                "words": told.words,
            }
            for told in held.history
        ],
    }


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
