"""Who reads words about the person, and what waits for whom, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from referral.referrals.usecases import ListReferrals, list_referrals, list_waiting
from tests.world import World

WORDS = ("learningWish", "purpose", "barriers")


@pytest.mark.parametrize(("who", "reads"), [("referrer", True), ("coach", True), ("coordinator", False)])
def test_a_coordinator_steers_without_words_about_the_person(own_world: World, who: str, reads: bool) -> None:
    referral = own_world.bring_to("returned")
    path = f"/v1/referrals/{referral['id']}"
    seen = own_world.call(who, "GET", path).json
    told = own_world.call(who, "GET", f"{path}/events").json["items"]
    assert ("learningWish" in seen) is reads
    assert any("words" in row for row in told) is reads


def test_the_receiving_coordinator_reads_no_words_either(own_world: World) -> None:
    referral = own_world.bring_to("accepted")
    seen = own_world.call("receiving_coordinator", "GET", f"/v1/referrals/{referral['id']}").json
    assert seen["status"] == "accepted"
    assert not [word for word in WORDS if word in seen]


def test_what_waits_comes_by_its_day_also_when_there_is_more_than_fits(own_world: World) -> None:
    """Control: newest first, cut off and then sorted, loses the case that is overdue longest."""
    oldest = own_world.refer()
    own_world.clock.move(days=7)
    for _ in range(3):
        own_world.refer()
    actor = own_world.actor("coach")
    with own_world.service.work() as work:
        waiting = list_waiting(actor=actor, work=work, most=2)
        newest = list_referrals(ListReferrals(mine=True, limit=2), actor=actor, work=work).items
    assert str(waiting[0].referral.id) == oldest["id"]
    assert waiting[0].referral.due_on < own_world.clock.today
    assert oldest["id"] not in [str(view.referral.id) for view in newest]


def test_a_list_asks_the_terms_once_however_many_organisations_sent(own_world: World) -> None:
    own_world.refer()
    own_world.refer("employer", legalBasis="contract")
    actor = own_world.actor("coach")
    asked: list[str] = []
    with own_world.service.work() as work:
        event.listen(own_world.service.engine, "before_cursor_execute", lambda *call: asked.append(call[2]))
        page = list_referrals(ListReferrals(), actor=actor, work=work)
    assert len({view.referral.source_organisation_id for view in page.items}) == 2
    assert len([statement for statement in asked if "FROM organisation_region JOIN region" in statement]) == 1


@pytest.mark.parametrize(("days", "status"), [(41, 201), (42, 409)])
def test_a_case_is_reopened_only_while_its_retention_term_runs(own_world: World, days: int, status: int) -> None:
    referral = own_world.bring_to("declined")
    own_world.clock.now += timedelta(days=days)
    answer = own_world.event("coordinator", referral, "reopen", reason="priority_changed")
    assert answer.status_code == status, answer.json
    assert answer.json.get("code") == (None if status == 201 else "retention_reached")
