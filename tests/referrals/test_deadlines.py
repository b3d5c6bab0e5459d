"""Who has the ball and by when: the terms on the way in, questions, pauses, waiting, handover and escalation.

The first day is Tuesday 3 November 2026; the days are written out, so that the calendar is checked as well.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from referral.identity.models import Region
from tests.referrals.chain import FINAL, STATUSES
from tests.referrals.doors import Shown, body, change, row, show, step
from tests.world import World

Days = tuple[str | None, str | None, str | None, str | None]


def dates(world: World, referral: Shown) -> Days:
    """Reminder, escalation, the region, the end."""
    kept = row(world, referral)
    days = (kept.remind_on, kept.escalate_on, kept.escalate_region_on, kept.end_on)
    first, second, third, last = (day.isoformat() if day else None for day in days)
    return first, second, third, last


def go_to(world: World, day: str) -> None:
    """Ten in the morning of that day."""
    world.clock.now = datetime.fromisoformat(day).replace(hour=9, tzinfo=UTC)


TERMS: dict[str, Days] = {
    "draft": ("2026-11-17", None, None, "2027-02-01"),
    "submitted": ("2026-11-06", "2026-11-10", "2026-11-17", "2026-12-01"),
    "returned": ("2026-11-06", "2026-11-17", None, None),
    "accepted": ("2026-11-10", "2026-11-17", None, None),
    "waitlisted": ("2026-11-03", "2027-02-01", None, None),
    "handed_over": ("2026-11-17", "2026-11-24", None, None),
    "intake": ("2026-11-17", "2026-12-01", None, None),
    "in_trajectory": ("2027-02-01", "2027-02-15", None, None),
    "completed": ("2027-02-03", "2027-02-24", None, "2027-05-03"),
    "closed": (None, None, None, None),
    "declined": ("2026-11-17", None, None, None),
    "withdrawn": (None, None, None, None),
    "expired": ("2026-11-17", None, None, None),
    "not_started": ("2026-11-17", None, None, None),
    "stopped_early": ("2026-11-17", None, None, None),
    "void": (None, None, None, None),
}
"""The field's terms, counted by hand. The waiting list is reviewed on the day that the world gives: today."""
BALL = {
    "draft": ("referrer", "Gemeente Duinwijk", "referrer"),
    "submitted": ("receiver", "Taalhuis Zilt", None),
    "returned": ("referrer", "Gemeente Duinwijk", "referrer"),
    "accepted": ("coach", "Taalhuis Zilt", "coach"),
    "waitlisted": ("receiver", "Taalhuis Zilt", None),
    "handed_over": ("coach", "Taalhuis Zilt", "coach"),
    "intake": ("coach", "Taalhuis Zilt", "coach"),
    "in_trajectory": ("coach", "Taalhuis Zilt", "coach"),
    "completed": ("coach", "Taalhuis Zilt", "coach"),
    "closed": ("nobody", None, None),
    "declined": ("referrer", "Gemeente Duinwijk", "referrer"),
    "withdrawn": ("nobody", None, None),
    "expired": ("coordinator", "Regio Kustrand", None),
    "not_started": ("referrer", "Gemeente Duinwijk", "referrer"),
    "stopped_early": ("referrer", "Gemeente Duinwijk", "referrer"),
    "void": ("nobody", None, None),
}


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_starts_its_terms_and_gives_the_ball_to_one_party(world: World, status: str) -> None:
    referral = world.bring_to(status)
    assert dates(world, referral) == TERMS[status]
    party, organisation, who = BALL[status]
    assert referral["ballWith"] == {
        "party": party,
        "organisationId": str(world.organisations[organisation]) if organisation else None,
        "userId": str(world.users[who]) if who else None,
    }
    assert referral["dueOn"] == TERMS[status][0]


def test_working_days_know_christmas_and_new_year(world: World) -> None:
    """Three and five working days from Wednesday 23 December: the 25th and the 1st do not count."""
    go_to(world, "2026-12-23")
    assert dates(world, world.refer())[:2] == ("2026-12-29", "2026-12-31")
    go_to(world, "2026-12-29")
    assert dates(world, world.refer())[:2] == ("2027-01-04", "2027-01-06")


def test_the_day_is_the_day_in_amsterdam(world: World) -> None:
    world.clock.now = datetime(2026, 11, 3, 23, 30, tzinfo=UTC)
    assert world.refer()["dueOn"] == "2026-11-09"


def test_a_region_tunes_its_own_terms(own_world: World) -> None:
    here = select_region(own_world)
    with own_world.service.work() as work:
        tuned = {"submitted": {"remind": {"working_days": 4}}, "limits": {"hold_max_days": 10}}
        work.session.execute(update(Region).where(Region.id == here).values(terms=tuned))
    referral = own_world.refer()
    assert dates(own_world, referral)[:2] == ("2026-11-09", "2026-11-10")
    accepted = step(own_world, "coach", referral, "accept")
    sent: dict[str, Any] = {"reason": "hold_work", "resumeOn": "2026-11-14"}
    assert own_world.event("coach", accepted, "hold", **sent).status_code == 400


def select_region(world: World) -> UUID:
    return next(iter(world.actor("referrer").region_ids))


# The total clock: a fitting offer within three months.


def test_an_answer_restarts_the_clock_of_the_receiver_and_not_the_total_clock(world: World) -> None:
    """Wrong build: every question buys the chain three new months."""
    referral = world.refer()
    assert referral["offerDueOn"] == "2027-02-03"
    go_to(world, "2026-11-09")
    returned = step(world, "coach", referral, "return_with_question")
    assert (returned["dueOn"], returned["offerDueOn"]) == ("2026-11-12", "2027-02-03")
    go_to(world, "2026-11-16")
    answered = step(world, "referrer", returned, "answer")
    assert dates(world, answered) == ("2026-11-19", "2026-11-23", "2026-11-30", "2026-12-14")
    assert answered["offerDueOn"] == "2027-02-03"


def test_a_draft_has_no_total_clock_and_the_first_submission_starts_it_once(world: World) -> None:
    draft = world.bring_to("draft")
    assert draft["offerDueOn"] is None
    go_to(world, "2026-11-10")
    assert step(world, "referrer", draft, "submit")["offerDueOn"] == "2027-02-10"


def test_the_first_time_that_a_case_came_so_far_is_kept(world: World) -> None:
    accepted = world.bring_to("accepted")
    world.clock.move(days=3)
    waiting = step(world, "coach", accepted, "waitlist")
    world.clock.move(days=3)
    again = step(world, "coach", waiting, "offer_place")
    assert again["milestones"]["acceptedAt"] == accepted["milestones"]["acceptedAt"]


# The pause.


def test_a_pause_moves_every_date_by_the_time_it_lasted(world: World) -> None:
    """Ten days; what would fall in a weekend falls on the Monday after."""
    accepted = world.bring_to("accepted")
    held = step(world, "coach", accepted, "hold", resumeOn="2026-11-28")
    assert (held["dueOn"], dates(world, held)) == ("2026-11-28", TERMS["accepted"])
    go_to(world, "2026-11-13")
    resumed = step(world, "coach", held, "resume")
    assert dates(world, resumed) == ("2026-11-20", "2026-11-27", None, None)
    assert (resumed["dueOn"], resumed["offerDueOn"]) == ("2026-11-20", "2027-02-15")


def test_a_pause_after_the_start_moves_the_fitting_offer_no_more(world: World) -> None:
    """Who started too late did not start in time because of a pause that came afterwards."""
    held = step(world, "coach", world.bring_to("in_trajectory"), "hold", resumeOn="2026-11-28")
    go_to(world, "2026-11-13")
    assert step(world, "coach", held, "resume")["offerDueOn"] == "2027-02-03"


def test_a_pause_of_no_day_moves_nothing(world: World) -> None:
    held = step(world, "coach", world.bring_to("accepted"), "hold")
    resumed = step(world, "coach", held, "resume")
    assert (dates(world, resumed), resumed["offerDueOn"]) == (TERMS["accepted"], "2027-02-03")


def test_a_pause_that_is_taken_back_never_was(world: World) -> None:
    held = step(world, "coach", world.bring_to("accepted"), "hold")
    world.clock.move(minutes=59)
    back = step(world, "coach", held, "undo")
    assert (back["hold"], back["dueOn"], dates(world, back)) == (None, "2026-11-10", TERMS["accepted"])


# Waiting.


@pytest.mark.parametrize(
    ("sent", "due"),
    [
        ({"reviewOn": "2026-11-20"}, "2026-11-20"),
        ({"expectedStartOn": "2026-11-24"}, "2026-11-24"),
        ({"expectedStartOn": "2027-06-01"}, "2026-12-03"),
        ({"expectedStartOn": "2026-11-24", "reviewOn": "2026-11-16"}, "2026-11-16"),
    ],
)
def test_the_waiting_list_is_looked_at_on_the_given_day_or_within_thirty_days(
    world: World, sent: dict[str, str], due: str
) -> None:
    waiting = world.move("coach", world.refer(), "waitlist", kind="capacity", **sent)
    assert (waiting["dueOn"], dates(world, waiting)[1]) == (due, "2027-02-01")


def test_reaching_somebody_who_waits_is_a_review_and_a_missed_call_is_none(world: World) -> None:
    waiting = world.move("coach", world.refer(), "waitlist", kind="capacity", reviewOn="2026-11-20")
    go_to(world, "2026-11-18")
    tried = step(world, "coach", waiting, "record_contact")
    assert tried["dueOn"] == "2026-11-20"
    assert step(world, "coach", tried, "record_contact", outcome="reached")["dueOn"] == "2026-12-18"


def test_a_call_is_no_report_of_progress_to_the_referrer(world: World) -> None:
    """Wrong build: who was once on the waiting list gets ninety new days with every call."""
    waited = step(world, "coach", world.bring_to("waitlisted"), "offer_place")
    intake = step(world, "coach", step(world, "coach", waited, "confirm_handover"), "start_intake")
    started = step(world, "coach", intake, "start_trajectory")
    go_to(world, "2026-12-01")
    called = step(world, "coach", started, "record_contact", outcome="reached")
    assert called["dueOn"] == "2027-02-01"
    told = step(world, "coach", called, "record_progress")
    assert dates(world, told)[:2] == ("2027-03-01", "2027-03-15")


# The handover.


@pytest.mark.parametrize(
    ("planned_at", "due"),
    [
        ("2026-11-12T13:00:00Z", "2026-11-12"),
        ("2026-11-14T13:00:00Z", "2026-11-16"),
        ("2026-11-12T23:30:00Z", "2026-11-13"),
        ("2026-11-12T23:30:00+01:00", "2026-11-12"),
    ],
    ids=["Thursday", "Saturday", "after midnight here", "just before midnight here"],
)
def test_the_day_of_the_planned_handover_is_the_day_to_act(world: World, planned_at: str, due: str) -> None:
    planned = step(world, "referrer", world.bring_to("accepted"), "plan_handover", plannedAt=planned_at)
    assert (planned["dueOn"], planned["ballWith"]["party"]) == (due, "coach")


# The doorbraakberaad.


def test_nothing_the_coach_does_meanwhile_gives_the_region_more_time(world: World) -> None:
    """Wrong build: a report of progress starts the days of the region again."""
    asked = step(world, "referrer", world.bring_to("in_trajectory"), "escalate")
    assert (asked["ballWith"]["party"], asked["dueOn"]) == ("coordinator", "2026-11-17")
    go_to(world, "2026-11-12")
    told = step(world, "coach", asked, "record_progress")
    assert (told["ballWith"]["party"], told["dueOn"]) == ("coordinator", "2026-11-17")


def test_the_region_sets_the_day_and_the_other_terms_start_again(world: World) -> None:
    asked = step(world, "referrer", world.bring_to("intake"), "escalate")
    go_to(world, "2026-11-10")
    decided = step(world, "region", asked, "decide_escalation", dueOn="2026-11-13")
    assert dates(world, decided) == ("2026-11-13", "2026-12-08", None, None)
    assert (decided["ballWith"]["party"], decided["dueOn"]) == ("coach", "2026-11-13")


def test_even_on_hold_an_escalated_case_waits_for_the_region(world: World) -> None:
    held = step(world, "coach", world.bring_to("accepted"), "hold")
    asked = step(world, "coordinator", held, "escalate")
    assert (asked["ballWith"]["party"], asked["dueOn"]) == ("coordinator", "2026-11-17")


def test_advice_is_the_regions_to_give_within_the_terms_of_an_answer(world: World) -> None:
    asked = world.refer(trajectoryId=..., adviseMe=True)
    assert (asked["ballWith"]["organisationId"], asked["dueOn"]) == (
        str(world.organisations["Regio Kustrand"]),
        "2026-11-06",
    )
    go_to(world, "2026-11-06")
    picked = body(change(world, "region", asked, trajectoryId=world.trajectory_id))
    assert (picked["ballWith"]["party"], picked["dueOn"]) == ("receiver", "2026-11-11")
    assert show(world, "referrer", asked)["offerDueOn"] == "2027-02-03"


# The end.


@pytest.mark.parametrize("status", FINAL)
def test_the_task_of_an_ended_case_is_done_with_a_note_of_whoever_has_it(world: World, status: str) -> None:
    ended = world.bring_to(status)
    if status == "void":
        assert ended["allowedEvents"] == ["undo"]
        return
    holder = {"referrer": "second_referrer", "coordinator": "region"}.get(ended["ballWith"]["party"])
    other = step(world, "receiving_coordinator", ended, "add_note")
    assert other["ballWith"] == ended["ballWith"]
    if holder:
        done = step(world, holder, other, "add_note")
        assert (done["ballWith"]["party"], done["dueOn"]) == ("nobody", None)


def test_a_day_that_has_passed_is_overdue(world: World) -> None:
    late = world.refer()
    path = f"/v1/referrals?overdue=true&participantId={late['participantId']}"
    go_to(world, "2026-11-06")
    assert body(world.call("coach", "GET", path))["items"] == []
    go_to(world, "2026-11-07")
    assert [each["id"] for each in body(world.call("coach", "GET", path))["items"]] == [late["id"]]
