"""Looking at referrals: one, a page of them, the history; each shows only what the caller may see of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select

from referral.core.errors import NotFound
from referral.core.paging import Page, read_page
from referral.core.policy import Actor, Grant, Relation, Role, permits
from referral.core.work import Work
from referral.identity.usecases import terms_for, terms_of
from referral.participants.models import Participant
from referral.referrals import guards
from referral.referrals.models import Referral, ReferralEvent
from referral.referrals.workflow import OPEN, ROLE_OF, SHARED, EventName, Party, Status

_SENDERS: tuple[Grant, ...] = ((Role.REFERRER, Relation.SOURCE),)
_RECEIVERS: tuple[Grant, ...] = ((Role.COACH, Relation.RECEIVER),)
"""Who may read words about the person; a coordinator steers without them (the three stores of the chain)."""


@dataclass(frozen=True)
class ReferralView:
    """A referral as one actor may see it: the row, what could be done now, and the opened words within the scope."""

    referral: Referral
    allowed_events: Sequence[EventName]
    narrow: bool
    learning_wish: str | None = None
    barriers: Sequence[str] | None = None
    purpose: str | None = None
    screening_codes: Sequence[str] | None = None


@dataclass(frozen=True)
class HistoryView:
    """One row of the history as one actor may see it."""

    row: ReferralEvent
    narrow: bool
    words: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class ListReferrals:
    """Which referrals to list; None means: whatever."""

    status: Status | None = None
    ball_with: Party | None = None
    mine: bool = False
    overdue: bool = False
    trajectory_id: UUID | None = None
    participant_id: UUID | None = None
    reference: str | None = None
    due_before: date | None = None
    limit: int = 50
    cursor: str | None = None


def find_referral(referral_id: UUID, *, actor: Actor, work: Work) -> Referral:
    """One referral. What the actor may not see does not exist for them: `NotFound`."""
    referral = work.session.scalars(Referral.visible_to(actor).where(Referral.id == referral_id)).one_or_none()
    if referral is None:
        raise NotFound
    return referral


def read_referral(referral_id: UUID, *, actor: Actor, work: Work) -> ReferralView:
    """One referral with the words that this actor may read; leaves the audit row of the reading."""
    referral = find_referral(referral_id, actor=actor, work=work)
    work.record(actor, "referral:show", "referral", referral.id, subjects=[referral.participant_id])
    return view_of(referral, actor=actor, work=work, with_words=True)


def view_of(referral: Referral, *, actor: Actor, work: Work, with_words: bool = False) -> ReferralView:
    """What this actor may see of the referral. Words are opened only when asked for, within the agreed data scope."""
    terms = terms_for(work.session, referral.source_organisation_id)
    allowed = guards.open_steps(referral, actor, work.now, terms)
    readable = _readable(referral, actor) if with_words and _has_words(referral, work) else frozenset()
    if not readable:
        return ReferralView(referral, allowed, actor.has_narrow_view)
    with work.reading(actor, "guidance"):
        return ReferralView(
            referral,
            allowed,
            actor.has_narrow_view,
            learning_wish=referral.learning_wish if "learning_wish" in readable else None,
            barriers=referral.barriers if "barriers" in readable else None,
            purpose=referral.purpose if "purpose" in readable else None,
            screening_codes=referral.screening_codes if "screening_indication" in readable else None,
        )


def list_referrals(query: ListReferrals, *, actor: Actor, work: Work) -> Page[ReferralView]:
    """A page of the referrals that exist for this actor, newest first; words stay sealed."""
    page = read_page(work.session, _filtered(query, actor, work), Referral.id, limit=query.limit, cursor=query.cursor)
    return Page(_listed(page.items, actor, work), page.next)


def count_cases(organisation_id: UUID, *, work: Work) -> int:
    """How many cases this organisation referred or received, open and ended."""
    ours = or_(Referral.source_organisation_id == organisation_id, Referral.receiver_organisation_id == organisation_id)
    return work.session.scalar(select(func.count()).select_from(Referral).where(ours)) or 0


def count_waiting(*, actor: Actor, work: Work) -> int:
    """How many referrals wait for this actor or its team."""
    waiting = _filtered(ListReferrals(mine=True), actor, work).with_only_columns(func.count())
    return work.session.scalar(waiting) or 0


def list_waiting(*, actor: Actor, work: Work, most: int = 100) -> Sequence[ReferralView]:
    """What waits for this actor or its team, the most overdue first; words stay sealed."""
    waiting = _filtered(ListReferrals(mine=True), actor, work).order_by(Referral.due_on, Referral.id)
    return _listed(work.session.scalars(waiting.limit(most)).all(), actor, work)


def _listed(referrals: Sequence[Referral], actor: Actor, work: Work) -> list[ReferralView]:
    """Each with what could be done now; leaves the audit row of the listing."""
    people = [referral.participant_id for referral in referrals]
    work.record(actor, "referral:list", "referral", None, subjects=people, count=len(referrals))
    terms = terms_of(work.session, {referral.source_organisation_id for referral in referrals})
    return [
        ReferralView(
            referral,
            guards.open_steps(referral, actor, work.now, terms[referral.source_organisation_id]),
            actor.has_narrow_view,
        )
        for referral in referrals
    ]


def waits_for(referral: Referral, actor: Actor) -> bool:
    """Whether this referral waits for the actor or its team; `mine` in a list says the same in SQL."""
    is_ours = referral.ball_organisation_id == actor.organisation_id and referral.ball_user_id in (None, actor.id)
    role = ROLE_OF.get(referral.ball_party)
    return is_ours and role is not None and actor.has_role(role)


def list_team_cases(*, actor: Actor, work: Work, most: int = 200) -> Sequence[ReferralView]:
    """The open cases that came to the actor's organisation, by their day: the queue and the caseload of the team."""
    here = (Referral.receiver_organisation_id == actor.organisation_id, Referral.submitted_at.is_not(None))
    cases = Referral.visible_to(actor).where(*here, Referral.status.in_(OPEN)).order_by(Referral.due_on, Referral.id)
    return _listed(work.session.scalars(cases.limit(most)).all(), actor, work)


def list_history(referral_id: UUID, *, actor: Actor, work: Work) -> list[HistoryView]:
    """Everything that happened to a referral, oldest first; an employer sees the progress, not the reasons or notes."""
    referral = find_referral(referral_id, actor=actor, work=work)
    work.record(actor, "referral:history", "referral", referral.id, subjects=[referral.participant_id])
    return history_of(referral, actor=actor, work=work)


def history_of(referral: Referral, *, actor: Actor, work: Work, with_words: bool = True) -> list[HistoryView]:
    """The history of a referral that the actor may see; the caller leaves the audit row of looking at it."""
    rows = _rows(work, referral.id)
    may_read = with_words and not actor.has_narrow_view and may_read_words(referral, actor)
    if not may_read or not _has_words(referral, work):
        return [HistoryView(row, actor.has_narrow_view) for row in rows]
    with work.reading(actor, "guidance"):
        return [HistoryView(row, narrow=False, words=row.words) for row in rows]


def last_event_id(referral: Referral, *, work: Work) -> UUID:
    """The id of the newest row of the history."""
    query = select(ReferralEvent.id).where(
        ReferralEvent.referral_id == referral.id, ReferralEvent.sequence == referral.last_sequence
    )
    return work.session.scalars(query).one()


def effective_history(work: Work, referral_id: UUID) -> list[ReferralEvent]:
    """The events that still count: without those that were undone, and without the undoing."""
    rows = _rows(work, referral_id)
    undone = {row.undoes for row in rows if row.undoes is not None}
    return [row for row in rows if row.sequence not in undone and row.event is not EventName.UNDO]


def last_facts(work: Work, referral: Referral, event: EventName) -> dict[str, Any]:
    """The facts of the last such event that still counts; empty when there is none."""
    rows = [row for row in effective_history(work, referral.id) if row.event is event]
    return dict(rows[-1].facts) if rows else {}


def _rows(work: Work, referral_id: UUID) -> Sequence[ReferralEvent]:
    query = select(ReferralEvent).where(ReferralEvent.referral_id == referral_id)
    return work.session.scalars(query.order_by(ReferralEvent.sequence)).all()


def may_read_words(referral: Referral, actor: Actor) -> bool:
    """Whether this actor may read what is written about the person.

    The referrers who sent it; the receiving coaches while the case is shared, once in hand only its own coach.
    """
    if permits(actor, _SENDERS, referral):
        return True
    is_theirs = referral.coach_id is None or referral.coach_id == actor.id
    return permits(actor, _RECEIVERS, referral) and referral.status in SHARED and is_theirs


def _has_words(referral: Referral, work: Work) -> bool:
    """Whether words can be read: not of somebody who was erased, and not while the data are only kept."""
    is_erased = work.session.get_one(Participant, referral.participant_id).erased_at is not None
    return not is_erased and not referral.is_restricted


def _readable(referral: Referral, actor: Actor) -> frozenset[str]:
    if actor.has_narrow_view or not may_read_words(referral, actor):
        return frozenset()
    if permits(actor, _SENDERS, referral):
        return frozenset({"learning_wish", "barriers", "purpose", "screening_indication"})
    return frozenset(referral.data_scope) | {"purpose"}


def _filtered(query: ListReferrals, actor: Actor, work: Work) -> Select[Referral]:
    wanted = Referral.visible_to(actor)
    equal = {
        Referral.status: query.status,
        Referral.ball_party: query.ball_with,
        Referral.trajectory_id: query.trajectory_id,
        Referral.participant_id: query.participant_id,
        Referral.reference: query.reference,
    }
    for column, value in equal.items():
        if value is not None:
            wanted = wanted.where(column == value)
    if query.mine:
        parties = [party for party, role in ROLE_OF.items() if actor.has_role(role)]
        wanted = wanted.where(
            Referral.ball_party.in_(parties),
            Referral.ball_organisation_id == actor.organisation_id,
            Referral.ball_user_id.is_(None) | (Referral.ball_user_id == actor.id),
        )
    if query.overdue:
        wanted = wanted.where(Referral.status.in_(OPEN), Referral.due_on < work.today)
    if query.due_before is not None:
        wanted = wanted.where(Referral.due_on < query.due_before)
    return wanted
