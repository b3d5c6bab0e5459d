"""Rounding, shares, and the middle of many days: held against the definitions, number by number."""

import statistics
from collections import Counter
from random import Random
from uuid import uuid4

import pytest

from referral.core.codelists import indicators
from referral.reports.disclosure import EXACT, SHARED
from referral.reports.measures import COLUMNS, TIMED, TRAITS, Fact, Side, Stage
from referral.reports.tally import Tally, median, percentile, tally_of, unpack
from referral.reports.usecases.funnel_report import SPREAD


def histogram(days: list[int]) -> list[int]:
    found = Counter(days)
    return [found[day] for day in range(max(days) + 1)]


def some_days(chance: Random) -> list[int]:
    return [min(int(chance.expovariate(0.05)), 400) for _ in range(chance.randint(1, 40))]


class TestRounding:
    @pytest.mark.parametrize(
        ("count", "shown"), [(0, 0), (2, 0), (3, 5), (5, 5), (7, 5), (8, 10), (12, 10), (13, 15), (997, 995)]
    )
    def test_shared_figures_are_the_nearest_multiple_of_five(self, count: int, shown: int) -> None:
        assert SHARED.rounded(count) == shown

    def test_each_shown_figure_leaves_five_numbers_open(self) -> None:
        assert set(Counter(map(SHARED.rounded, range(3, 10_003))).values()) == {5}

    def test_exact_figures_stay_as_they_are(self) -> None:
        assert [EXACT.rounded(count) for count in range(100)] == list(range(100))


class TestShare:
    @pytest.mark.parametrize(
        ("count", "base", "share"),
        [(50, 100, 0.5), (50, 95, None), (None, 100, None), (50, None, None), (105, 100, None), (0, 100, 0.0)],
    )
    def test_a_shared_percentage_has_a_base_of_a_hundred(
        self, count: int | None, base: int | None, share: float | None
    ) -> None:
        assert SHARED.share(count, base) == share

    def test_the_own_organisation_sees_every_share(self) -> None:
        assert (EXACT.share(1, 3), EXACT.share(0, 0)) == (0.33, None)


class TestDays:
    """A median of two middle numbers is their mean; a ninth decile is a day on which somebody really came through."""

    @pytest.mark.parametrize(
        ("days", "middle", "late"), [([7], 7, 7), ([1, 2], 1.5, 2), ([1, 2, 9], 2, 9), ([0, 0, 0, 9], 0, 9)]
    )
    def test_by_hand(self, days: list[int], middle: float, late: int) -> None:
        assert (median(histogram(days)), percentile(histogram(days), 90)) == (middle, late)

    def test_as_the_library_says(self) -> None:
        chance = Random(1)
        for _ in range(500):
            days = some_days(chance)
            assert median(histogram(days)) == statistics.median(days)
            at_least = next(day for day in sorted(days) if sum(d <= day for d in days) * 10 >= 9 * len(days))
            assert percentile(histogram(days), 90) == at_least

    @pytest.mark.parametrize(
        ("measured", "middle", "late"), [(15, False, False), (16, True, False), (79, True, False), (80, True, True)]
    )
    def test_shared_ones_need_eight_people_on_each_side(self, measured: int, middle: bool, late: bool) -> None:
        assert (SHARED.shows_percentile(50, measured), SHARED.shows_percentile(90, measured)) == (middle, late)

    @pytest.mark.parametrize("name", SPREAD)
    def test_its_definition_says_from_how_many_on_a_shared_one_is_shown(self, name: str) -> None:
        part = 50 if name.startswith("median") else int(name[1:3])
        least = next(number for number in range(1, 1000) if SHARED.shows_percentile(part, number))
        assert indicators()[name].definition.endswith(f"In gedeelde cijfers vanaf {least} metingen.")


class TestTally:
    def test_adding_and_taking_out_in_any_order_leaves_what_is_left(self) -> None:
        chance = Random(2)
        facts = [self.fact(chance) for _ in range(300)]
        gone = chance.sample(facts, 100)
        moves = [(each, 1) for each in facts] + [(each, -1) for each in gone]
        chance.shuffle(moves)
        total = Tally()
        for each, sign in moves:
            total.add(tally_of(each), sign)
        stays = [each for each in facts if each not in gone]
        assert total.by_column() == {name: sum(name in each.columns for each in stays) for name in COLUMNS}
        for timed in TIMED:
            days = [each.days[timed] for each in stays if timed in each.days]
            assert Counter(dict(enumerate(total.histogram(timed)))) == Counter(days)
        assert +total.losses == Counter(each.loss for each in stays if each.loss)
        again = unpack(total.pack(), total.losses)
        assert (again.counts, again.days) == (total.counts, total.days)

    def test_what_is_taken_out_wholly_is_empty(self) -> None:
        fact = self.fact(Random(3))
        total = tally_of(fact)
        assert not total.is_empty
        total.add(tally_of(fact), -1)
        assert total.is_empty

    def fact(self, chance: Random) -> Fact:
        reached = tuple(stage.value for stage in tuple(Stage)[3 : chance.randint(4, 10)])
        days = {stage: chance.randint(0, 700) for stage in reached}
        loss = chance.choice([None, "no_capacity", "client_moved"])
        return Fact(uuid4(), Side.SENT, "2026-03", dict.fromkeys(TRAITS, ""), reached, days, loss)
