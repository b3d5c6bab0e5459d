"""The answer to an access request as it leaves the service, for a program to read."""

from typing import Any

from marshmallow import fields

from referral.core.fields import ApiSchema, Day
from referral.participants.schemas import ParticipantSchema
from referral.participants.usecases import DisclosureView, RequestView
from referral.privacy.schemas import members as of
from referral.privacy.usecases import AccessAnswer, HeldReferral, Told
from referral.referrals.workflow import EVENT_LABELS, LABELS
from referral.screenings.usecases import ScreeningRecord


class AccessAnswerSchema(ApiSchema):
    """Everything held about one person, who received it and who saw it (AVG art. 15)."""

    made_on = Day(required=True)
    request = fields.Dict(required=True)
    participant = fields.Dict(required=True)
    agreements = fields.List(fields.Dict(), required=True)
    screenings = fields.List(fields.Dict(), required=True)
    referrals = fields.List(fields.Dict(), required=True)
    recipients = fields.List(fields.Dict(), required=True)
    requests = fields.List(fields.Dict(), required=True)
    messages = fields.List(fields.Dict(), required=True)
    readings = fields.List(fields.Dict(), required=True)
    deeds = fields.List(fields.Dict(), required=True)


def show_access(answer: AccessAnswer) -> dict[str, Any]:
    """The members of the answer, in the person's own order: who you are, what you agreed, what happened, who saw it."""
    person = ParticipantSchema().dump(answer.participant)
    return {
        "madeOn": answer.made_on.isoformat(),
        "request": {"id": str(answer.request.id), **of.members(answer.request, of.REQUEST)},
        "participant": {
            **person,
            "restrictedAt": of.plain(answer.restricted_at),
            "administrationNumbers": dict(answer.administration_numbers),
        },
        "agreements": [of.members(each, of.AGREEMENT) for each in answer.agreements],
        "screenings": [] if answer.narrow else [_screening(each) for each in answer.screenings],
        "referrals": [_progress(each) if answer.narrow else _referral(each) for each in answer.referrals],
        "recipients": [_recipient(each) for each in answer.recipients],
        "requests": [_request(each) for each in answer.requests],
        "messages": [
            {
                "kind": each.kind.value,
                "reference": each.reference,
                "organisation": each.organisation,
                "givenAt": of.plain(each.given_at),
            }
            for each in answer.messages
        ],
        "readings": [of.members(each, vars(each)) for each in answer.readings],
        "deeds": [of.members(each, vars(each)) for each in answer.deeds],
    }


def _progress(held: HeldReferral) -> dict[str, Any]:
    return {
        **of.members(held.referral, of.PROGRESS),
        "statusLabel": LABELS[held.referral.status],
        "source": held.source,
        "receiver": held.receiver,
        "trajectory": held.trajectory,
        "history": [_told(each, of.EVENT_PROGRESS) for each in held.history],
    }


def _referral(held: HeldReferral) -> dict[str, Any]:
    return {
        **_progress(held),
        **of.members(held.referral, of.CASE),
        "alternative": held.alternative,
        "learningWish": held.learning_wish,
        "barriers": list(held.barriers or ()),
        "purpose": held.purpose,
        "screeningCodes": list(held.screening_codes or ()),
        "history": [{**_told(each, of.EVENT), "words": each.words} for each in held.history],
    }


def _told(told: Told, names: tuple[str, ...]) -> dict[str, Any]:
    return {**of.members(told.row, names), "label": EVENT_LABELS[told.row.event], "organisation": told.organisation}


def _screening(record: ScreeningRecord) -> dict[str, Any]:
    held = [of.members(each, of.CONVERSATION) for each in record.conversations]
    return {**of.members(record.screening, of.SCREENING), "conversations": held}


def _recipient(view: DisclosureView) -> dict[str, Any]:
    return {
        "organisation": view.organisation.name,
        **of.members(view.disclosure, of.DISCLOSURE),
        "purpose": view.purpose,
        "toldBy": view.told_by,
        "toldOn": of.plain(view.agreement.told_on),
        "told": view.agreement.told,
    }


def _request(view: RequestView) -> dict[str, Any]:
    decisions = [{**of.members(each.decision, of.DECISION), "explanation": each.explanation} for each in view.decisions]
    return {**of.members(view.request, of.REQUEST), "text": view.wish, "decisions": decisions}
