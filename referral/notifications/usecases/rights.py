"""What the rights of participants ask people to hear: receivers and referrers of a case, and the privacy officer.

Never a word about the participant: the number of the case, or how many requests wait and the first day.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select
from sqlalchemy.exc import IntegrityError

from referral.core.policy import Role
from referral.core.work import Work
from referral.notifications.models import Kind, Notice
from referral.notifications.usecases.notices import give_notice
from referral.participants.models import Disclosure, PrivacyRequest, RequestStatus
from referral.participants.usecases import ERASED, OBJECTED, WITHDRAWN
from referral.referrals.models import Referral

TOLD_OF_RIGHTS: Final = (
    Kind.REVOKED,
    Kind.AGREEMENT_ENDED,
    Kind.RESTRICTED,
    Kind.RESTRICTION_LIFTED,
    Kind.CORRECTED,
)
"""About a case, and true until it was told."""
OFFICER_KINDS: Final = (Kind.PRIVACY_OVERDUE, Kind.PRIVACY_REQUEST)
"""About the requests to an organisation, and true while one of that day waits."""

_MUST_DESTROY: Final = (WITHDRAWN, OBJECTED, ERASED)
_OPEN: Final = PrivacyRequest.status == RequestStatus.OPEN


def tell_of_revocation(participant_id: UUID, work: Work) -> None:
    """The receivers who lost sight just now stop and destroy; the referrers hear that the sharing ended."""
    just_ended = and_(Disclosure.ended_at == work.now, Disclosure.end_reason.in_(_MUST_DESTROY))
    for disclosure in _disclosures(participant_id, just_ended, work):
        _tell(Kind.REVOKED, disclosure.organisation_id, Role.COACH, disclosure.referral_id, work)
        source = work.session.get(Referral, disclosure.referral_id)
        if source is not None:
            _tell(Kind.AGREEMENT_ENDED, source.source_organisation_id, Role.REFERRER, source.id, work)


def tell_of_correction(participant_id: UUID, work: Work) -> None:
    """Everybody who received what was corrected just now, also whose sight has ended."""
    _tell_receivers(Kind.CORRECTED, _disclosures(participant_id, Disclosure.corrected_at == work.now, work), work)


def tell_of_restriction(participant_id: UUID, work: Work) -> None:
    """Everybody who sees the person now."""
    _tell_receivers(Kind.RESTRICTED, _disclosures(participant_id, Disclosure.ended_at.is_(None), work), work)


def tell_of_lifting(participant_id: UUID, work: Work) -> None:
    """Everybody who sees the person again."""
    _tell_receivers(Kind.RESTRICTION_LIFTED, _disclosures(participant_id, Disclosure.ended_at.is_(None), work), work)


def organisations_with_requests(work: Work) -> Sequence[UUID]:
    """The organisations with a request that waits for a decision."""
    query = select(PrivacyRequest.organisation_id).where(_OPEN).distinct()
    return work.session.scalars(query.order_by(PrivacyRequest.organisation_id)).all()


def remind_of_requests(organisation_id: UUID, work: Work) -> list[str]:
    """The notices to the privacy officer: when a request came, when its term nears its end, and when it has passed."""
    dates = (
        (Kind.PRIVACY_REQUEST, PrivacyRequest.received_on),
        (Kind.PRIVACY_REQUEST, PrivacyRequest.remind_on),
        (Kind.PRIVACY_OVERDUE, PrivacyRequest.due_on),
    )
    given = []
    for kind, column in dates:
        past = column < work.today if kind is Kind.PRIVACY_OVERDUE else column <= work.today
        told = exists().where(Notice.organisation_id == organisation_id, Notice.kind == kind, Notice.due_on == column)
        own = (PrivacyRequest.organisation_id == organisation_id, _OPEN)
        for day in work.session.scalars(select(column).where(*own, past, ~told).distinct()).all():
            given += _give_once(kind, organisation_id, day, work)
    return given


def waiting_requests(organisation_id: UUID, kind: Kind, work: Work) -> tuple[int, date | None]:
    """How many requests wait, or are over their term, and the first day by which one had to be decided."""
    query = select(func.count(), func.min(PrivacyRequest.due_on)).where(
        PrivacyRequest.organisation_id == organisation_id, _OPEN
    )
    if kind is Kind.PRIVACY_OVERDUE:
        query = query.where(PrivacyRequest.due_on < work.today)
    count, first = work.session.execute(query).one()
    return count, first


def still_undecided() -> ColumnElement[bool]:
    """Whether a notice about requests still is about any."""
    day = or_(
        PrivacyRequest.received_on == Notice.due_on,
        PrivacyRequest.remind_on == Notice.due_on,
        PrivacyRequest.due_on == Notice.due_on,
    )
    return exists().where(PrivacyRequest.organisation_id == Notice.organisation_id, _OPEN, day)


def _disclosures(participant_id: UUID, which: ColumnElement[bool], work: Work) -> Sequence[Disclosure]:
    query = select(Disclosure).where(Disclosure.participant_id == participant_id, which).order_by(Disclosure.id)
    return work.session.scalars(query).all()


def _tell_receivers(kind: Kind, disclosures: Iterable[Disclosure], work: Work) -> None:
    for disclosure in disclosures:
        _tell(kind, disclosure.organisation_id, Role.COACH, disclosure.referral_id, work)


def _tell(kind: Kind, organisation_id: UUID, role: Role, referral_id: UUID, work: Work) -> None:
    """Once a day for a case; the second time on one day is told again, also to who read of the first."""
    same = (Notice.referral_id == referral_id, Notice.kind == kind, Notice.due_on == work.today)
    work.session.execute(delete(Notice).where(*same))
    give_notice(kind, organisation_id, role, work.today, work, work.session.get_one(Referral, referral_id))


def _give_once(kind: Kind, organisation_id: UUID, day: date, work: Work) -> list[str]:
    try:
        with work.session.begin_nested():
            return [give_notice(kind, organisation_id, Role.PRIVACY_OFFICER, day, work)]
    except IntegrityError:
        return []
