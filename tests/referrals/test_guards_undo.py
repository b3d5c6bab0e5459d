"""The guards of `void` and `undo`: what can be taken back, by whom, how long, and what it leaves as it was."""

import pytest

from referral.referrals.models import Referral
from tests.referrals.doors import attempt, body, change, disclosures, history, places, refused, row, show, step
from tests.world import World

# void, undo


def test_the_referrer_voids_within_a_day_and_after_that_the_coordinator(world: World) -> None:
    early, late = world.refer(), world.refer()
    world.clock.move(hours=24)
    assert step(world, "referrer", early, "void")["status"] == "void"
    world.clock.move(seconds=1)
    refused(attempt(world, "referrer", late, "void"))
    assert step(world, "coordinator", late, "void")["reason"] == "duplicate"


@pytest.mark.parametrize(("minutes", "is_good"), [(0, True), (60, True), (60.1, False)])
def test_the_last_step_is_taken_back_within_an_hour(world: World, minutes: float, is_good: bool) -> None:
    accepted = world.bring_to("accepted")
    world.clock.move(minutes=minutes)
    answer = attempt(world, "coach", accepted, "undo")
    if is_good:
        assert body(answer)["status"] == "submitted"
    else:
        refused(answer)


def test_only_who_took_the_step_takes_it_back(world: World) -> None:
    accepted = world.bring_to("accepted")
    for who in ("second_coach", "receiving_coordinator", "referrer", "coordinator"):
        refused(attempt(world, who, accepted, "undo"))


STEPS_BACK = [
    ("submitted", "coach", "return_with_question"),
    ("returned", "referrer", "answer"),
    ("submitted", "coach", "accept"),
    ("submitted", "coach", "waitlist"),
    ("accepted", "coach", "waitlist"),
    ("waitlisted", "coach", "offer_place"),
    ("submitted", "coach", "decline"),
    ("accepted", "referrer", "plan_handover"),
    ("accepted", "coach", "confirm_handover"),
    ("handed_over", "coach", "start_intake"),
    ("intake", "coach", "start_trajectory"),
    ("intake", "referrer", "not_start"),
    ("in_trajectory", "coach", "stop"),
    ("in_trajectory", "coach", "complete"),
    ("in_trajectory", "coach", "record_progress"),
    ("completed", "coach", "close"),
    ("accepted", "referrer", "withdraw"),
    ("closed", "coordinator", "reopen"),
    ("accepted", "coordinator", "void"),
    ("accepted", "receiving_coordinator", "assign"),
    ("accepted", "coach", "hold"),
    ("accepted", "referrer", "escalate"),
    ("declined", "referrer", "add_note"),
]


@pytest.mark.parametrize(("status", "who", "event"), STEPS_BACK, ids=lambda value: value)
def test_a_step_that_is_taken_back_leaves_everything_as_it_was(world: World, status: str, who: str, event: str) -> None:
    """Wrong build: only the status goes back, and the dates, the coach or the place stay behind."""
    referral = world.bring_to(status)
    kept, counted, before = row(world, referral), places(world, world.trajectory_id), show(world, who, referral)
    shared = [each.organisation_id for each in disclosures(world, referral) if each.ended_at is None]
    world.clock.move(minutes=30)
    after = step(world, who, referral, event)
    world.clock.move(minutes=30)
    undone = step(world, who, after, "undo")
    grown = {"version", "changed_at", "last_sequence", "last_event", "last_event_at", "last_actor_id"}
    now = row(world, referral)
    columns = [column.key for column in Referral.__table__.columns if column.key not in grown]
    assert {name: getattr(now, name) for name in columns} == {name: getattr(kept, name) for name in columns}
    assert places(world, world.trajectory_id) == counted
    assert [each.organisation_id for each in disclosures(world, referral) if each.ended_at is None] == shared
    passing = {"version", "changedAt", "allowedEvents", "eventId"}
    again = show(world, who, referral)
    assert {name: value for name, value in again.items() if name not in passing} == {
        name: value for name, value in before.items() if name not in passing
    }
    assert history(world, referral)[-1]["undoes"] == history(world, referral)[-2]["sequence"]
    refused(attempt(world, who, undone, "undo"))


def test_what_cannot_be_called_back_is_not_taken_back(world: World) -> None:
    refused(attempt(world, "referrer", world.bring_to("draft"), "undo"))
    ended = step(world, "referrer", world.bring_to("accepted"), "withdraw_agreement")
    refused(attempt(world, "referrer", ended, "undo"))
    old = world.refer()
    step(world, "referrer", old, "transfer")
    refused(attempt(world, "referrer", show(world, "referrer", old), "undo"))


def test_a_submission_is_taken_back_until_the_receiver_has_read_it(world: World) -> None:
    unread, read = world.refer(), world.refer()
    assert step(world, "referrer", unread, "undo")["status"] == "draft"
    assert world.call("coach", "GET", f"/v1/referrals/{unread['id']}").status_code == 404
    show(world, "coach", read)
    refused(attempt(world, "referrer", read, "undo"), "already_read")


def test_taking_a_note_back_does_not_take_back_what_the_draft_became_meanwhile(world: World) -> None:
    """Wrong build: undo restores the trajectory that the draft had when the note was written."""
    noted = step(world, "referrer", world.bring_to("draft"), "add_note")
    changed = body(change(world, "referrer", noted, trajectoryId=world.other_trajectory_id))
    refused(attempt(world, "referrer", changed, "undo"))
    assert show(world, "referrer", noted)["trajectoryId"] == world.other_trajectory_id


def test_a_withdrawal_is_not_taken_back_over_a_newer_referral_to_the_same_trajectory(world: World) -> None:
    withdrawn = world.bring_to("withdrawn")
    world.refer(participant=..., participantId=withdrawn["participantId"])
    refused(attempt(world, "referrer", withdrawn, "undo"))
    assert show(world, "referrer", withdrawn)["status"] == "withdrawn"
