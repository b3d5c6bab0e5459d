"""The guards of the coach: handover, intake, start, completion, aftercare, pause, and who cannot be reached."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from referral.participants.models import Agreement
from tests.referrals.doors import (
    NOBODY,
    attempt,
    body,
    day,
    history,
    offer,
    places,
    refused,
    row,
    step,
    wrong,
)
from tests.world import World

# handover, intake, start


def test_a_handover_is_a_meeting_or_an_exception_and_not_both(world: World) -> None:
    accepted = world.bring_to("accepted")
    nothing = {"heldOn": ..., "mode": ..., "participantPresent": ...}
    assert wrong(attempt(world, "coach", accepted, "confirm_handover", **nothing)) == {
        ("/heldOn", "required"),
        ("/mode", "required"),
        ("/participantPresent", "required"),
    }
    assert wrong(attempt(world, "coach", accepted, "confirm_handover", exception="urgent")) == {
        ("/heldOn", "one_of"),
        ("/mode", "one_of"),
        ("/participantPresent", "one_of"),
    }
    assert wrong(attempt(world, "coach", accepted, "confirm_handover", heldOn=day(world, 1))) == {("/heldOn", "future")}
    assert wrong(attempt(world, "coach", accepted, "confirm_handover", exception="no_capacity", **nothing)) == {
        ("/exception", "reason_not_for_event")
    }
    by_exception = step(world, "coach", accepted, "confirm_handover", exception="client_prefers_alone", **nothing)
    assert history(world, by_exception)[-1]["facts"] == {"exception": "client_prefers_alone"}
    cold = step(world, "coach", world.bring_to("accepted"), "confirm_handover", mode="cold", participantPresent=False)
    assert history(world, cold)[-1]["facts"]["mode"] == "cold"


def test_the_referrer_may_plan_a_handover_but_not_confirm_it(world: World) -> None:
    accepted = world.bring_to("accepted")
    refused(attempt(world, "referrer", accepted, "confirm_handover"))
    yesterday = (world.clock.now - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert wrong(attempt(world, "referrer", accepted, "plan_handover", plannedAt=yesterday)) == {("/plannedAt", "past")}
    assert step(world, "referrer", accepted, "plan_handover")["status"] == "accepted"


def test_a_trajectory_starts_after_the_intake_with_a_goal_and_under_an_agreement_that_holds(world: World) -> None:
    handed_over = world.bring_to("handed_over")
    intake = step(world, "coach", handed_over, "start_intake", intakeOn=day(world, 7))
    assert wrong(attempt(world, "coach", intake, "start_trajectory")) == {("/startedOn", "too_early")}
    assert wrong(attempt(world, "coach", intake, "start_trajectory", startedOn=day(world, 8))) == {
        ("/startedOn", "future")
    }
    world.clock.move(days=7)
    assert wrong(attempt(world, "coach", intake, "start_trajectory", goals=[])) == {("/goals", "too_few")}
    kept = row(world, intake)
    with world.service.work() as work:
        holding = update(Agreement).where(Agreement.id == kept.agreement_id)
        ended = {"withdrawn_on": date(2026, 11, 5), "withdrawal_recorded_at": datetime(2026, 11, 5, tzinfo=UTC)}
        work.session.execute(holding.values(**ended, withdrawal_recorded_by=kept.id))
    assert wrong(attempt(world, "coach", intake, "start_trajectory")) == {("/agreement", "agreement_missing")}
    with world.service.work() as work:
        nothing = dict.fromkeys(("withdrawn_on", "withdrawal_recorded_at", "withdrawal_recorded_by"))
        work.session.execute(holding.values(nothing))
    assert step(world, "coach", intake, "start_trajectory")["status"] == "in_trajectory"


# not_start, stop: unreachable


def tries(world: World, referral: Any, attempts: list[tuple[int, str, str]]) -> Any:
    """Attempts to reach somebody: after how many days, by which channel, with which outcome."""
    begun = world.clock.now
    for days, channel, outcome in attempts:
        world.clock.now = begun + timedelta(days=days)
        referral = step(world, "coach", referral, "record_contact", channel=channel, outcome=outcome)
    return referral


NOT = "not_reached"
ENOUGH = [(0, "phone", NOT), (7, "phone", NOT), (14, "letter", NOT)]


@pytest.mark.parametrize(
    ("attempts", "is_enough"),
    [
        (ENOUGH, True),
        ([], False),
        (ENOUGH[:2], False),
        ([(0, "phone", NOT), (7, "phone", NOT), (14, "phone", NOT)], False),
        ([(0, "phone", NOT), (7, "phone", NOT), (13, "letter", NOT)], False),
        ([(0, "phone", NOT), (7, "phone", NOT), (14, "letter", "reached")], False),
    ],
    ids=["enough", "none", "two", "one channel", "nine working days", "reached"],
)
def test_unreachable_takes_three_attempts_over_two_channels_and_ten_working_days(
    world: World, attempts: list[tuple[int, str, str]], is_enough: bool
) -> None:
    referral = tries(world, world.bring_to("accepted"), attempts)
    answer = attempt(world, "coach", referral, "not_start", reason="client_unreachable")
    if is_enough:
        assert body(answer)["status"] == "not_started"
    else:
        refused(answer, "attempts_missing")


def test_an_attempt_that_was_taken_back_does_not_count(world: World) -> None:
    referral = step(world, "coach", tries(world, world.bring_to("accepted"), ENOUGH), "undo")
    refused(attempt(world, "coach", referral, "not_start", reason="client_unreachable"), "attempts_missing")


def test_who_stops_because_of_silence_tried_as_hard(world: World) -> None:
    referral = world.bring_to("in_trajectory")
    refused(attempt(world, "coach", referral, "stop", reason="client_unreachable"), "attempts_missing")
    assert wrong(attempt(world, "coach", referral, "stop", report=...)) == {("/report", "required")}
    assert wrong(attempt(world, "coach", referral, "stop", stoppedOn=day(world, 1))) == {("/stoppedOn", "future")}
    referral = tries(world, referral, ENOUGH)
    assert step(world, "coach", referral, "stop", reason="client_unreachable")["reason"] == "client_unreachable"


# complete, close


def test_completing_asks_a_result_of_every_goal_and_of_no_other(world: World) -> None:
    started = world.bring_to("in_trajectory")
    (goal,) = world.goals(started)
    good = {"goalId": goal, "result": "achieved"}
    stranger = {"goalId": NOBODY, "result": "achieved"}
    assert wrong(attempt(world, "coach", started, "complete", results=[stranger])) == {
        ("/results", "unknown_goal"),
        ("/results", "goal_missing"),
    }
    assert wrong(attempt(world, "coach", started, "complete", results=[good, stranger])) == {
        ("/results", "unknown_goal")
    }
    assert wrong(attempt(world, "coach", started, "complete", completedOn=day(world, -1))) == {
        ("/completedOn", "too_early")
    }
    assert wrong(attempt(world, "coach", started, "complete", completedOn=day(world, 1))) == {
        ("/completedOn", "future")
    }
    assert wrong(attempt(world, "coach", started, "complete", report=...)) == {("/report", "required")}
    done = step(world, "coach", started, "complete", results=[good])
    assert history(world, done)[-1]["facts"]["results"] == {goal: "achieved"}
    assert places(world, world.trajectory_id) == (0, 0)


@pytest.mark.parametrize(
    ("kind", "certificate", "is_good"),
    [
        ("formal", "diploma", True),
        ("non_formal_volunteer", "diploma", False),
        ("non_formal_professional", "diploma", False),
        ("non_formal_volunteer", "praktijkverklaring", True),
        ("non_formal_volunteer", "none", True),
    ],
)
def test_a_diploma_is_only_of_formal_education(world: World, kind: str, certificate: str, is_good: bool) -> None:
    funding = "web" if kind == "formal" else "municipal"
    started = world.bring_to("in_trajectory", trajectoryId=offer(world, courseKind=kind, fundingSource=funding))
    answer = attempt(world, "coach", started, "complete", certificate=certificate)
    if is_good:
        assert body(answer)["status"] == "completed"
    else:
        assert wrong(answer) == {("/certificate", "not_formal")}


@pytest.mark.parametrize("reason", ["goal_reached", "partly_reached", "not_reached", "next_trajectory", "started_work"])
def test_a_case_closes_after_its_follow_up(world: World, reason: str) -> None:
    completed = world.bring_to("completed")
    refused(attempt(world, "coach", completed, "close", reason=reason), "follow_up_missing")
    assert wrong(attempt(world, "coach", completed, "record_follow_up", outcomes=[])) == {("/outcomes", "too_few")}
    twice = [{"area": "digital", "direction": "better"}, {"area": "digital", "direction": "worse"}]
    assert wrong(attempt(world, "coach", completed, "record_follow_up", outcomes=twice)) == {("/outcomes", "double")}
    assert wrong(attempt(world, "coach", completed, "record_follow_up", heldOn=day(world, 1))) == {
        ("/heldOn", "future")
    }
    followed_up = step(world, "coach", completed, "record_follow_up")
    assert step(world, "coach", followed_up, "close", reason=reason)["status"] == "closed"


def test_a_follow_up_that_was_taken_back_closes_nothing(world: World) -> None:
    taken_back = step(world, "coach", step(world, "coach", world.bring_to("completed"), "record_follow_up"), "undo")
    refused(attempt(world, "coach", taken_back, "close", reason="goal_reached"), "follow_up_missing")


@pytest.mark.parametrize("reason", ["aftercare_refused", "aftercare_unreachable"])
def test_a_case_closes_without_follow_up_when_there_can_be_none(world: World, reason: str) -> None:
    assert step(world, "coordinator", world.bring_to("completed"), "close", reason=reason)["status"] == "closed"


# hold, resume


@pytest.mark.parametrize(("days", "is_good"), [(1, True), (90, True), (0, False), (91, False), (-1, False)])
def test_a_pause_lasts_a_day_to_ninety_days(world: World, days: int, is_good: bool) -> None:
    answer = attempt(world, "coach", world.bring_to("accepted"), "hold", resumeOn=day(world, days))
    if is_good:
        assert body(answer)["hold"] == {"reason": "hold_work", "since": day(world), "resumeOn": day(world, days)}
    else:
        assert wrong(answer) == {("/resumeOn", "range")}


def test_another_reason_to_pause_is_explained(world: World) -> None:
    accepted = world.bring_to("accepted")
    assert wrong(attempt(world, "coach", accepted, "hold", reason="hold_other")) == {("/note", "required")}
    held = step(world, "coach", accepted, "hold", reason="hold_other", note="Verbouwing.")
    assert history(world, held)[-1]["words"] == {"note": "Verbouwing."}
    refused(attempt(world, "coach", held, "hold"))
    resumed = step(world, "receiving_coordinator", held, "resume")
    assert resumed["hold"] is None
    refused(attempt(world, "coach", resumed, "resume"))
