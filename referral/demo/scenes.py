"""The scenes that a visitor must find: every status, both overlays, and work that waits for the demo accounts today.

A scene is told backwards: every deed stands so many working days before today.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from referral.core.policy import Role
from referral.demo import words
from referral.demo.catalogue import LOKGANS, OFFER, WILGENROOS
from referral.demo.organisations import (
    COACH,
    COORDINATOR,
    SCHAKEL,
    staff_of,
)
from referral.demo.steps import Life, completes, decides, is_followed_up
from referral.referrals import usecases as deeds

COLLEAGUE, OTHER_COLLEAGUE = staff_of(SCHAKEL, Role.COACH)[1:3]
AT_LOKGANS = staff_of(LOKGANS, Role.COACH)[0]
AT_WILGENROOS = staff_of(WILGENROOS, Role.COACH)[0]
NEIGHBOUR = staff_of("Gemeente West Betuwe", Role.REFERRER)[0]
TAALHUIS = staff_of("Taalhuis Zilt", Role.REFERRER)[0]
FAR_AWAY = "GM0363"


def at(life: Life, ago: int, deed: Callable[..., object], **facts: Any) -> None:
    """A deed, so many working days ago."""
    life.diary.go_back(ago)
    life.then(deed, **facts)


def sent(life: Life, ago: int, **more: Any) -> None:
    """Screened, discussed and referred, so many working days ago."""
    for screened in life.case.known.screenings:
        at(life, ago + 7, screened.log)
    for screened in life.case.known.screenings:
        at(life, ago + 3, screened.discuss, outcome="agrees")
    at(life, ago, life.case.refer, **more)


def accepted(life: Life, ago: int) -> None:
    """Accepted, two days after it was sent."""
    sent(life, ago + 2)
    at(life, ago, life.case.accept)


def handed_over(life: Life, ago: int, mode: str = "three_way") -> None:
    """Warmly handed over, four days after it was accepted."""
    accepted(life, ago + 4)
    at(life, ago, life.case.hand_over, mode=mode)


def at_intake(life: Life, ago: int) -> None:
    """At the intake, five days after the handover."""
    handed_over(life, ago + 5)
    at(life, ago, life.case.take_in)


def learning(life: Life, ago: int) -> None:
    """In the trajectory since so many working days."""
    at_intake(life, ago + 6)
    at(life, ago, life.case.start, goals=words.GOALS[:2], outcomes=dict.fromkeys(words.AREAS[:3], "same"))


def listed(life: Life, ago: int, kind: str = "capacity") -> None:
    """On the waiting list, a day after it was sent; somebody looks again within a month."""
    sent(life, ago + 1)
    at(life, ago, life.case.put_on_list, kind=kind, days=28)


def waits_with_group(life: Life, ago: int) -> None:
    """The group starts at eight, and is not that big yet."""
    listed(life, ago, kind="group_forming")


def finished(life: Life, ago: int) -> str:
    """Finished, after a word to the referrer now and then; says how it went."""
    learning(life, ago + 130)
    for days in (75, 20):
        life.diary.go_back(ago + days)
        life.by_coach(deeds.record_progress, deeds.RecordProgress, text=words.PROGRESS[0])
    life.diary.go_back(ago)
    return completes(life)


# What waits for the referrer


def keeps_a_draft(life: Life, ago: int) -> None:
    """A draft that was not sent yet."""
    sent(life, ago, submit=False)


def is_asked(life: Life, ago: int) -> None:
    """The receiver asked something."""
    sent(life, ago + 2)
    life.diary.go_back(ago)
    code, text = words.QUESTIONS[ago % len(words.QUESTIONS)]
    life.by_coach(deeds.return_referral, deeds.ReturnReferral, question=code, text=text)


def is_told_no(life: Life, ago: int) -> None:
    """The receiver declined, and named something better."""
    sent(life, ago + 4)
    at(life, ago, life.case.decline, reason="level_too_low", alternative=OFFER["taalmaatje"])


def did_not_come(life: Life, ago: int) -> None:
    """The participant did not show up, and will not start."""
    handed_over(life, ago + 8)
    life.diary.go_back(ago)
    life.by_coach(deeds.report_not_started, deeds.EndReferral, reason="client_no_show")


def stopped(life: Life, ago: int) -> None:
    """The participant found a job and stopped."""
    learning(life, ago + 35)
    at(life, ago, life.case.stop, reason="client_found_work", report=words.STOPPED[1])


# Overlays and turns


def pauses(life: Life, ago: int) -> None:
    """The lessons are on hold for a while."""
    learning(life, ago + 30)
    at(life, ago, life.case.hold, reason="hold_care", days=42)


def resumed(life: Life, ago: int) -> None:
    """A hold that ended by itself on its day."""
    accepted(life, ago + 25)
    at(life, ago + 22, life.case.hold, reason="hold_holiday", days=21)
    at(life, ago, life.case.strike, clock="resume")


def breaks_through(life: Life, ago: int) -> None:
    """The referrer asked for a doorbraakberaad, and the region has to decide."""
    listed(life, ago + 30)
    life.diary.go_back(ago)
    life.by_referrer(deeds.escalate_referral, deeds.EscalateReferral, reason="no_capacity", note=words.ESCALATION)


def is_decided(life: Life, ago: int) -> None:
    """The doorbraakberaad has decided, and the place was found."""
    breaks_through(life, ago + 9)
    life.diary.go_back(ago + 3)
    decides(life)
    at(life, ago, life.case.offer_place)


def waited_too_long(life: Life, ago: int) -> None:
    """No fitting offer within three months: the service itself asked for a doorbraakberaad."""
    listed(life, ago + 68)
    at(life, ago + 35, life.case.attempt, channel="phone", outcome="reached")
    at(life, ago, life.case.strike, clock="offer")


def is_advised(life: Life, ago: int) -> None:
    """The region gave its advice, and the coach took it on."""
    sent(life, ago + 7)
    at(life, ago + 3, life.case.advise, offer=OFFER["digitaal-op-weg"], coach=OTHER_COLLEAGUE)
    at(life, ago, life.case.accept)


def goes_two_ways(life: Life, ago: int) -> None:
    """Reading and the computer at the same time, with two receivers."""
    sent(life, ago + 6)
    other = replace(life.case, offer=OFFER["klik-voor-klik"], coach=AT_WILGENROOS, skills=("digital",))
    life.then(other.refer)
    at(life, ago + 3, life.case.accept)
    at(life, ago, other.accept)


def moves_on_twice(life: Life, ago: int) -> None:
    """Two transfers: from a full course to a group that did not form, to a place."""
    listed(life, ago + 22)
    at(life, ago + 15, life.case.transfer, offer=OFFER["digitale-basis"], coach=AT_LOKGANS, reason="no_capacity")
    at(life, ago + 14, life.case.put_on_list, kind="group_forming", days=14)
    at(life, ago + 4, life.case.transfer, offer=OFFER["digitaal-op-weg"], coach=COLLEAGUE, reason="group_not_formed")
    at(life, ago, life.case.accept)


def takes_it_back(life: Life, ago: int) -> None:
    """Accepted by mistake, undone within the hour, and put on the waiting list."""
    accepted(life, ago + 1)
    life.by_coach(deeds.undo_last_event)
    at(life, ago, life.case.put_on_list, kind="group_forming", days=28)


def corrects_the_intake(life: Life, ago: int) -> None:
    """The intake was recorded in the wrong case, and undone."""
    at_intake(life, ago)
    life.by_coach(deeds.undo_last_event)


def was_a_double(life: Life, ago: int) -> None:
    """The coordinator found that it had been registered twice."""
    sent(life, ago + 5)
    life.diary.go_back(ago)
    life.by(COORDINATOR, deeds.void_referral, deeds.EndReferral, reason="duplicate")


def got_no_answer(life: Life, ago: int) -> None:
    """It expired, and the region has to find out what now."""
    sent(life, ago + 22)
    at(life, ago, life.case.strike, clock="end")


def says_no_before(life: Life, ago: int) -> None:
    """The participant withdrew its agreement before the start."""
    accepted(life, ago + 7)
    at(life, ago, life.case.agreement_ends)


def says_no_after(life: Life, ago: int) -> None:
    """The participant withdrew its agreement during the lessons."""
    learning(life, ago + 30)
    at(life, ago, life.case.agreement_ends, by_coach=True)


def comes_back(life: Life, ago: int) -> None:
    """Withdrawn, and reopened by the coordinator when the participant came back."""
    sent(life, ago + 10)
    life.diary.go_back(ago + 6)
    life.by_referrer(deeds.withdraw_referral, deeds.EndReferral, reason="priority_changed")
    life.diary.go_back(ago + 3)
    life.by(COORDINATOR, deeds.reopen_referral, deeds.EndReferral, reason="priority_changed")
    at(life, ago, life.case.accept)


def comes_from_afar(life: Life, ago: int) -> None:
    """Somebody from outside the region, with the provider's consent."""
    sent(life, ago, municipality_code=FAR_AWAY, override_reason="agreed_with_provider")


def comes_alone(life: Life, ago: int) -> None:
    """Somebody who came by without a screening."""
    sent(life, ago, no_screening=True, waiver="self_referral", conversation_outcome=None, conversation_held_on=None)


def changes_coach(life: Life, ago: int) -> None:
    """A colleague gave the case to the coach."""
    accepted(life, ago + 5)
    at(life, ago, life.case.assign, coach=COACH)


def is_hard_to_reach(life: Life, ago: int) -> None:
    """Two attempts so far."""
    accepted(life, ago + 4)
    at(life, ago + 2, life.case.attempt, channel="phone", outcome="not_reached")
    at(life, ago, life.case.attempt, channel="letter", outcome="not_reached")


def has_aftercare(life: Life, ago: int) -> None:
    """Finished three months ago: the aftercare conversation is due."""
    finished(life, ago)


def has_a_diploma(life: Life, ago: int) -> None:
    """From screening to closing, with formal education."""
    reason = finished(life, ago + 66)
    life.diary.go_back(ago)
    is_followed_up(life)
    life.by_coach(deeds.close_referral, deeds.CloseReferral, reason=reason)
