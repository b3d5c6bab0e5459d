"""Every guard of the table: what an event needs besides the right status and role, with good and with bad facts."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from referral.participants.models import Agreement
from referral.participants.usecases import WithdrawAgreement, withdraw_agreement
from referral.referrals.models import Referral
from referral.referrals.workflow import Party, Status
from tests.referrals.chain import FROM_ACCEPTED, OPEN
from tests.referrals.doors import (
    attempt,
    body,
    change,
    disclosures,
    history,
    offer,
    places,
    refused,
    row,
    show,
    step,
    wrong,
)
from tests.world import World

NOBODY = "019a5f3e-7c10-7d42-9a51-3f0c5b7e2d11"


def day(world: World, days: int = 0) -> str:
    return (world.clock.today + timedelta(days=days)).isoformat()


def create(world: World, who: str = "referrer", **changes: Any) -> Any:
    return world.call(who, "POST", "/v1/referrals", world.referral_body(**changes))


# create


def test_a_draft_needs_a_conversation_in_which_the_person_agreed_or_a_waiver(world: World) -> None:
    declined = {"heldOn": day(world), "outcome": "undecided"}
    assert wrong(create(world, conversation=declined)) == {("/conversation", "conversation_needed")}
    assert wrong(create(world, conversation=...)) == {("/conversation", "conversation_needed")}
    assert wrong(create(world, conversation={"heldOn": day(world, 1), "outcome": "agrees"})) == {
        ("/conversation/heldOn", "future")
    }
    assert create(world, conversation=..., waiver="self_referral").status_code == 201


def test_a_draft_names_a_trajectory_or_asks_advice_and_not_both(world: World) -> None:
    assert wrong(create(world, adviseMe=True)) == {("/trajectoryId", "one_of")}
    assert wrong(create(world, trajectoryId=...)) == {("/trajectoryId", "one_of")}
    assert create(world, trajectoryId=..., adviseMe=True).status_code == 201


def test_everything_that_is_wrong_with_a_new_referral_is_told_at_once(world: World) -> None:
    answer = create(world, conversation=..., trajectoryId=NOBODY, screeningCodes=["S-7K3Q-9F2M-E", "S-7K3Q-9F2M-X"])
    assert ("/screeningCodes/1", "code") in wrong(answer)
    future = {"givenOn": day(world, 1), "method": "phone", "dataScope": ["contact"]}
    answer = create(world, conversation=..., trajectoryId=NOBODY, screeningCodes=["S-7K3Q-9F2M-E"], agreement=future)
    assert wrong(answer) == {
        ("/conversation", "conversation_needed"),
        ("/trajectoryId", "not_found"),
        ("/screeningCodes/0", "not_found"),
        ("/agreement/givenOn", "future"),
    }


# submit: its ten rules


def bare_draft(world: World, trajectory_id: str, who: str = "referrer") -> Any:
    """A draft that misses everything that `submit` asks for."""
    person = world.referral_body()["participant"] | {"phone": None, "email": None}
    return world.refer(
        who,
        participant={name: value for name, value in person.items() if value is not None},
        trajectoryId=trajectory_id,
        skills=["numeracy"],
        noScreening=False,
        legalBasis=...,
        purpose=...,
        agreement=...,
        submit=False,
    )


def test_submit_names_everything_that_is_missing_at_once(world: World) -> None:
    """Wrong build: the first rule that fails ends the check, and the referrer comes back five times."""
    closed = offer(world, skills=["reading"], active=False)
    answer = attempt(world, "referrer", bare_draft(world, closed), "submit")
    assert wrong(answer) == {
        ("/legalBasis", "required"),
        ("/purpose", "required"),
        ("/agreement", "agreement_missing"),
        ("/participant", "not_reachable"),
        ("/screeningCodes", "screening_missing"),
        ("/trajectoryId", "trajectory_inactive"),
        ("/overrideReason", "not_eligible"),
    }


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"legalBasis": ...}, ("/legalBasis", "required")),
        ({"legalBasis": "consent"}, ("/legalBasis", "not_for_organisation")),
        ({"purpose": ...}, ("/purpose", "required")),
        ({"agreement": ...}, ("/agreement", "agreement_missing")),
        ({"dataScope": ["learning_wish"]}, ("/agreement/dataScope", "contact_missing")),
        ({"unreachable": True}, ("/participant", "not_reachable")),
        ({"noScreening": False}, ("/screeningCodes", "screening_missing")),
        ({"inactive": True}, ("/trajectoryId", "trajectory_inactive")),
        ({"ineligible": True}, ("/overrideReason", "not_eligible")),
    ],
    ids=lambda value: str(value)[:40],
)
def test_each_rule_of_submit_is_told_by_itself_and_nothing_is_left_behind(
    world: World, changes: dict[str, Any], told: tuple[str, str]
) -> None:
    sent = dict(changes)
    full = world.referral_body()
    if "dataScope" in sent:
        sent["agreement"] = full["agreement"] | {"dataScope": sent.pop("dataScope")}
    if sent.pop("unreachable", False):
        sent["participant"] = full["participant"] | {"phone": None}
    if sent.pop("inactive", False):
        sent["trajectoryId"] = offer(world, active=False)
    if sent.pop("ineligible", False):
        sent["trajectoryId"] = offer(world, skills=["digital"])
    newest = body(world.call("referrer", "GET", "/v1/referrals?limit=1"))["items"]
    assert wrong(create(world, **sent)) == {told}
    assert body(world.call("referrer", "GET", "/v1/referrals?limit=1"))["items"] == newest


def test_the_rules_of_submit_have_their_ways_out(world: World) -> None:
    """An agreed third to call, and a reason to pass over the conditions."""
    person = world.referral_body()["participant"] | {
        "phone": None,
        "contactPerson": {"name": "Zus Zonnig", "phone": "0630112233", "relation": "zus"},
    }
    shown = world.refer(
        participant=person, trajectoryId=offer(world, skills=["digital"]), overrideReason="agreed_with_provider"
    )
    assert shown["status"] == "submitted"
    assert history(world, shown)[-1]["facts"]["overrideReason"] == "agreed_with_provider"


def test_a_screening_counts_for_twelve_months(world: World) -> None:
    screening = {
        "instrument": "taalmeter",
        "conductedOn": "2026-10-03",
        "indication": "yes",
        "score": 9,
        "block": 1,
        "languageBackground": "nt1",
        "employment": "jobseeker",
        "ageBand": "35-44",
        "municipalityCode": "GM0453",
        "foundAt": "benefit_intake",
    }
    logged = world.call("referrer", "POST", "/v1/screenings", screening)
    assert logged.status_code == 201, logged.json
    coded: dict[str, Any] = {"noScreening": False, "screeningCodes": [body(logged)["code"]]}
    world.clock.move(days=334)
    shown = world.refer(**coded)
    assert show(world, "coach", shown)["screeningCodes"] == coded["screeningCodes"]
    world.clock.move(days=1)
    assert wrong(create(world, **coded)) == {("/screeningCodes", "screening_missing")}
    assert create(world, **coded | {"noScreening": True}).status_code == 201


def test_an_employer_cannot_lean_on_consent_of_its_own_employee(world: World) -> None:
    """Consent to somebody who pays the wage is not freely given (AVG recital 43)."""
    assert wrong(create(world, "employer", legalBasis="consent")) == {("/legalBasis", "not_for_organisation")}
    assert create(world, "employer", legalBasis="contract").status_code == 201


def test_a_withdrawn_agreement_stops_the_submission(world: World) -> None:
    draft = world.bring_to("draft")
    kept = row(world, draft)
    with world.service.work() as work:
        work.session.execute(
            update(Agreement)
            .where(Agreement.id == kept.agreement_id)
            .values(
                withdrawn_on=world.clock.today, withdrawal_recorded_at=world.clock.now, withdrawal_recorded_by=kept.id
            )
        )
    assert wrong(attempt(world, "referrer", draft, "submit")) == {("/agreement", "agreement_missing")}


def test_a_second_open_referral_of_the_same_person_to_the_same_trajectory_is_refused_by_name(world: World) -> None:
    first = world.refer()
    again = create(world, participant=..., participantId=first["participantId"])
    told = refused(again)
    assert (told["referralId"], told["reference"]) == (first["id"], first["reference"])
    parallel = world.refer(
        participant=..., participantId=first["participantId"], trajectoryId=world.other_trajectory_id
    )
    assert parallel["status"] == "submitted"
    step(world, "referrer", first, "withdraw")
    assert create(world, participant=..., participantId=first["participantId"]).status_code == 201


# return, answer


def test_a_question_has_a_code_of_its_own_and_words(world: World) -> None:
    referral = world.refer()
    assert wrong(attempt(world, "coach", referral, "return_with_question", question="no_capacity")) == {
        ("/question", "reason_not_for_event")
    }
    assert wrong(attempt(world, "coach", referral, "return_with_question", text=...)) == {("/text", "required")}
    asked = step(world, "coach", referral, "return_with_question")
    assert asked["ballWith"]["party"] == "referrer"
    assert step(world, "referrer", asked, "answer")["status"] == "submitted"
    assert [event["words"]["text"] for event in history(world, asked)[-2:]] == ["Welk niveau?", "Niveau 1F."]


# accept


def test_a_case_is_accepted_under_an_active_coach_of_the_receiver(own_world: World) -> None:
    world = own_world
    referral = world.refer()
    for who in ("other_coach", "referrer", "receiving_coordinator"):
        answer = attempt(world, "coach", referral, "accept", coachId=str(world.users[who]))
        assert wrong(answer) == {("/coachId", "not_a_coach")}
    gone = world.call("provider_admin", "POST", f"/v1/users/{world.users['second_coach']}/deactivations")
    assert gone.status_code == 201
    answer = attempt(world, "coach", referral, "accept", coachId=str(world.users["second_coach"]))
    assert wrong(answer) == {("/coachId", "not_a_coach")}
    accepted = step(world, "coach", referral, "accept")
    assert accepted["coachId"] == str(world.users["coach"])
    assert accepted["ballWith"]["userId"] == str(world.users["coach"])


def test_the_coach_of_another_provider_does_not_even_see_the_case(world: World) -> None:
    assert attempt(world, "other_coach", world.refer(), "accept").status_code == 404


def test_a_full_trajectory_takes_nobody_unless_it_is_said_aloud(world: World) -> None:
    full = offer(world, places=1)
    step(world, "coach", world.refer(trajectoryId=full), "accept")
    second = world.refer(trajectoryId=full)
    refused(attempt(world, "coach", second, "accept"), "no_free_place")
    assert places(world, full) == (1, 0)
    over = step(world, "coach", second, "accept", overCapacity=True)
    assert places(world, full) == (2, 0)
    assert history(world, over)[-1]["facts"]["overCapacity"] is True


def test_every_way_out_gives_the_place_back(world: World) -> None:
    narrow = offer(world, places=1)
    for event in ("not_start", "withdraw", "withdraw_agreement", "void", "undo"):
        accepted = step(world, "coach", world.refer(trajectoryId=narrow), "accept")
        assert places(world, narrow) == (1, 0)
        who = "coach" if event in ("not_start", "undo") else "referrer"
        step(world, who, accepted, event)
        assert places(world, narrow) == (0, 0), event


# waitlist, offer_place, decline


def test_the_waiting_list_has_a_kind_and_a_date_to_come(world: World) -> None:
    referral = world.refer()
    assert wrong(attempt(world, "coach", referral, "waitlist", expectedStartOn=...)) == {("/reviewOn", "required")}
    assert wrong(attempt(world, "coach", referral, "waitlist", expectedStartOn=day(world, -1))) == {
        ("/expectedStartOn", "past")
    }
    assert wrong(attempt(world, "coach", referral, "waitlist", reviewOn=day(world, -1))) == {("/reviewOn", "past")}
    assert wrong(attempt(world, "coach", referral, "waitlist", kind="later")) == {("/kind", "unknown_code")}
    waiting = step(world, "coach", referral, "waitlist")
    assert (waiting["waitlistKind"], waiting["ballWith"]["party"]) == ("group_forming", "receiver")
    assert places(world, world.trajectory_id) == (0, 1)


@pytest.mark.parametrize(("days_ago", "is_good"), [(0, True), (14, True), (15, False), (-1, False)])
def test_a_place_is_offered_to_somebody_who_said_so_in_the_last_fourteen_days(
    world: World, days_ago: int, is_good: bool
) -> None:
    waiting = world.bring_to("waitlisted")
    answer = attempt(world, "coach", waiting, "offer_place", reconfirmedOn=day(world, -days_ago))
    if is_good:
        assert body(answer)["status"] == "accepted"
        assert places(world, world.trajectory_id) == (1, 0)
    else:
        assert wrong(answer) == {("/reconfirmedOn", "too_old")}


def test_an_offered_place_must_be_free(world: World) -> None:
    full = offer(world, places=1)
    waiting = step(world, "coach", world.refer(trajectoryId=full), "waitlist")
    step(world, "coach", world.refer(trajectoryId=full), "accept")
    refused(attempt(world, "coach", waiting, "offer_place"), "no_free_place")


def test_a_decline_names_a_reason_and_an_alternative_or_says_there_is_none(world: World) -> None:
    referral = world.refer()
    bad: list[tuple[dict[str, Any], tuple[str, str]]] = [
        ({"reason": "benefit_ended"}, ("/reason", "reason_not_for_event")),
        ({"reason": "zomaar"}, ("/reason", "unknown_code")),
        ({"alternativeTrajectoryId": ...}, ("/alternativeTrajectoryId", "one_of")),
        ({"noAlternative": True}, ("/alternativeTrajectoryId", "one_of")),
        ({"alternativeTrajectoryId": NOBODY}, ("/alternativeTrajectoryId", "not_found")),
    ]
    for changes, told in bad:
        assert wrong(attempt(world, "coach", referral, "decline", **changes)) == {told}
    both = attempt(world, "coach", referral, "decline", reason="zomaar", noAlternative=True)
    assert wrong(both) == {("/reason", "unknown_code"), ("/alternativeTrajectoryId", "one_of")}
    declined = step(world, "coach", referral, "decline")
    assert declined["alternativeTrajectoryId"] == world.other_trajectory_id
    assert (declined["reason"], declined["ballWith"]["party"]) == ("level_too_high", "referrer")


def test_after_an_acceptance_a_receiver_can_no_longer_decline(world: World) -> None:
    accepted = world.bring_to("accepted")
    told = refused(attempt(world, "coach", accepted, "decline"))
    assert (told["type"].rsplit(":", 1)[1], told["currentStatus"]) == ("event-not-allowed", "accepted")
    refused(attempt(world, "coach", step(world, "coach", accepted, "waitlist"), "decline"))
    taken_back = step(world, "coach", world.bring_to("accepted"), "undo")
    assert step(world, "coach", taken_back, "decline")["status"] == "declined"


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
    gone = world.call("provider_admin", "POST", f"/v1/users/{world.users['coach']}/deactivations")
    assert gone.status_code == 201
    again = step(world, "coordinator", ended, "reopen")
    assert (again["coachId"], again["ballWith"]["party"], again["ballWith"]["userId"]) == (None, "receiver", None)
    back = step(world, "second_coach", undone, "undo")
    assert (back["coachId"], back["ballWith"]["party"]) == (None, "receiver")


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
    gone = world.call("provider_admin", "POST", f"/v1/users/{world.users['coach']}/deactivations")
    assert gone.status_code == 201
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
    gone = world.call("admin", "POST", f"/v1/users/{world.users['referrer']}/deactivations")
    assert gone.status_code == 201
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
    assert world.call(admin, "POST", f"/v1/users/{world.users[other]}/deactivations").status_code == 201
    answer = world.call(admin, "POST", f"/v1/users/{world.users[who]}/deactivations")
    assert refused(answer)["reference"] == referral["reference"]
    assert show(world, who, referral)["status"] == "accepted"
    step(world, "referrer", referral, "withdraw")
    assert world.call(admin, "POST", f"/v1/users/{world.users[who]}/deactivations").status_code == 201


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
