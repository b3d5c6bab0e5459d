"""Counts of the cases that are there at one moment, by one division: exact, or under disclosure control."""

from collections.abc import Mapping, Sequence
from datetime import date

from referral.reports.disclosure import ROOT, SHARED, Division, Period, Rule, YearTable

Counts = Mapping[str, Mapping[str, int]]
"""Per value of the division the count of each column; what is not in it is zero."""


class Stock:
    """The cases that are there on one day. `parents` says of which column another one counts a part."""

    def __init__(
        self, counts: Counts, values: Sequence[str], columns: Sequence[str], parents: Mapping[str, str],
        rule: Rule, on: date,
    ) -> None:  # fmt: skip
        everything = list(dict.fromkeys([*values, *sorted(counts)]))
        self.rule, self._counts, self._always, self._columns = rule, counts, frozenset(values), columns
        self._day = Period(on.year, on.month, on.month)
        by_cell = {(self._day.months[0], value): each for value, each in counts.items()}
        division = Division({ROOT: everything})
        self._table = YearTable(self._day, division, by_cell, columns, parents, SHARED, on) if rule is SHARED else None

        self.values = [value for value in everything if self._has_row(value)]
        """The values that have a row: those of which that was known, and those of which something is shown."""

    def _has_row(self, value: str) -> bool:
        return value in self._always or any(self.shown(value, column) is not None for column in self._columns)

    def shown(self, value: str, column: str) -> int | None:
        """The count as it may be shown, None is hidden; `ROOT` is the total."""
        if self._table is not None:
            return self._table.shown(self._day, value, column)
        if value == ROOT:
            return sum(each.get(column, 0) for each in self._counts.values())
        return self._counts.get(value, {}).get(column, 0)
