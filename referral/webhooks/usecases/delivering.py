"""Emptying the queue: each message until it arrives, in order within a case, without one receiver delaying another.

A message is claimed in one transaction, sent in none, and settled in another. Of a case only the oldest message that
waits is ever taken, so the next one follows when that arrived. A worker that dies leaves a claim that lapses: its
message may come twice, with the same `webhook-id`.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, CursorResult, delete, exists, or_, select, update
from sqlalchemy.orm import aliased

from referral.core.policy import system_actor
from referral.core.work import Service, Work
from referral.webhooks.messages import Happening, sign, write_event
from referral.webhooks.models import Delivery, Webhook
from referral.webhooks.sending import NotDelivered, ReceiverGone, WebhookSender
from referral.webhooks.usecases.secrets import live_secrets

SENDER = "webhook_sender"
AT_ONCE, AT_ONCE_EACH = 16, 4
CLAIM = timedelta(minutes=2)
KEPT = timedelta(days=30)
SYSTEM = system_actor()

PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400))
"""How long to wait after each failed attempt (Standard Webhooks): 75 hours and 35 minutes in all."""

DELIVERED, FAILED, DISABLED = "delivered", "failed", "disabled"

log = structlog.get_logger("referral.webhooks")


@dataclass(frozen=True)
class Claimed:
    """A message that this process alone sends now."""

    id: UUID
    webhook_id: UUID
    url: str
    body: bytes
    headers: Mapping[str, str]


def deliver_due(service: Service, *, stopped: Callable[[], bool] = lambda: False) -> dict[str, int]:
    """Send everything that is due, some at a time and a few to each receiver; returns how often what happened.

    `stopped` is asked before each message; what was already sent is still settled. Raises when the database is away.
    """
    counts: Counter[str] = Counter()
    under_way: dict[Future[str], UUID] = {}
    with ThreadPoolExecutor(AT_ONCE, "webhook") as pool:
        while True:
            if not stopped():
                for claimed in _claim_due(service, Counter(under_way.values())):
                    under_way[pool.submit(_deliver, service, claimed)] = claimed.webhook_id
            if not under_way:
                return dict(counts)
            done, _ = wait(under_way, return_when=FIRST_COMPLETED)
            for future in done:
                del under_way[future]
                counts[future.result()] += 1


def forget_delivered(work: Work) -> int:
    """Delete what arrived over 30 days ago; returns how many."""
    result = work.session.execute(delete(Delivery).where(Delivery.delivered_at < work.now - KEPT))
    return _rowcount(result)


def _claim_due(service: Service, under_way: Counter[UUID]) -> list[Claimed]:
    """Take as many messages as there are hands free, the longest waiting first."""
    free = AT_ONCE - under_way.total()
    if free <= 0:
        return []
    with service.work(read_only=True) as work:
        due = _due_ids(work, under_way)
    claimed = (_claim(service, delivery_id) for delivery_id in due[:free])
    return [each for each in claimed if each is not None]


def _due_ids(work: Work, under_way: Counter[UUID]) -> Sequence[UUID]:
    """The messages that may go now: of every case the oldest only, and a few for each webhook."""
    found: list[tuple[datetime, UUID]] = []
    for webhook_id in work.session.scalars(select(Webhook.id).where(Webhook.disabled_at.is_(None))).all():
        room = AT_ONCE_EACH - under_way[webhook_id]
        heads = select(Delivery.next_at, Delivery.id).where(Delivery.webhook_id == webhook_id, *_may_go(work))
        rows = work.session.execute(heads.order_by(Delivery.next_at).limit(max(room, 0)))
        found += [(next_at, delivery_id) for next_at, delivery_id in rows]
    return [delivery_id for _, delivery_id in sorted(found)]


def _may_go(work: Work) -> tuple[ColumnElement[bool], ...]:
    older = aliased(Delivery)
    waits_for_older = exists().where(
        older.webhook_id == Delivery.webhook_id,
        older.referral_id == Delivery.referral_id,
        older.delivered_at.is_(None),
        older.sequence < Delivery.sequence,
    )
    is_free = or_(Delivery.claimed_until.is_(None), Delivery.claimed_until <= work.now)
    return Delivery.delivered_at.is_(None), Delivery.next_at <= work.now, is_free, ~waits_for_older


def _claim(service: Service, delivery_id: UUID) -> Claimed | None:
    """The message, ready to send; None when another worker was first."""
    with service.work() as work:
        taken = update(Delivery).where(Delivery.id == delivery_id, *_may_go(work))
        if not _rowcount(work.session.execute(taken.values(claimed_until=work.now + CLAIM))):
            return None
        delivery = work.session.get_one(Delivery, delivery_id)
        webhook = work.session.get_one(Webhook, delivery.webhook_id)
        happening = Happening(
            delivery.event_id, delivery.referral_id, delivery.sequence, delivery.event.value, delivery.occurred_at
        )
        body = write_event(happening, service.settings["public_url"])
        headers = sign(delivery.event_id, body, work.now, live_secrets(webhook, work))
        return Claimed(delivery.id, webhook.id, webhook.url, body, headers)


def _deliver(service: Service, claimed: Claimed) -> str:
    sender: WebhookSender = service.settings[SENDER]
    try:
        sender.send(claimed.url, claimed.body, claimed.headers)
    except ReceiverGone:
        return _settle_failed(service, claimed, is_last=True)
    except NotDelivered:
        return _settle_failed(service, claimed)
    return _settle_delivered(service, claimed)


def _settle_delivered(service: Service, claimed: Claimed) -> str:
    with service.work() as work:
        arrived = update(Delivery).where(Delivery.id == claimed.id, Delivery.delivered_at.is_(None))
        work.session.execute(arrived.values(delivered_at=work.now, attempts=Delivery.attempts + 1))
        work.session.execute(update(Webhook).where(Webhook.id == claimed.webhook_id).values(last_success_at=work.now))
    return DELIVERED


def _settle_failed(service: Service, claimed: Claimed, *, is_last: bool = False) -> str:
    """Plan the next attempt; after the last one the webhook rests, with its messages, until its owner resumes it."""
    with service.work() as work:
        delivery = work.session.get(Delivery, claimed.id)
        webhook = work.session.get(Webhook, claimed.webhook_id)
        if delivery is None or webhook is None:
            return FAILED
        webhook.last_failure_at, delivery.claimed_until = work.now, None
        delivery.attempts += 1
        is_last = is_last or delivery.attempts > len(PAUSES)
        if not is_last:
            delivery.next_at = work.now + _pause(delivery)
            return FAILED
        webhook.disabled_at = work.now
        work.record(SYSTEM, "webhook:disable", "webhook", webhook.id)
    log.warning("webhook_disabled", webhook=str(claimed.webhook_id))
    return DISABLED


def _pause(delivery: Delivery) -> timedelta:
    """The pause of the schedule and up to a tenth more, so that not everything knocks at once; the id is the dice."""
    pause = PAUSES[delivery.attempts - 1]
    return pause + pause * (delivery.id.int % 1_000) / 10_000


def _rowcount(result: object) -> int:
    return int(result.rowcount) if isinstance(result, CursorResult) else 0
