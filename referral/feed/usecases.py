"""Reading the feed: everything after the last index that the reader saw, of the cases that it may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from referral.core.outbox import OutboxMessage
from referral.core.policy import Actor
from referral.core.work import Work
from referral.referrals.models import Referral, ReferralEvent
from referral.referrals.workflow import EventName


@dataclass(frozen=True)
class FeedItem:
    """One thing that happened, as ids."""

    index: int
    event: EventName
    event_id: UUID
    referral_id: UUID
    occurred_at: datetime


def list_events(after: int, limit: int, *, actor: Actor, work: Work) -> Sequence[FeedItem]:
    """The events after this index, oldest first; the index of the last one is where to go on."""
    visible = Referral.visible_to(actor).with_only_columns(Referral.id)
    query = (
        select(OutboxMessage.feed_index, OutboxMessage.payload)
        .where(OutboxMessage.feed_index > after, OutboxMessage.object_id.in_(visible))
        .order_by(OutboxMessage.feed_index)
        .limit(limit)
    )
    found = {
        UUID(payload["event_id"]): index for index, payload in work.session.execute(query) if "event_id" in payload
    }
    rows = work.session.scalars(select(ReferralEvent).where(ReferralEvent.id.in_(found))).all()
    people = [row.participant_id for row in rows]
    work.record(actor, "event:list", "referral", None, subjects=people, count=len(rows))
    items = [FeedItem(found[row.id] or 0, row.event, row.id, row.referral_id, row.occurred_at) for row in rows]
    return sorted(items, key=lambda item: item.index)
