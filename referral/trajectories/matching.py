"""What fits whom: the table of requirements and preferences that ranks the catalogue for one profile.

A pure function of an offer, a profile and a day. It is advice with its reasons, never a decision (AVG art. 22; L12):
a requirement says what stands in the way, a preference gives points, and a fact that is not known says nothing.
The scales of NT1 (1F, 2F) and NT2 (A1 to B1) are compared as they stand and never converted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from referral.core.calendar import add_months
from referral.core.codelists import labels, municipalities, templates

ADVICE = (
    "Dit is een advies, geen besluit. De punten helpen u bij het gesprek. U kiest samen met de deelnemer wat past. "
    "Dat mag ook een traject zijn dat lager staat."
)
STALE_AFTER_MONTHS = 6
OLDEST = 130


@dataclass(frozen=True)
class Profile:
    """Somebody who wants to learn, in coarse facts. None means: not known."""

    skills: tuple[str, ...]
    age_band: str | None = None
    birth_year: int | None = None
    municipality_code: str | None = None
    language_background: str | None = None
    employment: str | None = None
    level: str | None = None
    civic_integration_duty: bool | None = None
    has_means: bool | None = None
    preferred_delivery: str | None = None


class Offered(Protocol):
    """What matching asks of a trajectory of the catalogue."""

    skills: list[str]
    levels: list[str]
    language_backgrounds: list[str]
    template: str
    municipality_code: str
    delivery: str
    minimum_age: int
    maximum_age: int | None
    region_only: bool
    civic_integration_allowed: bool
    means_allowed: bool
    places: int
    places_taken: int
    last_checked_on: date


@dataclass(frozen=True)
class Reason:
    """One argument for (positive) or against an offer, with the sentence for the adviser."""

    code: str
    label: str
    positive: bool = False


@dataclass(frozen=True)
class Match:
    """How one offer stands to one profile: 0 to 100 points, and none when something stands in the way."""

    eligible: bool
    score: int
    reasons: tuple[Reason, ...]


Finding = tuple[int, Reason]


def free_places(offer: Offered) -> int:
    """How many places are left; never below zero, also when somebody was taken over capacity."""
    return max(0, offer.places - offer.places_taken)


def needs_checking(offer: Offered, today: date) -> bool:
    """Whether nobody checked the description for more than six months (V5)."""
    return add_months(offer.last_checked_on, STALE_AFTER_MONTHS) < today


def age_band(birth_year: int, year: int) -> str | None:
    """The coarse band of the age that somebody reaches in a year; None below the youngest band (16)."""
    age = year - birth_year
    return next((band for band in labels("ageBand") if _bounds(band)[0] <= age <= _bounds(band)[1]), None)


def eligibility(offer: Offered, profile: Profile, today: date) -> list[Reason]:
    """Everything that stands in the way of this offer for this profile; empty when nothing does (K6, M10)."""
    return [reason for is_broken, reason in REQUIREMENTS if is_broken(offer, profile, today)]


def weigh(offer: Offered, profile: Profile, today: date) -> Match:
    """The points of an offer and the arguments for and against; or what stands in its way."""
    obstacles = eligibility(offer, profile, today)
    if obstacles:
        return Match(eligible=False, score=0, reasons=tuple(obstacles))
    findings = [finding for prefer in PREFERENCES if (finding := prefer(offer, profile, today))]
    return Match(
        eligible=True,
        score=sum(points for points, _ in findings),
        reasons=tuple(reason for _, reason in findings),
    )


# Requirements: what an offer cannot do without.


def _teaches_something_else(offer: Offered, profile: Profile, _today: date) -> bool:
    return not set(profile.skills) & set(offer.skills)


def _is_too_young(offer: Offered, profile: Profile, today: date) -> bool:
    return _ages(profile, today)[1] < offer.minimum_age


def _is_too_old(offer: Offered, profile: Profile, today: date) -> bool:
    return offer.maximum_age is not None and _ages(profile, today)[0] > offer.maximum_age


def _lives_outside(offer: Offered, profile: Profile, _today: date) -> bool:
    return offer.region_only and profile.municipality_code is not None and not _same_region(offer, profile)


def _speaks_otherwise(offer: Offered, profile: Profile, _today: date) -> bool:
    return profile.language_background in ("nt1", "nt2") and profile.language_background not in (
        offer.language_backgrounds
    )


def _has_civic_integration_duty(offer: Offered, profile: Profile, _today: date) -> bool:
    return bool(profile.civic_integration_duty) and not offer.civic_integration_allowed


def _has_means(offer: Offered, profile: Profile, _today: date) -> bool:
    return bool(profile.has_means) and not offer.means_allowed


REQUIREMENTS: tuple[tuple[Callable[[Offered, Profile, date], bool], Reason], ...] = (
    (_teaches_something_else, Reason("other_skills", "Dit traject gaat niet over wat de deelnemer wil leren.")),
    (_is_too_young, Reason("too_young", "De deelnemer is te jong voor dit traject.")),
    (_is_too_old, Reason("too_old", "De deelnemer is te oud voor dit traject.")),
    (_lives_outside, Reason("outside_region", "Dit traject is alleen voor inwoners van de eigen regio.")),
    (_speaks_otherwise, Reason("outside_target_group", "Dit traject is voor mensen met een andere taalachtergrond.")),
    (_has_civic_integration_duty, Reason("civic_integration", "Dit traject is niet voor mensen die inburgeren.")),
    (_has_means, Reason("has_means", "Wie dit zelf kan betalen, mag niet meedoen aan dit traject.")),
)


# Preferences: together at most 100 points.


def _skills(offer: Offered, profile: Profile, _today: date) -> Finding:
    if set(profile.skills) <= set(offer.skills):
        return 30, Reason("all_skills", "Dit traject gaat over alles wat de deelnemer wil leren.", positive=True)
    return 15, Reason("some_skills", "Dit traject gaat over een deel van wat de deelnemer wil leren.", positive=True)


def _place(offer: Offered, profile: Profile, _today: date) -> Finding | None:
    if offer.delivery == "online":
        return 15, Reason("online", "Dit traject is online. Reizen is niet nodig.", positive=True)
    if profile.municipality_code is None:
        return None
    if profile.municipality_code == offer.municipality_code:
        return 20, Reason("same_municipality", "Dit traject is in de eigen gemeente.", positive=True)
    if _same_region(offer, profile):
        return 10, Reason("same_region", "Dit traject is in een andere gemeente van de eigen regio.", positive=True)
    return 0, Reason("far_away", "Dit traject is in een andere regio. Vraag of de reis lukt.")


def _language(offer: Offered, profile: Profile, _today: date) -> Finding | None:
    if profile.language_background not in offer.language_backgrounds:
        return None
    return 15, Reason("language_background", "Dit traject past bij de taalachtergrond.", positive=True)


def _template(offer: Offered, profile: Profile, _today: date) -> Finding | None:
    if profile.employment is None:
        return None
    if any(each.letter == offer.template and profile.employment in each.employment for each in templates().values()):
        return 10, Reason("template_fits", "Dit traject past bij de werksituatie.", positive=True)
    return 0, Reason("template_differs", "Dit traject is gemaakt voor mensen met een andere werksituatie.")


def _level(offer: Offered, profile: Profile, _today: date) -> Finding | None:
    if profile.level is None:
        return None
    if profile.level in offer.levels:
        return 10, Reason("level_fits", "Het niveau past.", positive=True)
    return 0, Reason("level_differs", "Het niveau lijkt niet te passen. Overleg met de aanbieder.")


def _delivery(offer: Offered, profile: Profile, _today: date) -> Finding | None:
    if profile.preferred_delivery is None:
        return None
    if profile.preferred_delivery == offer.delivery:
        return 5, Reason("delivery_fits", "De deelnemer leert op de manier die het beste uitkomt.", positive=True)
    return 0, Reason("delivery_differs", "De manier van leren is anders dan gewenst.")


def _places(offer: Offered, _profile: Profile, _today: date) -> Finding:
    if free_places(offer):
        return 10, Reason("free_places", "Er is plaats.", positive=True)
    return 0, Reason("full", "Er is nu geen plaats. Er is een wachtlijst.")


def _freshness(offer: Offered, _profile: Profile, today: date) -> Finding | None:
    if not needs_checking(offer, today):
        return None
    return 0, Reason(
        "needs_checking", "Deze beschrijving is meer dan een half jaar niet bekeken. Vraag of alles klopt."
    )


PREFERENCES: tuple[Callable[[Offered, Profile, date], Finding | None], ...] = (
    _skills,
    _place,
    _language,
    _template,
    _level,
    _delivery,
    _places,
    _freshness,
)


def _ages(profile: Profile, today: date) -> tuple[int, int]:
    """The youngest and the oldest age in years that the profile leaves open."""
    if profile.birth_year is not None:
        return today.year - profile.birth_year - 1, today.year - profile.birth_year
    if profile.age_band is None:
        return 0, OLDEST
    return _bounds(profile.age_band)


def _bounds(band: str) -> tuple[int, int]:
    """The youngest and the oldest age of a band such as "35-44" or "65+"."""
    low, _, high = band.rstrip("+").partition("-")
    return int(low), int(high or OLDEST)


def _same_region(offer: Offered, profile: Profile) -> bool:
    here, there = (municipalities().get(code or "") for code in (profile.municipality_code, offer.municipality_code))
    return here is not None and there is not None and here.labour_market_region_code == there.labour_market_region_code
