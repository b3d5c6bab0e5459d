"""An attacker who knows which trajectory is whose and meant for what recovers no hidden number of taken places."""

import math
import sys
from collections import Counter
from collections.abc import Callable, Collection
from datetime import date
from random import Random
from typing import Any
from uuid import UUID

import numpy
import pytest
from scipy.optimize import linprog

from referral.reports.disclosure import SHARED
from referral.reports.usecases.taken import TAKEN, Part, Taken, is_meant_for
from referral.trajectories.models import Trajectory
from tests.proof import scaled

DATA_SETS = scaled(400)
TODAY = date(2026, 11, 3)
SECTORS = ("F", "H", "I")
MEANT = ((), (), ("F",), ("H",), ("I",), ("F", "H"), ("H", "I"))
LEAST = 6
Parts = list[Part]
Row = Any
"""A number for each part: whether it counts in a sum."""
Answer = Callable[[str | None], int | None]
"""What is told of the places that are meant for a sector, or (None) for every sector."""


def a_catalogue(chance: Random) -> list[Trajectory]:
    """A few providers with some trajectories each; large, small and empty ones."""
    size = chance.choice([6, 15, 40])
    return [
        Trajectory(
            organisation_id=provider,
            sector_codes=list(chance.choice(MEANT)),
            places_taken=chance.choice([0, chance.randint(0, 7), chance.randint(8, size + 8)]),
            waiting=0,
        )
        for provider in (UUID(int=chance.getrandbits(128)) for _ in range(chance.randint(2, 4)))
        for _ in range(chance.randint(1, 4))
    ]


def one_table(trajectories: list[Trajectory]) -> Answer:
    """As the service tells it."""
    taken = Taken(trajectories, SHARED, TODAY)
    return lambda sector: taken.meant_for(sector, TAKEN)


def two_tables(trajectories: list[Trajectory]) -> Answer:
    """The wrong build: a table by sector of its own, as if nobody knew whose places they are."""
    alone = [
        Trajectory(
            organisation_id=UUID(int=1 + MEANT.index(tuple(each.sector_codes))),
            sector_codes=each.sector_codes, places_taken=each.places_taken, waiting=0,
        )
        for each in trajectories
    ]  # fmt: skip
    return one_table(alone)


def attack(tables: Callable[[list[Trajectory]], Answer], slack: int) -> Counter[str]:
    """How many small counts there are, and of how many fewer than six values are left.

    With a `slack` the attacker knows every shown figure so far, and wants those of the sectors too. Without it every
    shown figure is known to the last place. Then the sum of what is hidden at a provider is known as well, so a sector
    that happens to be just that is no secret; what is in it still is.
    """
    chance, told = Random(3), Counter[str]()
    for _ in range(DATA_SETS):
        catalogue = a_catalogue(chance)
        taken, by_sector = Taken(catalogue, SHARED, TODAY), tables(catalogue)
        counts: Counter[Part] = Counter()
        for each in catalogue:
            counts[str(each.organisation_id), *each.sector_codes] += each.places_taken
        providers = {part[0]: [each for each in counts if each[0] == part[0]] for part in counts}
        sectors = {each: [part for part in counts if is_meant_for(part[1:], each)] for each in (None, *SECTORS)}
        known = [list(counts)] if taken.total(TAKEN) is not None else []
        known += [parts for provider, parts in providers.items() if taken.at(provider, TAKEN) is not None]
        known += [parts for sector, parts in sectors.items() if parts and by_sector(sector) is not None]
        wanted = [*providers.values(), *([part] for part in counts), *(filter(None, sectors.values()) if slack else ())]
        told += held_against(counts, known, wanted, slack)
    return told


def held_against(counts: Counter[Part], known: list[Parts], wanted: list[Parts], slack: int) -> Counter[str]:
    exact = numpy.array(list(counts.values()))
    rows = [as_row(counts, parts) for parts in known]
    values = [float(row @ exact) for row in rows]
    small = {frozenset(parts) for parts in wanted if sum(counts[part] for part in parts) < SHARED.hidden_below}
    goals = [as_row(counts, parts) for parts in small]
    left = [values_left(goal, rows, values, slack) for goal in goals]
    return Counter(shown=len(known), small=len(goals), given_away=sum(each < LEAST for each in left))


def as_row(counts: Counter[Part], parts: Collection[Part]) -> Row:
    return numpy.array([float(part in parts) for part in counts])


def values_left(goal: Row, known: list[Row], values: list[float], slack: int) -> int:
    """How many values the known sums leave for this one."""
    above = [sign * row for row in known for sign in (1, -1)]
    most = [sign * value + slack for value in values for sign in (1, -1)]
    low, high = (
        linprog(sign * goal, above or None, most or None, bounds=(0, 1000), method="highs").x @ goal for sign in (1, -1)
    )
    return math.floor(high + 1e-6) - math.ceil(low - 1e-6) + 1


@pytest.mark.parametrize("slack", [0, SHARED.rounded_to // 2])
def test_nobody_recovers_a_small_number_from_provider_and_sector_together(slack: int) -> None:
    told = attack(one_table, slack)
    sys.stdout.write(f"{dict(told)}\n")
    assert told["given_away"] == 0
    assert told["small"] > 0 < told["shown"]


@pytest.mark.parametrize("slack", [0, SHARED.rounded_to // 2])
def test_control_two_tables_side_by_side_give_some_away(slack: int) -> None:
    told = attack(two_tables, slack)
    sys.stdout.write(f"{dict(told)}\n")
    assert told["given_away"] > 0
