"""Counting everything again from the history, holding it against the facts that were kept, and replacing those.

What was kept of a case that is no longer there (its retention ended) cannot be counted again and stays as it is.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.orm import Session

from referral.core.database import new_id
from referral.core.work import Service
from referral.participants.models import Participant
from referral.referrals.models import Referral
from referral.reports.measures import Fact
from referral.reports.models import FactChange, FigureCell, Journey
from referral.reports.tally import Tally, unpack
from referral.reports.usecases.folding import CellKey, add_to_cells, cell_values, sum_up
from referral.reports.usecases.journeys import Counted, count_referrals, count_screening
from referral.reports.usecases.keeping import (
    changed_fact,
    conversations,
    fact_of,
    histories,
    journey_values,
    read_cases,
)
from referral.screenings.models import Screening

CHUNK = 500
_ERASED = (
    select(Referral.id)
    .join(Participant, Participant.id == Referral.participant_id)
    .where(Participant.erased_at.is_not(None))
)

Progress = Callable[[int, int], object]


@dataclass
class Rebuilt:
    """How many cases were counted, and how many facts and cells were not what they should be."""

    counted: Counter[str] = field(default_factory=Counter)
    differences: Counter[str] = field(default_factory=Counter)

    @property
    def is_equal(self) -> bool:
        """Whether what was kept is what the history says."""
        return not self.differences.total()


def rebuild_facts(service: Service, *, progress: Progress = lambda _done, _total: None) -> Rebuilt:
    """Count everything again, report what differs and put it right, in one transaction.

    On PostgreSQL deeds wait meanwhile: with many cases, stop web and worker first.
    """
    found, sums = Rebuilt(), dict[CellKey, Tally]()
    with service.work() as work:
        _prepare(work.session)
        total = _total(work.session)
        for cases in _cases(work.session):
            _settle(work.session, cases, found, sums)
            progress(found.counted["cases"], total)
        sum_up(((fact, 1) for fact in _orphans(work.session, found)), sums)
        _replace_cells(work.session, sums, found)
    return found


def _prepare(session: Session) -> None:
    """Keep everybody else from writing facts, take the statement's time, and fold what is not in the cells yet."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL statement_timeout = 0"))
        session.execute(text("LOCK TABLE journey, figure_cell, fact_change"))
    changes = session.scalars(select(FactChange)).all()
    add_to_cells(session, ((changed_fact(each.fact), each.sign) for each in changes))
    session.execute(delete(FactChange))


def _total(session: Session) -> int:
    origins = select(func.count()).select_from(Referral).where(Referral.origin_id.is_(None))
    return sum(session.scalar(query) or 0 for query in (select(func.count()).select_from(Screening), origins))


Case = tuple[UUID, list[Counted]]
"""A screening or the first of some referrals, with the facts of it."""


def _cases(session: Session) -> Iterator[list[Case]]:
    """Everything in the history, some hundreds at a time."""
    for ids in _pages(session, Screening.id, select(Screening.id)):
        talks = conversations(session, ids)
        rows = session.execute(select(Screening.__table__).where(Screening.id.in_(ids)))
        yield [(row.id, [count_screening(row, talks[row.id])]) for row in rows]
    for ids in _pages(session, Referral.id, select(Referral.id).where(Referral.origin_id.is_(None))):
        yield list(_referrals(session, ids))


def _referrals(session: Session, ids: Sequence[UUID]) -> Iterator[Case]:
    rows = read_cases(session, ids)
    lived = histories(session, [row.id for row in rows])
    chains: dict[UUID, list[Any]] = {}
    for row in rows:
        chains.setdefault(row.origin_id or row.id, []).append(row)
    for origin_id, members in chains.items():
        yield origin_id, list(count_referrals(origin_id, members, lived))


def _pages(session: Session, key: Any, query: Any) -> Iterator[list[UUID]]:
    """The ids in their order, page by page."""
    last: UUID | None = None
    while ids := session.scalars((query if last is None else query.where(key > last)).order_by(key).limit(CHUNK)).all():
        yield list(ids)
        last = ids[-1]


def _settle(session: Session, cases: Sequence[Case], found: Rebuilt, sums: dict[CellKey, Tally]) -> None:
    """Hold these cases against their journeys, put right what differs, and add them up."""
    ids = [subject for subject, _ in cases]
    query = select(Journey.__table__).where(Journey.subject_id.in_(ids))
    known = {
        (row["subject_id"], row["side"], row["owner_id"]): row
        for row in (each._asdict() for each in session.execute(query))
    }
    erased = set(session.scalars(_ERASED.where(Referral.id.in_(ids))))
    wrong, right = list[UUID](), list[dict[str, Any]]()
    for subject, counted in cases:
        for now in counted:
            was = known.pop((subject, now.fact.side, now.fact.owner_id), None)
            values = journey_values(now, is_erased=subject in erased)
            if was is None or any(was[name] != value for name, value in values.items()):
                found.differences["missing" if was is None else "different"] += 1
                wrong += [was["id"]] if was is not None else []
                right.append({"id": new_id(), **values})
        sum_up(((now.fact, 1) for now in counted), sums)
    found.counted["cases"] += len(cases)
    found.differences["extra"] += len(known)
    session.execute(delete(Journey).where(Journey.id.in_([*wrong, *(row["id"] for row in known.values())])))
    if right:
        session.connection().execute(insert(Journey), right)


def _orphans(session: Session, found: Rebuilt) -> Iterator[Fact]:
    """What was kept of cases that are no longer there."""
    table = Journey.__table__
    for model in (Screening, Referral):
        sides = (table.c.side == "screened") if model is Screening else (table.c.side != "screened")
        gone = ~select(model.id).where(model.id == table.c.subject_id).exists()
        for row in session.execute(select(table).where(sides, gone)):
            found.counted["kept without a case"] += 1
            yield fact_of(row._asdict())


def _replace_cells(session: Session, sums: dict[CellKey, Tally], found: Rebuilt) -> None:
    """Hold the cells against the sums, and put the sums in their place where they differ."""
    known = {row.id: row for row in session.execute(select(FigureCell.__table__))}
    wanted = {key.id: key for key in sums}
    extra = [each for each in known if each not in wanted]
    wrong = [
        each
        for each, key in wanted.items()
        if each not in known or not _same(unpack(known[each].tally, known[each].losses), sums[key])
    ]
    found.counted["cells"] = len(sums)
    found.differences["cells"] += len(extra) + len(wrong)
    for start in range(0, len(gone := [*extra, *wrong]), CHUNK):
        session.execute(delete(FigureCell).where(FigureCell.id.in_(gone[start : start + CHUNK])))
    for start in range(0, len(wrong), CHUNK):
        rows = [cell_values(wanted[each], sums[wanted[each]]) for each in wrong[start : start + CHUNK]]
        session.execute(insert(FigureCell), rows)


def _same(one: Tally, other: Tally) -> bool:
    return (one.counts, one.days, +one.losses) == (other.counts, other.days, +other.losses)
