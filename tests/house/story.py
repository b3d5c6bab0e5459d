"""One long story, told over HTTP, in which every personal value is a word that exists nowhere else: what succeeds and
what is refused. `values` holds them, `refusals` every answer that was an error."""

import secrets
from string import ascii_lowercase
from typing import Any

from werkzeug.test import TestResponse

from tests.house.calls import CALLS, Call, participant, screening_body
from tests.identity.doors import form_secret
from tests.pages import Person
from tests.world import World

DAY = "2026-11-03"
LETTERS = ascii_lowercase.replace("f", "")
"""Without the f, which a document joins to the letter after it: then the word stands there and is not found."""


class Story:
    """Plants values in requests and keeps what was refused."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.values: dict[str, str] = {}
        self.refusals: list[bytes] = []
        self.planted = 0
        self.first_letters = "".join(secrets.choice(LETTERS) for _ in range(8))
        self.first_digits = "6" + secrets.choice("1234") + "".join(secrets.choice("123456789") for _ in range(3))

    def word(self, what: str) -> str:
        """A text with a word of its own in it."""
        self.planted += 1
        word = self.first_letters + "".join(secrets.choice(LETTERS) for _ in range(8))
        self.values[f"{what} {self.planted}"] = word
        return f"{what} {word}"

    def phone(self, what: str) -> str:
        """A telephone number as somebody types it; it is looked for in each way to write it."""
        self.planted += 1
        number = self.first_digits + "".join(secrets.choice("123456789") for _ in range(4))
        typed = f"0{number[0]} {number[1:5]} {number[5:]}"
        for spelled in (typed, f"0{number}", f"+31{number}", f"0031{number}"):
            self.values[f"{what} {self.planted} as {spelled}"] = spelled
        return typed

    def email(self, what: str) -> str:
        """An address with a word of its own in it."""
        return f"{self.word(what).replace(' ', '.')}@voorbeeld.example"

    def person(self, **changes: Any) -> dict[str, Any]:
        """Somebody new."""
        contact = {"name": self.word("tante"), "phone": self.phone("contact"), "relation": self.word("relatie")}
        return {
            "name": self.word("naam"),
            "phone": self.phone("telefoon"),
            "email": self.email("mail"),
            "preferredMoment": self.word("moment"),
            "clientNumber": self.word("nummer"),
            "contactPerson": contact,
        } | changes

    def refused(self, answer: TestResponse, status: int) -> None:
        """Keep an answer that had to be this error."""
        assert answer.status_code == status, answer.text
        self.refusals.append(answer.data + str(answer.headers).encode())

    def move(self, who: str, referral: dict[str, Any], event: str, **members: Any) -> dict[str, Any]:
        """One event that succeeds, with a note."""
        return self.world.move(who, referral, event, note=self.word(f"notitie {event}"), **members)

    def refer(self, **changes: Any) -> dict[str, Any]:
        """A new case, full of words."""
        words = {
            "learningWish": self.word("leerwens"),
            "purpose": self.word("doel"),
            "note": self.word("notitie"),
            "barriers": ["childcare", "travel_costs"],
        }
        return self.world.refer(**{"participant": self.person(), **words, **changes})


def tell(story: Story) -> None:
    """All of it."""
    story.values |= {"barrier": "childcare", "other barrier": "travel_costs"}
    register_and_search(story)
    complete_a_case(story)
    end_cases_otherwise(story)
    send_what_is_wrong(story)
    send_what_is_not_for_you(story)
    sign_in_wrongly(story)
    write_on_pages(story)


def register_and_search(story: Story) -> None:
    world, person = story.world, story.person()
    known = world.call("referrer", "POST", "/v1/participants", person).json
    path = f"/v1/participants/{known['id']}"
    changed = world.call("referrer", "PATCH", path, story.person(), version=known["version"])
    assert changed.status_code == 200, changed.json
    for member in ("phone", "email", "clientNumber"):
        world.call("referrer", "POST", "/v1/participants/_search", {member: story.person()[member]})
        assert world.call("referrer", "POST", "/v1/participants/_search", {member: person[member]}).status_code == 200
    for purpose in ("contact", "intake", "guidance", "rights"):
        assert world.call("referrer", "GET", f"{path}?purpose={purpose}").status_code == 200
    inspected = world.call("privacy", "POST", f"{path}/access-requests", {})
    assert inspected.status_code == 201, inspected.json
    for kind in ("text/html", "application/pdf"):
        letter = world.call("privacy", "GET", f"{inspected.headers['Location']}/answer", Accept=kind)
        assert letter.status_code == 200, letter.json
    call_on_rights(story, path)


def call_on_rights(story: Story, path: str) -> None:
    """Requests and decisions, in the words of the participant and of the officer."""
    world = story.world
    rights: dict[str, dict[str, str]] = {"rectifications": {}, "objections": {}, "restrictions": {"ground": "unlawful"}}
    for right, members in rights.items():
        made = world.call("privacy", "POST", f"{path}/{right}", {**members, "text": story.word("verzoek")})
        assert made.status_code == 201, made.json
        decision = {"outcome": "refused", "toldOn": DAY, "reason": "no_ground", "explanation": story.word("uitleg")}
        address = f"{made.headers['Location']}/decisions"
        story.refused(
            world.call("privacy", "POST", address, {**decision, "reason": story.word("reden")}, version=1), 400
        )
        assert world.call("privacy", "POST", address, decision, version=1).status_code == 201


def complete_a_case(story: Story) -> None:
    world, move = story.world, story.move
    case = story.refer(submit=False)
    words = {"learningWish": story.word("leerwens"), "purpose": story.word("doel")}
    changed = world.call("referrer", "PATCH", f"/v1/referrals/{case['id']}", words, version=case["version"])
    case = move("referrer", dict(changed.json), "submit")
    case = move("coach", case, "return_with_question", question="q_other", text=story.word("vraag"))
    case = move("referrer", case, "answer", text=story.word("antwoord"))
    case = move("coach", case, "accept")
    case = move("coach", case, "record_contact", attemptedAt=f"{DAY}T08:00:00Z", channel="phone", outcome="reached")
    case = move("coach", case, "plan_handover", plannedAt="2026-11-05T10:00:00Z", mode="three_way")
    case = move("coach", case, "hold", reason="hold_other", resumeOn="2026-11-28")
    case = move("coach", case, "resume")
    case = move("coach", case, "confirm_handover", heldOn=DAY, mode="three_way", participantPresent=True)
    case = move("coach", case, "start_intake", intakeOn=DAY)
    goals = [{"description": story.word("leerdoel")}, {"description": story.word("leerdoel")}]
    case = move("coach", case, "start_trajectory", startedOn=DAY, goals=goals)
    case = move("coach", case, "record_progress", text=story.word("voortgang"))
    case = move("referrer", case, "escalate", reason="no_response")
    decision = {"decision": story.word("besluit"), "decidedBy": story.word("beslisser")}
    case = move("region", case, "decide_escalation", dueOn="2026-11-28", **decision)
    results = [{"goalId": goal, "result": "achieved"} for goal in world.goals(case)]
    report = story.word("verslag")
    case = move("coach", case, "complete", completedOn=DAY, report=report, results=results, certificate="none")
    outcomes = [{"area": "health", "direction": "better"}]
    case = move("coach", case, "record_follow_up", heldOn=DAY, stillLearning=True, atWork=True, outcomes=outcomes)
    case = world.move("referrer", case, "add_note", note=story.word("notitie"))
    case = move("coach", case, "close", reason="goal_reached")
    for who in ("referrer", "coach", "coordinator"):
        for path in (f"/v1/referrals/{case['id']}", f"/v1/referrals/{case['id']}/events", "/v1/referrals"):
            assert world.call(who, "GET", path).status_code == 200


def end_cases_otherwise(story: Story) -> None:
    world, move = story.world, story.move
    case = move("coach", story.refer(), "waitlist", kind="capacity", reviewOn="2026-11-28")
    case = move("coach", case, "offer_place", reconfirmedOn=DAY)
    case = move("coach", case, "assign", coachId=str(world.users["coach"]))
    case = move("coach", case, "confirm_handover", exception="urgent")
    case = move("coach", case, "start_intake", intakeOn=DAY)
    case = move("coach", case, "start_trajectory", startedOn=DAY, goals=[{"description": story.word("leerdoel")}])
    move("coach", case, "stop", stoppedOn=DAY, reason="client_health", report=story.word("verslag"))
    case = move("coach", story.refer(), "decline", reason="no_capacity", noAlternative=True)
    case = move("coordinator", case, "reopen", reason="entered_in_error")
    case = move("referrer", case, "transfer", reason="no_capacity", trajectoryId=world.other_trajectory_id)
    move("referrer", case, "undo") if "undo" in case["allowedEvents"] else None
    move("coach", move("coach", story.refer(), "accept"), "not_start", reason="client_health")
    move("referrer", story.refer(), "withdraw_agreement", heardOn=DAY)
    move("referrer", story.refer(), "void", reason="entered_in_error")
    gone = story.refer()
    erasure = f"/v1/participants/{gone['participantId']}/erasures"
    assert world.call("privacy", "POST", erasure, {"ground": "request"}).status_code == 201
    story.refused(world.call("referrer", "GET", f"/v1/participants/{gone['participantId']}?purpose=rights"), 410)
    story.refer()  # Waits, so that there is something to write a digest about.


def send_what_is_wrong(story: Story) -> None:
    world = story.world
    for endpoint in ("participants.register_participant", "referrals.create_referral", "screenings.log_screening"):
        call = CALLS[endpoint](world)
        codes = {member: story.word(member) for member in call.body}
        types = {member: [{story.word(member): story.word(member)}] for member in call.body}
        unknown = {**call.body, "onbekend": story.word("onbekend"), story.word("een naam"): story.phone("onbekend")}
        for body in (codes, types, unknown):
            story.refused(call.send(world, body=body), 400)
        for content in (
            f'{{"name": "{story.word("half")}"'.encode(),
            f'{{"name": "{story.word("dubbel")}", "name": "{story.word("dubbel")}"}}'.encode(),
            f'{{"name": "{story.word("nul")}\\u0000"}}'.encode(),
            f'{{"name": "{story.word("surrogaat")}\\ud800"}}'.encode(),
            f'{{"name": "{story.word("utf-16")}"}}'.encode("utf-16"),
            f'{{"name": "{story.word("latin")} é"}}'.encode("latin-1"),
        ):
            story.refused(call.send_raw(world, content), 400)
        story.refused(call.send_raw(world, f'{{"name": "{story.word("xml")}"}}'.encode(), "text/xml"), 415)
        story.refused(call.send(world, body={"name": story.word("lang") + "x" * 2_000_000}), 413)
    for query in (story.word("sleutel") + "=1", f"limit={story.word('getal')}", f"discussed={story.phone('code')}"):
        story.refused(world.call("referrer", "GET", f"/v1/screenings?{query}"), 400)
    rows = {**screening_body(world), "ageBand": story.word("band"), "sector": story.phone("sector")}
    for head, status in ((",".join(rows), 200), (f"instrument,{story.word('kolom')}", 400)):
        file = f"{head}\n{','.join(str(cell) for cell in rows.values())}\n".encode()
        answer = Call("referrer", "POST", "/v1/screenings/_import", file, content_type="text/csv").send(world)
        story.refused(answer, status)
    send_what_does_not_fit(story)


def send_what_does_not_fit(story: Story) -> None:
    """Doubles, old versions, steps that cannot be taken, and a key that was used before."""
    world, first = story.world, story.person()
    known = world.call("referrer", "POST", "/v1/participants", first, Idempotency_Key=story.word("sleutel")).json
    for member in ("phone", "clientNumber"):
        story.refused(world.call("referrer", "POST", "/v1/participants", story.person(**{member: first[member]})), 409)
        again = world.referral_body(participant=story.person(**{member: first[member]}))
        story.refused(world.call("referrer", "POST", "/v1/referrals", again), 409)
    story.refused(world.call("referrer", "PATCH", f"/v1/participants/{known['id']}", story.person(), version=9), 412)
    case = story.refer()
    for version, status in ((case["version"], 409), (case["version"] + 1, 412)):
        stale = {**case, "version": version}
        wrong = world.event("coach", stale, "record_progress", text=story.word("vroeg"), note=story.word("vroeg"))
        story.refused(wrong, status)
    story.refused(world.event("coach", case, "decline", reason=story.word("reden"), note=story.word("reden")), 400)
    story.refused(world.event("coach", case, "accept", coachId=story.word("coach"), note=story.word("reden")), 400)
    story.refused(world.event("coach", case, story.word("stap"), note=story.word("reden")), 400)
    story.refused(world.call("referrer", "PATCH", f"/v1/referrals/{case['id']}", {"purpose": story.word("doel")}), 428)
    for status in (201, 409):
        body = world.referral_body(participant=story.person())
        answer = world.call("referrer", "POST", "/v1/referrals", body, Idempotency_Key="de-sleutel")
        assert answer.status_code == status
    story.refusals.append(answer.data)


def send_what_is_not_for_you(story: Story) -> None:
    """Without proof, without the role, for another's participant, and at addresses that do not exist."""
    world, person = story.world, story.person()
    other = participant(world)
    for who, status in ((None, 401), ("coach", 403)):
        story.refused(world.call(who, "POST", "/v1/participants", person), status)
    for path, status in ((f"/v1/participants/{other}", 404), (f"/v1/{story.word('pad')}", 404), ("/v1/me", 405)):
        story.refused(world.call("stranger", "PATCH", path, story.person(), version=1), status)
    for path in ("/v1/screenings/{}", "/v1/screenings/{}/conversations", "/v1/referrals/{}"):
        address = path.format(story.word("code"))
        answer = world.call("referrer", "POST" if "conv" in path else "GET", address, {"reason": "declined"})
        story.refusals.append(answer.data)
        assert answer.status_code in (400, 404)


def sign_in_wrongly(story: Story) -> None:
    """Somebody who types the wrong things on the sign-in page. Addresses of staff are looked up as they are."""
    client = story.world.client
    form = {"email": "niemand@voorbeeld.example", "password": story.word("geheim"), "csrf_token": form_secret(client)}
    story.refused(client.post("/sign-in", data=form), 401)
    story.refused(client.post("/sign-in", data={**form, "csrf_token": story.word("formulier")}), 400)


def write_on_pages(story: Story) -> None:
    """A referral that somebody began on the pages and did not send; what is not right yet is kept as well."""
    person = Person(story.world, "referrer")
    draft = person.submit("/referrals/new").headers["Location"].rpartition("/")[0]
    who = {"participant__name": story.word("naam"), "participant__phone": story.phone("telefoon")}
    for step, answers, status in (
        ("who", who | {"participant__email": story.word("mail")}, 400),
        ("wish", {"skills": ["reading"], "learningWish": story.word("leerwens")}, 303),
        ("handover", {"note": story.word("notitie"), "participant__preferredMoment": story.word("moment")}, 303),
    ):
        answer = person.submit(f"{draft}/{step}", **answers)
        assert answer.status_code == status, answer.text
