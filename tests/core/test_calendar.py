"""The Dutch calendar of the terms."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral.core.calendar import Span, add_months, add_working_days, is_working_day, working_days_between

DAYS = st.dates(min_value=date(2020, 1, 1), max_value=date(2040, 12, 31))

FREE = [
    date(2026, 1, 1),  # Nieuwjaarsdag
    date(2026, 4, 6),  # Tweede paasdag
    date(2026, 4, 27),  # Koningsdag
    date(2026, 5, 14),  # Hemelvaartsdag
    date(2026, 5, 25),  # Tweede pinksterdag
    date(2026, 12, 25),  # Eerste kerstdag
    date(2025, 5, 5),  # Bevrijdingsdag in a lustrum year
    date(2026, 11, 7),  # a Saturday
    date(2026, 11, 8),  # a Sunday
]
WORKED = [
    date(2026, 4, 3),  # Goede Vrijdag
    date(2025, 4, 18),  # Goede Vrijdag
    date(2026, 5, 5),  # Bevrijdingsdag between two lustrums
    date(2031, 5, 5),
    date(2026, 12, 24),
    date(2026, 11, 9),
]


@pytest.mark.parametrize("day", FREE, ids=str)
def test_nobody_works_at_the_weekend_or_on_a_public_holiday(day: date) -> None:
    assert not is_working_day(day)


@pytest.mark.parametrize("day", WORKED, ids=str)
def test_good_friday_and_an_ordinary_fifth_of_may_are_working_days(day: date) -> None:
    assert is_working_day(day)


def test_kings_day_moves_to_saturday_when_it_falls_on_a_sunday() -> None:
    # 27 April 2025 is a Sunday: the day moved to Saturday the 26th, so Monday the 28th is an ordinary working day.
    assert not is_working_day(date(2025, 4, 26))
    assert is_working_day(date(2025, 4, 28))


def test_a_calendar_of_weekdays_alone_would_miss_the_holidays() -> None:
    """The control: Monday to Friday without holidays takes all but the weekend for working days."""
    missed = [day for day in FREE if day.weekday() < 5 and not is_working_day(day)]
    assert len(missed) == 7


def test_ten_working_days_after_a_screening_is_the_day_of_the_contract() -> None:
    assert add_working_days(date(2026, 11, 2), 10) == date(2026, 11, 16)


def test_a_term_over_easter_is_longer() -> None:
    assert add_working_days(date(2026, 4, 2), 3) == date(2026, 4, 8)


def test_no_working_days_leave_the_day_as_it_is() -> None:
    assert add_working_days(date(2026, 11, 7), 0) == date(2026, 11, 7)


def test_a_term_does_not_run_back() -> None:
    with pytest.raises(ValueError, match="forward"):
        add_working_days(date(2026, 11, 2), -1)


@given(DAYS, st.integers(min_value=1, max_value=60))
def test_counting_and_adding_working_days_agree(day: date, n: int) -> None:
    end = add_working_days(day, n)
    assert is_working_day(end)
    assert working_days_between(day, end) == n
    assert working_days_between(end, day) == -n


@given(DAYS, st.integers(min_value=0, max_value=400), st.integers(min_value=0, max_value=400))
def test_working_days_add_up_over_a_day_in_between(day: date, first: int, second: int) -> None:
    middle, end = day + timedelta(days=first), day + timedelta(days=first + second)
    assert working_days_between(day, end) == working_days_between(day, middle) + working_days_between(middle, end)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 11, 2), 3, date(2027, 2, 2)),
        (date(2026, 12, 15), 12, date(2027, 12, 15)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2024, 2, 29), -12, date(2023, 2, 28)),
        (date(2024, 2, 29), 120, date(2034, 2, 28)),
    ],
)
def test_a_month_ends_no_later_than_its_last_day(day: date, months: int, expected: date) -> None:
    assert add_months(day, months) == expected


def test_a_span_adds_months_then_days_then_working_days() -> None:
    # 90 days after 2 November 2026 is Sunday 31 January 2027; ten working days on is Friday 12 February.
    assert Span(days=90, working_days=10).after(date(2026, 11, 2)) == date(2027, 2, 12)
    assert Span(months=3).after(date(2026, 11, 30)) == date(2027, 2, 28)
