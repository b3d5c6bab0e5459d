"""What changed for a person is sealed; what is counted leads to nobody and survives an erasure."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

from sqlalchemy import select

from referral.referrals.models import OutcomeTally, Referral, ReferralEvent
from referral.referrals.usecases.tallying import count_outcomes
from referral.referrals.workflow import EventName
from tests.world import World

OUTCOMES = [{"area": "health", "direction": "worse"}, {"area": "digital", "direction": "better"}]
LATER = "after_3_months"
COUNTED = {("2026-11", LATER, "digital", "better"): 1, ("2026-11", LATER, "health", "worse"): 1}


def follow_up(world: World) -> dict[str, Any]:
    case = world.bring_to("completed")
    today = world.clock.today.isoformat()
    return world.move(
        "coach", case, "record_follow_up", heldOn=today, stillLearning=True, atWork=False, outcomes=OUTCOMES
    )


def tallies(world: World) -> dict[tuple[str, str, str, str], int]:
    with world.service.work(read_only=True) as work:
        rows = work.session.scalars(select(OutcomeTally)).all()
        return {(row.month, row.moment, row.area, row.direction): row.count for row in rows}


def test_what_changed_stands_among_the_sealed_words(world: World) -> None:
    case = follow_up(world)
    with world.service.work(read_only=True) as work:
        query = select(ReferralEvent).where(ReferralEvent.event == EventName.RECORD_FOLLOW_UP)
        row = work.session.scalars(query).one()
        assert row.facts == {"heldOn": "2026-11-03", "stillLearning": True, "atWork": False}
        assert b"health" not in row.words_ct
    for who, words in (("coach", {"health": "worse", "digital": "better"}), ("receiving_coordinator", None)):
        history = world.call(who, "GET", f"/v1/referrals/{case['id']}/events").json["items"]
        assert history[-1].get("words", {}).get("outcomes") == words, who


def test_the_figures_outlive_the_person_and_name_nobody(world: World) -> None:
    case = follow_up(world)
    assert tallies(world) == COUNTED
    path = f"/v1/participants/{case['participantId']}/erasures"
    assert world.call("privacy", "POST", path, {"ground": "request"}).status_code == 201
    assert tallies(world) == COUNTED
    assert not {"participant_id", "referral_id"} & {column.name for column in OutcomeTally.__table__.columns}


def test_an_undone_follow_up_is_counted_no_longer(world: World) -> None:
    case = follow_up(world)
    world.move("coach", case, "undo")
    assert set(tallies(world).values()) == {0}


def test_the_answers_at_the_start_and_at_the_end_are_counted_by_moment(world: World) -> None:
    case = world.bring_to("intake")
    today = world.clock.today.isoformat()
    goals = [{"description": "Brieven lezen"}]
    answers = {"outcomes": [{"area": "health", "direction": "worse"}]}
    case = world.move("coach", case, "start_trajectory", startedOn=today, goals=goals, **answers)
    assert tallies(world) == {("2026-11", "start", "health", "worse"): 1}
    history = world.call("coach", "GET", f"/v1/referrals/{case['id']}/events").json["items"]
    results = [{"goalId": goal, "result": "achieved"} for goal in history[-1]["facts"]["goalIds"]]
    assert "outcomes" not in history[-1]["facts"]
    ended = {"completedOn": today, "report": "Klaar", "results": results, "certificate": "none"}
    case = world.move("coach", case, "complete", **ended, **answers)
    assert tallies(world)["2026-11", "end", "health", "worse"] == 1
    world.move("coordinator", case, "void", reason="entered_in_error")
    assert set(tallies(world).values()) == {0}, "what should never have been registered is in no figure"


def test_a_question_of_another_region_is_refused(world: World) -> None:
    case = world.bring_to("intake")
    body = {
        "event": "start_trajectory",
        "startedOn": world.clock.today.isoformat(),
        "goals": [{"description": "Lezen"}],
    }
    body |= {"outcomes": [{"area": "volunteering", "direction": "better"}]}
    answer = world.call("coach", "POST", f"/v1/referrals/{case['id']}/events", body, version=case["version"])
    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json["errors"]] == ["/outcomes"]
    assert tallies(world) == {}


def test_two_at_once_are_two(world: World) -> None:
    case = world.bring_to("completed")

    def count(_: int) -> None:
        with world.service.work() as work:
            referral = work.session.get_one(Referral, UUID(case["id"]))
            count_outcomes(work, referral, EventName.COMPLETE, {"digital": "better"}, on=world.clock.today)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count, range(8)))
    assert tallies(world) == {("2026-11", "end", "digital", "better"): 8}
