"""Keeping the facts: in the transaction of every event that changes a case, and when a person is erased.

A change is two rows that are only inserted (the old fact out, the new one in), so two deeds never wait for each other.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import bindparam, delete, insert, or_, select, update
from sqlalchemy.orm import Session

from referral.core.work import Work
from referral.participants.models import Participant
from referral.participants.usecases import ParticipantErased
from referral.referrals.models import Referral, ReferralEvent
from referral.referrals.usecases import ReferralMoved
from referral.referrals.workflow import MILESTONES, EventName
from referral.reports.measures import TRAITS, Fact, GroupKey, Side, Traits
from referral.reports.models import FactChange, Journey
from referral.reports.usecases.journeys import Counted, Lived, count_referrals, count_screening, live_on, live_through
from referral.screenings.models import Conversation, Screening
from referral.screenings.usecases import ConversationHeld, ConversationMissed, ScreeningLogged

QUIET = frozenset(
    {
        EventName.CREATE, EventName.PLAN_HANDOVER, EventName.RECORD_CONTACT, EventName.RECORD_PROGRESS,
        EventName.RECORD_FOLLOW_UP, EventName.ADD_NOTE, EventName.ESCALATE, EventName.DECIDE_ESCALATION,
    }
)  # fmt: skip
"""Events that no figure of the funnel looks at."""
BACK = frozenset({EventName.UNDO, EventName.HOLD, EventName.TRANSFER})
"""Events after which a case is read again from its history; after any other a straight one only goes on."""
MONTH = len("2026-03")
COLUMN_OF: Mapping[GroupKey, str] = {key: key.name.lower() for key in TRAITS}
"""The column of a journey that holds a trait."""

Known = dict[tuple[Side, UUID], dict[str, Any]]
"""The journeys of one case as they were kept, by side and owner."""

_JOURNEY, _CHANGE = Journey.metadata.tables["journey"], FactChange.metadata.tables["fact_change"]
_REFERRAL, _EVENT = Referral.metadata.tables["referral"].c, ReferralEvent.metadata.tables["referral_event"].c
_HISTORY = (
    select(
        _EVENT.referral_id, _EVENT.sequence, _EVENT.event, _EVENT.undoes, _EVENT.to_status, _EVENT.occurred_at,
        _EVENT.facts,
    )
    .where(_EVENT.referral_id.in_(bindparam("ids", expanding=True)))
    .order_by(_EVENT.sequence)
)  # fmt: skip
_TALK = Conversation.metadata.tables["conversation"].c
_CONVERSATIONS = (
    select(_TALK.screening_id, _TALK.held, _TALK.held_on, _TALK.reason)
    .where(_TALK.screening_id.in_(bindparam("ids", expanding=True)))
    .order_by(_TALK.sequence)
)
_CASES = select(
    _REFERRAL.id, _REFERRAL.origin_id, _REFERRAL.source_organisation_id, _REFERRAL.source_kind,
    _REFERRAL.receiver_organisation_id, _REFERRAL.skills, _REFERRAL.age_band, _REFERRAL.language_background,
    _REFERRAL.municipality_code, _REFERRAL.employment, _REFERRAL.sector, _REFERRAL.occupation_code, _REFERRAL.found_at,
    _REFERRAL.offered_template, _REFERRAL.offered_course_kind, _REFERRAL.screened_on, _REFERRAL.conversation_held_on,
    _REFERRAL.status, _REFERRAL.reason, _REFERRAL.offer_due_on, _REFERRAL.ended_at,
    *(_REFERRAL[column] for column in MILESTONES.values()),
).where(
    or_(
        _REFERRAL.id.in_(bindparam("origins", expanding=True)),
        _REFERRAL.origin_id.in_(bindparam("origins", expanding=True)),
    )
)  # fmt: skip
_KNOWN = select(_JOURNEY).where(_JOURNEY.c.subject_id == bindparam("subject_id"))
_HELD = (
    select(_JOURNEY.c.id)
    .where(_JOURNEY.c.subject_id == bindparam("subject_id"))
    .order_by(_JOURNEY.c.id)
    .with_for_update()
)
_BEGIN, _NOTE = insert(_JOURNEY), insert(_CHANGE)
_FORGET = delete(_JOURNEY).where(_JOURNEY.c.id == bindparam("journey_id"))
_CORRECT = update(_JOURNEY).where(_JOURNEY.c.id == bindparam("journey_id"))
PROGRESS = ("columns", "days", "loss", "result", "reached")
"""What changes of a journey while the case goes on: mostly nothing else does."""


def note_referral(event: ReferralMoved, work: Work) -> None:
    """An event happened to a referral: keep the facts of its case."""
    session = work.session
    happened = session.get_one(ReferralEvent, event.event_id)
    if happened.event in QUIET:
        return
    referral = session.get_one(Referral, event.object_id)
    origin_id, members = referral.origin_id or referral.id, list[Any]([referral])
    known = _known(session, origin_id)
    told = known.get((Side.SENT, referral.source_organisation_id))
    if happened.event not in BACK and told is not None and not told["is_winding"]:
        lived = {referral.id: live_on(told, happened.event, happened.facts)}
    else:
        lived = histories(session, [referral.id])
        if referral.origin_id is not None or lived[referral.id].is_winding:
            # Two referrals of one need may move at once: who comes second waits, and then reads what the first did.
            # Journeys are held in the order of their ids and after the referral, so nobody waits in a circle.
            session.connection().execute(_HELD, {"subject_id": origin_id})
            known, members = _known(session, origin_id), list(read_cases(session, [origin_id]))
            lived = histories(session, [each.id for each in members])
    is_erased = _is_erased(session, referral.participant_id, known)
    settle(session, known, list(count_referrals(origin_id, members, lived)), is_erased=is_erased)


def note_screening(event: ScreeningLogged, work: Work) -> None:
    """A screening was logged: it counts from now on."""
    settle(work.session, {}, [count_screening(work.session.get_one(Screening, event.object_id))])


def note_conversation(event: ConversationHeld | ConversationMissed, work: Work) -> None:
    """The result was discussed, or it was not and somebody said why."""
    screening = work.session.get_one(Screening, event.object_id)
    counted = count_screening(screening, conversations(work.session, [screening.id])[screening.id])
    settle(work.session, _known(work.session, screening.id), [counted])


def blur_erased(event: ParticipantErased, work: Work) -> None:
    """The person was erased: its journeys keep the month of each stage, no longer the day. No figure changes."""
    for journey in _journeys_of(event.object_id, work):
        _blur(journey)


def make_anonymous(participant_id: UUID, work: Work) -> None:
    """Before the cases of an erased person are destroyed: its journeys get random ids, which lead to no case.

    No figure changes. Random, because a UUIDv7 tells the moment at which it was made (AVG recital 26).
    """
    for journey in _journeys_of(participant_id, work):
        _blur(journey)
        row = {column.name: getattr(journey, column.name) for column in _JOURNEY.columns}
        work.session.delete(journey)
        work.session.add(Journey(**{**row, "id": uuid4(), "subject_id": uuid4()}))


def _blur(journey: Journey) -> None:
    journey.reached, journey.is_erased = _blurred(journey.reached), True
    journey.counted_on = journey.counted_on.replace(day=1)


def _journeys_of(participant_id: UUID, work: Work) -> Sequence[Journey]:
    mine = select(Referral.id).where(Referral.participant_id == participant_id)
    query = select(Journey).where(Journey.subject_id.in_(mine)).order_by(Journey.id).with_for_update()
    return work.session.scalars(query).all()


def settle(session: Session, known: Known, counted: Sequence[Counted], *, is_erased: bool = False) -> None:
    """Make the journeys of this case, of which these are known, what they are now; note what changes in the figures."""
    connection = session.connection()
    made, corrected, changes = list[dict[str, Any]](), list[dict[str, Any]](), list[dict[str, Any]]()
    for now in counted:
        was = known.pop((now.fact.side, now.fact.owner_id), None)
        kept = journey_values(now, is_erased=is_erased)
        if was is None:
            made.append(kept)
        elif differing := {name for name, value in kept.items() if was[name] != value}:
            names = PROGRESS if differing.issubset(PROGRESS) else kept
            corrected.append({"journey_id": was["id"], **{name: kept[name] for name in names}})
        changes += _changes(None if was is None else fact_of(was), now.fact)
    for gone in known.values():
        connection.execute(_FORGET, {"journey_id": gone["id"]})
        changes += _changes(fact_of(gone), None)
    if made:
        connection.execute(_BEGIN, made)
    for _, alike in groupby(corrected, key=len):
        connection.execute(_CORRECT, list(alike))
    if changes:
        connection.execute(_NOTE, changes)


def _is_erased(session: Session, participant_id: UUID, known: Known) -> bool:
    """Whether the person was erased. What is known says so; a case that was void until now has no journey."""
    if known:
        return any(each["is_erased"] for each in known.values())
    return session.get_one(Participant, participant_id).erased_at is not None


def _known(session: Session, subject_id: UUID) -> Known:
    rows = session.connection().execute(_KNOWN, {"subject_id": subject_id})
    return {(row.side, row.owner_id): row._asdict() for row in rows}


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
        result=row["result"],
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
        "result": fact.result,
        "reached": _blurred(reached) if is_erased else reached,
        "is_erased": is_erased,
        "is_winding": counted.is_winding,
    }


def change_values(fact: Fact) -> dict[str, Any]:
    """A fact as a change keeps it."""
    return {
        "owner_id": str(fact.owner_id),
        "side": fact.side,
        "month": fact.month,
        "traits": fact.traits,
        "columns": fact.columns,
        "days": fact.days,
        "loss": fact.loss,
        "result": fact.result,
    }


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
        kept["result"],
    )


def read_cases(session: Session, origins: Sequence[UUID]) -> Sequence[Any]:
    """The referrals that are, or come from, these first ones; no column of a person."""
    return session.connection().execute(_CASES, {"origins": list(origins)}).all()


def conversations(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[Any]]:
    """The conversations about these screenings, in the order in which they were logged."""
    rows: dict[UUID, list[Any]] = {each: [] for each in ids}
    for row in session.connection().execute(_CONVERSATIONS, {"ids": list(ids)}):
        rows[row.screening_id].append(row)
    return rows


def histories(session: Session, ids: Sequence[UUID]) -> dict[UUID, Lived]:
    """What the histories of these referrals tell."""
    rows: dict[UUID, list[Any]] = {each: [] for each in ids}
    for row in session.connection().execute(_HISTORY, {"ids": list(ids)}):
        rows[row.referral_id].append(row)
    return {each: live_through(history) for each, history in rows.items()}


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
