"""The guards of an end: withdrawal of case and agreement, reopening, voiding and transfer."""

from uuid import UUID

import pytest

from referral.participants.usecases import WithdrawAgreement, withdraw_agreement
from tests.referrals.chain import OPEN
from tests.referrals.doors import (
    NOBODY,
    attempt,
    day,
    disclosures,
    history,
    leave,
    offer,
    places,
    refused,
    show,
    step,
    wrong,
)
from tests.world import World

# withdraw, withdraw_agreement


def test_only_reasons_of_the_event_are_taken(world: World) -> None:
    accepted = world.bring_to("accepted")
    wanted = {("/reason", "reason_not_for_event")}
    assert wrong(attempt(world, "referrer", accepted, "withdraw", reason="no_capacity")) == wanted
    assert wrong(attempt(world, "referrer", accepted, "withdraw", reason="agreement_withdrawn")) == wanted
    assert wrong(attempt(world, "coach", accepted, "not_start", reason="hold_work")) == wanted
    assert wrong(attempt(world, "referrer", accepted, "void", reason="no_capacity")) == wanted
    assert wrong(attempt(world, "referrer", accepted, "transfer", reason="duplicate")) == wanted
    assert wrong(attempt(world, "coordinator", world.bring_to("closed"), "reopen", reason="duplicate")) == wanted


@pytest.mark.parametrize("who", ["referrer", "coach", "coordinator", "receiving_coordinator"])
def test_when_the_agreement_ends_the_receiver_loses_sight_in_the_same_moment(world: World, who: str) -> None:
    """Wrong build: sharing ends by a job in the night, and the coach reads on."""
    accepted = world.bring_to("accepted")
    person = f"/v1/participants/{accepted['participantId']}?purpose=contact"
    assert world.call("coach", "GET", person).status_code == 200
    assert wrong(attempt(world, who, accepted, "withdraw_agreement", heardOn=day(world, 1))) == {("/heardOn", "future")}
    ended = step(world, who, accepted, "withdraw_agreement")
    assert world.call("coach", "GET", person).status_code == 404
    assert (ended["status"], ended["reason"]) == ("withdrawn", "agreement_withdrawn")
    assert ended["milestones"]["endedAt"]
    (disclosure,) = disclosures(world, accepted)
    assert (disclosure.end_reason, disclosure.ended_at) == ("agreement_withdrawn", world.clock.now)
    assert "learningWish" not in show(world, "coach", accepted)
    refused(attempt(world, who, ended, "undo"))
    told = attempt(world, "coordinator", ended, "reopen")
    refused(told, "agreement_missing")


def test_a_transaction_that_fails_ends_neither_sight_nor_case(world: World) -> None:
    """The control beside the one above: it is one transaction, so a fault leaves both as they were."""
    accepted = world.bring_to("accepted")
    command, actor = WithdrawAgreement(UUID(accepted["participantId"]), world.clock.today), world.actor("referrer")

    def fail_afterwards() -> None:
        with world.service.work() as work:
            withdraw_agreement(command, actor=actor, work=work)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_afterwards()
    assert show(world, "coach", accepted)["status"] == "accepted"
    assert [each.ended_at for each in disclosures(world, accepted)] == [None]


@pytest.mark.parametrize("status", OPEN)
def test_what_the_participant_withdraws_ends_every_open_referral_at_once(world: World, status: str) -> None:
    one = world.bring_to(status)
    other = world.refer(participant=..., participantId=one["participantId"], trajectoryId=world.other_trajectory_id)
    path = f"/v1/participants/{one['participantId']}/agreement-withdrawals"
    assert world.call("referrer", "POST", path, {"heardOn": day(world)}).status_code == 201
    late = status in ("in_trajectory", "completed")
    assert show(world, "referrer", one)["status"] == ("stopped_early" if late else "withdrawn")
    assert show(world, "referrer", other)["status"] == "withdrawn"
    assert all(each.ended_at for each in disclosures(world, one) + disclosures(world, other))


# reopen


@pytest.mark.parametrize(
    ("status", "back", "who"),
    [
        ("closed", "completed", "coordinator"),
        ("declined", "submitted", "receiving_coordinator"),
        ("withdrawn", "submitted", "coordinator"),
        ("expired", "submitted", "region"),
        ("not_started", "accepted", "coordinator"),
        ("stopped_early", "in_trajectory", "receiving_coordinator"),
    ],
)
def test_an_ended_case_comes_back_where_it_was(world: World, status: str, back: str, who: str) -> None:
    ended = world.bring_to(status)
    world.clock.move(days=30)
    refused(attempt(world, "referrer", ended, "reopen"))
    again = step(world, who, ended, "reopen")
    assert (again["status"], again["reason"]) == (back, None)
    assert "endedAt" not in again["milestones"]
    assert again["dueOn"] > day(world)
    assert places(world, world.trajectory_id)[0] == (1 if back in ("accepted", "in_trajectory") else 0)
    assert disclosures(world, ended)[-1].ended_at is None


def test_a_case_stays_ended_when_the_same_need_was_referred_again(world: World) -> None:
    ended = world.bring_to("declined")
    newer = world.refer(participant=..., participantId=ended["participantId"], trajectoryId=world.other_trajectory_id)
    told = refused(attempt(world, "coordinator", ended, "reopen"), "newer_referral")
    assert told["reference"] == newer["reference"]
    step(world, "referrer", newer, "withdraw")
    assert step(world, "coordinator", ended, "reopen")["status"] == "submitted"


def test_another_need_is_no_reason_to_leave_a_case_ended(world: World) -> None:
    ended = world.bring_to("declined")
    world.refer(
        participant=...,
        participantId=ended["participantId"],
        trajectoryId=world.other_trajectory_id,
        skills=["digital"],
    )
    assert step(world, "coordinator", ended, "reopen")["status"] == "submitted"


def test_what_was_registered_by_mistake_never_comes_back(world: World) -> None:
    refused(attempt(world, "coordinator", world.bring_to("void"), "reopen"))


def test_a_case_that_comes_back_never_falls_to_somebody_who_left(own_world: World) -> None:
    """Wrong build: the case is reopened under its old coach, who cannot sign in any more."""
    world = own_world
    ended, undone = world.bring_to("stopped_early"), world.bring_to("accepted")
    undone = step(world, "second_coach", undone, "assign")
    assert leave(world, "provider_admin", "coach").status_code == 201
    again = step(world, "coordinator", ended, "reopen")
    assert (again["coachId"], again["ballWith"]["party"], again["ballWith"]["userId"]) == (None, "receiver", None)
    back = step(world, "second_coach", undone, "undo")
    assert (back["coachId"], back["ballWith"]["party"]) == (None, "receiver")


# transfer


@pytest.mark.parametrize("who", ["referrer", "coordinator"])
def test_a_transfer_ends_the_old_case_and_links_a_new_one_without_rewriting(world: World, who: str) -> None:
    old = world.bring_to("intake")
    told, clock_before = history(world, old), show(world, "referrer", old)["offerDueOn"]
    world.clock.move(days=20)
    new = step(world, who, old, "transfer")
    assert (new["status"], new["previousReferralId"]) == ("submitted", old["id"])
    assert new["trajectoryId"] == world.other_trajectory_id
    assert new["offerDueOn"] == clock_before
    ended = show(world, "referrer", old)
    assert (ended["status"], ended["reason"], ended["trajectoryId"]) == (
        "withdrawn",
        "transferred",
        world.trajectory_id,
    )
    assert history(world, old)[: len(told)] == told
    assert history(world, old)[-1]["facts"]["newReferralId"] == new["id"]
    assert show(world, "other_coach", new)["learningWish"] == "Ik wil kunnen voorlezen."
    assert world.call("coach", "GET", f"/v1/participants/{old['participantId']}?purpose=contact").status_code == 404
    assert places(world, world.trajectory_id) == (0, 0)
    refused(attempt(world, "coordinator", ended, "reopen"), "newer_referral")


def test_a_transfer_needs_a_trajectory_that_is_on_offer_and_leaves_the_old_case_alone_without(world: World) -> None:
    old = world.refer()
    for trajectory_id, code in ((NOBODY, "not_found"), (offer(world, active=False), "trajectory_inactive")):
        answer = attempt(world, "referrer", old, "transfer", trajectoryId=trajectory_id)
        assert wrong(answer) == {("/trajectoryId", code)}
    busy = world.refer(participant=..., participantId=old["participantId"], trajectoryId=world.other_trajectory_id)
    assert refused(attempt(world, "referrer", old, "transfer"))["referralId"] == busy["id"]
    assert show(world, "referrer", old)["status"] == "submitted"
