"""Disclosure control: what may be shown, what is hidden, and that nobody computes back what is hidden."""

from collections.abc import Mapping, Sequence
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from referral.reports.disclosure import EXACT, REGIONAL, Row, Rule, ShownRow, Tally, protect

Table = Mapping[tuple[str, ...], int]
LETTERS = "abcd"
small_counts = st.integers(0, 20)


def table(counts: Table) -> list[Row]:
    """One stage per group; the totals of every wider group can be asked for."""
    return [
        Row(
            group,
            {"screened": Tally(count)},
            {},
            margins=frozenset(product(*((value, None) for value in group))) - {group},
            is_expected=True,
        )
        for group, count in counts.items()
    ]


def one(count: int, *more: int, days: Sequence[int] = (), rule: Rule = REGIONAL) -> ShownRow:
    tallies = {str(at): Tally(each, days) for at, each in enumerate((count, *more))}
    return protect([Row((), tallies, {}, is_expected=True)], rule)[0]


def shown_counts(rows: Sequence[ShownRow]) -> list[int | None]:
    return [row.stages[0].count for row in rows]


def solve(counts: Table, shown: Sequence[int | None]) -> set[tuple[str, ...]]:
    """The hidden cells that somebody computes who knows every total, every visible cell, and every zero."""
    unknown = {group for group, count in zip(counts, shown, strict=True) if count is None and counts[group]}
    visible = {group for group, count in zip(counts, shown, strict=True) if count is not None}
    found = set()
    for margin in {margin for group in counts for margin in product(*((value, None) for value in group))} - set(counts):
        line = {group for group in counts if all(m in (None, g) for m, g in zip(margin, group, strict=True))}
        if len(line & unknown) == 1 and line & visible:
            found |= line & unknown
    return found


@pytest.mark.parametrize(
    ("count", "shown"), [(0, None), (1, None), (7, None), (8, 10), (12, 10), (13, 15), (118, 120), (122, 120)]
)
def test_counts_are_rounded_and_small_ones_hidden(count: int, shown: int | None) -> None:
    assert one(count).stages[0].count == shown


@pytest.mark.parametrize("count", [0, 1, 7, 13])
def test_own_figures_are_exact(count: int) -> None:
    assert one(count, rule=EXACT).stages[0].count == count


def test_conversion_comes_from_the_rounded_counts_and_a_base_of_a_hundred() -> None:
    assert one(122, 38).stages[1].conversion == round(40 / 120, 2), "control: 38 / 122 is 0.31"
    assert one(97, 38).stages[1].conversion is None
    assert one(98, 38).stages[1].conversion == 0.4
    assert one(5, 200).stages[1].conversion is None
    assert one(200, 5).stages[1].conversion is None


def test_more_than_there_were_is_no_conversion() -> None:
    assert one(10, 20, rule=EXACT).stages[1].conversion is None


def test_durations_need_as_many_measurements_as_a_count() -> None:
    assert one(200, days=[1] * 7).stages[0].median_days is None, "control: the count alone would let it through"
    assert one(200, days=range(8)).stages[0].median_days == 3.5
    assert one(200, days=range(1, 11)).stages[0].p90_days == 9
    assert one(7, days=[1] * 8).stages[0].median_days is None
    assert one(1, days=[3], rule=EXACT).stages[0].median_days == 3


def test_a_hidden_loss_is_not_named() -> None:
    row = Row((), {"referred": Tally(50)}, {("client", "client_health"): 2, ("client", "client_moved"): 11})
    assert [(loss.reason, loss.count) for loss in protect([row], REGIONAL)[0].losses] == [("client_moved", 10)]


def test_a_row_that_shows_nothing_is_left_out_unless_it_would_always_be_there() -> None:
    hidden, expected = (
        Row(("a",), {"screened": Tally(3)}, {}),
        Row(("b",), {"screened": Tally(0)}, {}, is_expected=True),
    )
    assert [row.group for row in protect([hidden, expected], REGIONAL)] == [("b",)]


def test_one_hidden_cell_takes_the_next_smallest_along() -> None:
    counts = {("a",): 5, ("b",): 40, ("c",): 12, ("d",): 0}
    assert shown_counts(protect(table(counts), REGIONAL)) == [None, 40, None, None]
    assert solve(counts, [None, 40, 10, None]) == {("a",)}, "control: hiding small counts only gives it away"


def test_two_hidden_cells_protect_each_other() -> None:
    assert shown_counts(protect(table({("a",): 5, ("b",): 40, ("c",): 6}), REGIONAL)) == [None, 40, None]


def test_a_loss_is_not_computed_back_either() -> None:
    def row(name: str, lost: int) -> Row:
        return Row((name,), {"referred": Tally(50)}, {("client", "client_moved"): lost}, frozenset({(None,)}))

    shown = protect([row("a", 3), row("b", 30), row("c", 12)], REGIONAL)
    assert [[loss.count for loss in each.losses] for each in shown] == [[], [30], []]


@settings(max_examples=150, deadline=None)
@given(st.lists(small_counts, min_size=16, max_size=16))
def test_no_hidden_cell_of_a_table_can_be_solved_from_its_rows_and_columns(numbers: list[int]) -> None:
    counts = dict(zip(product(LETTERS, LETTERS), numbers, strict=True))
    assert solve(counts, shown_counts(protect(table(counts), REGIONAL))) == set()


@settings(max_examples=50, deadline=None)
@given(st.lists(small_counts, min_size=4, max_size=4))
def test_nothing_small_and_nothing_exact_is_ever_shown(numbers: list[int]) -> None:
    shown = shown_counts(protect(table({(letter,): n for letter, n in zip(LETTERS, numbers, strict=True)}), REGIONAL))
    assert all(count is None or (count >= 10 and count % 5 == 0) for count in shown)
