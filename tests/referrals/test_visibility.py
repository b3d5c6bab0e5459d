"""Who sees which referral, and how much of it: the row rule equals the SQL rule, and what is unseen does not exist."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from referral.core.database import new_id
from referral.core.policy import Actor, Role
from referral.core.work import Work
from referral.referrals.models import Referral
from referral.referrals.schemas.events import DEEDS
from tests.referrals.chain import STATUSES, members
from tests.referrals.doors import Shown, body, change, history, show, step, tell
from tests.world import STAFF, World

CASE_ROLES = (Role.REFERRER, Role.COACH, Role.COORDINATOR)
WORDS = ("Ik wil kunnen voorlezen.", "childcare", "Een passend aanbod")
"""The learning wish, a barrier and the purpose of every referral of the world."""

OF_THE_REQUEST = ("Trace-Id", "traceparent")
"""Headers that differ from answer to answer."""


def everywhere(world: World) -> dict[str, Shown]:
    """A referral in every status, and in the states between which sight changes."""
    made = {status: world.bring_to(status) for status in STATUSES}
    draft = world.bring_to("draft")
    made["withdrawn draft"] = step(world, "referrer", draft, "withdraw")
    made["void draft"] = step(world, "referrer", world.bring_to("draft"), "void")
    made["taken back"] = step(world, "referrer", world.refer(), "undo")
    made["advice"] = world.refer(trajectoryId=..., adviseMe=True)
    made["advised"] = body(
        change(world, "region", world.refer(trajectoryId=..., adviseMe=True), trajectoryId=world.trajectory_id)
    )
    made["withdrawn advice"] = step(world, "referrer", world.refer(trajectoryId=..., adviseMe=True), "withdraw")
    made["held"] = step(world, "coach", world.bring_to("intake"), "hold")
    made["escalated"] = step(world, "referrer", world.bring_to("waitlisted"), "escalate")
    made["decided"] = step(
        world, "region", step(world, "coach", world.bring_to("accepted"), "escalate"), "decide_escalation"
    )
    made["transferred"] = world.refer()
    made["by transfer"] = step(world, "referrer", made["transferred"], "transfer")
    made["of an employer"] = world.refer("employer", legalBasis="contract")
    made["of a stranger"] = world.refer("stranger", municipalityCode="GM0014")
    return made


def everyone(world: World) -> list[Actor]:
    """Everybody of the world, and each organisation once with each of the roles."""
    people = [world.actor(who) for who in STAFF]
    offices = {actor.organisation_id: actor for actor in people}.values()
    played = product(offices, set(Role) - {Role.SYSTEM})
    return people + [replace(office, id=new_id(), roles=frozenset({role})) for office, role in played]


def compare(world: World, made: dict[str, Shown], visible: Callable[[Actor, Work], set[UUID]]) -> int:
    """Hold the row rule against a SQL rule for every referral and actor; gives how many pairs are seen."""
    ids = {name: UUID(shown["id"]) for name, shown in made.items()}
    seen = pairs = 0
    with world.service.work(read_only=True) as work:
        rows = {name: work.session.get_one(Referral, referral_id) for name, referral_id in ids.items()}
        for actor in everyone(world):
            found = visible(actor, work)
            for name, row in rows.items():
                should = bool(row.relations_to(actor)) and actor.has_role(*CASE_ROLES)
                assert (row.id in found) == should, f"{name} for {sorted(actor.roles)} of {actor.organisation_kind}"
                pairs, seen = pairs + 1, seen + should
    tell("visibility", referrals=len(rows), pairs=pairs, seen=seen)
    return seen


def test_the_row_rule_and_the_sql_rule_say_the_same_of_every_referral_to_everybody(world: World) -> None:
    """Whoever does no case work (privacy officer, administrator) sees none, whatever their organisation is to it."""

    def visible(actor: Actor, work: Work) -> set[UUID]:
        return {row.id for row in work.session.scalars(Referral.visible_to(actor))}

    assert compare(world, everywhere(world), visible) > 100


def test_a_sql_rule_that_forgets_the_drafts_is_noticed(world: World) -> None:
    """The wrong build: the receiver sees a referral that was never sent, or was taken back."""

    def forgetful(actor: Actor, work: Work) -> set[UUID]:
        here = actor.organisation_id
        theirs = (Referral.source_organisation_id == here) | (Referral.receiver_organisation_id == here)
        return set(work.session.scalars(select(Referral.id).where(theirs)))

    with pytest.raises(AssertionError):
        compare(world, {"taken back": step(world, "referrer", world.refer(), "undo")}, forgetful)


# What is unseen does not exist.


def routes(world: World) -> list[tuple[str, str]]:
    """Every route of the API about one referral, with each of its methods; the pages are tried with `home`."""
    about = [rule for rule in world.app.url_map.iter_rules() if "referral_id" in rule.arguments]
    rules = [rule for rule in about if rule.rule.startswith("/v1/")]
    return sorted((rule.rule, method) for rule in rules for method in (rule.methods or set()) - {"HEAD", "OPTIONS"})


def ask(world: World, who: str, rule: str, method: str, referral_id: str, sent: Any) -> tuple[Any, ...]:
    """The answer without what is always new."""
    path = rule.replace("<uuid:referral_id>", referral_id)
    answer = world.call(who, method, path, sent, version=2)
    return (
        answer.status_code,
        answer.data,
        sorted(pair for pair in answer.headers.items() if pair[0] not in OF_THE_REQUEST),
    )


NOTHING: list[Any] = [None]
CHANGES: list[Any] = [{"purpose": "x"}, {"purpose": 1}]


@pytest.mark.parametrize("who", ["stranger", "other_coach", "employer"])
def test_somebody_elses_referral_answers_byte_for_byte_like_one_that_never_was(world: World, who: str) -> None:
    nobody, asked = str(new_id()), 0
    every: list[Any] = [members(world, event.value) for event in DEEDS]
    every += [{"event": "accept", "unknown": 1}, {"event": "fly"}, {}, []]
    for status, (rule, method) in product(("draft", "accepted", "expired", "void"), routes(world)):
        referral = world.bring_to(status)
        sent = {"GET": NOTHING, "PATCH": CHANGES}.get(method, every)
        for each in sent if status == "accepted" else sent[:1]:
            theirs, none = (ask(world, who, rule, method, of, each) for of in (referral["id"], nobody))
            assert theirs == none, (method, rule, each)
            # Whose role may never ask for the access log is told so, whatever the id.
            may_ask = Role.COORDINATOR in STAFF[who][1] or not rule.endswith("/access-log")
            assert theirs[0] == (404 if may_ask else 403) or each not in (None, members(world, "accept"))
            asked += 2
    tell("unseen", by=who, answers=asked, routes=len(routes(world)))
    assert len(routes(world)) >= 4


def test_a_list_tells_nothing_of_what_is_unseen(world: World) -> None:
    mine = world.refer()
    for filters in (f"?reference={mine['reference']}", f"?participantId={mine['participantId']}"):
        seen = {who: body(world.call(who, "GET", f"/v1/referrals{filters}"))["items"] for who in STAFF if _works(who)}
        assert {who for who, items in seen.items() if items} == {
            "referrer", "second_referrer", "coordinator", "coach", "second_coach", "receiving_coordinator",
        }  # fmt: skip


def _works(who: str) -> bool:
    return any(role in CASE_ROLES for role in STAFF[who][1])


@pytest.mark.parametrize("who", ["privacy", "admin", "provider_admin"])
def test_who_does_no_case_work_gets_no_referrals(world: World, who: str) -> None:
    referral = world.refer()
    for path in ("", f"/{referral['id']}", f"/{referral['id']}/events"):
        assert world.call(who, "GET", f"/v1/referrals{path}").status_code == 403


# How much of it.


def test_the_receiving_coaches_read_the_words_until_one_of_them_has_the_case(world: World) -> None:
    sent = world.refer()
    for who in ("coach", "second_coach"):
        assert show(world, who, sent)["learningWish"] == WORDS[0]
    assert "learningWish" not in show(world, "receiving_coordinator", sent)
    step(world, "coach", sent, "accept")
    assert show(world, "coach", sent)["learningWish"] == WORDS[0]
    for who in ("second_coach", "receiving_coordinator"):
        assert "learningWish" not in show(world, who, sent)
        assert all("words" not in event for event in history(world, sent, who))


def test_the_receiver_reads_what_was_agreed_and_no_more(world: World) -> None:
    """Barriers are in no scope here, so that the coach does not read them; who referred does."""
    sent = world.refer()
    assert "barriers" not in show(world, "coach", sent)
    assert show(world, "referrer", sent)["barriers"] == ["childcare"]
    narrow = world.referral_body()["agreement"] | {"dataScope": ["contact"]}
    assert {"learningWish", "screeningCodes", "barriers"}.isdisjoint(
        show(world, "coach", world.refer(agreement=narrow))
    )
    wide = world.referral_body()["agreement"] | {
        "dataScope": ["contact", "barriers"],
        "declaration": {"signedOn": world.clock.today.isoformat(), "form": "paper"},
    }
    assert show(world, "coach", world.refer(agreement=wide))["barriers"] == ["childcare"]


@pytest.mark.parametrize("status", ["closed", "declined", "withdrawn", "not_started", "stopped_early", "void"])
def test_when_it_is_over_the_receiver_keeps_the_case_and_not_the_words(world: World, status: str) -> None:
    ended = world.bring_to(status)
    shown = body(world.call("coach", "GET", f"/v1/referrals/{ended['id']}"))
    assert shown["status"] == status
    assert not any(word in str(shown) for word in WORDS)
    assert all("words" not in event for event in history(world, ended, "coach"))
    assert show(world, "referrer", ended)["learningWish"] == WORDS[0]


def test_the_region_decides_without_reading_about_the_person(world: World) -> None:
    asked = step(world, "coach", world.bring_to("accepted"), "escalate", note="Zij kan alleen op dinsdag.")
    assert show(world, "region", asked)["escalated"] is True
    for path in ("", "/events"):
        text = world.call("region", "GET", f"/v1/referrals/{asked['id']}{path}").get_data(as_text=True)
        assert not any(word in text for word in (*WORDS, "dinsdag"))


# The employer's narrow view.

NARROW = {
    "id", "reference", "status", "statusLabel", "ballWith", "dueOn", "allowedEvents", "milestones", "source",
    "receiver", "participantId", "trajectoryId", "skills", "createdAt", "changedAt", "version",
}  # fmt: skip
NARROW_HISTORY = {"id", "sequence", "event", "from", "to", "occurredAt", "organisationId"}
SECRET = "Zij heeft het zwaar thuis"


def test_an_employer_follows_the_progress_and_never_reads_reasons_notes_or_words(world: World) -> None:
    referral = world.refer("employer", legalBasis="contract")
    asked = step(world, "coach", referral, "return_with_question", text=SECRET)
    answered = step(world, "employer", asked, "answer", text="Zij werkt in de ochtend.")
    accepted = step(world, "coach", answered, "accept", note=SECRET)
    tried = step(world, "coach", accepted, "record_contact", note=SECRET)
    paused = step(world, "coach", tried, "hold", reason="hold_health", note=SECRET)
    ended = step(
        world, "coach", step(world, "coach", paused, "resume"), "not_start", reason="client_health", note=SECRET
    )
    texts = [
        world.call("employer", "GET", f"/v1/referrals{path}").get_data(as_text=True)
        for path in (f"/{referral['id']}", f"/{referral['id']}/events", f"?participantId={referral['participantId']}")
    ]
    hidden = (SECRET, "hold_health", "client_health", "q_level", "not_reached", "coachId", "reason", "facts", *WORDS)
    assert [word for word in hidden for text in texts if word in text] == []
    shown = show(world, "employer", referral)
    assert set(shown) == NARROW
    assert (shown["status"], shown["statusLabel"]) == ("not_started", "Niet gestart")
    assert {key for event in history(world, referral, "employer") for key in event} == NARROW_HISTORY
    assert "client_health" in str(show(world, "coach", ended))


def test_the_answers_to_the_employers_own_steps_are_as_narrow(world: World) -> None:
    made = world.refer("employer", legalBasis="contract")
    assert set(made) == NARROW
    noted = step(world, "employer", made, "add_note")
    assert set(noted) == NARROW | {"eventId"}
    assert [set(each) for each in body(world.call("employer", "GET", "/v1/referrals?limit=1"))["items"]] == [NARROW]


def test_another_kind_of_sender_reads_the_reasons(world: World) -> None:
    """The control beside the narrow view: the same case of a gemeente tells why."""
    ended = step(world, "coach", world.bring_to("accepted"), "not_start", reason="client_health", note=SECRET)
    assert show(world, "referrer", ended)["reason"] == "client_health"
    assert history(world, ended)[-1]["words"] == {"note": SECRET}
