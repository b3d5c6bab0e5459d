"""The guards of the receiving team: question, acceptance, waiting list, place and decline."""

from typing import Any

import pytest

from tests.referrals.doors import NOBODY, attempt, body, day, history, leave, offer, places, refused, step, wrong
from tests.world import World

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
    assert leave(world, "provider_admin", "second_coach").status_code == 201
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
