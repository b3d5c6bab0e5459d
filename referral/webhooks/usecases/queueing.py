"""Putting an event down for every webhook that must hear of it, in the transaction of the deed itself."""

from uuid import UUID

from sqlalchemy import select

from referral.core.work import Work
from referral.referrals.models import Referral, ReferralEvent
from referral.webhooks.models import Delivery, Webhook


def queue_deliveries(referral_id: UUID, event_id: UUID, *, work: Work) -> None:
    """Whoever may know of the case at this moment is told; what was queued is never lost and keeps the case's order.

    The deed holds the case, so two events of one case can not change places here.
    """
    referral = work.session.get_one(Referral, referral_id)
    listening = select(Webhook.id).where(Webhook.organisation_id.in_(referral.organisation_ids))
    webhook_ids = work.session.scalars(listening).all()
    if not webhook_ids:
        return
    row = work.session.get_one(ReferralEvent, event_id)
    for webhook_id in webhook_ids:
        delivery = Delivery(
            webhook_id=webhook_id,
            event_id=row.id,
            referral_id=row.referral_id,
            sequence=row.sequence,
            event=row.event,
            occurred_at=row.occurred_at,
            next_at=work.now,
        )
        work.session.add(delivery)
