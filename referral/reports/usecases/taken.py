"""How full the offer is: places taken and who waits, by provider, and in each by the sectors that places are meant for.

One table for both divisions. Which trajectory is whose, and meant for what, anybody can look up: in a table of its own
a count by sector would tell what is hidden of a provider.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date

from referral.reports.disclosure import ROOT, Division, Node, Period, Rule, YearTable
from referral.trajectories.models import Trajectory

TAKEN, WAITING = "taken", "waiting"
Part = tuple[str, ...]
"""A provider, and the sectors that a part of its places is meant for; none is every sector."""


class Taken:
    """What of today's occupation may be shown; None is hidden."""

    def __init__(self, trajectories: Sequence[Trajectory], rule: Rule, on: date) -> None:
        self._day = Period(on.year, on.month, on.month)
        counts: dict[Part, Counter[str]] = {}
        for each in trajectories:
            part = (str(each.organisation_id), *sorted(each.sector_codes))
            counts.setdefault(part, Counter()).update({TAKEN: each.places_taken, WAITING: each.waiting})
        self._parts = sorted(counts)
        providers = list(dict.fromkeys(provider for provider, *_ in self._parts))
        of_each = {each: [part for part in self._parts if part[0] == each] for each in providers}
        by_cell = {(self._day.months[0], part): each for part, each in counts.items()}
        self._division = Division({ROOT: providers, **of_each})
        self._table = YearTable(self._day, self._division, by_cell, (TAKEN, WAITING), {}, rule, on)

    def total(self, column: str) -> int | None:
        """At all providers together."""
        return self._table.shown(self._day, ROOT, column)

    def at(self, provider: str, column: str) -> int | None:
        """At one provider that is in the catalogue."""
        return self._table.shown(self._day, provider, column)

    def meant_for(self, sector: str | None, column: str) -> int | None:
        """In places that are meant for this sector, or (None) for every sector: the sum of what is shown of its parts.

        Hidden when one of them is.
        """
        meant = frozenset(part for part in self._parts if is_meant_for(part[1:], sector))
        counts = [self._table.shown(self._day, node, column) for node in self._widest(meant, ROOT)]
        return None if None in counts else sum(count for count in counts if count is not None)

    def _widest(self, meant: frozenset[Part], node: Node) -> list[Node]:
        """The fewest nodes below this one that make up these parts: a whole provider rather than each of its parts."""
        leaves = self._division.leaves[node]
        if meant.isdisjoint(leaves):
            return []
        if meant.issuperset(leaves):
            return [node]
        return [each for below in self._division.parts[node] for each in self._widest(meant, below)]


def is_meant_for(sectors: Iterable[str], sector: str | None) -> bool:
    """Whether places with these sectors are meant for this one; None asks for what is meant for every sector."""
    named = frozenset(sectors)
    return not named if sector is None else sector in named
