"""The advice: what stands in the way, what gives points, and that it stays advice."""

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral.core.codelists import labels, municipalities
from referral.trajectories.matching import (
    ADVICE,
    REQUIREMENTS,
    Offered,
    Profile,
    age_band,
    eligibility,
    free_places,
    needs_checking,
    weigh,
)
from tests.trajectories.conftest import some_facts

TODAY = date(2026, 11, 3)


def an_offer(**facts: Any) -> Offered:
    offer: Any = SimpleNamespace(**{**some_facts(), "places_taken": 0, "last_checked_on": TODAY, **facts})
    return offer  # type: ignore[no-any-return]


def obstacles(facts: dict[str, Any], profile: dict[str, Any]) -> set[str]:
    return {
        reason.code for reason in eligibility(an_offer(**facts), Profile(**{"skills": ("reading",), **profile}), TODAY)
    }


def findings(facts: dict[str, Any], profile: dict[str, Any]) -> dict[str, bool]:
    match = weigh(an_offer(**facts), Profile(**{"skills": ("reading",), **profile}), TODAY)
    return {reason.code: reason.positive for reason in match.reasons}


@pytest.mark.parametrize(
    ("facts", "profile", "obstacle"),
    [
        ({}, {"skills": ("numeracy",)}, "other_skills"),
        ({"minimum_age": 18}, {"age_band": "16-17"}, "too_young"),
        ({"minimum_age": 18}, {"birth_year": 2009}, "too_young"),
        ({"maximum_age": 27}, {"age_band": "35-44"}, "too_old"),
        ({"maximum_age": 64}, {"age_band": "65+"}, "too_old"),
        ({"maximum_age": 30}, {"birth_year": 1990}, "too_old"),
        ({"region_only": True}, {"municipality_code": "GM0344"}, "outside_region"),
        ({"language_backgrounds": ["nt1"]}, {"language_background": "nt2"}, "outside_target_group"),
        ({}, {"civic_integration_duty": True}, "civic_integration"),
        ({}, {"has_means": True}, "has_means"),
    ],
)
def test_a_requirement_that_is_not_met_stands_in_the_way(
    facts: dict[str, Any], profile: dict[str, Any], obstacle: str
) -> None:
    assert obstacles(facts, profile) == {obstacle}
    match = weigh(an_offer(**facts), Profile(**{"skills": ("reading",), **profile}), TODAY)
    assert (match.eligible, match.score) == (False, 0)


@pytest.mark.parametrize(
    ("facts", "profile"),
    [
        ({"skills": ["reading", "digital"]}, {"skills": ("digital", "numeracy")}),
        ({"minimum_age": 18}, {"birth_year": 2008}),  # Turns 18 this year: the adviser asks.
        ({"minimum_age": 18, "maximum_age": 27}, {"age_band": "25-34"}),
        ({"maximum_age": 65}, {"age_band": "65+"}),
        ({"region_only": True}, {"municipality_code": "GM0453"}),
        ({"region_only": False}, {"municipality_code": "GM0344"}),
        ({}, {"language_background": "unknown"}),
        ({"civic_integration_allowed": True}, {"civic_integration_duty": True}),
        ({}, {"civic_integration_duty": False}),
        ({"means_allowed": True}, {"has_means": True}),
        ({"region_only": True, "maximum_age": 27}, {}),
    ],
)
def test_what_is_met_or_not_known_does_not_stand_in_the_way(facts: dict[str, Any], profile: dict[str, Any]) -> None:
    assert obstacles(facts, profile) == set()


@pytest.mark.parametrize(
    ("facts", "profile", "finding", "positive"),
    [
        ({"skills": ["reading", "digital"]}, {"skills": ("reading", "digital")}, "all_skills", True),
        ({}, {"skills": ("reading", "digital")}, "some_skills", True),
        ({}, {"municipality_code": "GM0392"}, "same_municipality", True),
        ({}, {"municipality_code": "GM0453"}, "same_region", True),
        ({}, {"municipality_code": "GM0344"}, "far_away", False),
        ({"delivery": "online"}, {"municipality_code": "GM0344"}, "online", True),
        ({}, {"language_background": "nt1"}, "language_background", True),
        ({"template": "A"}, {"employment": "employed"}, "template_fits", True),
        ({"template": "C"}, {"employment": "employed"}, "template_differs", False),
        ({"levels": ["1F"]}, {"level": "1F"}, "level_fits", True),
        ({"levels": ["A2"]}, {"level": "1F"}, "level_differs", False),
        ({}, {"preferred_delivery": "on_site"}, "delivery_fits", True),
        ({}, {"preferred_delivery": "online"}, "delivery_differs", False),
        ({"places_taken": 11}, {}, "free_places", True),
        ({"places_taken": 12}, {}, "full", False),
        ({"last_checked_on": date(2026, 5, 2)}, {}, "needs_checking", False),
    ],
)
def test_every_preference_says_for_or_against(
    facts: dict[str, Any], profile: dict[str, Any], finding: str, positive: bool
) -> None:
    assert findings(facts, profile)[finding] is positive


def test_a_perfect_match_has_a_hundred_points() -> None:
    profile = Profile(
        skills=("reading",),
        municipality_code="GM0392",
        language_background="nt1",
        employment="employed",
        level="1F",
        preferred_delivery="on_site",
    )
    assert weigh(an_offer(), profile, TODAY).score == 100


profiles = st.builds(
    Profile,
    skills=st.lists(st.sampled_from(sorted(labels("skills"))), min_size=1, unique=True).map(tuple),
    age_band=st.none() | st.sampled_from(sorted(labels("ageBand"))),
    birth_year=st.none() | st.integers(1900, 2100),
    municipality_code=st.none() | st.sampled_from(sorted(municipalities())),
    language_background=st.none() | st.sampled_from(sorted(labels("languageBackground"))),
    employment=st.none() | st.sampled_from(sorted(labels("employment"))),
    level=st.none() | st.sampled_from(sorted(labels("level"))),
    civic_integration_duty=st.none() | st.booleans(),
    has_means=st.none() | st.booleans(),
    preferred_delivery=st.none() | st.sampled_from(sorted(labels("delivery"))),
)


@given(profile=profiles, places_taken=st.integers(0, 20), region_only=st.booleans())
def test_every_verdict_has_its_reasons(profile: Profile, places_taken: int, region_only: bool) -> None:
    """No number without an argument: ineligible has an obstacle, points have something in favour (AVG art. 22)."""
    offer = an_offer(places_taken=places_taken, region_only=region_only)
    match = weigh(offer, profile, TODAY)
    assert 0 <= match.score <= 100
    assert match.eligible is not bool(eligibility(offer, profile, TODAY))
    assert any(reason.positive for reason in match.reasons) is match.eligible
    assert bool(match.score) is match.eligible


def test_no_requirement_asks_for_what_may_not_be_recorded() -> None:
    assert {reason.code for _, reason in REQUIREMENTS} == {
        "other_skills",
        "too_young",
        "too_old",
        "outside_region",
        "outside_target_group",
        "civic_integration",
        "has_means",
    }


def test_free_places_are_never_fewer_than_none() -> None:
    assert free_places(an_offer(places=3, places_taken=5)) == 0


@pytest.mark.parametrize(("checked_on", "stale"), [(date(2026, 5, 3), False), (date(2026, 5, 2), True)])
def test_a_description_is_stale_after_six_months(checked_on: date, stale: bool) -> None:
    assert needs_checking(an_offer(last_checked_on=checked_on), TODAY) is stale


@pytest.mark.parametrize(
    ("birth_year", "band"),
    [(2011, None), (2010, "16-17"), (2008, "18-24"), (1992, "25-34"), (1991, "35-44"), (1961, "65+"), (1900, "65+")],
)
def test_a_birth_year_falls_in_one_band(birth_year: int, band: str | None) -> None:
    assert age_band(birth_year, 2026) == band


def test_the_advice_says_that_it_is_no_decision() -> None:
    assert "geen besluit" in ADVICE
