"""The JSON door to screenings and their conversations."""

from typing import Any

from flask import request

from referral.core.errors import WrongMediaType
from referral.core.http import ApiBlueprint, current_actor, current_work, etag
from referral.core.paging import Page
from referral.screenings import usecases
from referral.screenings.models import Conversation
from referral.screenings.schemas import (
    ImportResultSchema,
    LogConversationSchema,
    LoggedConversationSchema,
    LogScreeningSchema,
    ScreeningPage,
    ScreeningQuery,
    ScreeningSchema,
    read_table,
)
from referral.screenings.usecases import ListScreenings, LogConversation, LogScreening, ScreeningRecord

Headers = dict[str, str]

OUTCOME = {
    "instrument": "taalmeter",
    "conductedOn": "2026-11-02",
    "indication": "yes",
    "score": 9,
    "block": 1,
    "durationMinutes": 11,
    "languageBackground": "nt1",
    "employment": "jobseeker",
    "ageBand": "35-44",
    "raisesChildren": "yes",
    "municipalityCode": "GM0453",
    "sector": "I",
    "occupationCode": "1122",
    "foundAt": "benefit_intake",
}
CONVERSATION = {"held": True, "heldOn": "2026-11-03", "outcome": "agrees", "reason": None, "sequence": 1}
SCREENING = {
    "code": "S-7K3Q-9F2M-E",
    **OUTCOME,
    "educationLevel": None,
    "skills": ["reading"],
    "organisation": {"id": "019a5f3e-7b02-7c11-8d40-2e9b4a6d1c00", "kind": "municipality"},
    "conversationDueOn": "2026-11-16",
    "conversations": [CONVERSATION],
    "discussed": "held",
    "loggedMonth": "2026-11",
    "referredMonth": None,
    "version": 2,
}
LOGGED = {**SCREENING, "conversations": [], "discussed": "none", "version": 1}
FILE = """instrument;conductedOn;indication;score;languageBackground;employment;ageBand;municipalityCode;foundAt
taalmeter;2026-11-02;yes;9;nt1;jobseeker;35-44;GM0453;benefit_intake
digimeter;2026-11-02;no;4;nt2;employed;;GM0453;workplace
"""
IMPORTED = {
    "imported": 1,
    "codes": ["S-7K3Q-9F2M-E"],
    "rejected": [
        {"row": 3, "errors": [{"pointer": "/ageBand", "code": "required", "detail": "Dit veld is verplicht."}]}
    ],
}

api = ApiBlueprint(
    "screenings", __name__, url_prefix="/v1/screenings", description="Anonieme screenings en het gesprek daarover."
)


@api.route("", methods=["GET"])
@api.arguments(ScreeningQuery, location="query")
@api.response(200, ScreeningPage, example={"items": [SCREENING], "next": None})
def list_screenings(command: ListScreenings) -> Page[ScreeningRecord]:
    """De screenings van de eigen organisatie, de nieuwste eerst."""
    return usecases.list_screenings(command, actor=current_actor(), work=current_work())


@api.route("", methods=["POST"])
@api.arguments(LogScreeningSchema, example=OUTCOME)
@api.response(201, ScreeningSchema, example=LOGGED)
def log_screening(command: LogScreening) -> tuple[ScreeningRecord, int, Headers]:
    """Leg een anonieme screening vast."""
    screening = usecases.log_screening(command, actor=current_actor(), work=current_work())
    return ScreeningRecord(screening), 201, {**_location(screening.code), **etag(screening.version)}


@api.route("/_import", methods=["POST"])
@api.doc(requestBody={"required": True, "content": {"text/csv": {"schema": {"type": "string"}, "example": FILE}}})
@api.response(200, ImportResultSchema, example=IMPORTED)
def import_screenings() -> dict[str, Any]:
    """Leg de screenings uit een CSV-bestand vast; foute rijen komen terug met alles wat eraan mankeert."""
    if request.mimetype != "text/csv":
        raise WrongMediaType("Stuur text/csv.")
    result = usecases.import_screenings(read_table(request.get_data()), actor=current_actor(), work=current_work())
    return {"imported": len(result.imported), "codes": result.imported, "rejected": result.rejected}


@api.route("/<code>", methods=["GET"])
@api.response(200, ScreeningSchema, example=SCREENING)
def show_screening(code: str) -> tuple[ScreeningRecord, int, Headers]:
    """Een screening, met de code zoals die op papier staat."""
    record = usecases.show_screening(code, actor=current_actor(), work=current_work())
    return record, 200, etag(record.screening.version)


@api.route("/<code>/conversations", methods=["POST"])
@api.arguments(LogConversationSchema, example={"heldOn": "2026-11-03", "outcome": "agrees"})
@api.response(201, LoggedConversationSchema, example={**CONVERSATION, "code": "S-7K3Q-9F2M-E", "discussed": "held"})
def log_conversation(members: dict[str, Any], code: str) -> tuple[Conversation, int, Headers]:
    """Leg vast dat de uitslag is besproken, of waarom niet."""
    command = LogConversation(code, **members)
    conversation = usecases.log_conversation(command, actor=current_actor(), work=current_work())
    screening = conversation.screening
    return conversation, 201, {**_location(screening.code), **etag(screening.version)}


def _location(code: str) -> Headers:
    return {"Location": f"/v1/screenings/{code}"}
