"""The ordinary lives of a case, from screening to aftercare, and the ways in which one is lost underway.

A life is planned to its end; what lies after now has not happened yet, and so every status comes about by itself.
"""

from collections.abc import Callable, Mapping

from referral.core.calendar import add_months
from referral.core.work import AMSTERDAM
from referral.demo import words
from referral.demo.organisations import REGIONAL
from referral.demo.steps import (
    Life,
    alternative_to,
    completes,
    decides,
    gets_aftercare,
    is_accepted,
    is_handed_over,
    is_picked_up,
    learns,
    meets,
    refers,
    starts,
)
from referral.referrals import usecases as deeds

DECLINED = ("no_capacity", "no_capacity", "level_too_low", "level_too_high", "outside_target_group", "group_not_formed")
WITHDRAWN = ("client_no_longer_wants", "client_found_work", "client_moved", "benefit_ended", "client_other_training")
NOT_STARTED = ("client_unreachable", "client_no_show", "client_practical", "client_care_duties", "client_health",
               "client_found_work", "client_no_longer_wants")  # fmt: skip
STOPPED = ("client_found_work", "client_care_duties", "client_health", "client_no_longer_wants", "level_too_low")


def finishes(life: Life) -> None:
    """It starts in time, is finished, and is closed after the aftercare."""
    refers(life)
    is_accepted(life)
    starts(life)
    _learns_to_the_end(life)


def stops(life: Life) -> None:
    """It starts in time, and stops before the end."""
    refers(life)
    is_accepted(life)
    starts(life)
    learns(life, life.rng.choice((0, 3)))
    life.then(life.case.stop, reason=life.rng.choice(STOPPED), report=life.rng.choice(words.STOPPED))
    is_picked_up(life)


def waits_long(life: Life) -> None:
    """No place for more than three months: a doorbraakberaad decides, and then it starts after all."""
    refers(life)
    submitted_on = life.diary.at.astimezone(AMSTERDAM).date()
    life.wait(1, 4)
    life.then(life.case.put_on_list, kind="capacity", days=90)
    life.diary.go_to(add_months(submitted_on, 3))
    life.wait(1, 1)
    life.then(life.case.strike, clock="offer")
    life.wait(3, 8)
    decides(life)
    life.wait(2, 6)
    life.then(life.case.offer_place)
    starts(life)
    _learns_to_the_end(life)


def is_declined(life: Life) -> None:
    """The receiver cannot help, and names another trajectory."""
    refers(life)
    life.wait(1, 5)
    life.then(life.case.decline, reason=life.rng.choice(DECLINED), alternative=alternative_to(life))
    is_picked_up(life)


def is_withdrawn(life: Life) -> None:
    """The referrer takes it back before the start."""
    refers(life)
    if life.chance(0.6):
        is_accepted(life)
    life.wait(1, 8)
    life.by_referrer(deeds.withdraw_referral, deeds.EndReferral, reason=life.rng.choice(WITHDRAWN))


def says_no(life: Life) -> None:
    """The participant no longer agrees to the sharing of data."""
    refers(life)
    is_accepted(life)
    life.wait(1, 8)
    life.then(life.case.agreement_ends, by_coach=life.chance(0.5))


def does_not_start(life: Life) -> None:
    """Accepted, and yet no start; "unreachable" only after three attempts over two channels."""
    refers(life)
    is_accepted(life)
    reason = life.rng.choice(NOT_STARTED)
    if reason == "client_unreachable":
        cannot_be_reached(life)
    else:
        is_handed_over(life)
        life.wait(3, 12)
    life.by_coach(deeds.report_not_started, deeds.EndReferral, reason=reason)
    is_picked_up(life)


def cannot_be_reached(life: Life) -> None:
    """Three attempts over two channels, and then ten working days have passed."""
    for channel in ("phone", "letter", "phone"):
        life.wait(3, 4)
        life.then(life.case.attempt, channel=channel, outcome="not_reached")
    life.wait(6, 8)


def gets_no_answer(life: Life) -> None:
    """Nobody answers: it expires, and the region finds out what now."""
    refers(life)
    life.wait(21, 22)
    life.then(life.case.strike, clock="end")
    life.wait(1, 6)
    life.by(REGIONAL, deeds.add_note, deeds.AddNote, note=words.FOLLOW_UPS[0])


def is_a_mistake(life: Life) -> None:
    """The referrer sees at once that it should not have been registered."""
    meets(life)
    life.then(life.case.refer)
    life.by_referrer(deeds.void_referral, deeds.EndReferral, reason=life.rng.choice(("duplicate", "entered_in_error")))


SHARES: Mapping[Callable[[Life], None], int] = {
    finishes: 50,
    stops: 11,
    waits_long: 6,
    is_declined: 8,
    is_withdrawn: 7,
    says_no: 2,
    does_not_start: 12,
    gets_no_answer: 3,
    is_a_mistake: 1,
}
"""Of a hundred ordinary cases, how many go this way: 62 % of them started within three months (`chain.md`)."""


def _learns_to_the_end(life: Life) -> None:
    learns(life, life.rng.choice((3, 6, 6, 9)))
    gets_aftercare(life, reason=completes(life))
