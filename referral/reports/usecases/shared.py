"""The funnel as it may leave the organisations that share the cases: one division at a time, in fixed periods.

Everything shown comes from the tables of `reports.disclosure`, whatever was asked and in whatever form it is given.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cached_property

from referral.core.codelists import labels, reasons
from referral.core.errors import FieldError
from referral.reports.disclosure import ROOT, SHARED, Division, Node, Period, YearTable, covering
from referral.reports.measures import (
    COLUMNS,
    DERIVED,
    PARENTS,
    RUNNING,
    STOPPED,
    TIME_KEYS,
    GroupKey,
    Stage,
    month_of,
    quarter_of,
)
from referral.reports.tally import Tally
from referral.reports.usecases.counting import Reading, Scope, Sums, add_up, wider_of
from referral.reports.usecases.domains import domain_of
from referral.reports.usecases.rows import UNSAID, Loss, Losses, Row, missed_by, missed_for, results_by, show_row

LOST = "lost"
WIDER = {GroupKey.ORGANISATION: GroupKey.SOURCE_KIND, **{fine: wide for wide, fine in DERIVED.items()}}
"""A division whose values are the parts of those of another one; the two make one table."""
FINER = {wide: fine for fine, wide in WIDER.items()}

Span = tuple[Mapping[GroupKey, str], Sequence[Period]]
"""A piece of time: its names, and the periods that make it up."""


def refusals(
    keys: Sequence[GroupKey], filters: Sequence[GroupKey], from_on: date, to_on: date, today: date
) -> Iterator[FieldError]:
    """Why shared figures cannot be given for this: more than one division, or a part of a month."""
    if len({WIDER.get(key, key) for key in (*keys, *filters)} - TIME_KEYS) > 1:
        sentence = "Zo fijn zijn personen te herkennen. Kies één indeling of filter, met maand of kwartaal erbij."
        yield FieldError("/groupBy", "too_fine", sentence)
    if from_on.day != 1:
        yield FieldError("/from", "part_of_month", "Begin op de eerste dag van een maand: dit gaat over hele maanden.")
    if to_on < today and (to_on + timedelta(days=1)).day != 1:
        yield FieldError("/to", "part_of_month", "Eindig op de laatste dag van een maand: dit gaat over hele maanden.")


class SharedFunnel:
    """The shared rows of one question. Reads whole years, because what is hidden depends on the whole year."""

    def __init__(self, reading: Reading, scope: Scope, keys: Sequence[GroupKey], today: date) -> None:
        self.reading, self.scope, self.keys, self.today = reading, scope, keys, today
        asked = sorted({*keys, *scope.filters} - TIME_KEYS, key=lambda key: key not in WIDER)
        self.level = asked[0] if asked else None
        """The finest division that was asked."""
        self.leaf = FINER.get(self.level, self.level) if self.level else None
        """The division of which the table is made: under a wide one its parts, so that both are hidden together."""
        self._read: dict[int, Sums] = {}
        self._made: dict[int, YearTable] = {}
        self._lost: dict[int, YearTable] = {}
        self._missed: dict[int, YearTable] = {}
        self._ended: dict[tuple[int, int], YearTable] = {}

    def rows(self) -> list[Row]:
        """The rows that may be shown, in the order of their groups; one that shows nothing only if always there."""
        spans = self._spans()
        found = [(node, self._row(node, names, periods)) for node in self._nodes() for names, periods in spans]
        kept = [row for node, row in found if node == ROOT or node[1] in self._expected or row.shows_something]
        return sorted(kept, key=lambda row: [(value is None, value or "") for value in row.group])

    def _spans(self) -> list[Span]:
        """The pieces of time that were asked: one for each month or quarter, or the whole period."""
        first, last = self.scope.months
        if TIME_KEYS.isdisjoint(self.keys):
            return [({}, list(covering(first, last, self.today)))]
        pieces: dict[str, list[str]] = {}
        for month in (month for period in covering(first, last, self.today) for month in period.months):
            if month <= min(last, month_of(self.today)):
                pieces.setdefault(month if GroupKey.MONTH in self.keys else quarter_of(month), []).append(month)
        return [
            (
                {GroupKey.MONTH: name, GroupKey.QUARTER: quarter_of(months[0])},
                list(covering(months[0], months[-1], self.today)),
            )
            for name, months in pieces.items()
        ]

    def _row(self, node: Node, names: Mapping[GroupKey, str], periods: Sequence[Period]) -> Row:
        counts = {column: self._shown(node, periods, column) for column in COLUMNS}
        # Durations of a period that is put together would tell more than those of its parts do.
        days = self._days(node, periods[0]) if len(periods) == 1 else None
        losses = self._losses(periods) if node == ROOT else Losses()
        group = tuple(names.get(key) or self._named(node, key) for key in self.keys)
        return show_row(group, counts, days, losses, SHARED)

    def _shown(self, node: Node, periods: Sequence[Period], column: str) -> int | None:
        return _sum_shown(self._table, node, periods, column)

    def _days(self, node: Node, period: Period) -> Tally:
        total = Tally()
        for group, tally in self._sums(period.year).items():
            *value, month = group
            if month in period.months and (node == ROOT or node in self._line(value[0] or "")):
                total.add(tally)
        return total

    def _losses(self, periods: Sequence[Period]) -> Losses:
        """The losses by reason of these periods, under the same rule."""
        lost = _by_reason(self._lost_table, _loss_division(), periods)
        # Who was not discussed tells how many were, so where that is hidden there is nothing to say about it.
        tells = self._shown(ROOT, periods, Stage.DISCUSSED) is not None
        missed = _by_reason(self._missed_table, _missed_division(), periods) if tells else {}
        return Losses(
            [Loss(reasons()[code].party.value, code, count) for code, count in lost.items()],
            [missed_for(code, count) for code, count in missed.items()],
            self._results(periods),
        )

    def _results(self, periods: Sequence[Period]) -> Mapping[str, int]:
        """How what started ended, in two tables: those who finished by certificate, and the others.

        Together the parts of each tell its total, so where that is hidden there is nothing to say about them.
        """
        started, completed = (self._shown(ROOT, periods, stage) for stage in (Stage.STARTED, Stage.COMPLETED))
        found: dict[str, int] = {}
        if completed is not None:
            found |= _by_reason(lambda year: self._ended_table(year, FINISHED), FINISHED, periods)
        if completed is not None and started is not None:
            found |= _by_reason(lambda year: self._ended_table(year, UNFINISHED), UNFINISHED, periods)
        return found

    def _ended_table(self, year: int, division: Division) -> YearTable:
        if (year, id(division)) not in self._ended:
            self._ended[year, id(division)] = self._reason_table(year, division, results_by)
        return self._ended[year, id(division)]

    # The tables.

    def _sums(self, year: int) -> Sums:
        """What was counted in a year, by value and month."""
        if year not in self._read:
            keys = [key for key in (self.leaf, GroupKey.MONTH) if key is not None]
            whole = replace(self.scope, from_on=date(year, 1, 1), to_on=date(year, 12, 31), filters={})
            sums, now = add_up(self.reading, whole, keys), month_of(self.today)
            self._read[year] = {group: tally for group, tally in sums.items() if (group[-1] or "") <= now}
        return self._read[year]

    def _table(self, year: int) -> YearTable:
        if year not in self._made:
            counts = {
                (str(group[-1]), self._leaf_of(group)): tally.by_column() for group, tally in self._sums(year).items()
            }
            period = Period(year, 1, 12)
            self._made[year] = YearTable(period, self._division(year), counts, COLUMNS, PARENTS, SHARED, self.today)
        return self._made[year]

    def _lost_table(self, year: int) -> YearTable:
        """The losses of a year by party and reason, as a table of their own."""
        if year not in self._lost:
            self._lost[year] = self._reason_table(year, _loss_division(), lambda tally: tally.losses)
        return self._lost[year]

    def _missed_table(self, year: int) -> YearTable:
        """Who was not discussed in a year by reason, nobody said why included: together they add up."""
        if year not in self._missed:
            self._missed[year] = self._reason_table(year, _missed_division(), missed_by)
        return self._missed[year]

    def _reason_table(self, year: int, division: Division, by: Callable[[Tally], Mapping[str, int]]) -> YearTable:
        counts = {
            (str(month), code): {LOST: count}
            for (month,), tally in self._sums(year).items()
            for code, count in by(tally).items()
        }
        return YearTable(Period(year, 1, 12), division, counts, [LOST], {}, SHARED, self.today)

    def _division(self, year: int) -> Division:
        if self.leaf is None:
            return Division({})
        found = {group[0] or "" for group in self._sums(year)}
        leaves = found.union(domain_of(self.reading, self.leaf))
        wide = WIDER.get(self.leaf)
        if wide is None:
            return Division({ROOT: [(self.leaf, value) for value in sorted(leaves)]})
        parts: dict[Node, list[Node]] = {ROOT: [(wide, value) for value in sorted(set(map(self._wider, leaves)))]}
        for leaf in sorted(leaves):
            parts.setdefault((wide, self._wider(leaf)), []).append((self.leaf, leaf))
        return Division(parts)

    # The values.

    def _nodes(self) -> list[Node]:
        """The values that were asked: all of the finest division, or those that the filters leave."""
        if self.level is None:
            return [ROOT]
        years = range(self.scope.from_on.year, min(self.scope.to_on, self.today).year + 1)
        found = {group[0] or "" for year in years for group in self._sums(year)}
        values = found if self.level is self.leaf else {self._wider(value) for value in found}
        nodes = [(self.level, value) for value in sorted(values | self._expected)]
        return [node for node in nodes if all(self._named(node, key) == it for key, it in self.scope.filters.items())]

    @cached_property
    def _expected(self) -> frozenset[str]:
        return frozenset(domain_of(self.reading, self.level)) if self.level else frozenset()

    def _named(self, node: Node, key: GroupKey) -> str | None:
        """The value of a node in its own division, or in the wider one."""
        level, value = node
        return (value if key is level else self._wider(value)) or None

    def _line(self, leaf: str) -> Sequence[Node]:
        """A lowest value, and the wider one of which it is a part."""
        if self.leaf is None:
            return []
        wide = WIDER.get(self.leaf)
        return [(self.leaf, leaf), *([(wide, self._wider(leaf))] if wide else [])]

    def _leaf_of(self, group: Sequence[str | None]) -> Node:
        return ROOT if self.leaf is None else (self.leaf, group[0] or "")

    def _wider(self, leaf: str) -> str:
        wide = WIDER[self.leaf] if self.leaf else None
        return wider_of(wide, leaf) if wide in DERIVED else self._kinds.get(leaf, "")

    @cached_property
    def _kinds(self) -> Mapping[str, str]:
        return {str(each.id): each.kind.value for each in self.reading.organisations}


FINISHED = Division({ROOT: [*sorted(labels("certificate"))]})
UNFINISHED = Division({ROOT: [STOPPED, RUNNING]})


def _sum_shown(table_of: Callable[[int], YearTable], node: Node, periods: Sequence[Period], column: str) -> int | None:
    """The sum of what is shown of each period; hidden when one of them is."""
    counts = [table_of(period.year).shown(period, node, column) for period in periods]
    return None if None in counts else sum(count for count in counts if count is not None)


def _by_reason(
    table_of: Callable[[int], YearTable], division: Division, periods: Sequence[Period]
) -> Mapping[str, int]:
    found = {code: _sum_shown(table_of, code, periods, LOST) for code in division.leaves[ROOT]}
    return {code: count for code, count in found.items() if count is not None}


def _loss_division() -> Division:
    parties: dict[Node, list[Node]] = {}
    for code, reason in sorted(reasons().items()):
        parties.setdefault(reason.party.value, []).append(code)
    return Division({ROOT: sorted(parties), **parties})


def _missed_division() -> Division:
    return Division({ROOT: [UNSAID, *sorted(labels("notHeldReason"))]})
