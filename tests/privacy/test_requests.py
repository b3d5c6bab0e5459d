"""Each right of the participant, walked over HTTP from the request to the decision, with the term of the law."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from referral.core.codelists import default_terms, labels
from referral.core.work import Work
from referral.notifications.usecases import run_terms
from referral.participants.models import RequestKind, RequestStatus
from referral.participants.usecases import Outcome, is_restricted
from referral.referrals.guards import WHILE_RESTRICTED
from referral.referrals.usecases.retaining import list_due
from tests.house.calls import participant
from tests.privacy.asking import BODIES, asked, decide, decided, mails
from tests.world import World


def waiting(world: World, query: str = "") -> list[dict[str, Any]]:
    return list(world.call("privacy", "GET", f"/v1/privacy-requests{query}").json["items"])


def seen(world: World, case: dict[str, Any], who: str = "referrer") -> dict[str, Any]:
    return dict(world.call(who, "GET", f"/v1/referrals/{case['id']}").json)


def test_the_words_of_the_requests_are_those_of_the_lists() -> None:
    assert list(labels("requestKind")) == [kind.value for kind in RequestKind]
    assert list(labels("requestStatus")) == [status.value for status in RequestStatus]
    assert list(labels("decisionOutcome")) == [outcome.value for outcome in Outcome]


@pytest.mark.parametrize("right", BODIES)
def test_every_right_has_a_month_and_stands_on_the_work_list(world: World, right: str) -> None:
    person = participant(world)
    request = asked(world, person, right, receivedOn="2026-10-31")
    assert (request["receivedOn"], request["dueOn"], request["overdue"]) == ("2026-10-31", "2026-11-30", False)
    assert [each["id"] for each in waiting(world)] == [request["id"]]
    assert waiting(world)[0].keys().isdisjoint({"text", "decisions"}), "a list holds no words"
    done = (
        decided(world, request, "granted")
        if right != "erasure-requests"
        else decided(world, request, "refused", reason="duty_to_keep", explanation="De Archiefwet vraagt bewaren.")
    )
    assert done["status"] in ("granted", "refused")
    assert waiting(world) == []
    assert [each["id"] for each in waiting(world, f"?status={done['status']}")] == [request["id"]]


def test_what_is_over_its_term_stands_first_and_pages_follow_on(world: World) -> None:
    days = ("2026-10-20", "2026-09-15", "2026-11-02", "2026-09-15")
    made = {asked(world, participant(world), "rectifications", receivedOn=day)["id"] for day in days}
    rows, query = [], "?limit=1"
    while query:
        page = world.call("privacy", "GET", f"/v1/privacy-requests{query}").json
        rows += page["items"]
        query = f"?limit=1&cursor={page['next']}" if page["next"] else ""
    assert [(row["dueOn"], row["overdue"]) for row in rows] == [
        ("2026-10-15", True), ("2026-10-15", True), ("2026-11-20", False), ("2026-12-02", False),
    ]  # fmt: skip
    assert {row["id"] for row in rows} == made


def test_the_term_is_extended_once_by_two_months_with_notice(world: World) -> None:
    assert (default_terms().rights.answer.months, default_terms().rights.extension.months) == (1, 2)
    request = asked(world, participant(world), "rectifications")
    told = decided(world, request, "extended", explanation="Het is veel uitzoekwerk.")
    assert (told["status"], told["dueOn"], told["extended"]) == ("open", "2027-02-03", True)
    assert "extended" not in told["allowedOutcomes"]
    again = decide(world, told, "extended", explanation="Nog meer werk.")
    assert (again.status_code, again.json["code"]) == (409, "not_open")
    late = asked(world, participant(world), "rectifications", receivedOn="2026-09-01")
    answer = decide(world, late, "extended", explanation="Te laat.")
    assert [(each["pointer"], each["code"]) for each in answer.json["errors"]] == [("/toldOn", "too_late")]


def test_a_decision_asks_what_the_participant_is_told(world: World) -> None:
    request = asked(world, participant(world), "rectifications")
    for outcome, members, errors in (
        ("refused", {}, {("/reason", "required"), ("/explanation", "required")}),
        ("granted", {"reason": "data_correct"}, {("/reason", "not_for_outcome")}),
        ("partly_granted", {}, {("/explanation", "required")}),
        ("granted", {"toldOn": "2026-11-04"}, {("/toldOn", "future")}),
        ("granted", {"toldOn": "2026-11-02"}, {("/toldOn", "before_request")}),
    ):
        answer = decide(world, request, outcome, **members)
        assert answer.status_code == 400
        assert {(each["pointer"], each["code"]) for each in answer.json["errors"]} == errors
    done = decided(world, request, "refused", reason="data_correct", explanation="Het paspoort zegt 1985.")
    [decision] = done["decisions"]
    assert (decision["outcome"], decision["reason"], decision["explanation"]) == (
        "refused", "data_correct", "Het paspoort zegt 1985.",
    )  # fmt: skip
    assert decide(world, done, "granted").status_code == 409
    assert decide(world, request, "granted").status_code == 412


def test_nobody_but_the_privacy_officer_of_the_responsible_organisation_sees_a_request(world: World) -> None:
    case = world.refer()
    request = asked(world, case["participantId"], "restrictions")
    for who in ("referrer", "coach", "employer", "coordinator", "admin"):
        assert world.call(who, "GET", "/v1/privacy-requests").status_code == 403
        assert world.call(who, "GET", f"/v1/privacy-requests/{request['id']}").status_code == 403
        assert world.call(who, "POST", f"/v1/participants/{case['participantId']}/objections", {}).status_code == 403


def test_a_restriction_works_at_once_and_lets_the_case_stand_still(world: World) -> None:
    case = world.bring_to("accepted")
    person = f"/v1/participants/{case['participantId']}"
    due_on = case["dueOn"]
    request = asked(world, case["participantId"], "restrictions")
    for who in ("referrer", "coach"):
        shown = seen(world, case, who)
        assert shown["restricted"] is True
        assert set(shown["allowedEvents"]) <= {event.value for event in WHILE_RESTRICTED}
        assert "learningWish" not in shown
        answer = world.call(who, "GET", f"{person}?purpose=contact")
        assert (answer.status_code, answer.json["code"]) == (409, "restricted")
    assert world.event("coach", seen(world, case), "record_contact").status_code == 409
    assert world.call("privacy", "GET", f"{person}?purpose=rights").status_code == 200
    again = world.referral_body(participant=..., participantId=case["participantId"])
    assert world.call("referrer", "POST", "/v1/referrals", again).json["code"] == "restricted"
    world.clock.move(days=40)
    run_terms(world.service)
    assert seen(world, case)["status"] == "accepted", "no clock strikes"

    refused = decided(world, request, "refused", reason="data_correct", explanation="Alles klopt.")
    assert refused["status"] == "refused"
    shown = seen(world, case, "coach")
    assert shown["restricted"] is False
    assert shown["learningWish"] == "Ik wil kunnen voorlezen."
    assert "confirm_handover" in shown["allowedEvents"]
    assert shown["dueOn"] > due_on, "the days that it stood still do not count"


def test_a_granted_restriction_stands_until_it_is_lifted(world: World) -> None:
    case = world.refer()
    request = decided(world, asked(world, case["participantId"], "restrictions"), "granted")
    assert seen(world, case)["restricted"] is True
    assert request["allowedOutcomes"] == ["lifted"]
    lifted = decided(world, request, "lifted")
    assert (lifted["status"], lifted["allowedOutcomes"]) == ("lifted", [])
    assert seen(world, case)["restricted"] is False


def test_two_restrictions_are_lifted_one_by_one(world: World) -> None:
    case = world.refer()
    first = asked(world, case["participantId"], "restrictions")
    second = asked(world, case["participantId"], "objections")
    decided(world, first, "refused", reason="no_ground", explanation="Nee.")
    assert seen(world, case)["restricted"] is True, "the objection still stands"
    decided(world, second, "refused", reason="compelling_grounds", explanation="Nee.")
    assert seen(world, case)["restricted"] is False


def people_due(work: Work) -> set[UUID]:
    """Whom a run of retention would let go today."""
    return {each.participant_id for each in list_due(work, work.today)}


def test_nobody_is_destroyed_by_a_term_while_the_data_are_only_kept(world: World) -> None:
    case = world.bring_to("declined")
    person = UUID(case["participantId"])
    world.clock.move(days=60)
    with world.service.work(read_only=True) as work:
        assert person in people_due(work), "the control: without a restriction the term is over"
        assert not is_restricted(person, work)
    asked(world, case["participantId"], "restrictions", ground="needed_for_claim")
    with world.service.work(read_only=True) as work:
        assert person not in people_due(work)
        assert is_restricted(person, work)
    path = f"/v1/participants/{person}/erasures"
    for ground in ("retention", "error"):
        assert world.call("privacy", "POST", path, {"ground": ground}).json["code"] == "restricted"
    assert world.call("privacy", "POST", path, {"ground": "request"}).status_code == 201, "the person itself decides"


def test_an_objection_holds_the_data_and_when_granted_ends_the_sharing(world: World) -> None:
    case = world.bring_to("accepted")
    request = asked(world, case["participantId"], "objections")
    assert seen(world, case)["restricted"] is True
    decided(world, request, "granted")
    assert seen(world, case, "coach")["status"] == "withdrawn"
    person = f"/v1/participants/{case['participantId']}"
    assert world.call("coach", "GET", f"{person}?purpose=contact").status_code == 404
    [shown] = world.call("privacy", "GET", f"{person}/disclosures").json["items"]
    assert shown["endReason"] == "objection_upheld"


def test_a_granted_request_to_erase_erases_and_what_was_asked_is_gone_with_it(world: World) -> None:
    case = world.bring_to("accepted")
    other = asked(world, case["participantId"], "rectifications")
    request = asked(world, case["participantId"], "erasure-requests")
    assert request["text"] == "Wis mijn gegevens."
    done = decided(world, request, "granted", explanation="Gedaan.")
    assert (done["status"], done["text"]) == ("granted", None)
    person = f"/v1/participants/{case['participantId']}"
    assert world.call("privacy", "GET", f"{person}?purpose=rights").status_code == 410
    assert waiting(world) == []
    lapsed = world.call("privacy", "GET", f"/v1/privacy-requests/{other['id']}").json
    assert (lapsed["status"], lapsed["text"], lapsed["decisions"]) == ("lapsed", None, [])


def test_an_erasure_without_a_request_answers_the_one_that_waited(world: World) -> None:
    person = participant(world)
    request = asked(world, person, "erasure-requests")
    world.call("privacy", "POST", f"/v1/participants/{person}/erasures", {"ground": "request"})
    assert world.call("privacy", "GET", f"/v1/privacy-requests/{request['id']}").json["status"] == "granted"


def test_a_second_request_for_access_before_the_answer_is_the_same_request(world: World) -> None:
    person = participant(world)
    assert asked(world, person, "access-requests")["id"] == asked(world, person, "access-requests")["id"]
    first = waiting(world)[0]
    decided(world, world.call("privacy", "GET", f"/v1/privacy-requests/{first['id']}").json, "granted")
    assert asked(world, person, "access-requests")["id"] != first["id"]


def test_the_officer_hears_of_a_request_of_its_term_and_of_what_is_late(world: World, tmp_path: Path) -> None:
    asked(world, participant(world), "rectifications")
    said = []
    for index, days in enumerate((0, 1, 20, 9, 2)):
        world.clock.move(days=days)
        run_terms(world.service)
        mail = mails(world, tmp_path / str(index)).get("privacy", "")
        said.append([head for head in ("Verzoeken van deelnemers (1)", "over de termijn (1)") if head in mail])
    assert said == [["Verzoeken van deelnemers (1)"], [], ["Verzoeken van deelnemers (1)"], [], ["over de termijn (1)"]]
    assert waiting(world)[0]["overdue"] is True
