"""Keeping the facts: in the transaction of every event that changes a case, and when a person is erased.

A change is two rows that are only inserted (the old fact out, the new one in), so two deeds never wait for each other.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from referral.core.database import new_id
from referral.core.work import Work
from referral.participants.usecases import ParticipantErased
from referral.referrals.models import Referral, ReferralEvent
from referral.referrals.usecases import ReferralMoved
from referral.referrals.workflow import MILESTONES, EventName
from referral.reports.measures import TRAITS, Fact, GroupKey, Side, Traits
from referral.reports.models import FactChange, Journey
from referral.reports.usecases.journeys import Counted, Lived, Offer, count_referrals, count_screening, live_through
from referral.screenings.models import Conversation, Screening
from referral.screenings.usecases import ConversationHeld, ScreeningLogged
from referral.trajectories.models import Trajectory

QUIET = frozenset(
    {
        EventName.CREATE, EventName.PLAN_HANDOVER, EventName.RECORD_CONTACT, EventName.RECORD_PROGRESS,
        EventName.RECORD_FOLLOW_UP, EventName.ADD_NOTE, EventName.ESCALATE, EventName.DECIDE_ESCALATION,
    }
)  # fmt: skip
"""Events that no figure of the funnel looks at."""
MONTH = len("2026-03")
COLUMN_OF: Mapping[GroupKey, str] = {key: key.name.lower() for key in TRAITS}
"""The column of a journey that holds a trait."""

_DEED = (
    ReferralEvent.referral_id, ReferralEvent.sequence, ReferralEvent.event, ReferralEvent.undoes,
    ReferralEvent.to_status, ReferralEvent.occurred_at, ReferralEvent.facts,
)  # fmt: skip
_HISTORY = select(*_DEED).where(ReferralEvent.referral_id.in_(bindparam("ids", expanding=True)))
_KNOWN = select(Journey.__table__).where(Journey.subject_id == bindparam("subject_id"))
_CASE = (
    Referral.id, Referral.origin_id, Referral.source_organisation_id, Referral.source_kind,
    Referral.receiver_organisation_id, Referral.trajectory_id, Referral.skills, Referral.age_band,
    Referral.language_background, Referral.municipality_code, Referral.employment, Referral.sector,
    Referral.occupation_code, Referral.found_at, Referral.screened_on, Referral.conversation_held_on,
    Referral.status, Referral.reason, Referral.offer_due_on, Referral.ended_at,
    *(getattr(Referral, column) for column in MILESTONES.values()),
)  # fmt: skip
_CHAINS = select(*_CASE).where(
    or_(
        Referral.id.in_(bindparam("origins", expanding=True)),
        Referral.origin_id.in_(bindparam("origins", expanding=True)),
    )
)
_OFFER = select(Trajectory.id, Trajectory.template, Trajectory.course_kind)
_FORGET = delete(Journey).where(Journey.id == bindparam("journey_id"))
_CORRECT = update(Journey).where(Journey.id == bindparam("journey_id"))


def note_referral(event: ReferralMoved, work: Work) -> None:
    """An event happened to a referral: keep the facts of its case."""
    session = work.session
    if session.get_one(ReferralEvent, event.event_id).event in QUIET:
        return
    referral = session.get_one(Referral, event.object_id)
    origin_id = referral.origin_id or referral.id
    # Two referrals of one need may move at once; whoever comes second waits here, and then reads what the first did.
    held = select(Journey.id).where(Journey.subject_id == origin_id).with_for_update()
    members: Sequence[Any] = [referral]
    if referral.origin_id is not None or _was_transferred(session, origin_id):
        session.execute(held)
        members = read_cases(session, [origin_id])
    settle(session, origin_id, list(count_referrals(origin_id, members, *_told(session, members))))


def note_screening(event: ScreeningLogged, work: Work) -> None:
    """A screening was logged: it counts from now on."""
    settle(work.session, event.object_id, [count_screening(work.session.get_one(Screening, event.object_id), None)])


def note_conversation(event: ConversationHeld, work: Work) -> None:
    """The result was discussed: the first conversation that was held counts."""
    first = select(func.min(Conversation.held_on)).where(Conversation.screening_id == event.object_id)
    screening = work.session.get_one(Screening, event.object_id)
    settle(work.session, screening.id, [count_screening(screening, work.session.scalar(first))])


def blur_erased(event: ParticipantErased, work: Work) -> None:
    """The person was erased: its journeys keep the month of each stage, no longer the day. No figure changes."""
    mine = select(Referral.id).where(Referral.participant_id == event.object_id)
    for journey in work.session.scalars(select(Journey).where(Journey.subject_id.in_(mine))):
        journey.reached, journey.is_erased = _blurred(journey.reached), True
        journey.counted_on = journey.counted_on.replace(day=1)


def settle(session: Session, subject_id: UUID, counted: Sequence[Counted]) -> None:
    """Make the journeys of this case what they are now, and note what that changes in the figures."""
    rows = session.execute(_KNOWN, {"subject_id": subject_id})
    known = {(row.side, row.owner_id): row._asdict() for row in rows}
    changes: list[dict[str, Any]] = []
    for now in counted:
        was = known.pop((now.fact.side, now.fact.owner_id), None)
        old = fact_of(was) if was is not None else None
        if was is None:
            session.execute(insert(Journey), [{"id": new_id(), **journey_values(now)}])
        elif (kept := journey_values(now, is_erased=was["is_erased"])) != {name: was[name] for name in kept}:
            session.connection().execute(_CORRECT, {"journey_id": was["id"], **kept})
        changes += _changes(old, now.fact)
    for gone in known.values():
        session.execute(_FORGET, {"journey_id": gone["id"]})
        changes += _changes(fact_of(gone), None)
    if changes:
        session.execute(insert(FactChange), changes)


def fact_of(row: Mapping[str, Any]) -> Fact:
    """The fact that a row of the journeys holds."""
    return Fact(
        owner_id=row["owner_id"],
        side=row["side"],
        month=row["month"],
        traits={key: row[column] for key, column in COLUMN_OF.items()},
        columns=tuple(row["columns"]),
        days=row["days"],
        loss=row["loss"],
    )


def journey_values(counted: Counted, *, is_erased: bool = False) -> dict[str, Any]:
    """The columns of the journey that holds this fact."""
    fact, counted_on = counted.fact, min(counted.reached.values())
    reached = {stage: day.isoformat() for stage, day in counted.reached.items()}
    return {
        "subject_id": counted.subject_id,
        "side": fact.side,
        "owner_id": fact.owner_id,
        "month": fact.month,
        "counted_on": counted_on.replace(day=1) if is_erased else counted_on,
        **{column: fact.traits[key] for key, column in COLUMN_OF.items()},
        "columns": list(fact.columns),
        "days": dict(fact.days),
        "loss": fact.loss,
        "reached": _blurred(reached) if is_erased else reached,
        "is_erased": is_erased,
    }


def change_values(fact: Fact) -> dict[str, Any]:
    """A fact as a change keeps it."""
    return {**asdict(fact), "owner_id": str(fact.owner_id)}


def changed_fact(kept: Mapping[str, Any]) -> Fact:
    """The fact of a change."""
    traits: Traits = {key: kept["traits"][key] for key in TRAITS}
    return Fact(
        UUID(kept["owner_id"]),
        Side(kept["side"]),
        kept["month"],
        traits,
        tuple(kept["columns"]),
        kept["days"],
        kept["loss"],
    )


def offers_of(session: Session, ids: Iterable[UUID | None] | None = None) -> dict[UUID, Offer]:
    """Template and kind of course by trajectory: of these, or of all."""
    query = _OFFER if ids is None else _OFFER.where(Trajectory.id.in_([each for each in ids if each]))
    return {row.id: (row.template, row.course_kind) for row in session.execute(query)}


def read_cases(session: Session, origins: Sequence[UUID]) -> Sequence[Any]:
    """The referrals that are, or come from, these first ones; no column of a person."""
    return session.execute(_CHAINS, {"origins": list(origins)}).all()


def histories(session: Session, ids: Sequence[UUID]) -> dict[UUID, Lived]:
    """What the histories of these referrals tell."""
    rows: dict[UUID, list[Any]] = {each: [] for each in ids}
    for row in session.execute(_HISTORY.order_by(ReferralEvent.sequence), {"ids": list(ids)}):
        rows[row.referral_id].append(row)
    return {each: live_through(history) for each, history in rows.items()}


def _told(session: Session, members: Sequence[Any]) -> tuple[dict[UUID, Lived], dict[UUID, Offer]]:
    return (
        histories(session, [each.id for each in members]),
        offers_of(session, {each.trajectory_id for each in members}),
    )


def _was_transferred(session: Session, origin_id: UUID) -> bool:
    return session.scalar(select(Referral.id).where(Referral.origin_id == origin_id).limit(1)) is not None


def _changes(old: Fact | None, new: Fact | None) -> list[dict[str, Any]]:
    if old == new:
        return []
    signed = [(-1, old), (1, new)]
    return [
        {"sign": sign, "owner_id": fact.owner_id, "month": fact.month, "fact": change_values(fact)}
        for sign, fact in signed
        if fact is not None
    ]


def _blurred(reached: Mapping[str, str]) -> dict[str, str]:
    return {stage: day[:MONTH] for stage, day in reached.items()}
