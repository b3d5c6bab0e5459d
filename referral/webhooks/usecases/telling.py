"""Telling the administrators that their webhook rests because nothing arrives there."""

from email.message import EmailMessage
from uuid import UUID

import structlog
from sqlalchemy import select, update

from referral.core.policy import Role
from referral.core.work import Service, Work
from referral.identity.models import Membership, Organisation, User
from referral.notifications.mail import MailRefused, MailSink, MailUnavailable, write_mail
from referral.webhooks.models import Webhook

MAIL_SINK = "mail_sink"
TOLD, UNTOLD = "told", "untold"

log = structlog.get_logger("referral.webhooks")


def tell_owners(service: Service) -> dict[str, int]:
    """Mail every administrator of a webhook that came to rest, once; returns how often what happened."""
    with service.work(read_only=True) as work:
        resting = Webhook.disabled_at.is_not(None), Webhook.owner_told_at.is_(None)
        webhook_ids = work.session.scalars(select(Webhook.id).where(*resting)).all()
    counts: dict[str, int] = {}
    for webhook_id in webhook_ids:
        outcome = _tell(service, webhook_id)
        counts[outcome] = counts.get(outcome, 0) + 1
    return counts


def _tell(service: Service, webhook_id: UUID) -> str:
    """Send first and note it afterwards: a mail may come twice, but is never lost."""
    with service.work(read_only=True) as work:
        mails = _compose(webhook_id, work)
    sink: MailSink = service.settings[MAIL_SINK]
    try:
        for mail in mails:
            sink.send(mail)
    except (MailRefused, MailUnavailable) as error:
        log.error("webhook_mail", kind=type(error).__name__, webhook=str(webhook_id))
        return UNTOLD
    with service.work() as work:
        work.session.execute(update(Webhook).where(Webhook.id == webhook_id).values(owner_told_at=work.now))
    return TOLD


def _compose(webhook_id: UUID, work: Work) -> list[EmailMessage]:
    webhook = work.session.get_one(Webhook, webhook_id)
    organisation = work.session.get_one(Organisation, webhook.organisation_id)
    administrators = (
        select(User)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.organisation_id == organisation.id, Membership.role == Role.ADMIN, User.active)
        .order_by(User.id)
    )
    lines = (
        f"Bij de webhook van {organisation.name} komt al drie dagen niets aan, of het adres bestaat niet meer.",
        "Wij proberen het niet verder. Er is niets verloren: alle berichten staan klaar.",
        "",
        "Werkt het adres weer? Hervat de webhook dan. Alles komt alsnog, in volgorde.",
        f"Het gaat om webhook {webhook.id}.",
    )
    return [
        write_mail(
            user.name,
            user.email,
            "Een webhook staat stil",
            lines,
            public_url=work.service.settings["public_url"],
            message_id=f"{webhook.disabled_at:%Y%m%d%H%M}.{webhook.id.hex}.{user.id.hex}",
            at=work.now,
        )
        for user in work.session.scalars(administrators)
    ]
