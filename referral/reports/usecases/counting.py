"""Adding up facts: from the cells and what is not folded yet, in one statement, or from the journeys themselves.

One division or filter besides period and kind of source is answered from the cells, and so costs the same however many
cases there are. Two or more are counted from the journeys of the own organisation. A `Reading` reads every division
once, and those that are known beforehand together.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, Integer, Row, Select, literal, null, select, type_coerce, union_all
from sqlalchemy.orm import Session

from referral.core.codelists import municipalities, occupations, sectors
from referral.identity.models import Organisation
from referral.reports.measures import DERIVED, TIME_KEYS, UNKNOWN, GroupKey, Side, month_of, quarter_of
from referral.reports.models import FactChange, FigureCell, Journey
from referral.reports.tally import Tally, tally_of, unpack
from referral.reports.usecases.folding import ALL
from referral.reports.usecases.keeping import COLUMN_OF, changed_fact, fact_of

OWN_SIDES = (Side.SCREENED, Side.SENT)

Group = tuple[str | None, ...]
Filters = Mapping[GroupKey, str]
"""Per division the one value that is wanted; empty is the unknown."""
Sums = dict[Group, Tally]


@dataclass(frozen=True)
class Scope:
    """Whose facts count, of which sides, on which days (both included), and with which values.

    A period that `is_running` has no end yet: nothing is counted later than today.
    """

    owners: Select[UUID]
    sides: Collection[Side]
    from_on: date
    to_on: date
    filters: Filters = field(default_factory=dict)
    is_running: bool = False

    @property
    def months(self) -> tuple[str, str]:
        """The first and the last month."""
        return month_of(self.from_on), month_of(self.to_on)

    @property
    def is_whole(self) -> bool:
        """Whether it is made of whole months."""
        return self.from_on.day == 1 and (self.is_running or (self.to_on + timedelta(days=1)).day == 1)


class Reading:
    """What one question reads about these organisations, each thing once.

    `ahead` are the divisions that it will need for certain: they are read with the first one. What is read of a
    division comes from one statement, so that what is folded meanwhile is counted once.
    """

    def __init__(self, session: Session, owners: Select[UUID], ahead: Collection[GroupKey | None] = ()) -> None:
        self.session, self.owners, self._ahead = session, owners, set(ahead)
        self._cells: dict[Any, dict[GroupKey | None, Sequence[Row[Any]]]] = {}

    @cached_property
    def organisations(self) -> Sequence[Any]:
        """The organisations themselves, by name: `id`, `name`, `kind`, `municipality_code` and `active`."""
        it = Organisation
        query = select(it.id, it.name, it.kind, it.municipality_code, it.active).where(it.id.in_(self.owners))
        return self.session.execute(query.order_by(it.name, it.id)).all()

    def cells(self, scope: Scope, key: GroupKey | None) -> Iterable[Row[Any]]:
        """The cells of one division, and the changes that are not in them yet; of one value if a filter names it."""
        if key is not None and key is not GroupKey.ORGANISATION and key in scope.filters:
            wanted = FigureCell.value == literal(scope.filters[key])
            return self.session.execute(_cells_and_changes(scope, [key], wanted))
        known = self._cells.setdefault((scope.months, frozenset(scope.sides)), {})
        if key not in known:
            keys, self._ahead = {key, *self._ahead} - known.keys(), set()
            rows = self.session.execute(_cells_and_changes(scope, keys)).all()
            known |= {each: [row for row in rows if row.fact is not None or _is_of(row, each)] for each in keys}
        return known[key]


def add_up(reading: Reading, scope: Scope, keys: Sequence[GroupKey]) -> Sums:
    """The tally of each group of facts; a group without facts is not in it."""
    sums: Sums = {}
    for traits, month, tally, sign in _facts(reading, scope, keys):
        if all(_value(key, traits, month) == value for key, value in scope.filters.items()):
            group = tuple(_value(key, traits, month) or None for key in keys)
            sums.setdefault(group, Tally()).add(tally, sign)
    return {group: tally for group, tally in sums.items() if not tally.is_empty}


Piece = tuple[Mapping[GroupKey, str], str, Tally, int]
"""Traits, month, tally and sign of something to add up."""


def _facts(reading: Reading, scope: Scope, keys: Sequence[GroupKey]) -> Iterator[Piece]:
    asked = {DERIVED.get(key, key) for key in (*keys, *scope.filters)} - TIME_KEYS - {GroupKey.SOURCE_KIND}
    if len(asked) > 1 or not scope.is_whole:
        return _from_journeys(reading.session, scope)
    return _from_cells(reading, scope, next(iter(asked), None))


def _from_cells(reading: Reading, scope: Scope, key: GroupKey | None) -> Iterator[Piece]:
    for row in reading.cells(scope, key):
        if row.fact is not None:
            fact = changed_fact(row.fact)
            if fact.side in scope.sides:
                yield fact.traits, fact.month, tally_of(fact), row.sign
            continue
        is_own = key is GroupKey.ORGANISATION and row.side is not Side.RECEIVED
        traits = {GroupKey.SOURCE_KIND: row.source_kind}
        if key is not None:
            traits[key] = str(row.owner_id) if is_own else row.value
        yield traits, row.month, unpack(row.tally, row.losses), 1


def _cells_and_changes(scope: Scope, keys: Iterable[GroupKey | None], *narrower: ColumnElement[bool]) -> Any:
    """One statement, so that what is folded meanwhile is seen either as a change or in its cell."""
    dimensions = {dimension_of(key, side) for key in keys for side in scope.sides}
    cells = select(
        literal(1, Integer).label("sign"), FigureCell.owner_id, FigureCell.side, FigureCell.source_kind,
        FigureCell.dimension, FigureCell.value, FigureCell.month, FigureCell.tally, FigureCell.losses,
        type_coerce(null(), JSON).label("fact"),
    ).where(
        *_within(FigureCell, scope), FigureCell.side.in_(scope.sides), FigureCell.dimension.in_(dimensions), *narrower
    )  # fmt: skip
    changes = select(
        FactChange.sign, FactChange.owner_id, null(), null(), null(), null(), FactChange.month, null(), null(),
        FactChange.fact,
    ).where(*_within(FactChange, scope))  # fmt: skip
    return union_all(cells, changes)


def dimension_of(key: GroupKey | None, side: Side) -> str:
    """Under which division the cells of one side stand: what is an organisation's own needs none to tell whose."""
    return ALL if key is None or (key is GroupKey.ORGANISATION and side is not Side.RECEIVED) else key.value


def _is_of(row: Row[Any], key: GroupKey | None) -> bool:
    return bool(row.dimension == dimension_of(key, row.side))


def _from_journeys(session: Session, scope: Scope) -> Iterator[Piece]:
    table = Journey.__table__
    equal = [table.c[COLUMN_OF[key]] == value for key, value in scope.filters.items() if key in COLUMN_OF]
    period = table.c.counted_on.between(scope.from_on, scope.to_on)
    mine = table.c.owner_id.in_(scope.owners) & table.c.side.in_(scope.sides)
    query = select(table).where(mine, period, *equal)
    for row in session.execute(query.execution_options(yield_per=1000)):
        fact = fact_of(row._asdict())
        yield fact.traits, fact.month, tally_of(fact), 1


def _within(model: type[FigureCell] | type[FactChange], scope: Scope) -> tuple[ColumnElement[bool], ...]:
    return model.owner_id.in_(scope.owners), model.month.between(*scope.months)


def _value(key: GroupKey, traits: Mapping[GroupKey, str], month: str) -> str:
    if key is GroupKey.MONTH:
        return month
    if key is GroupKey.QUARTER:
        return quarter_of(month)
    return wider_of(key, traits[DERIVED[key]]) if key in DERIVED else traits[key]


def wider_of(key: GroupKey, value: str) -> str:
    """The value of a derived division that follows from a value of the division below it."""
    return _WIDER[key](value)


def top_list_of(occupation: str) -> str:
    """On which top-10 lists an occupation stands (L4); unknown for an unknown one."""
    known = occupations().get(occupation)
    if known is None:
        return "no_list" if occupation else UNKNOWN
    if known.high_low_literacy and known.high_low_numeracy:
        return "both_lists"
    return "low_literacy" if known.high_low_literacy else "low_numeracy"


def vulnerable_of(sector: str) -> str:
    """Whether a sector has much work for people with low basic skills (K4); unknown for an unknown one."""
    known = sectors().get(sector)
    return UNKNOWN if known is None else "vulnerable" if known.vulnerable else "not_vulnerable"


def region_of(municipality: str) -> str:
    """The arbeidsmarktregio of a gemeente; unknown for an unknown one."""
    place = municipalities().get(municipality)
    return place.labour_market_region_code if place else UNKNOWN


_WIDER: Mapping[GroupKey, Callable[[str], str]] = {
    GroupKey.REGION: region_of,
    GroupKey.TOP_LIST: top_list_of,
    GroupKey.VULNERABLE_SECTOR: vulnerable_of,
}
