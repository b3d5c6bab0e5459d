"""The message itself: a CloudEvent in the NL GOV profile, thin, and signed after Standard Webhooks.

The message says that something happened to which case; what it was about is read at `dataref`, by whoever may.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
from standardwebhooks import Webhook as Signer

CONTENT_TYPE = "application/cloudevents+json"
TYPE = "nl.warme-verwijzing.referral"


@dataclass(frozen=True)
class Happening:
    """One thing that happened to a referral, as ids; `sequence` counts within the case from 1, without gaps."""

    event_id: UUID
    referral_id: UUID
    sequence: int
    event: str
    occurred_at: datetime


def write_event(happening: Happening, public_url: str) -> bytes:
    """The CloudEvent (1.0, structured JSON) of this happening; no member holds anything about a person."""
    return orjson.dumps(
        {
            "specversion": "1.0",
            "id": str(happening.event_id),
            "source": f"{public_url}/v1/referrals",
            "type": f"{TYPE}.{happening.event}",
            "subject": str(happening.referral_id),
            "time": happening.occurred_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "sequence": str(happening.sequence),
            "sequencetype": "Integer",
            "dataref": f"{public_url}/v1/referrals/{happening.referral_id}",
            "datacontenttype": "application/json",
            "data": {
                "event": happening.event,
                "eventId": str(happening.event_id),
                "referralId": str(happening.referral_id),
            },
        }
    )


def sign(event_id: UUID, body: bytes, at: datetime, secrets: list[str]) -> dict[str, str]:
    """The headers of Standard Webhooks; one signature for each secret, so that a renewed secret breaks nothing.

    `webhook-id` stays the same at every attempt: a receiver knows a repeated message by it.
    """
    signatures = [Signer(secret).sign(str(event_id), at, body.decode()) for secret in secrets]
    return {
        "Content-Type": CONTENT_TYPE,
        "webhook-id": str(event_id),
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
