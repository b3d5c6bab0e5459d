"""Every disclosure says on what it rests; what the law asks and is missing is refused; a withdrawal ends all sight."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from referral.core import idempotency
from referral.core.idempotency import IdempotencyRecord
from referral.notifications.mail import FileMailSink
from referral.notifications.usecases import send_digests
from tests.world import World

WIDE = ["contact", "barriers"]


def agreement(world: World, **changes: Any) -> dict[str, Any]:
    return {**world.referral_body()["agreement"], **changes}


def signed(world: World) -> dict[str, Any]:
    return {"signedOn": world.clock.today.isoformat(), "form": "paper"}


def disclosures(world: World, case: dict[str, Any], who: str = "privacy") -> list[dict[str, Any]]:
    answer = world.call(who, "GET", f"/v1/participants/{case['participantId']}/disclosures")
    assert answer.status_code == 200, answer.json
    return list(answer.json["items"])


def test_a_disclosure_says_on_what_it_rests_and_what_the_person_was_told(world: World) -> None:
    teller = str(world.users["second_referrer"])
    told = {"on": "2026-11-02", "by": teller, "told": ["purpose", "receiver", "rights"]}
    case = world.refer(agreement=agreement(world, dataScope=WIDE, declaration=signed(world), informed=told))
    [shown] = disclosures(world, case, "referrer")
    assert shown | {"id": None} == {
        "id": None,
        "referralId": case["id"],
        "organisationId": str(world.organisations["Taalhuis Zilt"]),
        "organisation": "Taalhuis Zilt",
        "legalBasis": "public_task",
        "article": "AVG art. 6 lid 1 onder e",
        "purpose": "Een passend aanbod",
        "dataScope": WIDE,
        "agreedOn": "2026-11-03",
        "method": "in_person",
        "informed": {"by": "Medewerker second_referrer", "on": "2026-11-02", "told": ["purpose", "receiver", "rights"]},
        "declaration": {"signedOn": "2026-11-03", "form": "paper"},
        "startedAt": "2026-11-03T09:00:00Z",
        "endedAt": None,
        "endReason": None,
        "correctedAt": None,
    }


def test_without_more_the_referrer_told_the_least_on_the_day_of_the_agreement(world: World) -> None:
    [shown] = disclosures(world, world.refer())
    least = ["purpose", "receiver", "data_scope"]
    assert shown["informed"] == {"by": "Medewerker referrer", "on": "2026-11-03", "told": least}
    assert shown["declaration"] is None


@pytest.mark.parametrize(
    ("basis", "scope", "with_declaration", "refused"),
    [
        ("public_task", WIDE, False, True),
        ("public_task", WIDE, True, False),
        ("public_task", ["contact", "background"], False, True),
        ("public_task", ["contact", "learning_wish", "screening_indication"], False, False),
        ("legal_obligation", WIDE, False, False),
    ],
)
def test_secrecy_is_lifted_by_the_task_the_law_or_a_written_declaration(
    world: World, basis: str, scope: list[str], *, with_declaration: bool, refused: bool
) -> None:
    given = agreement(world, dataScope=scope, **({"declaration": signed(world)} if with_declaration else {}))
    answer = world.call("referrer", "POST", "/v1/referrals", world.referral_body(legalBasis=basis, agreement=given))
    if not refused:
        assert answer.status_code == 201, answer.json
        return
    assert answer.status_code == 400
    [error] = answer.json["errors"]
    assert (error["pointer"], error["code"]) == ("/agreement/declaration", "declaration_missing")
    assert "Participatiewet art. 65" in error["detail"]


def test_an_employer_has_no_such_secrecy(world: World) -> None:
    given = agreement(world, dataScope=WIDE)
    assert world.refer("employer", legalBasis="contract", agreement=given)["status"] == "submitted"


def test_all_that_is_wrong_in_an_agreement_is_told_at_once(world: World) -> None:
    stranger = str(world.users["coach"])
    wrong = agreement(
        world,
        givenOn="2026-11-04",
        informed={"on": "2026-11-05", "by": stranger},
        declaration={"signedOn": "2026-11-06", "form": "digital"},
    )
    answer = world.call("referrer", "POST", "/v1/referrals", world.referral_body(agreement=wrong))
    assert {(each["pointer"], each["code"]) for each in answer.json["errors"]} == {
        ("/agreement/givenOn", "future"),
        ("/agreement/informed/on", "future"),
        ("/agreement/informed/by", "not_found"),
        ("/agreement/declaration/signedOn", "future"),
    }


def test_who_is_no_party_sees_no_disclosure(world: World) -> None:
    case = world.refer()
    path = f"/v1/participants/{case['participantId']}/disclosures"
    for who, status in (("coach", 403), ("coordinator", 403), ("stranger", 404), ("employer", 404)):
        assert world.call(who, "GET", path).status_code == status, who
    own = world.refer("employer", legalBasis="contract")
    path = f"/v1/participants/{own['participantId']}/disclosures"
    assert world.call("employer", "GET", path).status_code == 403


def accept_with_key(world: World, case: dict[str, Any]) -> Any:
    """The coach accepts; the same key and version each time."""
    return world.call(
        "coach",
        "POST",
        f"/v1/referrals/{case['id']}/events",
        {"event": "accept"},
        version=case["version"],
        Idempotency_Key="de-sleutel-van-de-coach",
    )


def withdraw(world: World, case: dict[str, Any], way: str) -> None:
    today = world.clock.today.isoformat()
    if way == "everything":
        path = f"/v1/participants/{case['participantId']}/agreement-withdrawals"
        assert world.call("referrer", "POST", path, {"heardOn": today}).status_code == 201
    else:
        seen = world.call("referrer", "GET", f"/v1/referrals/{case['id']}").json
        world.move("referrer", seen, "withdraw_agreement", heardOn=today)


@pytest.mark.parametrize("way", ["everything", "one case"])
def test_a_withdrawal_ends_the_sight_of_the_receiver_and_of_its_repeats(world: World, way: str) -> None:
    case = world.refer()
    person = f"/v1/participants/{case['participantId']}?purpose=contact"
    first = accept_with_key(world, case)
    assert first.json["languageBackground"] == "nt1"
    again = accept_with_key(world, case)
    assert (again.data, again.headers["Idempotent-Replayed"]) == (first.data, "true")
    assert world.call("coach", "GET", person).status_code == 200

    withdraw(world, case, way)

    assert world.call("coach", "GET", person).status_code == 404
    shown = world.call("coach", "GET", f"/v1/referrals/{case['id']}").json
    assert shown["status"] == "withdrawn"
    assert "learningWish" not in shown
    repeated = accept_with_key(world, case)
    assert repeated.status_code == 404
    assert case["participantId"].encode() not in repeated.data
    history = world.call("coach", "GET", f"/v1/referrals/{case['id']}/events").json["items"]
    assert [row["event"] for row in history].count("accept") == 1, "a repeat still does nothing"


def test_without_letting_go_the_repeat_would_still_tell_of_the_person(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test above: the answers are kept as they were before."""
    monkeypatch.setattr(idempotency, "withhold", lambda *_: None)
    case = world.refer()
    accept_with_key(world, case)
    withdraw(world, case, "everything")
    assert accept_with_key(world, case).json["languageBackground"] == "nt1"


def test_the_sender_keeps_its_own_repeats(world: World) -> None:
    body = world.referral_body()
    first = world.call("referrer", "POST", "/v1/referrals", body, Idempotency_Key="van-de-verwijzer")
    withdraw(world, first.json, "everything")
    again = world.call("referrer", "POST", "/v1/referrals", body, Idempotency_Key="van-de-verwijzer")
    assert again.data == first.data


def test_another_coach_takes_over_and_the_first_can_repeat_nothing(world: World) -> None:
    case = world.refer()
    accepted = dict(accept_with_key(world, case).json)
    world.move("coach", accepted, "assign", coachId=str(world.users["second_coach"]))
    assert accept_with_key(world, case).status_code == 404


def test_an_old_key_of_nobody_in_particular_is_left_alone(world: World) -> None:
    case = world.refer()
    accept_with_key(world, case)
    with world.service.work() as work:
        work.session.execute(update(IdempotencyRecord).values(subject_id=None))
    withdraw(world, case, "everything")
    with world.service.work(read_only=True) as work:
        assert work.session.query(IdempotencyRecord).filter(IdempotencyRecord.answer.is_(None)).count() == 0


@pytest.mark.parametrize("way", ["everything", "one case"])
def test_who_must_know_of_a_withdrawal_hears_it_without_a_word_about_the_person(
    world: World, tmp_path: Path, way: str
) -> None:
    case = world.bring_to("accepted")
    withdraw(world, case, way)
    send_digests(world.service, sink=FileMailSink(tmp_path / "mail"))
    texts = [path.read_text() for path in (tmp_path / "mail").iterdir()]
    mails = {text.partition("To: ")[2].partition("\n")[0]: text for text in texts}
    told = {
        who: [subject for subject in ("Stop en vernietig", "Het delen is gestopt") if subject in mail]
        for who, mail in mails.items()
        if case["reference"] in mail
    }
    coach = {who: said for who, said in told.items() if "coach@" in who}
    referrer = {who: said for who, said in told.items() if "referrer@" in who}
    assert set(map(tuple, coach.values())) == {("Stop en vernietig",)}
    assert len(coach) == 2
    assert set(map(tuple, referrer.values())) == {("Het delen is gestopt",)}
    assert not [mail for mail in mails.values() if "Deelnemer 1" in mail or "0630000001" in mail]
