"""What the reports hold their figures against: the reference dates, structural screening, and national shares."""

from dataclasses import dataclass
from datetime import date
from functools import cache

from referral.core.codelists.files import Entry, open_list
from referral.core.codelists.labels import labels

FILE = "figures.toml"


@dataclass(frozen=True)
class Structural:
    """At least so many screenings in at least so many of the last whole quarters (L17)."""

    quarters: int
    at_least: int
    screenings: int


@dataclass(frozen=True)
class FigureRules:
    """Reference dates as month and day (M3), structural screening, the NT1 share from 0 to 1 (K1), the young (K5)."""

    reference_days: tuple[tuple[int, int], ...]
    structural: Structural
    nt1_share: float
    young: frozenset[str]

    def reference_dates(self, year: int) -> list[date]:
        """The reference dates of a year, in order."""
        return [date(year, month, day) for month, day in sorted(self.reference_days)]


@cache
def figure_rules() -> FigureRules:
    """The rules of `config/figures.toml`."""
    return read_figure_rules(open_list(FILE))


def read_figure_rules(source: Entry) -> FigureRules:
    """The rules in a file. Raises ValueError naming file and key."""
    source.only("year", "reference_dates", "structural", "benchmark", "young_adults")
    structural = source.table("structural").only("quarters", "at_least", "screenings")
    quarters, at_least = structural.number("quarters"), structural.number("at_least")
    if at_least > quarters:
        raise structural.wrong("at_least", "is more than the quarters there are")
    young = source.table("young_adults").only("age_bands").texts("age_bands")
    if not set(young) <= set(labels("ageBand")):
        raise source.wrong("young_adults.age_bands", "names an unknown age band")
    percent = source.table("benchmark").only("nt1_percent").number("nt1_percent")
    days = tuple(_reference_day(source, text) for text in source.texts("reference_dates"))
    rule = Structural(quarters, at_least, structural.number("screenings"))
    return FigureRules(days, rule, percent / 100, frozenset(young))


def _reference_day(source: Entry, text: str) -> tuple[int, int]:
    month, _, day = text.partition("-")
    if day != "01" or month not in {f"{number:02}" for number in range(1, 13)}:
        raise source.wrong("reference_dates", "must be first days of a month, like 04-01")
    return int(month), int(day)
