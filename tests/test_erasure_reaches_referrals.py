"""Erasing a person ends what is shared and leaves the case without words, on both databases."""

from tests.world import World


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
