"""From a case to its facts: pure functions of rows that were read, without a database, a clock or an actor.

A case that was sent in error (`void`) counts nowhere. A transferred referral and its successors are one case for the
sender, counted when the first of them was submitted; for a receiver as far as it received them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, Protocol
from uuid import UUID

from referral.core.codelists import occupations
from referral.core.work import AMSTERDAM
from referral.referrals.workflow import FINAL, MILESTONES, EventName, Status
from referral.reports.measures import (
    NO_CERTIFICATE,
    REFERRAL_STAGES,
    SCREENING_STAGES,
    STOPPED,
    UNKNOWN,
    Extra,
    Fact,
    GroupKey,
    Side,
    Span,
    Stage,
    month_of,
    skill_of,
)
from referral.screenings.models import NOT_ASKED

LOST = frozenset({Status.DECLINED, Status.WITHDRAWN, Status.EXPIRED, Status.NOT_STARTED, Status.STOPPED_EARLY})
TRANSFERRED = "transferred"
ENDED = "ended"
"""The day on which nothing was left to do, beside the days of the stages."""
OTHER = "other"
"""An occupation that is on none of the two lists of the trade (L4)."""
NEVER_ENDED = datetime.max.replace(tzinfo=UTC)
ANSWERS = frozenset({EventName.ACCEPT, EventName.WAITLIST, EventName.DECLINE, EventName.RETURN_WITH_QUESTION})
WINDING = frozenset({EventName.HOLD, EventName.TRANSFER})
STATUS_OF = dict(zip(REFERRAL_STAGES, MILESTONES, strict=True))

Pause = tuple[date, date]
"""The first day of a hold, and the day on which it ended."""
Offer = tuple[str, str]
"""Of a trajectory: its template, and the kind of course."""


class Deed(Protocol):
    """A row of the history of a referral."""

    sequence: int
    event: EventName
    undoes: int | None
    to_status: Status
    occurred_at: datetime
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Lived:
    """What only the history tells: holds that ended, whether it was answered or handed over cold, the certificate."""

    pauses: tuple[Pause, ...] = ()
    is_answered: bool = False
    is_cold: bool = False
    is_winding: bool = False
    certificate: str | None = None


@dataclass(frozen=True)
class Counted:
    """A case as it counts for one organisation: its fact, the day of each stage, and whether its way was straight."""

    subject_id: UUID
    fact: Fact
    reached: Mapping[str, date] = field(default_factory=dict)
    is_winding: bool = False


def live_through(history: Iterable[Deed]) -> Lived:
    """What the rows of one referral, in their order, tell; an event that was undone tells nothing."""
    rows = list(history)
    undone = {row.undoes for row in rows}
    pauses, since, answered, cold, certificate = list[Pause](), None, False, None, None
    for row in rows:
        if row.event is EventName.UNDO or row.sequence in undone:
            continue
        if row.event is EventName.HOLD:
            since = day_of(row.occurred_at)
        elif since and (row.event is EventName.RESUME or row.to_status in FINAL):
            pauses.append((since, day_of(row.occurred_at)))
            since = None
        answered = answered or row.event in ANSWERS
        if row.event is EventName.CONFIRM_HANDOVER and cold is None:
            cold = row.facts.get("mode") == "cold"
        if row.event is EventName.COMPLETE:
            certificate = row.facts.get("certificate")
    is_winding = any(row.event in WINDING for row in rows)
    return Lived(tuple(pauses), answered, bool(cold), is_winding, certificate)


def live_on(told: Mapping[str, Any], event: EventName, facts: Mapping[str, Any]) -> Lived:
    """What the history of a straight case tells after this event, when this is its journey until then."""
    columns = told["columns"]
    is_first_handover = event is EventName.CONFIRM_HANDOVER and Stage.HANDED_OVER not in columns
    return Lived(
        is_answered=Extra.ANSWERED in columns or event in ANSWERS,
        is_cold=Extra.COLD in columns or (is_first_handover and facts.get("mode") == "cold"),
        certificate=facts.get("certificate") if event is EventName.COMPLETE else told["result"] or None,
    )


def count_referrals(subject_id: UUID, members: Sequence[Any], lived: Mapping[UUID, Lived]) -> Iterator[Counted]:
    """The facts of a referral with all that it was transferred to: the sender's, and one of each other receiver."""
    alive = sorted(
        (row for row in members if row.submitted_at is not None and row.status is not Status.VOID),
        key=lambda row: (row.submitted_at, row.id),
    )
    if not alive:
        return
    sender = alive[0].source_organisation_id
    is_winding = len(members) > 1 or any(lived[row.id].is_winding for row in members)
    yield replace(_count(subject_id, sender, Side.SENT, alive, lived), is_winding=is_winding)
    for receiver in {row.receiver_organisation_id for row in alive} - {sender, None}:
        mine = [row for row in alive if row.receiver_organisation_id == receiver]
        yield replace(_count(subject_id, receiver, Side.RECEIVED, mine, lived), is_winding=is_winding)


def count_screening(row: Any, conversations: Iterable[Any] = ()) -> Counted:
    """The fact of a screening; discussed is an indication with a conversation that was held.

    `conversations` in the order in which they were logged; without one that was held, the last says why (L7).
    """
    indicated, talks = row.indication == "yes", list(conversations)
    held_on = min((talk.held_on for talk in talks if talk.held), default=None)
    missed = talks[-1].reason if indicated and talks and held_on is None else None
    reached = {Stage.SCREENED: row.conducted_on}
    if indicated:
        reached[Stage.INDICATION] = row.conducted_on
    if indicated and held_on is not None:
        reached[Stage.DISCUSSED] = held_on
    fact = Fact(
        owner_id=row.organisation_id,
        side=Side.SCREENED,
        month=month_of(row.conducted_on),
        traits=_traits(row, row.organisation_id, None, ("", ""), row.raises_children),
        columns=tuple(stage.value for stage in SCREENING_STAGES if stage in reached),
        days=_days(reached, SCREENING_STAGES, ()),
        loss=missed,
    )
    return Counted(row.id, fact, {stage.value: day for stage, day in reached.items()})


def days_between(start: date, end: date, pauses: Iterable[Pause]) -> int:
    """Calendar days from one milestone to the next, without the days on hold; a day held twice counts once."""
    held, until_now = timedelta(), start
    for since, until in sorted(pauses):
        first, last = max(since, until_now), min(until, end)
        if last > first:
            held, until_now = held + (last - first), last
    return max(0, (end - start - held).days)


def day_of(moment: datetime) -> date:
    """The Dutch calendar day."""
    return moment.astimezone(AMSTERDAM).date()


def _count(
    subject_id: UUID,
    owner_id: UUID,
    side: Side,
    members: Sequence[Any],
    lived: Mapping[UUID, Lived],
) -> Counted:
    first, last = members[0], max(members, key=lambda row: row.ended_at or NEVER_ENDED)
    reached = {
        stage: day_of(min(moments))
        for stage, status in STATUS_OF.items()
        if (moments := [moment for row in members if (moment := getattr(row, MILESTONES[status]))])
    }
    furthest = max(at for at, stage in enumerate(REFERRAL_STAGES) if stage in reached)
    counted = REFERRAL_STAGES[: furthest + 1]
    offer = (first.offered_template or UNKNOWN, first.offered_course_kind or UNKNOWN)
    pauses = [pause for row in members for pause in lived[row.id].pauses]
    extra = {
        Extra.ANSWERED: lived[first.id].is_answered,
        Extra.COLD: Stage.HANDED_OVER in counted and any(lived[row.id].is_cold for row in members),
        Extra.WITHIN_TERM: Stage.STARTED in counted and any(_in_time(row) for row in members),
    }
    loss = last.reason if last.status in LOST and last.reason != TRANSFERRED else None
    fact = Fact(
        owner_id=owner_id,
        side=side,
        month=month_of(reached[Stage.REFERRED]),
        traits=_traits(first, first.source_organisation_id, first.receiver_organisation_id, offer),
        columns=(*(stage.value for stage in counted), *(name.value for name, is_so in extra.items() if is_so)),
        days=_days({Stage.DISCUSSED: first.conversation_held_on, **reached}, counted, pauses)
        | _signal(first, reached, pauses),
        loss=loss,
        result=_result(counted, loss, [lived[row.id].certificate for row in members]),
    )
    days = {stage.value: day for stage, day in reached.items()}
    ended = {ENDED: day_of(last.ended_at)} if last.status in FINAL else {}
    return Counted(subject_id, fact, days | ended)


def _result(counted: Sequence[Stage], loss: str | None, certificates: Iterable[str | None]) -> str:
    """What a started trajectory ended with; nothing while it runs (K8)."""
    if Stage.COMPLETED in counted:
        return next((each for each in certificates if each), NO_CERTIFICATE)
    return STOPPED if Stage.STARTED in counted and loss else ""


def _in_time(row: Any) -> bool:
    """Whether the trajectory started within the term of the fitting offer (M1), which moves along with every hold."""
    return row.started_at is not None and row.offer_due_on is not None and day_of(row.started_at) <= row.offer_due_on


def _days(reached: Mapping[Stage, date | None], counted: Sequence[Stage], pauses: Sequence[Pause]) -> dict[str, int]:
    """The days from each stage to the next, of what was counted; the first one is measured from the stage before it."""
    found = {}
    for before, stage in pairwise(Stage):
        start, end = reached.get(before), reached.get(stage)
        if stage in counted and start and end:
            found[stage.value] = days_between(start, end, pauses)
    return found


def _signal(first: Any, reached: Mapping[Stage, date], pauses: Sequence[Pause]) -> dict[str, int]:
    """The days from the first signal to the start: the screening, else the conversation, else the submission (V8)."""
    if Stage.STARTED not in reached:
        return {}
    signal = first.screened_on or first.conversation_held_on or reached[Stage.REFERRED]
    return {Span.SIGNAL.value: days_between(signal, reached[Stage.STARTED], pauses)}


def _traits(
    row: Any, organisation_id: UUID, partner_id: UUID | None, offer: Offer, raises_children: str = NOT_ASKED
) -> dict[GroupKey, str]:
    """The divisions in which a case counts; of a referral nobody knows whether it is of a parent (K5)."""
    template, course_kind = offer
    occupation = row.occupation_code
    return {
        GroupKey.SOURCE_KIND: row.source_kind.value,
        GroupKey.ORGANISATION: str(organisation_id),
        GroupKey.PARTNER: str(partner_id or UNKNOWN),
        GroupKey.MUNICIPALITY: row.municipality_code or UNKNOWN,
        GroupKey.LANGUAGE_BACKGROUND: row.language_background,
        GroupKey.EMPLOYMENT: row.employment or UNKNOWN,
        GroupKey.AGE_BAND: row.age_band or UNKNOWN,
        GroupKey.RAISES_CHILDREN: raises_children,
        GroupKey.SECTOR: row.sector or UNKNOWN,
        GroupKey.OCCUPATION: OTHER if occupation and occupation not in occupations() else occupation or UNKNOWN,
        GroupKey.SKILL: skill_of(row.skills),
        GroupKey.TRAJECTORY_TEMPLATE: template,
        GroupKey.COURSE_KIND: course_kind,
        GroupKey.FOUND_AT: row.found_at or UNKNOWN,
    }
