"""The JSON door to the participant's rights that reach across areas."""

from typing import Any
from uuid import UUID

from flask import Response

from referral.core.fields import NoMembers
from referral.core.http import ApiBlueprint, answer, concerns, current_actor, current_work
from referral.privacy import usecases
from referral.privacy.schemas import AccessAnswerSchema, show_access

api = ApiBlueprint(
    "privacy", __name__, url_prefix="/v1/participants", description="Inzage: alles wat over iemand is vastgelegd."
)

_EXAMPLE = {
    "madeOn": "2026-11-20",
    "participant": {"id": "0193f0a2-9d40-7e12-8f10-1c2b3a4d5e6f", "name": "Joke Voorbeeld"},
    "agreements": [{"givenOn": "2026-11-03", "method": "in_person", "dataScope": ["contact"], "withdrawnOn": None}],
    "referrals": [{"reference": "V-2026-7K3Q9", "status": "submitted", "history": []}],
    "recipients": [{"organisation": "Taalhuis Zilt", "legalBasis": "public_task", "dataScope": ["contact"]}],
    "readings": [{"organisation": "Taalhuis Zilt", "name": "Sanne Voorbeeld", "purpose": "contact"}],
}


@api.route("/<uuid:participant_id>/access-requests", methods=["POST"])
@api.arguments(NoMembers, example={})
@api.response(201, AccessAnswerSchema, example=_EXAMPLE)
def request_access(_members: dict[str, Any], participant_id: UUID) -> Response:
    """Geef inzage: alles over deze deelnemer, wie het kreeg en wie het zag."""
    concerns(participant_id)
    return answer(
        show_access(usecases.answer_access_request(participant_id, actor=current_actor(), work=current_work())), 201
    )
