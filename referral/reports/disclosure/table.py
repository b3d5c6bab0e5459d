"""The shared figures of one year by one division: every month, quarter and the year itself, and what of it is shown.

The totals of the periods form one tree (year, quarters, months), the values of the division another. A value that is
hidden in a column is hidden in every period of the year; a period shows the division only where that pattern holds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from referral.reports.disclosure.hiding import Hidden, Node, Tree, Values
from referral.reports.disclosure.periods import Period
from referral.reports.disclosure.rule import Rule

ROOT = ""
"""The total over the whole division."""

Counts = Mapping[tuple[str, Node], Mapping[str, int]]
"""Per month and lowest value of the division the exact count of each column; what is not in it is zero."""


@dataclass(frozen=True)
class Division:
    """The values by which a table is divided: the parts of the total, and their parts where they have any."""

    parts: Mapping[Node, Sequence[Node]]

    @cached_property
    def leaves(self) -> Mapping[Node, Sequence[Node]]:
        """Per node the lowest values in it."""
        found: dict[Node, Sequence[Node]] = {}
        for node in reversed([ROOT, *(part for parts in self.parts.values() for part in parts)]):
            below = self.parts.get(node, ())
            found[node] = [leaf for part in below for leaf in found[part]] if below else [node]
        return found


UNDIVIDED = Division({})


class YearTable:
    """What of one year may be shown, for each of its periods and each value of one division.

    `parents` says of which column another one is a part. `today` bounds the periods: what is to come is not in it.
    """

    def __init__(
        self,
        year: Period,
        division: Division,
        counts: Counts,
        columns: Sequence[str],
        parents: Mapping[str, str],
        rule: Rule,
        today: date,
    ) -> None:
        self.year, self.division, self.counts = year, division, counts
        self.columns, self.parents, self.rule, self.today = columns, parents, rule, today
        self._sums: dict[tuple[Period, Node, str], int] = {}
        self._totals = self._hide_totals()
        self._values = self._hide_values()
        self._open = {column: {year} for column in columns}
        for column in columns:
            self._open_up(column, year)

    def shown(self, period: Period, node: Node, column: str) -> int | None:
        """The figure as it may be shown; None is hidden. `ROOT` is the total."""
        if period in self._totals[column]:
            return None
        if node != ROOT and (node in self._values[column] or period not in self._open[column]):
            return None
        return self.rule.rounded(self.exact(period, node, column))

    def exact(self, period: Period, node: Node, column: str) -> int:
        """The figure itself, for disclosure control only."""
        key = (period, node, column)
        if key not in self._sums:
            cells = ((month, leaf) for leaf in self._leaves(node) for month in period.months)
            self._sums[key] = sum(self.counts[cell].get(column, 0) for cell in cells if cell in self.counts)
        return self._sums[key]

    def _leaves(self, node: Node) -> Sequence[Node]:
        return self.division.leaves.get(node, [node])

    def _hide_totals(self) -> Hidden:
        quarters = self.year.parts(self.today)
        parts = {self.year: quarters, **{quarter: quarter.parts(self.today) for quarter in quarters}}
        tree = Tree(self.year, parts, lambda column, period: [self.exact(period, ROOT, column)], self.parents)
        return tree.hide(self.columns, self.rule)

    def _hide_values(self) -> Hidden:
        roots = frozenset(column for column in self.columns if self.year in self._totals[column])
        return self._tree.hide(self.columns, self.rule, roots)

    @cached_property
    def _tree(self) -> Tree:
        return Tree(ROOT, self.division.parts, lambda column, node: self._in(self.year, column, node), self.parents)

    def _in(self, period: Period, column: str, node: Node) -> Values:
        return [self.exact(period, node, column)]

    def _open_up(self, column: str, period: Period) -> None:
        """Show the division in the parts of a period as well, when the same pattern is safe in every one of them."""
        parts = period.parts(self.today)
        before = self.parents.get(column)
        if before in self._open and not self._open[before].issuperset(parts):
            return
        if not parts or any(part in self._totals[column] for part in parts):
            return
        if self._tree.is_safe(
            self._values, column, self.rule, lambda column, node: [self.exact(part, node, column) for part in parts]
        ):
            self._open[column].update(parts)
            for part in parts:
                self._open_up(column, part)
