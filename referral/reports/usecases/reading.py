"""Reading what the funnel counts: days, codes and ids of organisations. No column of a person is ever selected.

A case that was sent in error (`void`) counts nowhere. A transferred referral and its successors are one case, as far
as the reader's own cases go, counted when the first of them was submitted.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from referral.core.work import AMSTERDAM
from referral.referrals.models import CaseFact, Referral, ReferralEvent
from referral.referrals.workflow import EventName, Status
from referral.reports.usecases.counting import REFERRAL_STAGES, SCREENING_STAGES, Case, GroupKey, Pause, Stage, Traits
from referral.screenings.models import Conversation, Screening

LOST = frozenset({Status.DECLINED, Status.WITHDRAWN, Status.EXPIRED, Status.NOT_STARTED, Status.STOPPED_EARLY})
TRANSFERRED = "transferred"
NEVER_ENDED = datetime.max.replace(tzinfo=UTC)
MILESTONES: Mapping[Stage, InstrumentedAttribute[datetime | None]] = {
    Stage.REFERRED: Referral.submitted_at,
    Stage.ACCEPTED: Referral.accepted_at,
    Stage.HANDED_OVER: Referral.handed_over_at,
    Stage.INTAKE: Referral.intake_at,
    Stage.STARTED: Referral.started_at,
    Stage.COMPLETED: Referral.completed_at,
    Stage.CLOSED: Referral.closed_at,
}
SCREENING_TRAITS: tuple[InstrumentedAttribute[Any], ...] = (
    Screening.organisation_id,
    Screening.source_kind,
    Screening.municipality_code,
    Screening.language_background,
    Screening.employment,
    Screening.age_band,
)
REFERRAL_TRAITS: tuple[InstrumentedAttribute[Any], ...] = (
    Referral.source_organisation_id,
    Referral.source_kind,
    Referral.municipality_code,
    Referral.language_background,
    Referral.employment,
    Referral.age_band,
)
"""In one order, the last columns of their query: organisation, its kind, and the bands."""


@dataclass(frozen=True)
class Scope:
    """Whose cases count, and in which period; both days belong to it."""

    organisations: Select[UUID]
    from_on: date
    to_on: date

    def covers(self, day: date) -> bool:
        """Whether the day lies in the period."""
        return self.from_on <= day <= self.to_on


def read_screenings(session: Session, scope: Scope) -> Iterator[Case]:
    """The screenings of the period; discussed is an indication with a conversation that was held."""
    first_held = select(func.min(Conversation.held_on)).where(Conversation.screening_id == Screening.id)
    query = select(
        Screening.conducted_on,
        Screening.indication,
        first_held.scalar_subquery().label("held_on"),
        *SCREENING_TRAITS,
    ).where(
        Screening.organisation_id.in_(scope.organisations), Screening.conducted_on.between(scope.from_on, scope.to_on)
    )
    for row in session.execute(query):
        indicated = row.indication == "yes"
        reached = {
            Stage.SCREENED: row.conducted_on,
            Stage.INDICATION: row.conducted_on if indicated else None,
            Stage.DISCUSSED: row.held_on if indicated else None,
        }
        yield Case(row.conducted_on, _traits(row), SCREENING_STAGES, reached)


def read_referrals(session: Session, scope: Scope) -> Iterator[Case]:
    """The referrals that were submitted in the period, each once with all that it was transferred to."""
    wanted = _wanted(scope)
    columns = (
        Referral.id, Referral.previous_id, Referral.status, Referral.reason, Referral.ended_at,
        Referral.conversation_held_on, *MILESTONES.values(), *REFERRAL_TRAITS,
    )  # fmt: skip
    rows = session.execute(select(*columns).where(wanted)).all()
    pauses = _pauses(session, wanted)
    for members in _chains(rows):
        case = _case(members, [pause for member in members for pause in pauses[member.id]])
        if scope.covers(case.counted_on):
            yield case


FACT_MONTHS: Mapping[Stage, str] = {
    stage: f"{column.key.removesuffix('_at')}_in" for stage, column in MILESTONES.items()
}


def read_facts(session: Session, scope: Scope) -> Iterator[Case]:
    """What is left of cases whose retention is over: counted on the first day of their month, without a duration."""
    own = or_(
        CaseFact.source_organisation_id.in_(scope.organisations),
        CaseFact.receiver_organisation_id.in_(scope.organisations),
    )
    months = CaseFact.submitted_in.between(f"{scope.from_on:%Y-%m}", f"{scope.to_on:%Y-%m}")
    for fact in session.scalars(select(CaseFact).where(own, months)):
        reached = {stage: _first_of(getattr(fact, name)) for stage, name in FACT_MONTHS.items()}
        counted_on = _first_of(fact.submitted_in)
        if counted_on is not None and scope.covers(counted_on):
            traits = {
                GroupKey.ORGANISATION: str(fact.source_organisation_id),
                GroupKey.SOURCE_KIND: fact.source_kind,
                GroupKey.MUNICIPALITY: fact.municipality_code,
                GroupKey.LANGUAGE_BACKGROUND: fact.language_background,
                GroupKey.EMPLOYMENT: fact.employment,
                GroupKey.AGE_BAND: fact.age_band,
            }
            yield Case(counted_on, traits, REFERRAL_STAGES, reached, loss=fact.lost_by, has_days=False)


def _first_of(month: str | None) -> date | None:
    return date.fromisoformat(f"{month}-01") if month else None


def _wanted(scope: Scope) -> ColumnElement[bool]:
    """Submitted in the period, or part of a transfer, because its first referral may be older than the period."""
    own = or_(
        Referral.source_organisation_id.in_(scope.organisations),
        Referral.receiver_organisation_id.in_(scope.organisations),
    )
    submitted = and_(
        Referral.submitted_at >= _midnight(scope.from_on),
        Referral.submitted_at < _midnight(scope.to_on + timedelta(days=1)),
    )
    transferred = select(Referral.previous_id).where(Referral.previous_id.is_not(None))
    return and_(own, or_(submitted, Referral.previous_id.is_not(None), Referral.id.in_(transferred)))


def _chains(rows: Sequence[Row[Any]]) -> Iterator[list[Row[Any]]]:
    """The referrals that count, those that follow each other together, the first submitted first."""
    previous = {row.id: row.previous_id for row in rows}
    chains: dict[UUID, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        origin = row.id
        while previous[origin] in previous:
            origin = previous[origin]
        if row.status is not Status.VOID and row.submitted_at is not None:
            chains[origin].append(row)
    for members in chains.values():
        yield sorted(members, key=lambda member: member.submitted_at)


def _case(members: Sequence[Row[Any]], pauses: Sequence[Pause]) -> Case:
    first, last = members[0], max(members, key=lambda member: member.ended_at or NEVER_ENDED)
    reached = {
        stage: _first_day(getattr(member, column.key) for member in members) for stage, column in MILESTONES.items()
    }
    is_lost = last.status in LOST and last.reason != TRANSFERRED
    return Case(
        counted_on=_day(first.submitted_at),
        traits=_traits(first),
        stages=REFERRAL_STAGES,
        reached={Stage.DISCUSSED: first.conversation_held_on, **reached},
        pauses=pauses,
        loss=last.reason if is_lost else None,
    )


def _pauses(session: Session, wanted: ColumnElement[bool]) -> Mapping[UUID, list[Pause]]:
    """The holds that ended, by referral; a resumption that was undone does not count."""
    query = select(
        ReferralEvent.referral_id,
        ReferralEvent.sequence,
        ReferralEvent.event,
        ReferralEvent.undoes,
        ReferralEvent.occurred_at,
        ReferralEvent.facts,
    ).where(
        ReferralEvent.event.in_((EventName.RESUME, EventName.UNDO)),
        ReferralEvent.referral_id.in_(select(Referral.id).where(wanted)),
    )
    rows = session.execute(query).all()
    undone = {(row.referral_id, row.undoes) for row in rows}
    pauses: dict[UUID, list[Pause]] = defaultdict(list)
    for row in rows:
        if row.event is EventName.RESUME and (row.referral_id, row.sequence) not in undone:
            pauses[row.referral_id].append((date.fromisoformat(row.facts["heldSince"]), _day(row.occurred_at)))
    return pauses


def _traits(row: Row[Any]) -> Traits:
    organisation_id, source_kind, municipality, language, employment, age = row[-len(REFERRAL_TRAITS) :]
    return {
        GroupKey.ORGANISATION: str(organisation_id),
        GroupKey.SOURCE_KIND: source_kind,
        GroupKey.MUNICIPALITY: municipality,
        GroupKey.LANGUAGE_BACKGROUND: language,
        GroupKey.EMPLOYMENT: employment,
        GroupKey.AGE_BAND: age,
    }


def _first_day(moments: Iterable[datetime | None]) -> date | None:
    reached = [moment for moment in moments if moment is not None]
    return _day(min(reached)) if reached else None


def _day(moment: datetime) -> date:
    return moment.astimezone(AMSTERDAM).date()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), AMSTERDAM)
