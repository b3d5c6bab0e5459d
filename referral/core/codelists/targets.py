"""What a region wants to reach, and for how many people: baseline, yearly targets, target group (K10, L3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from referral.core.codelists.files import Entry, frozen, open_list, read_list
from referral.core.codelists.labels import labels

FILE = "targets.toml"
TARGETED = ("screened", "started", "completed")
"""The indicators that have a baseline and targets."""


@dataclass(frozen=True)
class Targets:
    """The baseline, the targets by year, the yearly growth in percent, and the target group by gemeente."""

    code: str
    baseline_year: int
    baseline: Mapping[str, int]
    growth_percent: int
    years: Mapping[int, Mapping[str, int]]
    target_group: Mapping[str, int]

    def of(self, year: int) -> Mapping[str, int]:
        """The targets of a calendar year: its own, or those of the last year that has them with the growth since.

        Empty before the first year with targets.
        """
        known = max((each for each in self.years if each <= year), default=None)
        if known is None:
            return {}
        factor = (1 + self.growth_percent / 100) ** (year - known)
        return {name: round(number * factor) for name, number in self.years[known].items()}


@cache
def all_targets() -> Mapping[str, Targets]:
    """The targets of `config/targets.toml` by the code of the arbeidsmarktregio."""
    return read_targets(open_list(FILE))


def targets_of(code: str | None) -> Targets | None:
    """The targets of an arbeidsmarktregio, if it has any."""
    return all_targets().get(code or "")


def read_targets(source: Entry) -> Mapping[str, Targets]:
    """The targets in a list file. Raises ValueError naming file and key."""
    return read_list(source, _targets)


def _targets(code: str, entry: Entry) -> Targets:
    entry.only("growth_percent", "baseline_year", "baseline", "targets", "target_group")
    places, years = labels("municipalityCode"), entry.table("targets")
    group = entry.table("target_group")
    for place in group.members:
        if place not in places:
            raise group.wrong(place, "is no gemeente")
    for year in years.members:
        if not year.isdecimal():
            raise years.wrong(year, "is no year")
    return Targets(
        code,
        entry.number("baseline_year"),
        _numbers(entry.table("baseline")),
        entry.optional_number("growth_percent") or 0,
        {int(year): _numbers(years.table(year)) for year in years.members},
        frozen((place, group.number(place)) for place in group.members),
    )


def _numbers(entry: Entry) -> Mapping[str, int]:
    entry.only(*TARGETED)
    return frozen((name, entry.number(name)) for name in TARGETED)
