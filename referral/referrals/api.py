"""The JSON door to referrals: make one, look at one, and the one way to move one, `POST …/events`."""

from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import ValidationError

from referral.core.http import (
    ApiBlueprint,
    answer,
    concerns,
    current_actor,
    current_work,
    etag,
    expected_version,
    invalid,
    json_body,
)
from referral.referrals import usecases
from referral.referrals.diagram import draw
from referral.referrals.models import Referral
from referral.referrals.schemas.answers import (
    HistorySchema,
    ReferralPageSchema,
    ReferralSchema,
    show_event,
    show_page,
    show_referral,
)
from referral.referrals.schemas.events import DEEDS, perform, read_event
from referral.referrals.schemas.examples import (
    CHANGE_EXAMPLE,
    CREATE_EXAMPLE,
    EVENT_EXAMPLE,
    HISTORY_EXAMPLE,
    REFERRAL_EXAMPLE,
    SVG_EXAMPLE,
    WORKFLOW_EXAMPLE,
)
from referral.referrals.schemas.requests import (
    ChangeReferralSchema,
    CreateReferralSchema,
    ListReferralsSchema,
    RetireCodeSchema,
)
from referral.referrals.schemas.table import RetiredCodesSchema, WorkflowSchema, show_table
from referral.referrals.usecases import ChangeReferral, CreateReferral, ListReferrals, OfferCode, RetireCode

api = ApiBlueprint("referrals", __name__, url_prefix="/v1/referrals", description="Verwijzingen")
codes = ApiBlueprint(
    "codes",
    __name__,
    url_prefix="/v1/organisations/me/retired-codes",
    description="Codes die uw organisatie niet meer aanbiedt",
)
workflow = ApiBlueprint(
    "workflow", __name__, url_prefix="/v1/workflow", description="De tabel van statussen en stappen"
)

EVENTS = {"oneOf": [schema for schema, _ in DEEDS.values()], "discriminator": {"propertyName": "event"}}


@api.route("", methods=["POST"])
@api.arguments(CreateReferralSchema, example=CREATE_EXAMPLE)
@api.response(201, ReferralSchema, example=REFERRAL_EXAMPLE)
def create_referral(command: CreateReferral) -> Response:
    """Maak een verwijzing, en meld hem met `submit` meteen aan."""
    referral = usecases.create_referral(command, actor=current_actor(), work=current_work())
    return _created(referral)


@api.route("", methods=["GET"])
@api.arguments(ListReferralsSchema, location="query")
@api.response(200, ReferralPageSchema, example={"items": [REFERRAL_EXAMPLE], "next": None})
def list_referrals(query: ListReferrals) -> Response:
    """Lijst van verwijzingen die u mag zien, de nieuwste eerst."""
    return answer(show_page(usecases.list_referrals(query, actor=current_actor(), work=current_work())))


@api.route("/<uuid:referral_id>", methods=["GET"])
@api.response(200, ReferralSchema, example=REFERRAL_EXAMPLE)
def show_one(referral_id: UUID) -> Response:
    """Eén verwijzing: waar hij staat, wie aan zet is, voor wanneer, en wat u nu kunt doen."""
    view = usecases.read_referral(referral_id, actor=current_actor(), work=current_work())
    return answer(show_referral(view), 200, etag(view.referral.version))


@api.route("/<uuid:referral_id>", methods=["PATCH"])
@api.arguments(ChangeReferralSchema, example=CHANGE_EXAMPLE)
@api.response(200, ReferralSchema, example=REFERRAL_EXAMPLE)
def change_referral(changes: dict[str, Any], referral_id: UUID) -> Response:
    """Wijzig een concept, of kies het traject waarover advies is gevraagd."""
    command = ChangeReferral(referral_id=referral_id, expected_version=expected_version(), changes=changes)
    referral = usecases.change_referral(command, actor=current_actor(), work=current_work())
    return answer(_shown(referral), 200, etag(referral.version))


@api.route("/<uuid:referral_id>/events", methods=["POST"])
@api.doc(requestBody={"required": True, "content": {"application/json": {"schema": EVENTS, "examples": EVENT_EXAMPLE}}})
@api.response(201, ReferralSchema, example=REFERRAL_EXAMPLE)
def record_event(referral_id: UUID) -> Response:
    """Leg een stap vast: de enige manier om een verwijzing verder te brengen."""
    actor, work, body = current_actor(), current_work(), json_body()
    try:
        referral = perform(read_event(body), body, referral_id, expected_version(), actor=actor, work=work)
    except ValidationError as error:
        raise invalid(error) from None
    return _created(referral, eventId=str(usecases.last_event_id(referral, work=work)))


@api.route("/<uuid:referral_id>/events", methods=["GET"])
@api.response(200, HistorySchema, example=HISTORY_EXAMPLE)
def list_history(referral_id: UUID) -> Response:
    """Wat er met een verwijzing is gebeurd, van begin tot nu."""
    rows = usecases.list_history(referral_id, actor=current_actor(), work=current_work())
    return answer({"items": [show_event(view) for view in rows], "next": None})


@workflow.route("", methods=["GET"])
@workflow.response(200, WorkflowSchema, example=WORKFLOW_EXAMPLE)
def show_workflow() -> Response:
    """De tabel: statussen, stappen, van waar naar waar, rollen, redenen en termijnen."""
    return answer(show_table(usecases.retired_reasons(actor=current_actor(), work=current_work())))


@workflow.route("/diagram", methods=["GET"])
@workflow.response(200, content_type="image/svg+xml", description="De tabel als tekening (SVG).", example=SVG_EXAMPLE)
def show_diagram() -> Response:
    """Dezelfde tabel als tekening."""
    return Response(draw(), mimetype="image/svg+xml")


@codes.route("", methods=["GET"])
@codes.response(200, RetiredCodesSchema, example={"items": [{"list": "reason", "code": "level_too_low"}]})
def list_retired() -> dict[str, Any]:
    """De codes die uw organisatie niet meer aanbiedt."""
    found = usecases.list_retired(actor=current_actor(), work=current_work())
    return {"items": [RetireCode(name, code) for name, code in found]}


@codes.route("", methods=["POST"])
@codes.arguments(RetireCodeSchema, example={"list": "reason", "code": "level_too_low"})
@codes.response(201, RetireCodeSchema, example={"list": "reason", "code": "level_too_low"})
def retire_code(command: RetireCode) -> RetireCode:
    """Bied een code niet meer aan. Zaken die hem hebben, houden hem."""
    usecases.retire_code(command, actor=current_actor(), work=current_work())
    return command


@codes.route("/<name>/<code>", methods=["DELETE"])
@codes.response(204)
def remove_retirement(name: str, code: str) -> None:
    """Bied een code weer aan."""
    usecases.offer_code(OfferCode(name, code), actor=current_actor(), work=current_work())


def _shown(referral: Referral) -> dict[str, Any]:
    concerns(referral.participant_id)
    return show_referral(usecases.view_of(referral, actor=current_actor(), work=current_work()))


def _created(referral: Referral, **more: str) -> Response:
    headers = {"Location": f"/v1/referrals/{referral.id}", **etag(referral.version)}
    return answer(_shown(referral) | more, 201, headers)
