"""A tally: many counters in a few whole numbers, so that adding up a thousand cells is a thousand additions.

Each counter has 32 bits of its number. Adding and subtracting are those of the numbers: whatever the order, the
outcome is exact as long as every counter ends at zero or more.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate

from referral.reports.measures import COLUMNS, RESULTS, TIMED, Fact

BITS = 32
WIDTH = BITS // 8
_LENGTH = 3


@dataclass
class Tally:
    """How many per column, how many per whole day for each timed stage, and how many lost per reason or ended how."""

    counts: int = 0
    days: list[int] = field(default_factory=lambda: [0] * len(TIMED))
    losses: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Tally", sign: int = 1) -> None:
        """Take in another tally, or take it out again (`sign` -1)."""
        self.counts += sign * other.counts
        for at, days in enumerate(other.days):
            if days:
                self.days[at] += sign * days
        for reason, count in other.losses.items():
            self.losses[reason] += sign * count

    def count(self, column: str) -> int:
        """How many came as far as this column."""
        return self.counts >> BITS * COLUMNS.index(column) & (1 << BITS) - 1

    def by_column(self) -> Mapping[str, int]:
        """All counts by column."""
        return {column: self.count(column) for column in COLUMNS}

    def histogram(self, timed: str) -> list[int]:
        """How many took 0, 1, 2, ... days."""
        return list(_counters(self.days[TIMED.index(timed)]))

    @property
    def is_empty(self) -> bool:
        """Whether nothing is counted."""
        return not self.counts and not any(self.days) and not any(self.losses.values())

    def pack(self) -> bytes:
        """Counts and days as bytes: per number its length in 3 bytes, then the number itself."""
        return b"".join(_packed(number) for number in (self.counts, *self.days))


def tally_of(fact: Fact) -> Tally:
    """What one fact adds."""
    days = [1 << BITS * fact.days[timed] if timed in fact.days else 0 for timed in TIMED]
    counts = sum(1 << BITS * COLUMNS.index(column) for column in fact.columns)
    named = [fact.loss, RESULTS + fact.result if fact.result else None]
    return Tally(counts, days, Counter(name for name in named if name))


def unpack(packed: bytes, losses: Mapping[str, int]) -> Tally:
    """The tally that was packed, with its losses."""
    counts, *days = _numbers(packed)
    return Tally(counts, days, Counter(losses))


def percentile(histogram: list[int], percent: int) -> int:
    """The least number of days within which this part came through. Needs at least one measurement."""
    wanted = -(-percent * sum(histogram) // 100)
    return next(day for day, passed in enumerate(accumulate(histogram)) if passed >= max(1, wanted))


def median(histogram: list[int]) -> float:
    """The middle number of days, or the mean of the middle two. Needs at least one measurement."""
    total, sums = sum(histogram), list(accumulate(histogram))
    low, high = (next(day for day, passed in enumerate(sums) if passed >= rank) for rank in _middle(total))
    return (low + high) / 2


def _middle(total: int) -> tuple[int, int]:
    return (total + 1) // 2, total // 2 + 1


def _packed(number: int) -> bytes:
    size = (number.bit_length() + 7) // 8
    return size.to_bytes(_LENGTH, "little") + number.to_bytes(size, "little")


def _numbers(packed: bytes) -> Iterator[int]:
    at = 0
    while at < len(packed):
        end = at + _LENGTH + int.from_bytes(packed[at : at + _LENGTH], "little")
        yield int.from_bytes(packed[at + _LENGTH : end], "little")
        at = end


def _counters(number: int) -> Iterator[int]:
    packed = number.to_bytes((number.bit_length() + 7) // 8 or 1, "little")
    for at in range(0, len(packed), WIDTH):
        yield int.from_bytes(packed[at : at + WIDTH], "little")
