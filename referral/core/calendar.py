"""The Dutch calendar of the terms: working days, months, and spans that are made of both.

A working day is Monday to Friday, but no public holiday. Bevrijdingsdag is one every five years (2025, 2030), as most
collective agreements have it. Goede Vrijdag is an ordinary working day here: it is no official free day for most
employers. These are terms of service; a statutory term follows the Algemene termijnenwet, which differs on both.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from holidays import country_holidays

SATURDAY = 5
GOOD_FRIDAY = "Goede vrijdag"


@dataclass(frozen=True)
class Span:
    """A length of time as a term is written: months first, then calendar days, then working days."""

    months: int = 0
    days: int = 0
    working_days: int = 0

    def after(self, day: date) -> date:
        """The day on which this span, started on `day`, has passed."""
        return add_working_days(add_months(day, self.months) + timedelta(days=self.days), self.working_days)


def is_working_day(day: date) -> bool:
    """Whether offices work on this day."""
    return day.weekday() < SATURDAY and day not in _holidays(day.year)


def add_working_days(day: date, n: int) -> date:
    """The n-th working day after `day`; `day` itself when n is 0. Raises ValueError when n is negative."""
    if n < 0:
        raise ValueError("a term runs forward")
    while n:
        day += timedelta(days=1)
        n -= is_working_day(day)
    return day


def working_days_between(a: date, b: date) -> int:
    """How many working days come after `a`, up to and including `b`; negative when `b` lies before `a`."""
    if b < a:
        return -working_days_between(b, a)
    return sum(is_working_day(a + timedelta(days=offset)) for offset in range(1, (b - a).days + 1))


def add_months(day: date, n: int) -> date:
    """The same day n months on (or back), or the last day of that month when it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + n, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@cache
def _holidays(year: int) -> frozenset[date]:
    # The language is named because the package otherwise follows that of the machine, and so would the name below.
    named = country_holidays("NL", years=year, expand=False, language="nl")
    return frozenset(day for day, name in named.items() if name != GOOD_FRIDAY)
