"""The secrets of a webhook: made by us, shown once, kept sealed under the service's own key."""

import base64
import secrets
from uuid import UUID

from referral.core.encryption import SERVICE_SUBJECT
from referral.core.work import Work
from referral.webhooks.models import SECRET, Webhook

PREFIX, LENGTH = "whsec_", 32


def new_secret() -> str:
    """A fresh secret in the notation of Standard Webhooks."""
    return PREFIX + base64.b64encode(secrets.token_bytes(LENGTH)).decode()


def seal_secret(webhook_id: UUID, secret: str, work: Work) -> bytes:
    """The secret as it may be kept."""
    return work.service.key_ring.seal(work.session, SECRET, webhook_id, SERVICE_SUBJECT, secret.encode())


def live_secrets(webhook: Webhook, work: Work) -> list[str]:
    """The secrets that sign now: the newest, and after a renewal the earlier one for a day."""
    sealed = [webhook.secret]
    if webhook.earlier_secret and webhook.earlier_secret_until and work.now < webhook.earlier_secret_until:
        sealed.append(webhook.earlier_secret)
    ring = work.service.key_ring
    return [ring.unseal(work.session, SECRET, webhook.id, SERVICE_SUBJECT, each).decode() for each in sealed]
