"""The rules of the instruments, row by row: what may be logged and what may not."""

from datetime import date
from typing import Any

import pytest

from referral.core.codelists import default_terms, instruments
from referral.screenings.instruments import Outcome, check_outcome, conversation_days, skills_of

TODAY = date(2026, 11, 3)


def wrong(instrument: str, **members: Any) -> set[tuple[str, str]]:
    skills = ["reading"] if instrument == "conversation" else []
    outcome = Outcome(**{"instrument": instrument, "conducted_on": TODAY, "skills": skills, **members})
    return {(error.pointer, error.code) for error in check_outcome(outcome, TODAY)}


@pytest.mark.parametrize("instrument", instruments())
def test_every_instrument_takes_an_outcome_without_figures(instrument: str) -> None:
    assert wrong(instrument) == set()


@pytest.mark.parametrize(
    ("instrument", "members"),
    [
        ("taalmeter", {"score": 0}),
        ("taalmeter", {"score": 14, "block": 1, "duration_minutes": 12}),
        ("taalmeter", {"score": 11, "block": 2, "duration_minutes": 17}),
        ("taalmeter", {"score": 11, "duration_minutes": 17}),
        ("taalmeter", {"score": 12, "block": 2, "education_level": "mbo4"}),
        ("taalmeter", {"score": 9, "block": 1, "education_level": "mbo2"}),
        ("taalmeter", {"education_level": "unknown"}),
        ("rekenmeter", {"score": 16, "duration_minutes": 12, "education_level": "mbo4"}),
        ("digimeter", {"score": 4, "education_level": "wo"}),
        ("taalverkenner", {"score": 6, "duration_minutes": 6}),
        ("sociale_inclusiemeter", {"duration_minutes": 55}),
        ("conversation", {"duration_minutes": 55, "skills": ["reading", "numeracy", "digital", "inclusion"]}),
    ],
)
def test_an_outcome_within_the_rules_is_taken(instrument: str, members: dict[str, Any]) -> None:
    assert wrong(instrument, **members) == set()


@pytest.mark.parametrize(
    ("instrument", "members", "pointer", "code"),
    [
        ("taalmeter", {"score": 15}, "/score", "range"),
        ("taalmeter", {"score": -1}, "/score", "range"),
        ("taalmeter", {"score": 10, "block": 2}, "/block", "not_reached"),
        ("taalmeter", {"block": 2}, "/score", "required"),
        ("taalmeter", {"score": 12, "block": 3}, "/block", "not_applicable"),
        ("taalmeter", {"score": 9, "block": 1, "duration_minutes": 13}, "/durationMinutes", "range"),
        ("taalmeter", {"score": 9, "duration_minutes": 13}, "/durationMinutes", "range"),
        ("taalmeter", {"score": 11, "block": 2, "duration_minutes": 18}, "/durationMinutes", "range"),
        ("taalmeter", {"score": 9, "block": 1, "education_level": "mbo3"}, "/educationLevel", "unsuitable"),
        ("taalmeter", {"score": 12, "block": 2, "education_level": "havo"}, "/educationLevel", "unsuitable"),
        ("rekenmeter", {"score": 17}, "/score", "range"),
        ("rekenmeter", {"block": 2}, "/block", "not_applicable"),
        ("rekenmeter", {"duration_minutes": 13}, "/durationMinutes", "range"),
        ("rekenmeter", {"education_level": "havo"}, "/educationLevel", "unsuitable"),
        ("rekenmeter", {"education_level": "vwo"}, "/educationLevel", "unsuitable"),
        ("rekenmeter", {"education_level": "hbo"}, "/educationLevel", "unsuitable"),
        ("rekenmeter", {"education_level": "wo"}, "/educationLevel", "unsuitable"),
        ("rekenmeter", {"skills": ["reading"]}, "/skills", "not_applicable"),
        ("digimeter", {"score": 5}, "/score", "range"),
        ("taalverkenner", {"score": 7}, "/score", "range"),
        ("taalverkenner", {"duration_minutes": 7}, "/durationMinutes", "range"),
        ("sociale_inclusiemeter", {"score": 1}, "/score", "not_applicable"),
        ("sociale_inclusiemeter", {"block": 1}, "/block", "not_applicable"),
        ("conversation", {"score": 0}, "/score", "not_applicable"),
        ("conversation", {"skills": []}, "/skills", "required"),
    ],
)
def test_an_outcome_that_breaks_a_rule_names_it(
    instrument: str, members: dict[str, Any], pointer: str, code: str
) -> None:
    assert wrong(instrument, **members) == {(pointer, code)}


@pytest.mark.parametrize(
    ("day", "code"),
    [
        (date(2026, 11, 4), "future"),
        (date(2026, 11, 3), None),
        (date(2025, 11, 3), None),
        (date(2025, 11, 2), "too_old"),
    ],
)
def test_a_screening_lies_within_the_last_twelve_months(day: date, code: str | None) -> None:
    assert wrong("digimeter", conducted_on=day) == ({("/conductedOn", code)} if code else set())


def test_all_broken_rules_are_named_at_once() -> None:
    found = wrong("rekenmeter", score=99, duration_minutes=99, education_level="wo", conducted_on=date(2027, 1, 1))
    assert {pointer for pointer, _ in found} == {"/score", "/durationMinutes", "/educationLevel", "/conductedOn"}


def test_no_message_repeats_a_value() -> None:
    outcome = Outcome("taalmeter", date(2031, 7, 29), score=7788, block=5544, duration_minutes=6655)
    for error in check_outcome(outcome, TODAY):
        assert not any(value in error.detail for value in ("7788", "5544", "6655", "2031"))


def test_the_skills_come_from_the_instrument_but_for_a_conversation() -> None:
    assert skills_of(Outcome("rekenmeter", TODAY)) == ["numeracy"]
    assert skills_of(Outcome("conversation", TODAY, skills=["digital"])) == ["digital"]


@pytest.mark.parametrize(
    ("conducted_on", "indication", "due_on"),
    [
        (date(2026, 11, 2), "yes", date(2026, 11, 16)),
        (date(2026, 12, 18), "yes", date(2027, 1, 5)),  # Two days of Christmas (one a Saturday) and New Year's Day.
        (date(2026, 11, 2), "no", None),
        (date(2026, 11, 2), "undetermined", None),
    ],
)
def test_the_conversation_is_due_in_ten_working_days(conducted_on: date, indication: str, due_on: date | None) -> None:
    days = conversation_days(Outcome("digimeter", conducted_on), indication, default_terms()["screening"])
    assert days.get("remind") == due_on
