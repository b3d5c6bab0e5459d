"""What is done with webhooks: kept by an administrator in `managing`, filled in `queueing`, emptied in `delivering`,
and missed by nobody in `telling`."""

from referral.webhooks.usecases.delivering import SENDER, deliver_due, forget_delivered
from referral.webhooks.usecases.managing import (
    AddWebhook,
    ListWebhooks,
    NewSecret,
    RemoveWebhook,
    RenewSecret,
    ResumeWebhook,
    WebhookView,
    add_webhook,
    list_webhooks,
    read_webhook,
    remove_webhook,
    renew_secret,
    resume_webhook,
)
from referral.webhooks.usecases.queueing import queue_deliveries
from referral.webhooks.usecases.telling import tell_owners

__all__ = [
    "SENDER",
    "AddWebhook",
    "ListWebhooks",
    "NewSecret",
    "RemoveWebhook",
    "RenewSecret",
    "ResumeWebhook",
    "WebhookView",
    "add_webhook",
    "deliver_due",
    "forget_delivered",
    "list_webhooks",
    "queue_deliveries",
    "read_webhook",
    "remove_webhook",
    "renew_secret",
    "resume_webhook",
    "tell_owners",
]
