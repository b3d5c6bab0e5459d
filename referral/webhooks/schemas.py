"""What may enter and leave about a webhook."""

from typing import Any

from marshmallow import fields, post_load

from referral.core.fields import ApiSchema, Id, Instant, Number, Text
from referral.core.http import PageQuery
from referral.webhooks.addresses import LONGEST_URL
from referral.webhooks.usecases import AddWebhook, ListWebhooks

_URL = {"example": "https://ontvanger.example/verwijzingen", "format": "uri"}


class WebhookInSchema(ApiSchema):
    """The address to tell."""

    url = Text(
        longest=LONGEST_URL,
        required=True,
        metadata={**_URL, "description": "Een https-adres dat van buiten te bereiken is."},
    )

    @post_load
    def to_command(self, data: dict[str, Any], **_options: Any) -> AddWebhook:
        return AddWebhook(**data)


class WebhookQuery(PageQuery):
    """Which page."""

    @post_load
    def to_command(self, data: dict[str, Any], **_options: Any) -> ListWebhooks:
        return ListWebhooks(**data)


class WebhookSchema(ApiSchema):
    """A webhook, without its secret."""

    id = Id(required=True)
    url = Text(required=True, metadata=_URL)
    created_at = Instant(required=True)
    last_success_at = Instant(required=True, allow_none=True)
    last_failure_at = Instant(required=True, allow_none=True)
    disabled_at = Instant(
        required=True,
        allow_none=True,
        metadata={"description": "Sinds wanneer wij niets meer sturen; hervat de webhook als hij weer werkt."},
    )
    waiting = Number(0, 2**31, required=True, metadata={"description": "Hoeveel berichten nog niet zijn aangekomen."})


class WebhookPage(ApiSchema):
    """The webhooks of the organisation."""

    items = fields.List(fields.Nested(WebhookSchema), required=True)
    next = Text(required=True, allow_none=True)


class SecretSchema(ApiSchema):
    """A fresh secret. This is the only time that it can be read."""

    id = Id(required=True)
    url = Text(required=True, metadata=_URL)
    secret = Text(
        required=True,
        metadata={"example": "whsec_…", "description": "Controleer hiermee de kop webhook-signature."},
    )
    earlier_until = Instant(
        required=True, allow_none=True, metadata={"description": "Tot wanneer ook het vorige geheim ondertekent."}
    )
