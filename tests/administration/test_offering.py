"""An organisation stops offering a reason: what is foreseen happens, nobody can choose it, and old cases keep it."""

import pytest

from referral.core.codelists import reasons, reasons_for
from referral.core.errors import GuardRefused, NotAllowed, NotFound
from referral.referrals.guards import check_reason
from referral.referrals.usecases import (
    OfferCode,
    RetireCode,
    choosable_reasons,
    foresee_code,
    offer_code,
    retire_code,
)
from referral.referrals.workflow import EventName
from tests.house.calls import RETIRED
from tests.pages import Person
from tests.world import World

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PATH = "/administration/lists/reason/no_capacity"


def retire(world: World, code: str, who: str = "provider_admin") -> None:
    with world.service.work() as work:
        retire_code(RetireCode("reason", code), actor=world.actor(who), work=work)


def test_the_page_says_what_happens_and_then_exactly_that_happens(world: World) -> None:
    """Wrong build, beside it: the check that forgets what the organisation retired lets the code through."""
    for _ in range(2):
        world.bring_to("declined")
    world.move("referrer", world.refer(), "transfer", reason="no_capacity", trajectoryId=world.other_trajectory_id)
    waiting, admin = world.refer(), Person(world, "provider_admin")
    page = admin.open(PATH).text
    assert "3 zaken van uw organisatie hebben deze code. Die zaken houden hem." in page
    steps = "Afwijzen, Niet gestart melden, Doorbraakberaad vragen, Overzetten naar een ander traject."
    assert f"Uw collega's kunnen hem niet meer kiezen bij: {steps}" in page
    coach, form = Person(world, "coach"), f"/referrals/{waiting['id']}/steps/decline"
    assert 'value="no_capacity"' in coach.open(form).text
    assert admin.submit(PATH, f"{PATH}/retire").headers["Location"] == "/administration/lists/reason?done=retire"
    assert 'value="no_capacity"' not in coach.open(form).text
    assert 'value="level_too_low"' in coach.open(form).text
    refused = world.event("coach", waiting, "decline", reason="no_capacity", noAlternative=True)
    assert refused.status_code == 400
    assert [(each["pointer"], each["code"]) for each in refused.json["errors"]] == [("/reason", "reason_not_offered")]
    assert check_reason(EventName.DECLINE, "no_capacity", None) == [], "the wrong build"
    assert world.event("referrer", waiting, "escalate", reason="no_capacity").status_code == 201, "elsewhere it stays"
    listed = admin.open("/administration/lists/reason").text
    assert listed.count("Niet meer aangeboden") == 1
    kept = [each["reason"] for each in world.call("coach", "GET", "/v1/referrals?status=declined").json["items"]]
    assert kept == ["no_capacity"] * 2
    assert "4 zaken van uw organisatie hebben deze code al." in admin.open(PATH).text
    assert admin.submit(PATH, f"{PATH}/offer").status_code == 303
    assert world.move("coach", world.refer(), "decline", reason="no_capacity", noAlternative=True)


@ON_SQLITE
def test_the_workflow_of_the_api_offers_what_the_organisation_offers(world: World) -> None:
    def offered(who: str) -> tuple[bool, bool]:
        table = world.call(who, "GET", "/v1/workflow").json
        [decline] = [each for each in table["events"] if each["event"] == "decline"]
        [reason] = [each for each in table["reasons"] if each["code"] == "level_too_low"]
        return "level_too_low" in decline["reasons"], reason["retired"]

    assert offered("coach") == (True, False)
    body = {"list": "reason", "code": "level_too_low"}
    assert world.call("provider_admin", "POST", RETIRED, body).status_code == 201
    assert world.call("provider_admin", "POST", RETIRED, body).status_code == 201, "twice changes nothing"
    assert world.call("provider_admin", "GET", RETIRED).json == {"items": [body]}
    assert offered("coach") == (False, True)
    assert offered("referrer") == (True, False)
    assert world.call("provider_admin", "DELETE", f"{RETIRED}/reason/level_too_low").status_code == 204
    assert world.call("provider_admin", "GET", RETIRED).json == {"items": []}
    assert world.call("provider_admin", "DELETE", f"{RETIRED}/reason/niets").status_code == 404
    assert world.call("provider_admin", "DELETE", f"{RETIRED}/level/level_too_low").status_code == 404


@ON_SQLITE
def test_a_step_keeps_at_least_one_reason_and_is_named(world: World) -> None:
    """Wrong build: one that looks at a code alone, and lets the last one go."""
    actor = world.actor("provider_admin")
    *others, last = [each.code for each in reasons_for("return_with_question")]
    for code in others:
        retire(world, code)
    with world.service.work() as work, pytest.raises(GuardRefused) as refused:
        retire_code(RetireCode("reason", last), actor=actor, work=work)
    assert refused.value.detail == "Bij de stap “Terugsturen met een vraag” moet minstens één reden overblijven."
    page = Person(world, "provider_admin").open(f"/administration/lists/reason/{last}").text
    assert refused.value.detail in page
    assert "/retire" not in page
    with world.service.work() as work:
        offer_code(OfferCode("reason", others[0]), actor=actor, work=work)
    retire(world, last)
    with world.service.work() as work, pytest.raises(GuardRefused):
        retire_code(RetireCode("reason", "aftercare_refused"), actor=actor, work=work)


@ON_SQLITE
def test_every_field_that_asks_for_a_reason_refuses_what_is_retired(world: World) -> None:
    for code in ("q_level", "urgent", "hold_work", "client_moved"):
        retire(world, code)
    asked = world.event("coach", world.refer(), "return_with_question", question="q_level", text="Welk niveau?")
    assert [(each["pointer"], each["code"]) for each in asked.json["errors"]] == [("/question", "reason_not_offered")]
    accepted = world.bring_to("accepted")
    for event, pointer, members in (
        ("confirm_handover", "/exception", {"exception": "urgent"}),
        ("hold", "/reason", {"reason": "hold_work", "resumeOn": "2026-11-20"}),
        ("not_start", "/reason", {"reason": "client_moved"}),
    ):
        refused = world.event("coach", accepted, event, **members)
        assert [(each["pointer"], each["code"]) for each in refused.json["errors"]] == [(pointer, "reason_not_offered")]


@ON_SQLITE
def test_what_the_service_does_by_itself_and_who_may_choose(world: World) -> None:
    assert choosable_reasons().keys() == reasons().keys() - {"retention"}
    retire(world, "no_response")
    for name, code in (("reason", "retention"), ("reason", "niets"), ("level", "1F")):
        with world.service.work() as work, pytest.raises(NotFound):
            foresee_code(RetireCode(name, code), actor=world.actor("provider_admin"), work=work)
    with world.service.work() as work, pytest.raises(NotAllowed):
        retire_code(RetireCode("reason", "urgent"), actor=world.actor("coach"), work=work)
    case = world.bring_to("expired")
    assert case["reason"] == "no_response", "the service itself may"
