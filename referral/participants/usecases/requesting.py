"""The requests of participants that call on a right: written down with the law's term, listed for the officer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select

from referral.core.codelists import default_terms
from referral.core.errors import Invalid, NotFound
from referral.core.paging import Page, read_page_by
from referral.core.policy import Actor
from referral.core.work import Work
from referral.participants.models import Participant, PrivacyDecision, PrivacyRequest, RequestKind, RequestStatus
from referral.participants.usecases.finding import own_participant
from referral.participants.usecases.restricting import settle_restriction


@dataclass(frozen=True, kw_only=True)
class MakeRequest:
    """A participant calls on a right; the term runs from `received_on`, today when it is not given."""

    participant_id: UUID
    kind: RequestKind
    received_on: date | None = None
    wish: str | None = None
    ground: str | None = None


@dataclass(frozen=True, kw_only=True)
class ListRequests:
    """Which requests to list."""

    status: RequestStatus = RequestStatus.OPEN
    kind: RequestKind | None = None
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True)
class DecisionView:
    """One decision, with its words when they were opened."""

    decision: PrivacyDecision
    explanation: str | None = None


@dataclass(frozen=True)
class RequestView:
    """One request and what was decided on it; `has_words` when its words were opened, as far as there are any."""

    request: PrivacyRequest
    is_overdue: bool
    decisions: Sequence[DecisionView] = ()
    wish: str | None = None
    has_words: bool = False


def make_request(command: MakeRequest, *, actor: Actor, work: Work) -> PrivacyRequest:
    """Write down that an own participant calls on a right; a restriction or an objection works at once.

    A second request for access before the first was answered is the same request. Raises `NotFound`, `Erased` and
    `Invalid`.
    """
    participant = own_participant(command.participant_id, actor=actor, work=work, hold=True)
    received_on = command.received_on or work.today
    if received_on > work.today:
        raise Invalid.one("/receivedOn", "future", "Deze datum ligt in de toekomst.")
    standing = _standing_access(participant.id, work) if command.kind is RequestKind.ACCESS else None
    if standing is not None:
        return standing
    request = _written(command, participant, received_on, actor, work)
    work.record(
        actor,
        "privacy_request:make",
        "participant",
        participant.id,
        kind=command.kind.value,
        request_id=str(request.id),
    )
    settle_restriction(participant, actor=actor, work=work)
    return request


def find_request(request_id: UUID, *, actor: Actor, work: Work, hold: bool = False) -> PrivacyRequest:
    """A request to the actor's organisation, for its privacy officer. Raises `NotFound`."""
    query = select(PrivacyRequest).where(PrivacyRequest.id == request_id, PrivacyRequest.visible_to(actor))
    if hold:
        query = query.with_for_update().execution_options(populate_existing=True)
    request = work.session.scalars(query).one_or_none()
    if request is None:
        raise NotFound
    return request


def list_requests(query: ListRequests, *, actor: Actor, work: Work) -> Page[RequestView]:
    """A page of the requests to the actor's organisation: what is over its term first, then what is due first."""
    wanted = select(PrivacyRequest).where(PrivacyRequest.visible_to(actor), PrivacyRequest.status == query.status)
    if query.kind is not None:
        wanted = wanted.where(PrivacyRequest.kind == query.kind)
    page = read_page_by(
        work.session, wanted, PrivacyRequest.due_on, PrivacyRequest.id, limit=query.limit, cursor=query.cursor
    )
    people = [request.participant_id for request in page.items]
    work.record(actor, "privacy_request:list", "privacy_request", None, subjects=people, count=len(page.items))
    return page.showing(lambda request: RequestView(request, is_overdue(request, work)))


def count_requests(*, actor: Actor, work: Work) -> int:
    """How many requests wait for a decision of the actor's organisation."""
    waiting = (PrivacyRequest.visible_to(actor), PrivacyRequest.status == RequestStatus.OPEN)
    return work.session.scalar(select(func.count(PrivacyRequest.id)).where(*waiting)) or 0


def read_request(request_id: UUID, *, actor: Actor, work: Work) -> RequestView:
    """One request with its decisions and their words. Raises `NotFound`."""
    request = find_request(request_id, actor=actor, work=work)
    work.record(actor, "privacy_request:show", "privacy_request", request.id, subjects=[request.participant_id])
    return view_request(request, actor=actor, work=work)


def view_request(request: PrivacyRequest, *, actor: Actor, work: Work) -> RequestView:
    """The request with its decisions; the words of somebody who was erased are gone."""
    query = select(PrivacyDecision).where(PrivacyDecision.request_id == request.id).order_by(PrivacyDecision.id)
    decisions = work.session.scalars(query).all()
    if work.session.get_one(Participant, request.participant_id).erased_at is not None:
        return RequestView(request, is_overdue(request, work), [DecisionView(each) for each in decisions])
    with work.reading(actor, "rights"):
        told = [DecisionView(each, each.explanation) for each in decisions]
        return RequestView(request, is_overdue(request, work), told, request.wish, has_words=True)


def is_overdue(request: PrivacyRequest, work: Work) -> bool:
    """Whether the term of the law passed without a decision."""
    return request.status is RequestStatus.OPEN and request.due_on < work.today


def lapse_requests(participant_id: UUID, work: Work) -> int:
    """The person was erased: what was still open has nothing left to decide on; returns how many.

    A request for erasure was granted by it.
    """
    query = select(PrivacyRequest).where(
        PrivacyRequest.participant_id == participant_id, PrivacyRequest.status == RequestStatus.OPEN
    )
    waiting = work.session.scalars(query).all()
    for request in waiting:
        granted = request.kind is RequestKind.ERASURE
        request.status = RequestStatus.GRANTED if granted else RequestStatus.LAPSED
        request.closed_at = work.now
    return len(waiting)


def _standing_access(participant_id: UUID, work: Work) -> PrivacyRequest | None:
    return work.session.scalars(
        select(PrivacyRequest).where(
            PrivacyRequest.participant_id == participant_id,
            PrivacyRequest.kind == RequestKind.ACCESS,
            PrivacyRequest.status == RequestStatus.OPEN,
        )
    ).first()


def _written(
    command: MakeRequest, participant: Participant, received_on: date, actor: Actor, work: Work
) -> PrivacyRequest:
    terms = default_terms().rights
    request = PrivacyRequest(
        participant_id=participant.id,
        organisation_id=participant.organisation_id,
        kind=command.kind,
        ground=command.ground,
        received_on=received_on,
        recorded_by=actor.id,
        recorded_at=work.now,
        remind_on=terms.remind.after(received_on),
        due_on=terms.answer.after(received_on),
        extended=False,
        status=RequestStatus.OPEN,
    )
    request.wish = command.wish
    work.session.add(request)
    work.session.flush()
    return request
