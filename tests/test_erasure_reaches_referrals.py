"""Erasing a person ends what is shared and leaves the case without words; erased is never confused with unreachable."""

from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import delete, select

from referral.core.encryption import SealedModel, subject_key
from referral.core.errors import Erased
from referral.participants.models import ErasureRequest, Participant
from referral.referrals.models import Referral, ReferralEvent
from referral.worker import run_once
from tests.world import World


def steps(world: World) -> tuple[bool, bool, bool]:
    """Which steps of the one erasure are noted as done: in the ledger, keys destroyed, remains wiped."""
    with world.service.work(read_only=True) as work:
        request = work.session.scalars(select(ErasureRequest)).one()
    return request.entered_at is not None, request.destroyed_at is not None, request.wiped_at is not None


def test_an_erased_person_leaves_a_case_without_words(world: World) -> None:
    referral = world.bring_to("in_trajectory")
    participant = f"/v1/participants/{referral['participantId']}"
    assert world.call("coach", "GET", f"{participant}?purpose=guidance").status_code == 200

    receipt = world.call("privacy", "POST", f"{participant}/erasures", {"ground": "request"})
    assert receipt.status_code == 201, receipt.json

    seen = world.call("referrer", "GET", f"/v1/referrals/{referral['id']}")
    assert (seen.status_code, seen.json["status"]) == (200, "stopped_early")
    assert not {"learningWish", "purpose"} & set(seen.json)
    history = world.call("referrer", "GET", f"/v1/referrals/{referral['id']}/events").json["items"]
    assert history
    assert not [row for row in history if "words" in row]
    assert world.call("referrer", "GET", f"{participant}?purpose=contact").status_code == 410
    assert world.call("coach", "GET", f"{participant}?purpose=guidance").status_code == 404


def test_a_withdrawn_agreement_takes_the_sight_away_everywhere(world: World) -> None:
    referral = world.bring_to("accepted")
    participant = f"/v1/participants/{referral['participantId']}"
    today = world.clock.today.isoformat()
    answer = world.call("referrer", "POST", f"{participant}/agreement-withdrawals", {"heardOn": today})
    assert answer.status_code == 201, answer.json

    assert world.call("coach", "GET", f"{participant}?purpose=contact").status_code == 404
    assert world.call("coach", "GET", f"/v1/referrals/{referral['id']}").json["status"] == "withdrawn"


def test_the_person_can_ask_for_everything_that_is_held(world: World) -> None:
    referral = world.bring_to("returned")
    participant = f"/v1/participants/{referral['participantId']}"
    assert world.call("coach", "GET", f"{participant}?purpose=contact").status_code == 200
    held = world.call("privacy", "POST", f"{participant}/access-requests", {})
    assert held.status_code == 201, held.json
    assert held.json["participant"]["name"] == "Deelnemer 1"
    assert held.json["referrals"][0]["learningWish"] == "Ik wil kunnen voorlezen."
    assert held.json["referrals"][0]["history"][-1]["words"] == {"text": "Welk niveau?"}
    assert [each["organisation"] for each in held.json["recipients"]] == ["Taalhuis Zilt"]
    assert "Medewerker coach" in [each["name"] for each in held.json["readings"]]


def test_the_worker_finishes_it(world: World) -> None:
    case = world.refer()
    path = f"/v1/participants/{case['participantId']}/erasures"
    assert world.call("privacy", "POST", path, {"ground": "request"}).status_code == 201
    assert steps(world) == (True, True, False)
    assert run_once(world.service)["erasures_finished"] == 1
    assert steps(world) == (True, True, True)


def test_the_receipt_says_in_dutch_what_is_gone_and_from_when_the_rest_is(world: World) -> None:
    case = world.refer()
    path = f"/v1/participants/{case['participantId']}/erasures"
    receipt = world.call("privacy", "POST", path, {"ground": "request"}).json
    assert receipt["backupsUnreadableFrom"] == "2026-12-10"
    assert receipt["explanation"].startswith("Live: gewist op 03-11-2026. Reservekopieën: onleesbaar vanaf 10-12-2026;")


def test_erased_is_410_and_unreachable_is_503_also_after_the_old_key_is_gone(world: World, tmp_path: Path) -> None:
    erased, kept = world.refer(), world.refer()
    paths = [f"/v1/participants/{case['participantId']}" for case in (erased, kept)]
    assert world.call("privacy", "POST", f"{paths[0]}/erasures", {"ground": "request"}).status_code == 201

    def seen() -> list[tuple[int, str]]:
        answers = [world.call("referrer", "GET", f"{path}?purpose=contact") for path in paths]
        return [(each.status_code, (each.json or {}).get("type", "").rpartition(":")[2]) for each in answers]

    assert seen() == [(410, "erased"), (200, "")]
    world.renew_kek()
    world.service.key_ring.provider.destroy("k1")
    world.service.key_ring.forget()
    assert seen() == [(410, "erased"), (200, "")], "the tombstone lies under a key that is no more"
    key = next((tmp_path / "keys").glob("*.key"))
    key.rename(tmp_path / "away")
    world.service.key_ring.forget()
    assert seen() == [(410, "erased"), (503, "key-missing")], "an outage erases nobody, and hides no erasure"
    (tmp_path / "away").rename(key)
    with world.service.engine.begin() as connection:
        connection.execute(delete(subject_key).where(subject_key.c.subject_id == UUID(kept["participantId"])))
    world.service.key_ring.forget()
    assert seen() == [(410, "erased"), (503, "key-missing")]


def test_every_sealed_word_of_the_person_is_gone(world: World) -> None:
    case = world.bring_to("returned")
    person = UUID(case["participantId"])
    answer = world.call("privacy", "POST", f"/v1/participants/{person}/erasures", {"ground": "request"})
    assert answer.status_code == 201
    tried, officer = 0, world.actor("privacy")
    sealed = {each for each in SealedModel.__subclasses__() if each.__module__.startswith("referral.")}
    assert sealed >= {Participant, Referral, ReferralEvent}
    for model in sealed:
        with world.service.work() as work:
            of_person = getattr(model, model.__subject__) == person
            for row in work.session.scalars(select(model).where(of_person)).all():
                for field in model.__sealed__:
                    if row.__dict__.get(field.column) is not None:
                        tried += 1
                        with pytest.raises(Erased), work.reading(officer, "rights"):
                            getattr(row, field.name)
    assert tried >= 8
