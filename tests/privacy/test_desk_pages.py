"""The privacy officer's desk: what waits with its term, taking a request in, deciding, and the answer to keep."""

import json
from typing import Any
from uuid import uuid4

import pytest

from tests.pages import PASSWORD, Person
from tests.world import World

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def asked(world: World, kind: str = "restrictions", **members: Any) -> tuple[dict[str, Any], str]:
    """A case, and a request of its participant; its path on the pages."""
    case = world.refer()
    body = {"ground": "accuracy_contested", "text": "Mijn jaar klopt niet.", **members}
    if kind != "restrictions":
        body.pop("ground")
    answer = world.call("privacy", "POST", f"/v1/participants/{case['participantId']}/{kind}", body)
    assert answer.status_code == 201, answer.json
    return case, f"/privacy-requests/{answer.json['id']}"


def test_what_waits_stands_on_the_list_and_on_my_work_over_the_term_first(world: World) -> None:
    _, old = asked(world)
    world.clock.move(days=40)
    _, new = asked(world, "erasure-requests")
    officer = Person(world, "privacy")
    for path in ("/privacy-requests", "/"):
        page = officer.open(path).text
        assert 0 < page.index(old) < page.index(new), path
        assert page.count("Over tijd: 03-12-2026") == 1
    assert 'utrecht-badge-counter">2<' in officer.open("/").text
    assert old not in officer.open("/privacy-requests?kind=erasure").text
    assert "Er zijn hier geen verzoeken" in officer.open("/privacy-requests?status=refused").text


def test_an_officer_finds_who_asks_takes_the_request_in_and_decides(world: World) -> None:
    body = world.referral_body()
    case = world.call("referrer", "POST", "/v1/referrals", body).json
    officer = Person(world, "privacy")
    found = officer.submit("/privacy-requests/new", phone=body["participant"]["phone"])
    person = f"/privacy-requests/people/{case['participantId']}"
    assert found.headers["Location"] == person
    assert body["participant"]["name"] in officer.open(person).text
    made = officer.submit(f"{person}/objection", text="Stop hiermee.")
    path = made.headers["Location"]
    page = officer.open(path)
    assert "Stop hiermee." in page.text
    assert "Het delen stopt voorgoed." in page.text, "what a decision will do stands there beforehand"
    refused = officer.submit(path, f"{path}/decisions", outcome="refused")
    assert refused.status_code == 400
    for words in ("Geef bij een afwijzing de reden.", "Schrijf op waarom, zoals u het de deelnemer vertelde."):
        assert words in refused.text
    assert officer.fill(refused, "/decisions")["outcome"] == "refused"
    done = officer.submit(path, f"{path}/decisions", outcome="granted")
    assert done.headers["Location"] == f"{path}?done=yes"
    assert "Toegewezen" in officer.open(path).text
    ended = world.call("referrer", "GET", f"/v1/referrals/{case['id']}").json
    assert ended["status"] == "withdrawn"


@ON_SQLITE
def test_nobody_and_more_than_one_are_told_apart_and_a_number_never_stands_in_an_address(world: World) -> None:
    officer = Person(world, "privacy")
    page = officer.submit("/privacy-requests/new", phone="06 31 99 88 77")
    assert "Niemand van uw organisatie heeft dit nummer of adres." in page.text
    assert officer.fill(page, "/privacy-requests/new")["phone"] == "06 31 99 88 77"
    assert officer.submit("/privacy-requests/new").status_code == 400
    person = {**world.referral_body()["participant"], "clientNumber": None}
    for name in ("Anna", "Bram"):
        world.refer(participant={**person, "name": name, "allowDuplicate": True})
    both = officer.submit("/privacy-requests/new", phone=person["phone"])
    assert "2 deelnemers" in both.text
    assert "Anna" not in both.text


@ON_SQLITE
def test_the_answer_to_access_is_read_printed_and_downloaded(world: World) -> None:
    case = world.bring_to("accepted")
    location = world.call("privacy", "POST", f"/v1/participants/{case['participantId']}/access-requests", {})
    path = f"/privacy-requests/{location.headers['Location'].rpartition('/')[2]}"
    officer = Person(world, "privacy")
    links = officer.open(path).text
    for ending, kind in (("", "text/html"), (".pdf", "application/pdf"), (".json", "application/json")):
        assert f"{path}/answer{ending}" in links
        answer = officer.open(f"{path}/answer{ending}")
        assert (answer.status_code, answer.mimetype) == (200, kind)
        if ending:
            assert answer.headers["Content-Disposition"] == f'attachment; filename="inzage-2026-11-03{ending}"'
    assert json.loads(officer.open(f"{path}/answer.json").text)["participant"]["id"] == case["participantId"]


@ON_SQLITE
def test_a_request_decided_by_a_colleague_shows_that_and_keeps_what_was_typed(world: World) -> None:
    _, path = asked(world)
    officer = Person(world, "privacy")
    form = officer.fill(
        officer.open(path), "/decisions", outcome="refused", reason="data_correct", explanation="Klopt."
    )
    decision = {"outcome": "granted", "toldOn": "2026-11-03"}
    assert world.call("privacy", "POST", f"/v1{path}/decisions", decision, version=1).status_code == 201
    page = officer.send(f"{path}/decisions", form)
    assert page.status_code == 412
    assert "Een collega heeft intussen over dit verzoek besloten." in page.text
    assert "Toewijzen. De deelnemer hoorde dit op 03-11-2026." in page.text
    again = officer.fill(page, "/decisions")
    assert again["explanation"] == "Klopt."
    form = officer.fill(page, "/decisions", outcome="lifted", reason="")
    assert officer.send(f"{path}/decisions", form).status_code == 303


@ON_SQLITE
def test_an_erasure_that_was_granted_leaves_the_request_as_proof_without_words(world: World) -> None:
    case, path = asked(world, "erasure-requests")
    officer = Person(world, "privacy")
    assert "U kunt dit niet terugdraaien." in officer.open(path).text
    assert officer.submit(path, f"{path}/decisions", outcome="granted").status_code == 303
    page = officer.open(path)
    assert page.status_code == 200
    assert "De gegevens van deze deelnemer zijn gewist." in page.text
    assert "Mijn jaar klopt niet." not in page.text
    assert officer.open(f"/privacy-requests/people/{case['participantId']}").status_code == 410


@ON_SQLITE
def test_a_session_that_ended_brings_the_decision_back_and_hides_no_decision_of_a_colleague(world: World) -> None:
    """Wrong build: the form that comes back carries the newest version, and so overrules unseen."""
    _, path = asked(world)
    officer = Person(world, "privacy")
    form = officer.fill(officer.open(path), "/decisions", outcome="extended", explanation="Wij hebben tijd nodig.")
    world.clock.move(minutes=16)
    late = officer.send(f"{path}/decisions", form)
    assert late.status_code == 401
    decision = {"outcome": "granted", "toldOn": "2026-11-03"}
    assert world.call("privacy", "POST", f"/v1{path}/decisions", decision, version=1).status_code == 201
    sign_in = officer.fill(late, "/sign-in", email="privacy@demo.example", password=PASSWORD)
    back = officer.send("/sign-in", sign_in)
    form = officer.fill(back, "/decisions")
    assert form["explanation"] == "Wij hebben tijd nodig."
    again = officer.send(f"{path}/decisions", form)
    assert 'value="1"' in again.text
    assert officer.send(f"{path}/decisions", officer.fill(again, "/decisions", outcome="lifted")).status_code == 412


@ON_SQLITE
def test_who_got_data_is_told_and_the_sharing_stops_when_the_participant_says_so(world: World) -> None:
    case = world.bring_to("accepted")
    person = f"/privacy-requests/people/{case['participantId']}"
    officer = Person(world, "privacy")
    page = officer.open(f"{person}/disclosures").text
    for words in ("Taalhuis Zilt", "Contactgegevens, Leerwens", "Een passend aanbod", "AVG art. 6 lid 1 onder e"):
        assert words in page
    assert officer.submit(f"{person}/withdrawal", heardOn="5-11-2026").status_code == 400
    done = officer.submit(f"{person}/withdrawal", heardOn="2-11-2026")
    assert "Er wordt niets meer gedeeld." in officer.open(done.headers["Location"]).text
    assert "De instemming is ingetrokken" in officer.open(f"{person}/disclosures").text
    assert world.call("coach", "GET", f"/v1/participants/{case['participantId']}?purpose=contact").status_code == 404


@ON_SQLITE
def test_erasing_without_a_request_gives_the_proof_once_and_again(world: World) -> None:
    case = world.refer()
    path = f"/privacy-requests/people/{case['participantId']}/erase"
    officer = Person(world, "privacy")
    assert officer.submit(path).status_code == 400
    form = officer.fill(officer.open(path), path, ground="error")
    proof = officer.send(path, form)
    assert "Per ongeluk geregistreerd" in proof.text
    assert "onleesbaar vanaf" in proof.text
    assert officer.send(path, form).text == proof.text, "a double click"
    assert officer.open(path.removesuffix("/erase")).status_code == 410


@ON_SQLITE
def test_the_desk_is_for_the_officer_of_the_own_organisation_only(world: World) -> None:
    case, path = asked(world)
    person = f"/privacy-requests/people/{case['participantId']}"
    for who in ("referrer", "coordinator", "coach", "admin"):
        opened = Person(world, who)
        for page in ("/privacy-requests", path, "/privacy-requests/new", person, "/audit-log", "/breach"):
            assert opened.open(page).status_code == 403, (who, page)
    officer = Person(world, "privacy")
    for page in (f"/privacy-requests/{uuid4()}", f"{person}/onzin", f"/privacy-requests/people/{uuid4()}"):
        assert officer.open(page).status_code == 404, page
