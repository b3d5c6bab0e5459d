"""The JSON doors to the participant's rights that reach across areas: requests, decisions, disclosures and access."""

from typing import Any
from uuid import UUID

from flask import Response, render_template, request

from referral.core.documents import to_pdf
from referral.core.http import (
    ApiBlueprint,
    PageQuery,
    answer,
    concerns,
    current_actor,
    current_work,
    etag,
    expected_version,
)
from referral.participants import usecases as rights
from referral.participants.models import PrivacyRequest, RequestKind
from referral.participants.usecases import DecideRequest, ListRequests, MakeRequest
from referral.privacy import usecases
from referral.privacy.schemas import (
    AccessAnswerSchema,
    AccessInSchema,
    DecisionInSchema,
    DisclosurePageSchema,
    ErasureRequestInSchema,
    ListRequestsSchema,
    ObjectionInSchema,
    PrivacyRequestSchema,
    RectificationInSchema,
    RequestPageSchema,
    RestrictionInSchema,
    show_access,
    show_disclosure,
    show_request,
    show_requests,
    write_letter,
)

Headers = dict[str, str]
Made = tuple[dict[str, Any], int, Headers]

ANSWER_KINDS = "JSON, of met `Accept` een leesbare pagina of een toegankelijke PDF."
JSON, HTML, PDF = "application/json", "text/html", "application/pdf"
PARTICIPANT_ID = "019a5f3e-7c10-7d42-9a51-3f0c5b7e2d11"
REQUEST_ID = "019a5f3e-9b21-7a03-8c11-5d2e8f4a6b90"
ACCESS = {
    "madeOn": "2026-11-20",
    "request": {"id": REQUEST_ID, "kind": "access", "receivedOn": "2026-11-20", "dueOn": "2026-12-20"},
    "participant": {"id": PARTICIPANT_ID, "name": "Joke Voorbeeld"},
    "agreements": [{"givenOn": "2026-11-03", "method": "in_person", "dataScope": ["contact"], "withdrawnOn": None}],
    "screenings": [{"instrument": "taalmeter", "indication": "yes", "conductedOn": "2026-11-02"}],
    "referrals": [{"reference": "V-2026-7K3Q9", "status": "submitted", "history": []}],
    "recipients": [{"organisation": "Taalhuis Zilt", "legalBasis": "public_task", "dataScope": ["contact"]}],
    "requests": [],
    "messages": [],
    "readings": [{"organisation": "Taalhuis Zilt", "name": "Sanne Voorbeeld", "purpose": "contact"}],
    "deeds": [{"action": "referral:submit", "organisation": "Gemeente Duinwijk"}],
}
REQUEST = {
    "id": REQUEST_ID,
    "participantId": PARTICIPANT_ID,
    "kind": "restriction",
    "kindLabel": "Gebruik stilzetten",
    "ground": "accuracy_contested",
    "receivedOn": "2026-11-20",
    "dueOn": "2026-12-20",
    "overdue": False,
    "extended": False,
    "status": "open",
    "statusLabel": "Wacht op een besluit",
    "closedAt": None,
    "allowedOutcomes": ["granted", "partly_granted", "refused", "extended"],
    "version": 1,
}
SINGLE = {**REQUEST, "text": "Mijn geboortejaar klopt niet.", "decisions": []}
DISCLOSURE = {
    "id": "019a5f3e-8a10-7c55-9d01-4b3c2a1f0e9d",
    "referralId": "019a5f3e-8a10-7b44-9c01-4b3c2a1f0e9d",
    "organisationId": "019a5f3e-7b02-7c11-8d40-2e9b4a6d1c00",
    "organisation": "Taalhuis Zilt",
    "legalBasis": "public_task",
    "article": "AVG art. 6 lid 1 onder e",
    "purpose": "Een passend aanbod",
    "dataScope": ["contact", "learning_wish"],
    "agreedOn": "2026-11-03",
    "method": "in_person",
    "informed": {"by": "Ilse Voorbeeld", "on": "2026-11-03", "told": ["purpose", "receiver", "data_scope"]},
    "declaration": {"signedOn": "2026-11-03", "form": "paper"},
    "startedAt": "2026-11-03T09:00:00Z",
    "endedAt": None,
    "endReason": None,
    "correctedAt": None,
}

api = ApiBlueprint(
    "privacy", __name__, url_prefix="/v1/participants", description="De rechten van een deelnemer: vragen en inzien."
)
requests = ApiBlueprint(
    "privacy_requests",
    __name__,
    url_prefix="/v1/privacy-requests",
    description="De werklijst van de privacy officer: verzoeken van deelnemers, met de wettelijke termijn.",
)


@api.route("/<uuid:participant_id>/access-requests", methods=["POST"])
@api.arguments(AccessInSchema, example={})
@api.response(201, AccessAnswerSchema, example=ACCESS)
def request_access(members: dict[str, Any], participant_id: UUID) -> Response:
    """Geef inzage: alles over deze deelnemer, wie het kreeg en wie het zag."""
    concerns(participant_id)
    command = MakeRequest(participant_id=participant_id, kind=RequestKind.ACCESS, **members)
    held = usecases.answer_access_request(command, actor=current_actor(), work=current_work())
    return answer(show_access(held), 201, {"Location": f"/v1/privacy-requests/{held.request.id}"})


@api.route("/<uuid:participant_id>/rectifications", methods=["POST"])
@api.arguments(RectificationInSchema, example={"text": "Mijn geboortejaar klopt niet."})
@api.response(201, PrivacyRequestSchema, example=SINGLE)
def request_rectification(members: dict[str, Any], participant_id: UUID) -> Made:
    """Leg vast dat de deelnemer gegevens wil laten verbeteren."""
    return _make(RequestKind.RECTIFICATION, participant_id, members)


@api.route("/<uuid:participant_id>/restrictions", methods=["POST"])
@api.arguments(RestrictionInSchema, example={"ground": "accuracy_contested"})
@api.response(201, PrivacyRequestSchema, example=SINGLE)
def request_restriction(members: dict[str, Any], participant_id: UUID) -> Made:
    """Beperk het gebruik: de gegevens worden meteen alleen nog bewaard."""
    return _make(RequestKind.RESTRICTION, participant_id, members)


@api.route("/<uuid:participant_id>/objections", methods=["POST"])
@api.arguments(ObjectionInSchema, example={"text": "Ik wil niet dat dit gedeeld wordt."})
@api.response(201, PrivacyRequestSchema, example=SINGLE)
def request_objection(members: dict[str, Any], participant_id: UUID) -> Made:
    """Leg een bezwaar vast. Tot het besluit worden de gegevens alleen bewaard."""
    return _make(RequestKind.OBJECTION, participant_id, members)


@api.route("/<uuid:participant_id>/erasure-requests", methods=["POST"])
@api.arguments(ErasureRequestInSchema, example={"receivedOn": "2026-11-20"})
@api.response(201, PrivacyRequestSchema, example=SINGLE)
def request_erasure(members: dict[str, Any], participant_id: UUID) -> Made:
    """Leg een verzoek om te wissen vast, om over te besluiten. Toewijzen wist."""
    return _make(RequestKind.ERASURE, participant_id, members)


@api.route("/<uuid:participant_id>/disclosures", methods=["GET"])
@api.arguments(PageQuery, location="query")
@api.response(200, DisclosurePageSchema, example={"items": [DISCLOSURE], "next": None})
def list_disclosures(query: dict[str, Any], participant_id: UUID) -> dict[str, Any]:
    """Wie kreeg gegevens van deze deelnemer, op welke grondslag, en wat is de deelnemer daarover verteld."""
    page = rights.list_disclosures(participant_id, **query, actor=current_actor(), work=current_work())
    return show_disclosure(page)


@requests.route("", methods=["GET"])
@requests.arguments(ListRequestsSchema, location="query")
@requests.response(200, RequestPageSchema, example={"items": [REQUEST], "next": None})
def list_requests(query: ListRequests) -> dict[str, Any]:
    """De verzoeken die op een besluit wachten; wat over de termijn is, staat bovenaan."""
    return show_requests(rights.list_requests(query, actor=current_actor(), work=current_work()))


@requests.route("/<uuid:request_id>", methods=["GET"])
@requests.response(200, PrivacyRequestSchema, example=SINGLE)
def show_privacy_request(request_id: UUID) -> tuple[dict[str, Any], int, Headers]:
    """Een verzoek met wat erover besloten is."""
    view = rights.read_request(request_id, actor=current_actor(), work=current_work())
    return show_request(view), 200, etag(view.request.version)


@requests.route("/<uuid:request_id>/decisions", methods=["POST"])
@requests.arguments(DecisionInSchema, example={"outcome": "granted", "toldOn": "2026-11-21"})
@requests.response(201, PrivacyRequestSchema, example=SINGLE)
def decide_request(members: dict[str, Any], request_id: UUID) -> Made:
    """Neem een besluit. Wat eruit volgt, gebeurt meteen: wissen, stoppen met delen, of weer gebruiken."""
    command = DecideRequest(request_id=request_id, expected_version=expected_version(), **members)
    return _shown(rights.decide_request(command, actor=current_actor(), work=current_work()))


@requests.route("/<uuid:request_id>/answer", methods=["GET"])
@requests.response(200, AccessAnswerSchema, example=ACCESS)
@requests.doc(responses={200: {"content": {kind: {"schema": {"type": "string"}} for kind in (HTML, PDF)}}})
@requests.response(200, content_type=HTML, description=ANSWER_KINDS, example="<!doctype html>")
@requests.response(200, content_type=PDF, description=ANSWER_KINDS, example="%PDF-1.7")
def show_answer(request_id: UUID) -> Response:
    """Het antwoord op een verzoek om inzage: JSON, of met `Accept` een leesbare pagina of een toegankelijke PDF."""
    held = usecases.read_answer(request_id, actor=current_actor(), work=current_work())
    kind = request.accept_mimetypes.best_match([JSON, HTML, PDF])
    if kind == HTML:
        return Response(render_template("document.html", document=write_letter(held)), mimetype=HTML)
    if kind == PDF:
        name = f'attachment; filename="inzage-{held.made_on}.pdf"'
        content = to_pdf(write_letter(held), made_at=held.made_at)
        return Response(content, mimetype=PDF, headers={"Content-Disposition": name})
    return answer(show_access(held))


def _make(kind: RequestKind, participant_id: UUID, members: dict[str, Any]) -> Made:
    command = MakeRequest(participant_id=participant_id, kind=kind, wish=members.pop("text", None), **members)
    return _shown(rights.make_request(command, actor=current_actor(), work=current_work()))


def _shown(made: PrivacyRequest) -> Made:
    """What was made or decided; after a granted erasure there are no words left to seal under the person's key."""
    view = rights.view_request(made, actor=current_actor(), work=current_work())
    if view.has_words:
        concerns(made.participant_id)
    headers = {"Location": f"/v1/privacy-requests/{made.id}", **etag(made.version)}
    return show_request(view), 201, headers
