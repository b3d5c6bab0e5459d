"""The main job, end to end, over HTTP, on both databases: the tour of the README as a test."""

from tests.world import World


def test_one_person_from_screening_to_aftercare(world: World) -> None:
    today = world.clock.today.isoformat()
    screening = world.call(
        "referrer",
        "POST",
        "/v1/screenings",
        {
            "instrument": "taalmeter",
            "conductedOn": today,
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
        },
    )
    assert screening.status_code == 201
    code = screening.json["code"]
    conversation = {"held": True, "heldOn": today, "outcome": "agrees"}
    assert world.call("referrer", "POST", f"/v1/screenings/{code}/conversations", conversation).status_code == 201

    referral = world.refer(screeningCodes=[code], noScreening=...)
    assert (referral["status"], referral["version"]) == ("submitted", 2)
    assert referral["ballWith"]["party"] == "receiver"

    queue = world.call("coach", "GET", "/v1/referrals?status=submitted&mine=true").json["items"]
    assert [item["id"] for item in queue] == [referral["id"]]
    referral = world.move("coach", referral, "accept")
    person = world.call("coach", "GET", f"/v1/participants/{referral['participantId']}?purpose=contact")
    assert person.json["phone"] == "0630000001"

    steps = {
        "confirm_handover": {"heldOn": today, "mode": "three_way", "participantPresent": True},
        "start_intake": {"intakeOn": today},
        "start_trajectory": {"startedOn": today, "goals": [{"description": "Voorlezen"}]},
    }
    for event, members in steps.items():
        referral = world.move("coach", referral, event, **members)
        seen = world.call("referrer", "GET", f"/v1/referrals/{referral['id']}").json
        assert (seen["status"], seen["dueOn"]) == (referral["status"], referral["dueOn"])
    results = [{"goalId": goal, "result": "achieved"} for goal in world.goals(referral)]
    report = {"completedOn": today, "report": "Het lukt.", "results": results, "certificate": "diploma"}
    referral = world.move("coach", referral, "complete", **report)
    follow_up = {
        "heldOn": today,
        "stillLearning": True,
        "atWork": True,
        "outcomes": [{"area": "language_in_daily_life", "direction": "better"}],
    }
    referral = world.move("coach", referral, "record_follow_up", **follow_up)
    referral = world.move("coach", referral, "close", reason="goal_reached")
    assert (referral["status"], referral["ballWith"]["party"], referral["dueOn"]) == ("closed", "nobody", None)

    funnel = world.call("coordinator", "GET", f"/v1/reports/funnel?from={today}&to={today}").json
    counts = {stage["stage"]: stage["count"] for stage in funnel["rows"][0]["stages"]}
    assert counts == dict.fromkeys(counts, 1)
    assert len(counts) == 10
