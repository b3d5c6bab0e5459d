"""How figures are shown: rounded to a multiple, hidden when small, percentages only from a base on."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """`hidden_below` hides a count; `spare` is how much a hidden figure must leave open to who knows all that is shown.

    A median needs that many measurements on each side as make a count, and so does a ninth decile.
    """

    rounded_to: int
    hidden_below: int
    conversion_from: int
    spare: int = 0

    def rounded(self, count: int) -> int:
        """The count as it is shown: the nearest multiple."""
        return (count + self.rounded_to // 2) // self.rounded_to * self.rounded_to

    def share(self, count: int | None, base: int | None) -> float | None:
        """The part (0 to 1) that a shown count is of a shown base; None where there is none to show."""
        if count is None or base is None or base < self.conversion_from or count > base:
            return None
        return round(count / base, 2)

    def shows_percentile(self, percent: int, measured: int) -> bool:
        """Whether so many measurements leave enough people on the smaller side of this percentile."""
        return measured > 0 and measured * min(percent, 100 - percent) >= self.hidden_below * 100


EXACT = Rule(rounded_to=1, hidden_below=0, conversion_from=1)
"""The own organisation's own cases."""

SHARED = Rule(rounded_to=5, hidden_below=8, conversion_from=100, spare=5)
"""Anything that leaves the two organisations that share a case. A shown figure leaves five numbers open, a hidden one
six or more."""
