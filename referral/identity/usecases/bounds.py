"""How far a region may tune the terms: a step within its bound and in its order, a limit no looser than the chain's.

Source: the terms of the chain; the fitting offer within three months is requirement M1.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from itertools import pairwise

from referral.core.calendar import Span
from referral.core.codelists import Limits, Term, Terms
from referral.core.codelists.terms import STEPS, rough_days
from referral.core.errors import FieldError
from referral.core.fields import camel_case

LONGEST_DAYS = 366
_FOUR_YEARS = tuple(date(2026, 1, 1) + timedelta(days=day) for day in range(1461))
"""Starting days on which two lengths are held against each other: short and long months, and the holidays."""


@dataclass(frozen=True)
class Bound:
    """The longest that a step may be, and why."""

    longest: Span
    why: str


BOUNDS: Mapping[tuple[str, str], Bound] = {
    ("fitting_offer", "escalate"): Bound(
        Span(months=3), "Een passend aanbod komt binnen 3 maanden. Korter mag, langer niet."
    ),
    ("in_trajectory", "remind"): Bound(
        Span(days=90), "De verwijzer hoort minstens elke 90 dagen hoe het gaat. Vaker mag, minder vaak niet."
    ),
    ("draft", "end"): Bound(
        Span(days=90), "Een concept wordt niet langer dan 90 dagen bewaard. Korter mag, langer niet."
    ),
}
"""Steps that a region may shorten but never lengthen; every other step is at most `LONGEST_DAYS`."""

LIMIT_BOUNDS: Mapping[str, tuple[int, int]] = {
    "hold_max_days": (7, 90),
    "undo_minutes": (5, 60),
    "screening_max_age_months": (3, 12),
    "reconfirmation_max_age_days": (3, 14),
    "unreachable_attempts": (3, 10),
    "unreachable_channels": (2, 5),
    "unreachable_working_days": (10, 60),
    "void_by_referrer_hours": (1, 24),
}
"""From the strictest that still works to what the chain itself asks: a region may be stricter, never looser."""


def step_faults(usual: Term, steps: Mapping[str, Span]) -> Iterator[FieldError]:
    """What is wrong with these steps of a term, as they would all be together."""
    good = {}
    for step, span in steps.items():
        if step not in usual.steps():
            yield FieldError(_at(step), "no_such_step", "Deze termijn heeft deze stap niet.")
        elif fault := _length_fault(usual.code, step, span):
            yield fault
        else:
            good[step] = span
    ordered = [(step, good[step]) for step in STEPS if step in good]
    for (_, earlier), (step, later) in pairwise(ordered):
        if rough_days(later) <= rough_days(earlier):
            yield FieldError(_at(step), "too_early", "Deze stap moet later vallen dan de stap ervoor.")


def limit_faults(limits: Mapping[str, int]) -> Iterator[FieldError]:
    """What is wrong with these limits."""
    for name, number in limits.items():
        low, high = LIMIT_BOUNDS[name]
        if not low <= number <= high:
            yield FieldError(
                f"/limits/{camel_case(name)}", "range", f"Dit getal moet van {low} tot en met {high} zijn."
            )


def is_within_bounds(terms: Terms) -> bool:
    """Whether no step and no limit goes beyond what a region may tune."""
    steps = [fault for term in terms.table.values() for fault in step_faults(term, term.steps())]
    return not [*steps, *limit_faults(asdict(terms.limits))]


def in_units(span: Span) -> dict[str, int]:
    """A length as the terms of a region keep it: `{"working_days": 4}`."""
    units = {"months": span.months, "days": span.days, "working_days": span.working_days}
    return {unit: count for unit, count in units.items() if count}


def own_limits(usual: Limits, limits: Mapping[str, int]) -> Mapping[str, int]:
    """Those of the limits that are not the service's own."""
    return {name: number for name, number in limits.items() if number != getattr(usual, name)}


def _at(step: str) -> str:
    return f"/steps/{camel_case(step)}"


def _length_fault(code: str, step: str, span: Span) -> FieldError | None:
    if min(span.months, span.days, span.working_days) < 0 or not 0 < rough_days(span) <= LONGEST_DAYS:
        return FieldError(_at(step), "range", "Geef een lengte van 1 dag tot een jaar.")
    bound = BOUNDS.get((code, step))
    if bound is not None and any(span.after(day) > bound.longest.after(day) for day in _FOUR_YEARS):
        return FieldError(_at(step), "too_loose", bound.why)
    return None
