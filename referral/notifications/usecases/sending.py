"""Sending the digests: at most one a day to a person, only to whoever can act now, never without something to say.

A digest is claimed in one transaction, sent in none, and confirmed in another, so that a slow mail server holds no
row. A process that dies in between leaves a claim that lapses: such a mail may come twice, but is never lost.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from typing import NamedTuple
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, delete, exists, insert, or_
from sqlalchemy.exc import IntegrityError

from referral.core.work import Service, Work
from referral.identity.models import User
from referral.notifications.digests import compose
from referral.notifications.mail import MailSink, MailUnavailable
from referral.notifications.models import Digest, digest_line
from referral.notifications.usecases.notices import SYSTEM
from referral.notifications.usecases.telling import Pending, chapters_for, count_unheard, pending, pending_for

BATCH = 200
CLAIM = timedelta(minutes=10)
MAIL_SINK = "mail_sink"
SENT, REFUSED, UNAVAILABLE, UNHEARD = "sent", "refused", "unavailable", "unheard"

log = structlog.get_logger("referral.digests")


@dataclass(frozen=True)
class DigestsResult:
    """How many digests were `sent` and `refused`; `unavailable` is 1 when the run ended because no mail goes out now.

    `unheard` are the notices for which the organisation has nobody; they are logged as well.
    """

    counts: Mapping[str, int]


class Claimed(NamedTuple):
    """A digest that this process alone sends."""

    id: UUID
    mail: EmailMessage


def send_digests(
    service: Service, *, sink: MailSink | None = None, stopped: Callable[[], bool] = lambda: False
) -> DigestsResult:
    """Send everybody who can act today's digest, to the given sink or the setting `mail_sink`.

    What is refused stays untold and comes in the next run. `stopped` is asked before each person. Raises when the
    database cannot be reached.
    """
    sink = sink or service.settings[MAIL_SINK]
    counts: Counter[str] = Counter()
    for user_id in _people(service):
        if stopped() or counts[UNAVAILABLE]:
            break
        claimed = _claim(service, user_id)
        if claimed is not None:
            counts[_hand_over(service, sink, claimed)] += 1
    with service.work(read_only=True) as work:
        unheard = count_unheard(work)
    if unheard:
        counts[UNHEARD] = unheard
        log.warning("nobody_to_tell", notices=unheard)
    return DigestsResult({outcome: count for outcome, count in counts.items() if count})


def _people(service: Service) -> Iterator[UUID]:
    """Who has something to hear and had no digest today, in batches by id."""
    last: UUID | None = None
    while True:
        with service.work(read_only=True) as work:
            query = pending(User.id).where(~_had_digest(work)).distinct().order_by(User.id).limit(BATCH)
            ids = work.session.scalars(query if last is None else query.where(User.id > last)).all()
        yield from ids
        if len(ids) < BATCH:
            return
        last = ids[-1]


def _had_digest(work: Work) -> ColumnElement[bool]:
    under_way = or_(Digest.sent_at.is_not(None), Digest.claimed_at > work.now - CLAIM)
    return exists().where(Digest.user_id == User.id, Digest.sent_on == work.today, under_way)


def _claim(service: Service, user_id: UUID) -> Claimed | None:
    """Take today's digest of this person, with what there is to say at this moment; None when another process did."""
    with service.work() as work:
        rows = pending_for(user_id, work)
        if not rows:
            return None
        lapsed = (Digest.sent_at.is_(None), Digest.claimed_at <= work.now - CLAIM)
        work.session.execute(delete(Digest).where(Digest.user_id == user_id, *lapsed))
        digest = Digest(user_id=user_id, sent_on=work.today, claimed_at=work.now)
        try:
            with work.session.begin_nested():
                work.session.add(digest)
        except IntegrityError:
            return None
        lines = [{"digest_id": digest.id, "notice_id": row.notice.id} for row in rows]
        work.session.execute(insert(digest_line), lines)
        return Claimed(digest.id, _compose(user_id, rows, work))


def _compose(user_id: UUID, rows: list[Pending], work: Work) -> EmailMessage:
    user = work.session.get_one(User, user_id)
    return compose(
        user.name,
        user.email,
        chapters_for(user, rows, work),
        public_url=work.service.settings["public_url"],
        message_id=f"{work.today:%Y%m%d}.{user.id.hex}",
        at=work.now,
    )


def _hand_over(service: Service, sink: MailSink, claimed: Claimed) -> str:
    try:
        sink.send(claimed.mail)
    except Exception as error:
        _release(service, claimed.id)
        log.error("digest", kind=type(error).__name__, digest=str(claimed.id))
        return UNAVAILABLE if isinstance(error, MailUnavailable) else REFUSED
    _confirm(service, claimed.id)
    return SENT


def _release(service: Service, digest_id: UUID) -> None:
    with service.work() as work:
        work.session.execute(delete(Digest).where(Digest.id == digest_id))


def _confirm(service: Service, digest_id: UUID) -> None:
    with service.work() as work:
        digest = work.session.get_one(Digest, digest_id)
        digest.sent_at = work.now
        work.record(SYSTEM, "digest:send", "user", digest.user_id)
