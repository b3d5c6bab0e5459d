"""The JSON doors to processing records, to who saw a person, and to whom a data breach touches."""

from typing import Any
from uuid import UUID

from flask import Response

from referral.accountability import usecases
from referral.accountability.schemas import (
    AffectedQuery,
    AffectedSchema,
    RecordPage,
    RecordQuery,
    SeenByPage,
    show_affected,
    show_readings,
    show_records,
)
from referral.accountability.usecases import FindAffected, ListProcessingRecords
from referral.core.http import ApiBlueprint, PageQuery, answer, current_actor, current_work

api = ApiBlueprint(
    "accountability",
    __name__,
    url_prefix="/v1",
    description="Verantwoording: verwerkingsregels, wie iemand zag, en wie een datalek raakt.",
)

PARTICIPANT_ID = "019a5f3e-7c10-7d42-9a51-3f0c5b7e2d11"
REFERRAL_ID = "019a5f3e-7c11-7aa0-8c3e-1d2f3a4b5c6d"
USER_ID = "019a5f3e-7b00-7310-9f22-5d4c3b2a1f0e"
ORGANISATION_ID = "019a5f3e-7b02-7c11-8d40-2e9b4a6d1c00"
RECORD = {
    "id": "019a5f3e-7c12-7b60-9d11-6a5b4c3d2e1f",
    "traceId": "5f1c0c8a4c9b4f6d8e2b7a1d3c5e7f90",
    "spanId": "00f067aa0ba902b7",
    "parentSpanId": None,
    "name": "participant:read",
    "startTime": "2026-11-05T10:00:00Z",
    "endTime": "2026-11-05T10:00:00Z",
    "status": "OK",
    "resource": {"name": "referral", "version": "0.1.0"},
    "attributes": {
        "dpl.core.processing_activity_id": "urn:processing-activity:referral:case_reading",
        "dpl.core.data_subject_id": PARTICIPANT_ID,
        "dpl.core.data_subject_id_type": "participant",
    },
}
READING = {
    "occurredAt": "2026-11-05T10:00:00Z",
    "organisation": "Taalhuis Zilt",
    "name": "Sanne Voorbeeld",
    "reading": "participant:read",
    "readingLabel": "Gegevens van de deelnemer bekeken",
    "purpose": "contact",
    "purposeLabel": "Contact opnemen",
    "dataCategories": ["identity", "contact"],
}
AFFECTED = {
    "participants": [
        {
            "participantId": PARTICIPANT_ID,
            "organisationId": ORGANISATION_ID,
            "draftBy": None,
            "readings": 3,
            "changes": 0,
            "dataCategories": ["case", "contact", "identity"],
        }
    ],
    "referrals": [REFERRAL_ID],
    "organisations": [{"id": ORGANISATION_ID, "name": "Gemeente Duinwijk"}],
    "dataCategories": ["identity", "contact", "case"],
    "counts": {
        "participants": 1,
        "referrals": 1,
        "organisations": 1,
        "readings": 3,
        "changes": 0,
        "onErasedParticipants": 0,
    },
}


@api.route("/processing-records", methods=["GET"])
@api.arguments(RecordQuery, location="query")
@api.response(200, RecordPage, example={"items": [RECORD], "next": None})
def list_processing_records(query: ListProcessingRecords) -> Response:
    """Wat uw organisatie verwerkte, per deelnemer en activiteit (Logboek Dataverwerkingen), het nieuwste eerst."""
    page = usecases.list_processing_records(query, actor=current_actor(), work=current_work())
    return answer(show_records(page))


@api.route("/participants/<uuid:participant_id>/access-log", methods=["GET"])
@api.arguments(PageQuery, location="query")
@api.response(200, SeenByPage, example={"items": [READING], "next": None})
def list_access_of_participant(query: dict[str, Any], participant_id: UUID) -> Response:
    """Wie deze deelnemer zag: wie, wanneer, wat en waarvoor, in elke organisatie, het nieuwste eerst."""
    page = usecases.list_access_of_participant(participant_id, **query, actor=current_actor(), work=current_work())
    return answer(show_readings(page))


@api.route("/referrals/<uuid:referral_id>/access-log", methods=["GET"])
@api.arguments(PageQuery, location="query")
@api.response(200, SeenByPage, example={"items": [READING], "next": None})
def list_access_of_referral(query: dict[str, Any], referral_id: UUID) -> Response:
    """Wie deze verwijzing of de deelnemer daarin zag: wie, wanneer, wat en waarvoor, het nieuwste eerst."""
    page = usecases.list_access_of_referral(referral_id, **query, actor=current_actor(), work=current_work())
    return answer(show_readings(page))


@api.route("/audit-entries/_affected", methods=["POST"])
@api.arguments(AffectedQuery, example={"userId": USER_ID, "from": "2026-11-02T00:00:00Z"})
@api.response(200, AffectedSchema, example=AFFECTED)
def find_affected(command: FindAffected) -> Response:
    """Bij een datalek: welke deelnemers, verwijzingen en organisaties een sleutel, account of periode raakt."""
    return answer(show_affected(usecases.find_affected(command, actor=current_actor(), work=current_work())))
