"""What leaves about the disclosures of a participant."""

from typing import Any

from marshmallow import fields

from referral.core.codelists import labels, legal_bases
from referral.core.fields import ApiSchema, Code, Day, Id, Instant, Listed, Part, Text
from referral.core.paging import Page
from referral.participants.usecases import DisclosureView


class ToldSchema(ApiSchema):
    """Who told the participant of the sharing, when, and what."""

    by = Text(required=True)
    on = Day(required=True)
    told = Listed(Code(labels("told")), required=True)


class SignedSchema(ApiSchema):
    """The written declaration of no objection."""

    signed_on = Day(required=True)
    form = Code(labels("declarationForm"), required=True)


class DisclosureSchema(ApiSchema):
    """That another organisation received data: which, on what ground, for what, and what the participant was told."""

    id = Id(required=True)
    referral_id = Id(required=True)
    organisation_id = Id(required=True)
    organisation = Text(required=True)
    legal_basis = Text(required=True)
    article = Text(required=True, metadata={"description": "Het wetsartikel van de grondslag."})
    purpose = Text(longest=500, required=True, allow_none=True)
    data_scope = Listed(Code(labels("dataScope")), required=True)
    agreed_on = Day(required=True)
    method = Code(labels("method"), required=True)
    informed = Part(ToldSchema, required=True)
    declaration = Part(SignedSchema, required=True, allow_none=True)
    started_at = Instant(required=True)
    ended_at = Instant(required=True, allow_none=True)
    end_reason = Text(required=True, allow_none=True)
    corrected_at = Instant(required=True, allow_none=True)


class DisclosurePageSchema(ApiSchema):
    """A page of disclosures, newest first."""

    items = fields.List(Part(DisclosureSchema), required=True)
    next = Text(required=True, allow_none=True)


def show_disclosure(page: Page[DisclosureView]) -> dict[str, Any]:
    """A page of disclosures, each with the agreement it rests on."""
    return {"items": [_disclosure(view) for view in page.items], "next": page.next}


def _disclosure(view: DisclosureView) -> dict[str, Any]:
    disclosure, agreement = view.disclosure, view.agreement
    signed = {"signed_on": agreement.declaration_signed_on, "form": agreement.declaration_form}
    basis = legal_bases().get(disclosure.legal_basis)
    return {
        "id": disclosure.id,
        "referral_id": disclosure.referral_id,
        "organisation_id": disclosure.organisation_id,
        "organisation": view.organisation.name,
        "legal_basis": disclosure.legal_basis,
        "article": basis.article if basis else "",
        "purpose": view.purpose,
        "data_scope": disclosure.data_scope,
        "agreed_on": agreement.given_on,
        "method": agreement.method,
        "informed": {"by": view.told_by, "on": agreement.told_on, "told": agreement.told},
        "declaration": signed if agreement.declaration_signed_on else None,
        "started_at": disclosure.started_at,
        "ended_at": disclosure.ended_at,
        "end_reason": disclosure.end_reason,
        "corrected_at": disclosure.corrected_at,
    }
