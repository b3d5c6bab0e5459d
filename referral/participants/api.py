"""The JSON doors to participants and to their rights: withdrawal of the agreement, and erasure."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from referral.core.http import ApiBlueprint, concerns, current_actor, current_work, etag, expected_version
from referral.participants import usecases
from referral.participants.models import Participant
from referral.participants.schemas import (
    ChangeParticipantSchema,
    ErasureInSchema,
    ErasureReceiptSchema,
    MatchesSchema,
    ParticipantInSchema,
    ParticipantSchema,
    PurposeQuery,
    RegistrationSchema,
    SearchSchema,
    WithdrawalInSchema,
    WithdrawalSchema,
)
from referral.participants.usecases import (
    ChangeParticipant,
    EraseParticipant,
    ErasureReceipt,
    Match,
    ParticipantView,
    RegisterParticipant,
    SearchParticipants,
    WithdrawAgreement,
    Withdrawal,
)

Headers = dict[str, str]

PARTICIPANT_ID = "019a5f3e-7c10-7d42-9a51-3f0c5b7e2d11"
PERSON = {
    "name": "Ria de Wit",
    "phone": "06 11 22 33 44",
    "email": None,
    "preferredChannel": "phone",
    "preferredMoment": "dinsdag na 10 uur",
    "clientNumber": "K-20418",
    "birthYear": 1985,
    "languageBackground": "nt1",
    "gender": "female",
    "contactPerson": {"name": "Fatma Yildirim", "phone": "06 22 33 44 55", "relation": "zus"},
}
REGISTRATION = {
    "id": PARTICIPANT_ID,
    "organisationId": "019a5f3e-7b02-7c11-8d40-2e9b4a6d1c00",
    "registeredOn": "2026-11-03",
    "version": 1,
}
WITHDRAWAL = {
    "participantId": PARTICIPANT_ID,
    "heardOn": "2026-11-20",
    "recordedAt": "2026-11-20T09:30:00Z",
    "agreementsEnded": 1,
    "disclosuresEnded": 1,
}
RECEIPT = {
    "participantId": PARTICIPANT_ID,
    "erasedAt": "2026-11-20T09:30:00Z",
    "ground": "request",
    "live": "done",
    "backups": "readable_until_key_destroyed",
    "backupsUnreadableFrom": "2026-12-21",
    "explanation": ErasureReceipt(
        UUID(PARTICIPANT_ID), datetime(2026, 11, 20, 9, 30, tzinfo=UTC), "request", date(2026, 12, 21)
    ).explanation,
}

api = ApiBlueprint(
    "participants",
    __name__,
    url_prefix="/v1/participants",
    description="Deelnemers: versleutelde persoonsgegevens, alleen te zien met een doel.",
)
rights = ApiBlueprint(
    "rights", __name__, url_prefix="/v1/participants", description="De rechten van de deelnemer (AVG hoofdstuk III)."
)


@api.route("", methods=["POST"])
@api.arguments(ParticipantInSchema, example=PERSON)
@api.response(201, RegistrationSchema, example=REGISTRATION)
def register_participant(command: RegisterParticipant) -> tuple[Participant, int, Headers]:
    """Registreer een deelnemer. Het antwoord herhaalt geen persoonsgegevens."""
    participant = usecases.register_participant(command, actor=current_actor(), work=current_work())
    concerns(participant.id)
    return participant, 201, {"Location": f"/v1/participants/{participant.id}", **etag(participant.version)}


@api.route("/<uuid:participant_id>", methods=["GET"])
@api.arguments(PurposeQuery, location="query")
@api.response(200, ParticipantSchema, example={**PERSON, **REGISTRATION})
def show_participant(query: dict[str, str], participant_id: UUID) -> tuple[ParticipantView, int, Headers]:
    """Bekijk een deelnemer voor een doel. Wie wat inzag wordt vastgelegd."""
    view = usecases.read_participant(participant_id, query["purpose"], actor=current_actor(), work=current_work())
    concerns(participant_id)
    return view, 200, etag(view.version)


@api.route("/<uuid:participant_id>", methods=["PATCH"])
@api.arguments(ChangeParticipantSchema, example={"phone": "06 55 66 77 88", "email": None})
@api.response(200, RegistrationSchema, example={**REGISTRATION, "version": 2})
def change_participant(members: dict[str, Any], participant_id: UUID) -> tuple[Participant, int, Headers]:
    """Verbeter of vul de gegevens van een eigen deelnemer aan."""
    allow_duplicate = members.pop("allow_duplicate", False)
    command = ChangeParticipant(
        participant_id=participant_id,
        expected_version=expected_version(),
        changes=members,
        allow_duplicate=allow_duplicate,
    )
    participant = usecases.change_participant(command, actor=current_actor(), work=current_work())
    concerns(participant_id)
    return participant, 200, etag(participant.version)


@api.route("/_search", methods=["POST"])
@api.arguments(SearchSchema, example={"phone": "06-11223344"})
@api.response(200, MatchesSchema, example={"items": [{"id": PARTICIPANT_ID, "matchedOn": "phone"}]})
def search_participants(command: SearchParticipants) -> dict[str, Sequence[Match]]:
    """Zoek een eigen deelnemer op precies een telefoonnummer, e-mailadres of cliëntnummer."""
    return {"items": usecases.search_participants(command, actor=current_actor(), work=current_work())}


@rights.route("/<uuid:participant_id>/agreement-withdrawals", methods=["POST"])
@rights.arguments(WithdrawalInSchema, example={"heardOn": "2026-11-20"})
@rights.response(201, WithdrawalSchema, example=WITHDRAWAL)
def withdraw_agreement(members: dict[str, Any], participant_id: UUID) -> Withdrawal:
    """De deelnemer trekt de instemming in: er wordt meteen niets meer gedeeld."""
    command = WithdrawAgreement(participant_id, members["heard_on"])
    concerns(participant_id)
    return usecases.withdraw_agreement(command, actor=current_actor(), work=current_work())


@rights.route("/<uuid:participant_id>/erasures", methods=["POST"])
@rights.arguments(ErasureInSchema, example={"ground": "request"})
@rights.response(201, ErasureReceiptSchema, example=RECEIPT)
def erase_participant(members: dict[str, Any], participant_id: UUID) -> ErasureReceipt:
    """Wis een deelnemer voorgoed. Het antwoord is het bewijs."""
    # Not `concerns(participant_id)`: the receipt must outlive the key that is destroyed here.
    command = EraseParticipant(participant_id, members["ground"])
    return usecases.erase_participant(command, actor=current_actor(), work=current_work())
