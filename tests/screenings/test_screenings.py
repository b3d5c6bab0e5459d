"""Screenings through their use cases and their door: anonymous, visible within the region, discussed once."""

from datetime import UTC, date, datetime
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from referral.core.audit import AuditEntry
from referral.core.errors import Invalid, NotAllowed, NotFound
from referral.core.outbox import OutboxMessage
from referral.screenings.models import Conversation, Screening
from referral.screenings.usecases import (
    ListScreenings,
    LogConversation,
    find_screening,
    list_screenings,
    log_conversation,
    mark_referred,
    screenings_by_code,
    show_screening,
)
from tests.screenings.conftest import Chain

OUTCOME = {
    "instrument": "taalmeter",
    "conductedOn": "2026-11-02",
    "indication": "yes",
    "score": 9,
    "block": 1,
    "durationMinutes": 11,
    "languageBackground": "nt1",
    "employment": "jobseeker",
    "ageBand": "35-44",
    "municipalityCode": "GM0453",
    "sector": "I",
    "occupationCode": "1122",
    "foundAt": "benefit_intake",
}


def wrong(refusal: pytest.ExceptionInfo[Invalid]) -> set[tuple[str, str]]:
    return {(error.pointer, error.code) for error in refusal.value.errors}


def test_the_columns_can_hold_no_name_contact_or_user() -> None:
    texts = {column.name for column in Screening.__table__.columns if str(column.type) == "VARCHAR(200)"}
    assert texts == set()
    assert not [key.target_fullname for key in Screening.__table__.foreign_keys if "user" in key.target_fullname]


def test_logging_leaves_one_audit_row_and_one_event(chain: Chain) -> None:
    screening = chain.log()
    with chain.work() as work:
        assert [entry.action for entry in work.session.scalars(select(AuditEntry))] == ["screening:log"]
        message = work.session.scalars(select(OutboxMessage)).one()
    assert (message.event, message.payload["object_id"]) == ("ScreeningLogged", str(screening.id))


@pytest.mark.parametrize(
    ("who", "sees_it"), [("referrer", True), ("neighbour", True), ("employer", False), ("stranger", False)]
)
def test_the_chain_of_a_region_sees_a_screening_and_nobody_else(chain: Chain, who: str, sees_it: bool) -> None:
    """An employer sees its own only, also when it shares the region."""
    code = chain.log().code
    with chain.work() as work:
        assert bool(screenings_by_code(work, [code], chain.actors[who])) is sees_it


def test_an_employer_sees_its_own_screening(chain: Chain) -> None:
    code = chain.log("employer").code
    with chain.work() as work:
        assert find_screening(code, actor=chain.actors["employer"], work=work).code == code


def test_a_code_is_read_however_it_was_typed(chain: Chain) -> None:
    code = chain.log().code
    typed = code.replace("-", " ").lower()
    with chain.work() as work:
        assert find_screening(typed, actor=chain.actors["referrer"], work=work).code == code
        assert set(screenings_by_code(work, [typed, "S-0000", "S-7K3Q-9F2M-E"], chain.actors["referrer"])) == {typed}


@pytest.mark.parametrize("code", ["", "S-0000", "S-7K3Q-9F2M-E", "S-7K3Q-9F2M-X", "'; --"])
def test_a_code_that_is_not_there_is_not_found(chain: Chain, code: str) -> None:
    with chain.work() as work, pytest.raises(NotFound):
        find_screening(code, actor=chain.actors["referrer"], work=work)


def test_a_list_holds_the_own_screenings_newest_first(chain: Chain) -> None:
    first, second = chain.log(), chain.log()
    chain.log("neighbour")
    actor = chain.actors["referrer"]
    with chain.work() as work:
        page = list_screenings(ListScreenings(limit=1), actor=actor, work=work)
        rest = list_screenings(ListScreenings(limit=1, cursor=page.next), actor=actor, work=work)
    assert [page.items[0].screening.code, rest.items[0].screening.code] == [second.code, first.code]
    assert rest.next is None


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, {"late", "soon", "none", "discussed", "avoided"}),
        ({"indication": "no"}, {"none"}),
        ({"discussed": "none"}, {"late", "soon", "none"}),
        ({"discussed": "held"}, {"discussed"}),
        ({"discussed": "not_held"}, {"avoided"}),
        ({"conversation_due": "overdue"}, {"late"}),
        ({"conversation_due": "upcoming"}, {"soon"}),
        ({"conversation_due": "overdue", "indication": "no"}, set()),
    ],
)
def test_a_list_can_be_narrowed(chain: Chain, filters: dict[str, Any], found: set[str]) -> None:
    codes = {
        "late": chain.log(conducted_on=date(2026, 10, 1)).code,
        "soon": chain.log().code,
        "none": chain.log(indication="no").code,
        "discussed": chain.log(conducted_on=date(2026, 10, 1)).code,
        "avoided": chain.log(conducted_on=date(2026, 10, 1)).code,
    }
    actor = chain.actors["referrer"]
    with chain.work() as work:
        talk = LogConversation(codes["discussed"], held_on=date(2026, 10, 5), outcome="agrees")
        log_conversation(talk, actor=actor, work=work)
        log_conversation(LogConversation(codes["avoided"], reason="no_time"), actor=actor, work=work)
        page = list_screenings(ListScreenings(**filters), actor=actor, work=work)
    assert {record.screening.code for record in page.items} == {codes[name] for name in found}


def test_a_held_conversation_outweighs_one_that_was_not(chain: Chain) -> None:
    code, actor = chain.log().code, chain.actors["referrer"]
    with chain.work() as work:
        log_conversation(LogConversation(code, reason="no_time"), actor=actor, work=work)
        held = LogConversation(code, held_on=date(2026, 11, 3), outcome="agrees")
        log_conversation(held, actor=actor, work=work)
        log_conversation(LogConversation(code, held=False, reason="client_absent"), actor=actor, work=work)
    with chain.work() as work:
        record = show_screening(code, actor=actor, work=work)
        events = [message.event for message in work.session.scalars(select(OutboxMessage))]
    assert record.screening.discussed == "held"
    assert [(each.sequence, each.held) for each in record.conversations] == [(1, False), (2, True), (3, False)]
    assert record.screening.version == 4
    assert events.count("ConversationHeld") == 1


@pytest.mark.parametrize(
    ("members", "errors"),
    [
        ({}, {("/reason", "required")}),
        ({"held": True}, {("/heldOn", "required"), ("/outcome", "required")}),
        ({"held_on": date(2026, 11, 3)}, {("/outcome", "required")}),
        ({"outcome": "agrees"}, {("/heldOn", "required")}),
        ({"held": False, "outcome": "agrees"}, {("/outcome", "not_applicable"), ("/reason", "required")}),
        (
            {"held_on": date(2026, 11, 4), "outcome": "agrees", "reason": "no_time"},
            {("/heldOn", "future"), ("/reason", "not_applicable")},
        ),
        ({"held_on": date(2026, 11, 1), "outcome": "agrees"}, {("/heldOn", "too_early")}),
    ],
)
def test_a_conversation_has_a_day_and_an_outcome_or_a_reason(
    chain: Chain, members: dict[str, Any], errors: set[tuple[str, str]]
) -> None:
    code = chain.log().code
    with pytest.raises(Invalid) as refusal, chain.work() as work:
        log_conversation(LogConversation(code, **members), actor=chain.actors["referrer"], work=work)
    assert wrong(refusal) == errors


def test_only_the_own_organisation_logs_the_conversation(chain: Chain) -> None:
    code = chain.log().code
    command = LogConversation(code, reason="no_time")
    with pytest.raises(NotAllowed), chain.work() as work:
        log_conversation(command, actor=chain.actors["neighbour"], work=work)
    with pytest.raises(NotFound), chain.work() as work:
        log_conversation(command, actor=chain.actors["stranger"], work=work)


def test_a_screening_learns_the_month_of_its_first_referral_and_no_more(chain: Chain) -> None:
    """An audit row or an event in the referral's own trace would lead from the screening to the person."""
    code, other = chain.log().code, chain.log().code
    with chain.work() as work:
        before = len(work.session.scalars(select(AuditEntry)).all())
        mark_referred(work, [code.lower(), "no code"], "2026-11")
        mark_referred(work, [code], "2026-12")
    with chain.work() as work:
        found = screenings_by_code(work, [code, other], chain.actors["referrer"])
        assert (found[code].referred_month, found[other].referred_month) == ("2026-11", None)
        assert found[code].version == 2
        assert len(work.session.scalars(select(AuditEntry)).all()) == before
        assert len(work.session.scalars(select(OutboxMessage)).all()) == 2


# The door


def test_the_door_logs_and_shows_a_screening(chain: Chain) -> None:
    made = chain.ask("POST", "", json=OUTCOME)
    assert made.status_code == 201, made.json
    assert made.headers["Location"] == f"/v1/screenings/{made.json['code']}"
    shown = chain.ask("GET", f"/{made.json['code']}", who="neighbour")
    assert shown.json == made.json
    assert shown.headers["ETag"] == '"1"'
    assert shown.json == {
        **OUTCOME,
        "code": shown.json["code"],
        "raisesChildren": "unknown",
        "educationLevel": None,
        "skills": ["reading"],
        "organisation": {"id": str(chain.actors["referrer"].organisation_id), "kind": "municipality"},
        "conversationDueOn": "2026-11-16",
        "conversations": [],
        "discussed": "none",
        "loggedMonth": "2026-11",
        "referredMonth": None,
        "version": 1,
    }


def test_the_door_takes_whether_somebody_raises_children_and_leaves_it_open(chain: Chain) -> None:
    for answer in ("yes", "no", "unknown"):
        made = chain.ask("POST", "", json={**OUTCOME, "raisesChildren": answer})
        assert chain.ask("GET", f"/{made.json['code']}").json["raisesChildren"] == answer
    for wrong in ("twee", 2, True, None):
        errors = chain.ask("POST", "", json={**OUTCOME, "raisesChildren": wrong}).json["errors"]
        assert [each["pointer"] for each in errors] == ["/raisesChildren"]
    header, row = "raisesChildren," + ",".join(OUTCOME), "no," + ",".join(str(each) for each in OUTCOME.values())
    answer = chain.ask("POST", "/_import", data=f"{header}\n{row}\n", content_type="text/csv")
    assert chain.ask("GET", f"/{answer.json['codes'][0]}").json["raisesChildren"] == "no"


@pytest.mark.parametrize("member", ["name", "phone", "note", "userId", "organisationId", "code"])
def test_a_member_that_could_hold_a_person_is_refused(chain: Chain, member: str) -> None:
    answer = chain.ask("POST", "", json={**OUTCOME, member: "Iemand"})
    assert answer.status_code == 400
    assert [(each["pointer"], each["code"]) for each in answer.json["errors"]] == [(f"/{member}", "unknown")]
    assert b"Iemand" not in answer.data


def test_the_door_names_every_wrong_member_and_repeats_none(chain: Chain) -> None:
    answer = chain.ask("POST", "", json={"instrument": "Janssen", "score": "zeven", "occupationCode": "kok"})
    pointers = {each["pointer"] for each in answer.json["errors"]}
    assert answer.status_code == 400
    assert {"/instrument", "/score", "/occupationCode", "/conductedOn", "/ageBand", "/foundAt"} <= pointers
    assert not any(value in answer.text for value in ("Janssen", "zeven", "kok"))


def test_the_door_names_every_broken_rule(chain: Chain) -> None:
    answer = chain.ask("POST", "", json={**OUTCOME, "score": 10, "block": 2, "durationMinutes": 40})
    assert answer.status_code == 400
    assert {each["pointer"] for each in answer.json["errors"]} == {"/block", "/durationMinutes"}


def test_what_one_may_not_see_is_answered_like_what_is_not_there(chain: Chain) -> None:
    code = chain.log().code
    hidden = chain.ask("GET", f"/{code}", who="stranger")
    absent = chain.ask("GET", "/S-7K3Q-9F2M-E", who="stranger")
    assert hidden.status_code == absent.status_code == 404
    assert hidden.data == absent.data


def test_the_door_logs_a_conversation(chain: Chain) -> None:
    code = chain.log().code
    made = chain.ask("POST", f"/{code}/conversations", json={"heldOn": "2026-11-03", "outcome": "agrees"})
    assert made.status_code == 201, made.json
    assert made.json == {
        "held": True,
        "heldOn": "2026-11-03",
        "outcome": "agrees",
        "reason": None,
        "sequence": 1,
        "code": code,
        "discussed": "held",
    }
    shown = chain.ask("GET", f"/{code}")
    assert shown.json["discussed"] == "held"
    assert shown.json["conversations"][0]["outcome"] == "agrees"
    assert shown.headers["ETag"] == made.headers["ETag"] == '"2"'


def test_the_door_lists_with_filters_and_refuses_unknown_ones(chain: Chain) -> None:
    chain.clock.now = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)
    code = chain.log().code
    listed = chain.ask("GET", "?conversationDue=overdue&discussed=none&indication=yes&limit=10")
    assert [item["code"] for item in listed.json["items"]] == [code]
    assert listed.json["next"] is None
    assert chain.ask("GET", "?name=x").status_code == 400
    assert chain.ask("GET", "?conversationDue=soon").status_code == 400


def test_the_database_refuses_a_conversation_that_is_neither(chain: Chain) -> None:
    """The last guard: held without a day, or not held without a reason."""
    screening = chain.log()
    for members in ({"held": True, "outcome": "agrees"}, {"held": False}):
        with pytest.raises(IntegrityError), chain.work() as work:
            work.session.add(Conversation(screening_id=screening.id, sequence=1, logged_at=work.now, **members))


def test_two_conversations_at_once_get_their_own_number(chain: Chain) -> None:
    """Counting before the lock would give both the same number, and one of them an error."""
    code, start = chain.log().code, Barrier(2)

    def note() -> None:
        start.wait()
        with chain.work() as work:
            log_conversation(LogConversation(code, reason="no_time"), actor=chain.actors["referrer"], work=work)

    threads = [Thread(target=note) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with chain.work() as work:
        record = show_screening(code, actor=chain.actors["referrer"], work=work)
    assert [conversation.sequence for conversation in record.conversations] == [1, 2]
