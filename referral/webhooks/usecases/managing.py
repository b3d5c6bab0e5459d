"""An administrator gives an address, renews its secret, wakes it up again, or takes it away."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, func, select, update

from referral.core.database import new_id
from referral.core.errors import Conflict, Invalid, NotFound
from referral.core.paging import Page, read_page
from referral.core.policy import Actor
from referral.core.work import Work
from referral.webhooks.addresses import AddressRefused
from referral.webhooks.models import Delivery, Webhook
from referral.webhooks.sending import WebhookSender
from referral.webhooks.usecases.delivering import SENDER
from referral.webhooks.usecases.secrets import new_secret, seal_secret

MOST = 10
BOTH_SIGN = timedelta(hours=24)


@dataclass(frozen=True)
class AddWebhook:
    """The address of a program of the actor's organisation."""

    url: str


@dataclass(frozen=True)
class ListWebhooks:
    """Which page."""

    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True)
class RenewSecret:
    """The webhook that gets a new secret."""

    webhook_id: UUID


@dataclass(frozen=True)
class ResumeWebhook:
    """The webhook that must be tried again now."""

    webhook_id: UUID


@dataclass(frozen=True)
class RemoveWebhook:
    """The webhook that goes, with everything that still waited for it."""

    webhook_id: UUID


@dataclass(frozen=True)
class WebhookView:
    """A webhook without its secret; `waiting` messages did not arrive yet."""

    id: UUID
    url: str
    created_at: datetime
    last_success_at: datetime | None
    last_failure_at: datetime | None
    disabled_at: datetime | None
    waiting: int


@dataclass(frozen=True)
class NewSecret:
    """A secret, for the one time that it can be read. The earlier one holds until `earlier_until`."""

    id: UUID
    url: str
    secret: str
    earlier_until: datetime | None = None


def add_webhook(command: AddWebhook, *, actor: Actor, work: Work) -> NewSecret:
    """Tell this address from now on what happens to the organisation's cases. Raises `Invalid` or `Conflict`."""
    sender: WebhookSender = work.service.settings[SENDER]
    try:
        sender.rules.read(command.url)
    except AddressRefused as refusal:
        raise Invalid.one("/url", "url", str(refusal)) from None
    own = _own(actor)
    if len(work.session.scalars(own).all()) >= MOST:
        raise Conflict(f"Uw organisatie heeft al {MOST} webhooks. Haal er eerst een weg.")
    if work.session.scalar(own.where(Webhook.url == command.url)):
        raise Conflict("Uw organisatie heeft voor dit adres al een webhook.")
    webhook = Webhook(
        id=new_id(), organisation_id=actor.organisation_id, url=command.url, created_by=actor.id, created_at=work.now
    )
    secret = _give_secret(webhook, work)
    work.record(actor, "webhook:add", "webhook", webhook.id)
    return secret


def list_webhooks(query: ListWebhooks, *, actor: Actor, work: Work) -> Page[WebhookView]:
    """The organisation's webhooks, newest first, with what still waits."""
    page = read_page(work.session, _own(actor), Webhook.id, limit=query.limit, cursor=query.cursor)
    waiting = _count_waiting([row.id for row in page.items], work)
    work.record(actor, "webhook:list", "webhook", None, count=len(page.items))
    return page.showing(lambda row: _view(row, waiting.get(row.id, 0)))


def read_webhook(webhook_id: UUID, *, actor: Actor, work: Work) -> WebhookView:
    """One webhook of the organisation. Raises `NotFound`."""
    webhook = _find(webhook_id, actor, work)
    work.record(actor, "webhook:show", "webhook", webhook.id)
    return _view(webhook, _count_waiting([webhook.id], work).get(webhook.id, 0))


def renew_secret(command: RenewSecret, *, actor: Actor, work: Work) -> NewSecret:
    """Give a new secret; for a day every message carries both signatures. Raises `NotFound`."""
    webhook = _find(command.webhook_id, actor, work)
    webhook.earlier_secret, webhook.earlier_secret_until = webhook.secret, work.now + BOTH_SIGN
    secret = _give_secret(webhook, work)
    work.record(actor, "webhook:renew_secret", "webhook", webhook.id)
    return secret


def resume_webhook(command: ResumeWebhook, *, actor: Actor, work: Work) -> WebhookView:
    """Try again at once, with everything that waited, from the oldest on. Raises `NotFound`."""
    webhook = _find(command.webhook_id, actor, work)
    webhook.disabled_at = webhook.owner_told_at = None
    waiting = update(Delivery).where(Delivery.webhook_id == webhook.id, Delivery.delivered_at.is_(None))
    work.session.execute(waiting.values(attempts=0, next_at=work.now))
    work.record(actor, "webhook:resume", "webhook", webhook.id)
    return _view(webhook, _count_waiting([webhook.id], work).get(webhook.id, 0))


def remove_webhook(command: RemoveWebhook, *, actor: Actor, work: Work) -> None:
    """Forget the address, its secret and what waited for it. Raises `NotFound`."""
    webhook = _find(command.webhook_id, actor, work)
    work.session.delete(webhook)
    work.record(actor, "webhook:remove", "webhook", webhook.id)


def _own(actor: Actor) -> Select[Webhook]:
    return select(Webhook).where(Webhook.organisation_id == actor.organisation_id)


def _find(webhook_id: UUID, actor: Actor, work: Work) -> Webhook:
    webhook = work.session.scalars(_own(actor).where(Webhook.id == webhook_id)).one_or_none()
    if webhook is None:
        raise NotFound
    return webhook


def _give_secret(webhook: Webhook, work: Work) -> NewSecret:
    secret = new_secret()
    webhook.secret = seal_secret(webhook.id, secret, work)
    work.session.add(webhook)
    return NewSecret(webhook.id, webhook.url, secret, webhook.earlier_secret_until)


def _count_waiting(webhook_ids: list[UUID], work: Work) -> dict[UUID, int]:
    query = (
        select(Delivery.webhook_id, func.count())
        .where(Delivery.webhook_id.in_(webhook_ids), Delivery.delivered_at.is_(None))
        .group_by(Delivery.webhook_id)
    )
    return {webhook_id: count for webhook_id, count in work.session.execute(query)}


def _view(webhook: Webhook, waiting: int) -> WebhookView:
    return WebhookView(
        webhook.id,
        webhook.url,
        webhook.created_at,
        webhook.last_success_at,
        webhook.last_failure_at,
        webhook.disabled_at,
        waiting,
    )
