"""The guards of `create` and `submit`: what a referral needs before anybody else sees it."""

from typing import Any

import pytest
from sqlalchemy import update

from referral.participants.models import Agreement
from tests.referrals.doors import NOBODY, attempt, body, create, day, history, offer, refused, row, show, step, wrong
from tests.world import World

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
