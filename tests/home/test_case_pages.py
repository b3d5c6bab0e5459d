"""The page of a case: the same buttons as the API, data closed until opened on purpose, both sides of a conflict."""

import re
import sys
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict

from referral.core.audit import AuditEntry
from referral.referrals.workflow import EVENT_LABELS, LABELS, EventName, Status
from tests.pages import Person
from tests.world import World

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
STEP = re.compile(r"/steps/(\w+)\"")


def count(world: World, action: str, result: str = "done") -> int:
    query = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == action, AuditEntry.result == result)
    with world.service.work() as work:
        return work.session.scalar(query) or 0


@ON_SQLITE
def test_the_page_offers_the_steps_that_the_api_allows_in_every_status_to_everybody(world: World) -> None:
    people = {
        who: Person(world, who) for who in ("referrer", "coach", "coordinator", "region", "receiving_coordinator")
    }
    compared = offered = 0
    for status in Status:
        case = world.bring_to(status)
        for who, person in people.items():
            seen = world.call(who, "GET", f"/v1/referrals/{case['id']}")
            page = person.open(f"/referrals/{case['id']}")
            assert page.status_code == seen.status_code, (status, who)
            if seen.status_code == 200:
                assert set(STEP.findall(page.text)) == set(seen.json["allowedEvents"]), (status, who)
                assert LABELS[status] in page.text
                offered += sum(
                    person.open(f"/referrals/{case['id']}/steps/{event}").status_code == 200
                    for event in seen.json["allowedEvents"]
                )
                compared += 1
    sys.stdout.write(f"{compared} pages compared, {offered} steps opened\n")
    assert compared > 60
    assert offered > 250


def test_the_person_stays_closed_until_a_purpose_is_stated_and_then_it_is_on_record(world: World) -> None:
    body = world.referral_body()
    case = world.move("coach", world.refer(), "accept", note="Belt morgen terug.")
    name = "Deelnemer 2"
    coach, path = Person(world, "coach"), f"/referrals/{case['id']}"
    closed = coach.open(path)
    assert name not in closed.text
    assert body["learningWish"] not in closed.text
    assert "Belt morgen terug." not in closed.text
    before = count(world, "participant:read")
    refused = coach.submit(path, f"{path}/person")
    assert refused.status_code == 400
    assert name not in refused.text
    assert count(world, "participant:read") == before
    opened = coach.submit(path, f"{path}/person", purpose="contact")
    assert opened.status_code == 200
    for text in (name, body["learningWish"], "Belt morgen terug.", "Telefoon"):
        assert text in opened.text
    assert count(world, "participant:read") > before
    assert name not in coach.open(path).text, "closed again"


def test_who_may_not_see_the_person_cannot_open_it_either(world: World) -> None:
    case = world.bring_to("accepted")
    path = f"/referrals/{case['id']}"
    for who, status in (("second_coach", 404), ("other_coach", 404), ("coordinator", 403), ("stranger", 404)):
        person = Person(world, who)
        form = {"csrf_token": _secret_in(person.open("/account").text), "purpose": "contact"}
        answer = person.client.post(f"{path}/person", data=form, headers={"Accept": "text/html"})
        assert answer.status_code == status, who
        assert "Open de gegevens" not in person.open(path).text


def test_history_is_told_in_sentences_with_names_and_to_an_employer_without(world: World) -> None:
    case = world.refer("employer", legalBasis="contract")
    case = world.move("coach", case, "accept")
    members = {"heldOn": "2026-11-03", "mode": "three_way", "participantPresent": True}
    case = world.move("coach", case, "confirm_handover", **members)
    path = f"/referrals/{case['id']}"
    coach = Person(world, "coach").open(path).text
    assert "Medewerker coach van Taalhuis Zilt heeft de warme overdracht bevestigd." in coach
    assert "Gesprek met z&#39;n drieën" in coach
    employer = Person(world, "employer").open(path).text
    assert "Taalhuis Zilt heeft de warme overdracht bevestigd." in employer
    assert "Medewerker coach" not in employer
    assert "z&#39;n drieën" not in employer


def test_a_step_with_something_missing_comes_back_with_what_was_typed_and_is_on_record(world: World) -> None:
    case = world.refer()
    coach, path = Person(world, "coach"), f"/referrals/{case['id']}/steps/decline"
    before = count(world, "referral:event", "invalid-input")
    page = coach.submit(path, note="Wij zitten vol.", reason="no_capacity")
    assert page.status_code == 400
    assert "Noem een ander traject, of zeg dat er geen is." in page.text
    assert coach.fill(page, path)["note"] == "Wij zitten vol."
    assert count(world, "referral:event", "invalid-input") == before + 1
    done = coach.send(path, coach.fill(page, path, noAlternative="true"))
    assert done.headers["Location"].endswith("?done=decline")
    assert "Vastgelegd: afwijzen." in coach.open(done.headers["Location"]).text


def test_a_case_changed_by_somebody_else_shows_both_and_lets_the_person_choose(world: World) -> None:
    case = world.bring_to("accepted")
    referrer, path = Person(world, "referrer"), f"/referrals/{case['id']}/steps/add_note"
    form = referrer.fill(referrer.open(path), path, note="De deelnemer belde mij.")
    world.move("coach", case, "record_contact", attemptedAt="2026-11-03T08:00:00Z", channel="phone", outcome="reached")
    page = referrer.send(path, form)
    assert page.status_code == 412
    assert "Medewerker coach van Taalhuis Zilt heeft een contactpoging vastgelegd." in page.text
    fields = referrer.fill(page, path)
    assert fields["note"] == "De deelnemer belde mij."
    assert "zonder mijn stap" in page.text
    assert referrer.send(path, fields).status_code == 303
    history = world.call("referrer", "GET", f"/v1/referrals/{case['id']}/events").json["items"]
    assert [row["event"] for row in history[-2:]] == ["record_contact", "add_note"]


@ON_SQLITE
def test_a_change_by_somebody_else_is_seen_also_after_signing_in_again(world: World) -> None:
    """The wrong build sends the newest version along with a form that it brings back."""
    case = world.refer()
    coach, path = Person(world, "coach"), f"/referrals/{case['id']}/steps/return_with_question"
    form = coach.fill(coach.open(path), path, question="q_level", text="Welk niveau?")
    world.clock.move(minutes=16)
    late = coach.send(path, form)
    world.move("referrer", case, "add_note", note="Belt morgen terug.")
    again = coach.send("/sign-in", coach.fill(late, "/sign-in", email=coach.email, password="correct-paard-batterij"))
    back = coach.send(path, coach.fill(again, path))
    assert back.status_code == 200
    page = coach.send(path, coach.fill(back, path))
    assert page.status_code == 412
    assert "Iemand anders heeft deze zaak intussen gewijzigd" in page.text
    assert coach.send(path, coach.fill(page, path)).status_code == 303


def test_a_step_that_became_impossible_leaves_what_was_typed_to_take_over(world: World) -> None:
    case = world.refer()
    coach, path = Person(world, "coach"), f"/referrals/{case['id']}/steps/decline"
    form = coach.fill(coach.open(path), path, note="Vol.", reason="no_capacity", noAlternative="true")
    world.move("coach", case, "accept")
    page = coach.send(path, form)
    assert page.status_code == 412
    assert "Deze stap kan nu niet meer." in page.text
    assert coach.fill(page, path)["note"] == "Vol."
    assert coach.open(path).status_code == 409


def test_a_double_click_takes_a_step_once(world: World) -> None:
    case = world.refer()
    coach, path = Person(world, "coach"), f"/referrals/{case['id']}/steps/accept"
    form = coach.fill(coach.open(path), path)
    assert [coach.send(path, form).status_code for _ in range(3)] == [303] * 3
    history = world.call("coach", "GET", f"/v1/referrals/{case['id']}/events").json["items"]
    assert [row["event"] for row in history] == ["create", "submit", "accept"]


def test_a_session_that_ended_brings_back_the_filled_in_form_to_the_same_person_only(world: World) -> None:
    case = world.refer()
    coach, path = Person(world, "coach"), f"/referrals/{case['id']}/steps/return_with_question"
    typed: dict[str, Any] = {"question": "q_level", "text": "Welk niveau heeft de deelnemer?"}
    form = coach.fill(coach.open(path), path, **typed)
    world.clock.move(minutes=16)
    late = coach.send(path, form)
    assert late.status_code == 401
    assert typed["text"] not in late.text, "sealed, so that who signs in next cannot read it"
    again = coach.send("/sign-in", coach.fill(late, "/sign-in", email=coach.email, password="correct-paard-batterij"))
    assert "U bent weer aangemeld" in again.text
    page = coach.send(path, coach.fill(again, path))
    assert (page.status_code, coach.fill(page, path)["text"]) == (200, typed["text"])
    assert world.call("coach", "GET", f"/v1/referrals/{case['id']}").json["status"] == "submitted", (
        "nothing was done yet"
    )
    assert coach.send(path, coach.fill(page, path)).status_code == 303
    # Somebody else at the same desk gets nothing of it.
    other = Person(world, "second_coach")
    stolen = other.send(
        "/sign-in", coach.fill(late, "/sign-in", email=other.email, password="correct-paard-batterij",
                               csrf_token=_secret_in(other.open("/account").text)),
    )  # fmt: skip
    assert stolen.headers["Location"] == "/"


def test_a_link_that_was_opened_too_late_leads_there_after_signing_in(world: World) -> None:
    case = world.refer()
    coach = Person(world, "coach")
    world.clock.move(minutes=16)
    late = coach.open(f"/referrals/{case['id']}")
    assert late.status_code == 401
    again = coach.send("/sign-in", coach.fill(late, "/sign-in", email=coach.email, password="correct-paard-batterij"))
    assert again.headers["Location"] == f"/referrals/{case['id']}"


def test_the_region_picks_the_trajectory_that_advice_was_asked_about(world: World) -> None:
    case = world.refer(trajectoryId=..., adviseMe=True)
    region, path = Person(world, "region"), f"/referrals/{case['id']}/trajectory"
    assert path in region.open(f"/referrals/{case['id']}").text
    assert region.submit(path).status_code == 400
    assert region.submit(path, trajectoryId=world.trajectory_id).status_code == 303
    assert world.call("region", "GET", f"/v1/referrals/{case['id']}").status_code in (200, 404)
    assert world.call("coach", "GET", f"/v1/referrals/{case['id']}").json["ballWith"]["party"] == "receiver"


@ON_SQLITE
def test_a_page_of_somebody_elses_case_looks_like_one_that_never_was(world: World) -> None:
    case, nobody = world.bring_to("accepted"), str(uuid4())
    about = [rule for rule in world.app.url_map.iter_rules() if "referral_id" in rule.arguments]
    pages = [(rule.rule, rule.methods or set()) for rule in about if not rule.rule.startswith("/v1/")]
    asked = 0
    for who in ("stranger", "other_coach"):
        person = Person(world, who)
        secret = {"csrf_token": _secret_in(person.open("/account").text), "version": "1", "purpose": "contact"}
        for rule, methods in pages:
            seen = set()
            for referral_id in (case["id"], nobody):
                path = rule.replace("<uuid:referral_id>", referral_id).replace("<event>", "add_note")
                answer = person.send(path, MultiDict(secret)) if "POST" in methods else person.open(path)
                seen.add((answer.status_code, re.sub(r'value="[^"]+"', "", answer.text)))
                asked += 1
            assert len(seen) == 1, rule
            assert next(iter(seen))[0] in (403, 404), rule
    assert asked >= 24


@ON_SQLITE
def test_a_step_that_does_not_exist_is_not_found(world: World) -> None:
    case = world.refer()
    coach = Person(world, "coach")
    for name in ("create", "expire", "accepteer", "ACCEPT"):
        assert coach.open(f"/referrals/{case['id']}/steps/{name}").status_code == 404
    assert set(EVENT_LABELS) == set(EventName)


def _secret_in(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return found[1]
