"""The periods of shared figures: a month is part of a quarter, a quarter of a year, and there are no others.

Any other period is put together from these, by adding what is shown; so sliding a period tells nothing new.
"""

from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import NamedTuple

MONTHS = 12


class Period(NamedTuple):
    """Whole months of one year, by number: one month, the three of a quarter, or all twelve."""

    year: int
    first: int
    last: int

    @property
    def months(self) -> tuple[str, ...]:
        """Its months ("2026-03")."""
        return _months(self)

    @property
    def starts_on(self) -> date:
        """Its first day."""
        return date(self.year, self.first, 1)

    def parts(self, today: date) -> tuple["Period", ...]:
        """The quarters of a year and the months of a quarter, as far as they have begun."""
        size = {MONTHS: 3, 3: 1}.get(self.last - self.first + 1)
        if size is None:
            return ()
        split = (Period(self.year, month, month + size - 1) for month in range(self.first, self.last + 1, size))
        return tuple(part for part in split if part.starts_on <= today)


def covering(first: str, last: str, today: date) -> Iterator[Period]:
    """The fewest periods that make up these months, the last one included; what is still to come needs no period."""
    for year in range(int(first[:4]), int(last[:4]) + 1):
        yield from _within(Period(year, 1, MONTHS), first, last, today)


def _within(period: Period, first: str, last: str, today: date) -> Iterator[Period]:
    begun = [month for month in period.months if month <= f"{today:%Y-%m}"]
    wanted = [month for month in begun if first <= month <= last]
    if begun and wanted == begun:
        yield period
    elif wanted:
        for part in period.parts(today):
            yield from _within(part, first, last, today)


@cache
def _months(period: Period) -> tuple[str, ...]:
    return tuple(f"{period.year}-{month:02}" for month in range(period.first, period.last + 1))
