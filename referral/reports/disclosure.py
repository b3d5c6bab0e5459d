"""Disclosure control: which figure may be shown, and how. One rule for page, API and every file (CBS practice).

Counts are rounded, small counts are hidden, and percentages come from the rounded counts. Zero is a small count too.
Where one hidden cell could be recomputed from a total, the next smallest cell is hidden with it. A row in which
nothing may be shown is left out, unless it would be there whatever the data: else the mere row tells of somebody.
"""

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import TypeAlias

Group: TypeAlias = tuple[str | None, ...]
Loss: TypeAlias = tuple[str, str]
Column: TypeAlias = str | Loss


@dataclass(frozen=True)
class Rule:
    """How figures are shown: rounded to a multiple, hidden below a count, percentages from a base on."""

    rounded_to: int
    hidden_below: int
    conversion_from: int


EXACT = Rule(rounded_to=1, hidden_below=0, conversion_from=1)
"""The own organisation's own cases."""

REGIONAL = Rule(rounded_to=5, hidden_below=8, conversion_from=100)
"""Anything that leaves the two organisations that share a case."""


@dataclass(frozen=True)
class Tally:
    """How many came as far as a stage, and how many days each that was measured took from the stage before."""

    count: int
    days: Sequence[int] = ()


@dataclass(frozen=True)
class Row:
    """The exact figures of one group: stages in their order, and losses by (party, reason).

    `margins` names every total, obtainable by asking otherwise, of which this group is a part. `is_expected` says that
    the row is there whatever the data.
    """

    group: Group
    stages: Mapping[str, Tally]
    losses: Mapping[Loss, int]
    margins: frozenset[Hashable] = field(default_factory=frozenset)
    is_expected: bool = False

    def count(self, column: Column) -> int:
        """The exact count of a stage or a loss; what did not happen counts zero."""
        return self.losses.get(column, 0) if isinstance(column, tuple) else self.stages[column].count


@dataclass(frozen=True)
class Figure:
    """One cell as it may be shown; `count` None is hidden. Conversion is a fraction, durations are in calendar days."""

    stage: str
    count: int | None
    conversion: float | None = None
    median_days: float | None = None
    p90_days: int | None = None


@dataclass(frozen=True)
class ShownLoss:
    """How many were lost for one reason, and on whose side the cause lies."""

    party: str
    reason: str
    count: int


@dataclass(frozen=True)
class ShownRow:
    """The figures of one group as they may be shown. A hidden loss is not named, for its reason tells enough."""

    group: Group
    stages: Sequence[Figure]
    losses: Sequence[ShownLoss]


def protect(rows: Sequence[Row], rule: Rule) -> list[ShownRow]:
    """The rows as they may be shown under this rule, in the same order."""
    lines = _lines(rows)
    hidden = {column: _hidden_rows(rows, column, lines, rule) for column in _columns(rows)}
    shown = [
        (row, _show(row, {column for column in hidden if at in hidden[column]}, rule)) for at, row in enumerate(rows)
    ]
    return [each for row, each in shown if row.is_expected or any(figure.count is not None for figure in each.stages)]


def _columns(rows: Iterable[Row]) -> list[Column]:
    columns: dict[Column, None] = {}
    for row in rows:
        columns |= dict.fromkeys(row.stages) | dict.fromkeys(row.losses)
    return list(columns)


def _lines(rows: Sequence[Row]) -> list[list[int]]:
    """The places of the rows that add up to one total, for each total."""
    lines: dict[Hashable, list[int]] = {}
    for at, row in enumerate(rows):
        for margin in row.margins:
            lines.setdefault(margin, []).append(at)
    return list(lines.values())


def _hidden_rows(rows: Sequence[Row], column: Column, lines: Sequence[Sequence[int]], rule: Rule) -> set[int]:
    """The places of the rows whose cell in this column is hidden: the small ones, and those that would give one away.

    A hidden zero hides nobody: whoever knows that it is zero would still recompute the one other hidden cell.
    """
    counts = [row.count(column) for row in rows]
    hidden = {at for at, count in enumerate(counts) if count < rule.hidden_below}
    grows = bool(hidden)
    while grows:
        grows = False
        for line in lines:
            visible = [at for at in line if at not in hidden]
            if visible and sum(at in hidden and counts[at] > 0 for at in line) == 1:
                hidden.add(min(visible, key=lambda at: counts[at]))
                grows = True
    return hidden


def _show(row: Row, hidden: set[Column], rule: Rule) -> ShownRow:
    figures: list[Figure] = []
    base: int | None = None
    for stage, tally in row.stages.items():
        figure = Figure(stage, None) if stage in hidden else _figure(stage, tally, base, rule)
        figures.append(figure)
        base = figure.count
    losses = [
        ShownLoss(*loss, _rounded(count, rule)) for loss, count in sorted(row.losses.items()) if loss not in hidden
    ]
    return ShownRow(row.group, figures, losses)


def _figure(stage: str, tally: Tally, base: int | None, rule: Rule) -> Figure:
    count = _rounded(tally.count, rule)
    conversion = _conversion(count, base, rule)
    if len(tally.days) < max(1, rule.hidden_below):
        return Figure(stage, count, conversion)
    days = sorted(tally.days)
    return Figure(stage, count, conversion, median(days), days[math.ceil(0.9 * len(days)) - 1])


def _rounded(count: int, rule: Rule) -> int:
    return (count + rule.rounded_to // 2) // rule.rounded_to * rule.rounded_to


def _conversion(count: int, base: int | None, rule: Rule) -> float | None:
    """The part of the stage before that came this far; none where more came than there were (other ways in)."""
    if base is None or base < rule.conversion_from or count > base:
        return None
    return round(count / base, 2)
