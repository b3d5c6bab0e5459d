"""Folding: adding the changes of the facts to the cells, and taking them off the list, in one transaction.

Whoever folds holds both tables against others who fold, so that two workers take turns; no deed waits for a cell.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from sqlalchemy import bindparam, delete, insert, select, text, update
from sqlalchemy.orm import Session

from referral.core.work import Service
from referral.reports.measures import TRAITS, Fact, GroupKey, Side
from referral.reports.models import FactChange, FigureCell
from referral.reports.tally import Tally, tally_of, unpack
from referral.reports.usecases.keeping import changed_fact

BATCH = 1000
LOOKED_UP = 500
ALL = ""
"""The division of the cells that hold everything."""
CELLS = UUID("5f9d3c1e-6a0b-5d57-9a4e-0c6b1f1d7a10")
FREE = frozenset({GroupKey.SOURCE_KIND})
"""What stands in the key of every cell, so that it needs no cells of its own."""
OWN = FREE | {GroupKey.ORGANISATION}
"""The same for what an organisation counts as its own: its owner is the organisation."""

_REPLACE = (
    update(FigureCell)
    .where(FigureCell.id == bindparam("cell_id"))
    .values(tally=bindparam("new_tally"), losses=bindparam("new_losses"))
)


class CellKey(NamedTuple):
    """Which cell: whose, on which side, of which kind of source, divided by what, with which value, in which month."""

    owner_id: UUID
    side: Side
    source_kind: str
    dimension: str
    value: str
    month: str

    @property
    def id(self) -> UUID:
        """The id of the cell, which follows from its key."""
        return uuid5(CELLS, "|".join(map(str, self)))


def fold_changes(service: Service, *, most: int = BATCH) -> int:
    """Fold the oldest changes; returns how many. Safe beside other workers and beside every deed."""
    with service.work() as work:
        hold_figures(work.session)
        oldest = select(FactChange).order_by(FactChange.id).limit(most)
        changes = work.session.scalars(oldest).all()
        add_to_cells(work.session, ((changed_fact(each.fact), each.sign) for each in changes))
        gone = [each.id for each in changes]
        for ids in _batches(gone):
            work.session.execute(delete(FactChange).where(FactChange.id.in_(ids)))
        return len(gone)


def hold_figures(session: Session) -> None:
    """Let nobody else fold until this work ends. Deeds go on: they only add changes. SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE figure_cell, fact_change IN SHARE UPDATE EXCLUSIVE MODE"))


def add_to_cells(session: Session, signed: Iterable[tuple[Fact, int]]) -> None:
    """Bring the cells up to date with these facts that came (1) or went (-1); an empty cell is no cell."""
    sums: dict[CellKey, Tally] = {}
    sum_up(signed, sums)
    known = read_cells(session, [key.id for key in sums])
    rows = {key: (known.get(key.id), _sum(known.get(key.id), tally)) for key, tally in sums.items()}
    replaced = [
        {"cell_id": key.id, **{f"new_{name}": value for name, value in _values(new).items()}}
        for key, (old, new) in rows.items()
        if old and not new.is_empty
    ]
    made = [cell_values(key, new) for key, (old, new) in rows.items() if not old and not new.is_empty]
    emptied = [key.id for key, (old, new) in rows.items() if old and new.is_empty]
    if replaced:
        session.connection().execute(_REPLACE, replaced)
    if made:
        session.execute(insert(FigureCell), made)
    for ids in _batches(emptied):
        session.execute(delete(FigureCell).where(FigureCell.id.in_(ids)))


def sum_up(signed: Iterable[tuple[Fact, int]], sums: dict[CellKey, Tally]) -> None:
    """Add these facts to the sums of their cells."""
    for fact, sign in signed:
        tally = tally_of(fact)
        for key in keys_of(fact):
            total = sums.get(key)
            if total is None:
                total = sums[key] = Tally()
            total.add(tally, sign)


def keys_of(fact: Fact) -> Iterator[CellKey]:
    """Every cell in which a fact counts."""
    kind = fact.traits[GroupKey.SOURCE_KIND]
    free = FREE if fact.side is Side.RECEIVED else OWN
    yield CellKey(fact.owner_id, fact.side, kind, ALL, ALL, fact.month)
    for key in TRAITS:
        if key not in free:
            yield CellKey(fact.owner_id, fact.side, kind, key.value, fact.traits[key], fact.month)


def read_cells(session: Session, ids: list[UUID]) -> dict[UUID, Tally]:
    """The cells with these ids, as far as they are there."""
    found: dict[UUID, Tally] = {}
    for some in _batches(ids):
        query = select(FigureCell.id, FigureCell.tally, FigureCell.losses).where(FigureCell.id.in_(some))
        found |= {row.id: unpack(row.tally, row.losses) for row in session.execute(query)}
    return found


def cell_values(key: CellKey, tally: Tally) -> dict[str, Any]:
    """The row of a cell."""
    return {"id": key.id, **key._asdict(), **_values(tally)}


def _values(tally: Tally) -> Mapping[str, Any]:
    return {"tally": tally.pack(), "losses": {reason: count for reason, count in tally.losses.items() if count}}


def _sum(old: Tally | None, change: Tally) -> Tally:
    total = Tally()
    total.add(old or Tally())
    total.add(change)
    return total


def _batches(ids: list[UUID]) -> Iterator[list[UUID]]:
    for start in range(0, len(ids), LOOKED_UP):
        yield ids[start : start + LOOKED_UP]
