"""The JSON door to an organisation's webhooks."""

from typing import Any
from uuid import UUID

from referral.core.fields import NoMembers
from referral.core.http import ApiBlueprint, current_actor, current_work
from referral.core.paging import Page
from referral.webhooks import usecases
from referral.webhooks.schemas import SecretSchema, WebhookInSchema, WebhookPage, WebhookQuery, WebhookSchema
from referral.webhooks.usecases import (
    AddWebhook,
    ListWebhooks,
    NewSecret,
    RemoveWebhook,
    RenewSecret,
    ResumeWebhook,
    WebhookView,
)

Headers = dict[str, str]

api = ApiBlueprint(
    "webhooks",
    __name__,
    url_prefix="/v1/webhooks",
    description="Meteen horen wat er in uw zaken gebeurt: CloudEvents, ondertekend volgens Standard Webhooks.",
)

_ID = "01936f2a-5c00-7000-8000-00000000e001"
_URL = "https://ontvanger.example/verwijzingen"
_WEBHOOK = {
    "id": _ID,
    "url": _URL,
    "createdAt": "2026-11-03T09:00:00Z",
    "lastSuccessAt": "2026-11-05T10:00:01Z",
    "lastFailureAt": None,
    "disabledAt": None,
    "waiting": 0,
}
_SECRET = {"id": _ID, "url": _URL, "secret": "whsec_bmlldC1lY2h0LW1hYXItd2VsLWxhbmctZ2Vub2Vn", "earlierUntil": None}


@api.route("", methods=["GET"])
@api.arguments(WebhookQuery, location="query")
@api.response(200, WebhookPage, example={"items": [_WEBHOOK], "next": None})
def list_webhooks(query: ListWebhooks) -> Page[WebhookView]:
    """De webhooks van uw organisatie."""
    return usecases.list_webhooks(query, actor=current_actor(), work=current_work())


@api.route("", methods=["POST"])
@api.arguments(WebhookInSchema, example={"url": _URL})
@api.response(201, SecretSchema, example=_SECRET)
def add_webhook(command: AddWebhook) -> tuple[NewSecret, int, Headers]:
    """Laat een adres weten wat er in uw zaken gebeurt. Het geheim ziet u alleen in dit antwoord."""
    added = usecases.add_webhook(command, actor=current_actor(), work=current_work())
    return added, 201, {"Location": f"/v1/webhooks/{added.id}"}


@api.route("/<uuid:webhook_id>", methods=["GET"])
@api.response(200, WebhookSchema, example=_WEBHOOK)
def show_webhook(webhook_id: UUID) -> WebhookView:
    """Een webhook, en of hij aankomt."""
    return usecases.read_webhook(webhook_id, actor=current_actor(), work=current_work())


@api.route("/<uuid:webhook_id>", methods=["DELETE"])
@api.response(204)
def remove_webhook(webhook_id: UUID) -> None:
    """Haal een webhook weg; wat nog wachtte, vervalt."""
    usecases.remove_webhook(RemoveWebhook(webhook_id), actor=current_actor(), work=current_work())


@api.route("/<uuid:webhook_id>/secrets", methods=["POST"])
@api.arguments(NoMembers, required=False, example={})
@api.response(201, SecretSchema, example={**_SECRET, "earlierUntil": "2026-11-04T09:00:00Z"})
def renew_secret(_nothing: dict[str, Any], webhook_id: UUID) -> NewSecret:
    """Geef een nieuw geheim; een dag lang ondertekenen wij met het oude en het nieuwe."""
    return usecases.renew_secret(RenewSecret(webhook_id), actor=current_actor(), work=current_work())


@api.route("/<uuid:webhook_id>/resumptions", methods=["POST"])
@api.arguments(NoMembers, required=False, example={})
@api.response(201, WebhookSchema, example=_WEBHOOK)
def resume_webhook(_nothing: dict[str, Any], webhook_id: UUID) -> WebhookView:
    """Hervat een webhook die stilstond; alles wat wachtte komt alsnog."""
    return usecases.resume_webhook(ResumeWebhook(webhook_id), actor=current_actor(), work=current_work())
