"""What still has to be told, to whom: the notices that are true now, and the people who can act on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select

from referral.core.policy import Actor
from referral.core.work import Work
from referral.identity.models import Membership, Organisation, User
from referral.notifications.digests import RIGHTS_STEPS, CaseLine, Chapter, next_step, status_label
from referral.notifications.models import Digest, Kind, Notice, digest_line
from referral.notifications.usecases.conversations import WHO, count_undiscussed, still_undiscussed
from referral.notifications.usecases.expiring import people_due
from referral.notifications.usecases.rights import OFFICER_KINDS, TOLD_OF_RIGHTS, still_undecided, waiting_requests
from referral.referrals.models import Referral
from referral.referrals.workflow import OPEN, Party, Status


@dataclass(frozen=True)
class Pending:
    """A notice that somebody has not read of yet, with its organisation, and its referral when it is about one."""

    notice: Notice
    referral: Referral | None
    organisation: Organisation


_IS_OPEN: Final = Referral.status.in_(OPEN)
_HAS_BALL: Final = Referral.ball_party != Party.NOBODY
_TRUE_WHILE: Final[dict[Kind, ColumnElement[bool]]] = {
    Kind.EXPIRED: and_(Referral.status == Status.EXPIRED, _HAS_BALL, Referral.ended_at == Notice.given_at),
    Kind.OFFER: and_(_IS_OPEN, Referral.offer_due_on == Notice.due_on, Referral.escalated_at.is_not(None)),
    Kind.REGION: and_(_IS_OPEN, Referral.escalate_region_on == Notice.due_on),
    Kind.ESCALATION: and_(_IS_OPEN, Referral.escalate_on == Notice.due_on),
    Kind.REMINDER: and_(_HAS_BALL, Referral.remind_on == Notice.due_on),
}
"""A notice about a case is true as long as its clock still stands on the same date, and nothing holds the case."""

_TRUE: Final = or_(
    and_(
        Referral.hold_since.is_(None),
        Referral.restricted_at.is_(None),
        or_(*(and_(Notice.kind == kind, holds) for kind, holds in _TRUE_WHILE.items())),
    ),
    and_(Notice.kind.in_(WHO), still_undiscussed()),
    Notice.kind == Kind.RETENTION,
    and_(Notice.kind.in_(OFFICER_KINDS), still_undecided()),
    Notice.kind.in_(TOLD_OF_RIGHTS),
)
_TOLD: Final = exists().where(
    digest_line.c.notice_id == Notice.id,
    digest_line.c.digest_id == Digest.id,
    Digest.user_id == User.id,
    Digest.sent_at.is_not(None),
)
_FOR_THIS_PERSON: Final = or_(
    Notice.kind != Kind.REMINDER, Referral.ball_user_id.is_(None), Referral.ball_user_id == User.id
)


def pending(*wanted: Any) -> Select[Any]:
    """What every active person still has to be told, for the roles that the person has now."""
    return (
        select(*wanted)
        .select_from(User)
        .join(Membership, Membership.user_id == User.id)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .join(Notice, and_(Notice.organisation_id == Organisation.id, Notice.role == Membership.role))
        .outerjoin(Referral, Referral.id == Notice.referral_id)
        .where(User.active, Organisation.active, _TRUE, _FOR_THIS_PERSON, ~_TOLD)
    )


def pending_for(user_id: UUID, work: Work) -> list[Pending]:
    """What one person still has to be told: by organisation, the most pressing kind first, the oldest date first."""
    rows = work.session.execute(pending(Notice, Referral, Organisation).where(User.id == user_id))
    order = list(Kind)
    return sorted(
        (found for row in rows if not is_past(found := Pending(*row), work)),
        key=lambda row: (
            row.organisation.name,
            row.organisation.id,
            order.index(row.notice.kind),
            row.notice.due_on,
            row.referral.reference if row.referral else row.notice.reference or "",
        ),
    )


def is_past(row: Pending, work: Work) -> bool:
    """Whether a notice about retention comes too late to tell: the day has been, or nobody falls due on it any more."""
    if row.notice.kind is not Kind.RETENTION:
        return False
    return not people_due(row.organisation.id, row.notice.due_on, work)


def chapters_for(user: User, rows: Sequence[Pending], work: Work) -> list[Chapter]:
    """The chapters of a digest, in the order of the rows."""
    chapters = []
    for (organisation, kind), group in groupby(rows, key=lambda row: (row.organisation, row.notice.kind)):
        if kind in WHO:
            screenings = count_undiscussed(organisation.id, kind, work)
            chapters.append(Chapter(organisation.name, kind, screenings=screenings))
        elif kind is Kind.RETENTION:
            days = [row.notice.due_on for row in group]
            falling_due = [(day, people_due(organisation.id, day, work)) for day in days]
            chapters.append(Chapter(organisation.name, kind, falling_due=falling_due))
        elif kind in OFFICER_KINDS:
            requests, first_due_on = waiting_requests(organisation.id, kind, work)
            chapters.append(Chapter(organisation.name, kind, requests=requests, first_due_on=first_due_on))
        elif kind is Kind.ERASED:
            gone = [CaseLine(row.notice.reference or "", RIGHTS_STEPS[kind]) for row in group]
            chapters.append(Chapter(organisation.name, kind, gone))
        else:
            cases = [_line(row.referral, row, user, work) for row in group if row.referral is not None]
            chapters.append(Chapter(organisation.name, kind, cases))
    return chapters


def count_unheard(work: Work) -> int:
    """How many notices are true but have nobody who could read them: an organisation without such a colleague."""
    somebody = (
        exists()
        .where(Membership.organisation_id == Notice.organisation_id, Membership.role == Notice.role)
        .where(Membership.user_id == User.id, User.active)
    )
    notices = select(func.count(Notice.id)).outerjoin(Referral, Referral.id == Notice.referral_id)
    return work.session.scalar(notices.where(_TRUE, ~somebody)) or 0


def _line(referral: Referral, row: Pending, user: User, work: Work) -> CaseLine:
    reader = Actor(
        id=user.id,
        organisation_id=row.organisation.id,
        organisation_kind=row.organisation.kind,
        roles=frozenset({row.notice.role}),
    )
    step, link = next_step(referral, row.notice.kind), f"{work.service.settings['public_url']}/referrals/{referral.id}"
    if referral.relations_to(reader):
        return CaseLine(referral.reference, step, status_label(referral), referral.due_on, link)
    if row.notice.kind in RIGHTS_STEPS:
        # Who once received the data hears of the right, and neither how the case goes on nor with whom.
        source = work.session.get_one(Organisation, referral.source_organisation_id)
        return CaseLine(referral.reference, step, ask=source.name)
    receiver = work.session.get_one(Organisation, referral.receiver_organisation_id or row.organisation.id)
    return CaseLine(referral.reference, step, status_label(referral), referral.due_on, ask=receiver.name)
