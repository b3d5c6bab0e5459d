"""The guards of steering: doorbraakberaad, advice, assignment, who leaves; and what the database itself refuses."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from referral.core.errors import EventRefused
from referral.core.policy import Role
from referral.referrals.models import Referral
from referral.referrals.usecases import ChangeReferral, change_referral
from referral.referrals.workflow import Party, Status
from tests.referrals.chain import FROM_ACCEPTED
from tests.referrals.doors import NOBODY, attempt, body, change, day, history, leave, offer, refused, show, step, wrong
from tests.world import World

# escalate, decide


def test_who_asks_for_a_doorbraakberaad_gives_the_ball_to_the_region_until_it_decides(world: World) -> None:
    waiting = world.bring_to("waitlisted")
    assert world.call("region", "GET", f"/v1/referrals/{waiting['id']}").status_code == 404
    assert wrong(attempt(world, "referrer", waiting, "escalate", reason="hold_work")) == {
        ("/reason", "reason_not_for_event")
    }
    asked = step(world, "referrer", waiting, "escalate")
    assert (asked["status"], asked["escalated"], asked["dueOn"]) == ("waitlisted", True, "2026-11-17")
    assert asked["ballWith"]["organisationId"] == str(world.organisations["Regio Kustrand"])
    refused(attempt(world, "coach", asked, "escalate"))
    assert wrong(attempt(world, "region", asked, "decide_escalation", dueOn=day(world, -1))) == {("/dueOn", "past")}
    assert wrong(attempt(world, "region", asked, "decide_escalation", decidedBy=...)) == {("/decidedBy", "required")}
    decided = step(world, "region", asked, "decide_escalation", dueOn=day(world, 9))
    assert (decided["escalated"], decided["ballWith"]["party"], decided["dueOn"]) == (False, "receiver", day(world, 9))
    assert world.call("region", "GET", f"/v1/referrals/{waiting['id']}").status_code == 404
    told = history(world, waiting)[-1]
    assert told["words"] == {"decision": "Er komt een plaats.", "decidedBy": "de wethouder"}
    refused(attempt(world, "coordinator", decided, "decide_escalation"))


# advise me


def test_where_advice_is_asked_the_region_picks_the_trajectory(world: World) -> None:
    asked = world.refer(trajectoryId=..., adviseMe=True)
    assert (asked["ballWith"]["party"], asked["trajectoryId"]) == ("coordinator", None)
    assert world.call("coach", "GET", f"/v1/referrals/{asked['id']}").status_code == 404
    assert "learningWish" not in show(world, "region", asked)
    picked = change(world, "region", asked, trajectoryId=world.trajectory_id)
    assert picked.status_code == 200, picked.json
    assert (body(picked)["ballWith"]["party"], body(picked)["status"]) == ("receiver", "submitted")
    assert world.call("region", "GET", f"/v1/referrals/{asked['id']}").status_code == 404
    assert show(world, "coach", asked)["learningWish"] == "Ik wil kunnen voorlezen."
    assert step(world, "coach", body(picked), "accept")["status"] == "accepted"


def test_the_region_picks_one_trajectory_that_is_on_offer_and_changes_nothing_else(world: World) -> None:
    asked = world.refer(trajectoryId=..., adviseMe=True)
    closed = offer(world, active=False)
    assert wrong(change(world, "region", asked, trajectoryId=closed)) == {("/trajectoryId", "trajectory_inactive")}
    assert wrong(change(world, "region", asked, trajectoryId=NOBODY)) == {("/trajectoryId", "not_found")}
    assert wrong(change(world, "region", asked, trajectoryId=None)) == {("/trajectoryId", "required")}
    refused(change(world, "region", asked, trajectoryId=world.trajectory_id, purpose="Iets anders"))
    refused(change(world, "referrer", asked, trajectoryId=world.trajectory_id))
    busy = world.refer(participant=..., participantId=asked["participantId"])
    told = refused(change(world, "region", asked, trajectoryId=world.trajectory_id))
    assert told["referralId"] == busy["id"]


@pytest.mark.parametrize("role", [Role.REFERRER, Role.COACH])
def test_only_the_coordinator_of_the_region_gives_the_advice(world: World, role: Role) -> None:
    """Wrong build: whoever works for the region picks, whatever their role."""
    asked = world.refer(trajectoryId=..., adviseMe=True)
    actor = replace(world.actor("region"), roles=frozenset({role}))
    changes = {"trajectory_id": UUID(world.trajectory_id)}
    command = ChangeReferral(referral_id=UUID(asked["id"]), expected_version=asked["version"], changes=changes)
    with world.service.work() as work, pytest.raises(EventRefused):
        change_referral(command, actor=actor, work=work)


# assign, leaving


def test_a_case_is_given_to_another_coach_and_the_history_keeps_who_had_it(world: World) -> None:
    accepted = world.bring_to("accepted")
    answer = attempt(world, "coach", accepted, "assign", coachId=str(world.users["other_coach"]))
    assert wrong(answer) == {("/coachId", "not_a_coach")}
    given = step(world, "receiving_coordinator", accepted, "assign")
    assert given["coachId"] == str(world.users["second_coach"])
    facts = history(world, accepted)[-1]["facts"]
    assert facts == {"fromCoachId": str(world.users["coach"]), "coachId": str(world.users["second_coach"])}
    person = f"/v1/participants/{accepted['participantId']}?purpose=contact"
    assert [world.call(who, "GET", person).status_code for who in ("coach", "second_coach")] == [404, 200]


@pytest.mark.parametrize("status", FROM_ACCEPTED)
def test_the_cases_of_a_coach_who_leaves_go_back_to_the_team_at_once(own_world: World, status: str) -> None:
    world = own_world
    referral = world.bring_to(status)
    person = f"/v1/participants/{referral['participantId']}?purpose=contact"
    assert leave(world, "provider_admin", "coach").status_code == 201
    shown = show(world, "second_coach", referral)
    assert (shown["status"], shown["coachId"]) == (status, None)
    assert (shown["ballWith"]["party"], shown["ballWith"]["userId"]) == ("receiver", None)
    assert world.call("second_coach", "GET", person).status_code == 200
    if status != "waitlisted":
        assert history(world, referral)[-1]["event"] == "assign"
        assert step(world, "second_coach", shown, "assign")["ballWith"]["party"] == "coach"


def test_the_tasks_of_a_referrer_who_leaves_go_back_to_the_team_too(own_world: World) -> None:
    """Wrong build: only open cases go back, and the follow-up of a declined one waits for nobody."""
    world = own_world
    draft, declined = world.bring_to("draft"), world.bring_to("declined")
    assert leave(world, "admin", "referrer").status_code == 201
    for referral in (draft, declined):
        shown = show(world, "second_referrer", referral)
        assert (shown["ballWith"]["party"], shown["ballWith"]["userId"]) == ("referrer", None)


@pytest.mark.parametrize(
    ("who", "other", "admin"), [("coach", "second_coach", "provider_admin"), ("referrer", "second_referrer", "admin")]
)
def test_nobody_leaves_a_case_behind_that_no_colleague_can_take(
    own_world: World, who: str, other: str, admin: str
) -> None:
    world = own_world
    referral = world.bring_to("accepted")
    assert leave(world, admin, other).status_code == 201
    answer = leave(world, admin, who)
    assert refused(answer)["reference"] == referral["reference"]
    assert show(world, who, referral)["status"] == "accepted"
    step(world, "referrer", referral, "withdraw")
    assert leave(world, admin, who).status_code == 201


# What the database itself refuses, whoever asks.


@pytest.mark.parametrize(
    ("status", "values"),
    [
        ("accepted", {"ball_party": Party.NOBODY}),
        ("accepted", {"due_on": None}),
        ("accepted", {"status": Status.WITHDRAWN, "reason": "duplicate"}),
        ("accepted", {"ended_at": datetime(2026, 11, 3, tzinfo=UTC)}),
        ("accepted", {"coach_id": None}),
        ("accepted", {"hold_since": date(2026, 11, 3)}),
        ("declined", {"reason": None}),
        ("declined", {"ended_at": None}),
        ("declined", {"hold_since": date(2026, 11, 3), "resume_on": date(2026, 11, 4)}),
    ],
    ids=[
        "no ball",
        "no date",
        "no end",
        "end of an open case",
        "no coach",
        "half a hold",
        "no reason",
        "undead",
        "held",
    ],
)
def test_the_database_refuses_what_no_event_makes(world: World, status: str, values: dict[str, Any]) -> None:
    referral = world.bring_to(status)
    with pytest.raises(IntegrityError), world.service.work() as work:
        work.session.execute(update(Referral).where(Referral.id == UUID(referral["id"])).values(values))
