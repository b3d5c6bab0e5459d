"""What the rights of participants ask people to hear: receivers and referrers of a case, and the privacy officer.

Never a word about the participant: the number of the case, or how many requests wait and the first day.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, true
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
    Kind.ERASED,
    Kind.AGREEMENT_ENDED,
    Kind.RESTRICTED,
    Kind.RESTRICTION_LIFTED,
    Kind.CORRECTED,
)
"""About a case, and true until it was told."""
OFFICER_KINDS: Final = (Kind.PRIVACY_OVERDUE, Kind.PRIVACY_REQUEST)
"""About the requests to an organisation, and true while one of that day waits."""

TIME_TO_READ: Final = timedelta(days=90)

_REVOKED: Final = (WITHDRAWN, OBJECTED)
_OPEN: Final = PrivacyRequest.status == RequestStatus.OPEN


def tell_of_revocation(participant_id: UUID, work: Work) -> None:
    """The receivers who lost sight just now stop and destroy; the referrers hear that the sharing ended."""
    ended = _disclosures(participant_id, _just_ended(_REVOKED, work), work)
    _tell_receivers(Kind.REVOKED, ended, work)
    _tell_referrers(ended, work)


def tell_of_erasure(participant_id: UUID, work: Work) -> None:
    """Everybody who ever received something destroys it too; the referrers of what was still shared hear that it ended.

    The sight that ended long ago stays ended: who is told hears the number of its own case, and nothing of others.
    """
    _tell_receivers(Kind.ERASED, _disclosures(participant_id, true(), work), work)
    _tell_referrers(_disclosures(participant_id, _just_ended((ERASED,), work), work), work)


def tell_of_correction(participant_id: UUID, work: Work) -> None:
    """Everybody who received what was corrected just now, also whose sight has ended."""
    _tell_receivers(Kind.CORRECTED, _disclosures(participant_id, Disclosure.corrected_at == work.now, work), work)


def tell_of_restriction(participant_id: UUID, work: Work) -> None:
    """Everybody who ever received something: what they kept of it may not be used either."""
    _tell_receivers(Kind.RESTRICTED, _disclosures(participant_id, true(), work), work)


def tell_of_lifting(participant_id: UUID, work: Work) -> None:
    """Everybody who may have heard of the restriction."""
    _tell_receivers(Kind.RESTRICTION_LIFTED, _disclosures(participant_id, true(), work), work)


def forget_told(work: Work) -> int:
    """Delete the notices of erasures that everybody had the time to read; returns how many."""
    old = delete(Notice).where(Notice.kind == Kind.ERASED, Notice.given_at < work.now - TIME_TO_READ)
    return int(getattr(work.session.execute(old), "rowcount", 0))


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


def _just_ended(reasons: Sequence[str], work: Work) -> ColumnElement[bool]:
    return and_(Disclosure.ended_at == work.now, Disclosure.end_reason.in_(reasons))


def _tell_receivers(kind: Kind, disclosures: Iterable[Disclosure], work: Work) -> None:
    # A case may have been shared with one organisation more than once, and with more than one.
    for organisation_id, referral_id in dict.fromkeys((each.organisation_id, each.referral_id) for each in disclosures):
        _tell(kind, organisation_id, Role.COACH, referral_id, work)


def _tell_referrers(disclosures: Iterable[Disclosure], work: Work) -> None:
    for referral_id in dict.fromkeys(each.referral_id for each in disclosures):
        source = work.session.get_one(Referral, referral_id).source_organisation_id
        _tell(Kind.AGREEMENT_ENDED, source, Role.REFERRER, referral_id, work)


def _tell(kind: Kind, organisation_id: UUID, role: Role, referral_id: UUID, work: Work) -> None:
    """Once a day for a case and an organisation; the second time is told again, also to who read of the first."""
    referral = work.session.get_one(Referral, referral_id)
    about = or_(Notice.referral_id == referral.id, Notice.reference == referral.reference)
    same = (about, Notice.organisation_id == organisation_id, Notice.kind == kind, Notice.due_on == work.today)
    work.session.execute(delete(Notice).where(*same))
    give_notice(kind, organisation_id, role, work.today, work, referral)


def _give_once(kind: Kind, organisation_id: UUID, day: date, work: Work) -> list[str]:
    try:
        with work.session.begin_nested():
            return [give_notice(kind, organisation_id, Role.PRIVACY_OFFICER, day, work)]
    except IntegrityError:
        return []
