"""The answer to access: the same on a page, in an accessible PDF and as JSON, and nothing in it is markup."""

import io
import re
import sys
from html import unescape
from typing import Any

import pytest
from pypdf import PdfReader
from werkzeug.test import TestResponse

from referral.core.codelists import code_lists
from referral.core.documents import Document, Paragraph, Section, Table, to_pdf
from referral.core.policy import Role, system_actor
from referral.identity.usecases import AddMembership, SetPassword, add_membership, set_password
from referral.privacy.schemas.letter import HIDDEN
from referral.privacy.schemas.words import DEEDS, LISTS, NAMES, in_words
from tests.house.calls import access_request
from tests.house.story import Story, complete_a_case
from tests.identity.doors import HTML, sign_in
from tests.world import World

NASTY = '#set text(red) *x* $y$ \\ <b onclick="f()">&amp; #image("/etc/passwd")'
PASSWORD = "correct-paard-batterij"


def ask(world: World, case: dict[str, Any]) -> TestResponse:
    answer = world.call("privacy", "POST", f"/v1/participants/{case['participantId']}/access-requests", {})
    assert answer.status_code == 201, answer.json
    return answer


def text_of(pdf: bytes) -> str:
    """What stands on the pages, without their numbers: a word may go on over the edge of a page."""
    pages = [page.extract_text().strip() for page in PdfReader(io.BytesIO(pdf)).pages]
    return bare("".join(re.sub(r"\d+\s*/\s*\d+$", "", page) for page in pages))


def bare(text: str) -> str:
    """Without what a line end adds: spaces and hyphens."""
    return "".join(text.split()).translate({ord(mark): None for mark in "-\u00ad\u2010"})


def current_words(story: Story) -> list[str]:
    """Every planted word that is still held: the first wish and purpose of the draft were changed before sending."""
    planted = {what: word for what, word in story.values.items() if " as " not in what}
    for kind in ("leerwens", "doel"):
        del planted[min((what for what in planted if what.startswith(f"{kind} ")), key=planted_at)]
    return list(planted.values())


def planted_at(what: str) -> int:
    """The order in which it was planted."""
    return int(what.rpartition(" ")[2])


def fetch(world: World, location: str, kind: str) -> TestResponse:
    answer = world.call("privacy", "GET", f"{location}/answer", Accept=kind)
    assert (answer.status_code, answer.mimetype) == (200, kind)
    return answer


def test_page_pdf_and_json_say_the_same(world: World) -> None:
    story = Story(world)
    complete_a_case(story)
    case = world.call("referrer", "GET", "/v1/referrals").json["items"][0]
    held = ask(world, case)
    location = held.headers["Location"]
    page = unescape(fetch(world, location, "text/html").text)
    pdf = text_of(fetch(world, location, "application/pdf").data)
    as_json = fetch(world, location, "application/json").text
    words = current_words(story)
    read = held.json["participant"]["phone"]
    assert len(words) > 25
    for word in (*words, read):
        assert word in as_json
        assert word in page
        assert bare(word) in pdf, word
    for heading in ("Wie u bent", "Waar u mee instemde", "Wie uw gegevens kreeg", "Wie uw gegevens zag", "Uw rechten"):
        assert heading in page
        assert bare(heading) in pdf
    assert "Medewerker coach" in page
    assert "Gezondheid: Beter" in page, "codes are told in words"
    sys.stdout.write(f"{len(words)} words in three shapes\n")


def test_the_pdf_is_tagged_named_and_in_dutch(world: World) -> None:
    pdf = PdfReader(io.BytesIO(fetch(world, access_request(world), "application/pdf").data))
    root = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"].value
    assert "/StructTreeRoot" in root
    assert str(root["/Lang"]).startswith("nl")
    assert pdf.metadata is not None
    assert pdf.metadata.title == "Wat er over u is vastgelegd"
    assert b"pdfuaid" in pdf.xmp_metadata.stream.get_data() if pdf.xmp_metadata else False


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_somebody_typed_is_never_markup(world: World) -> None:
    case = world.refer(learningWish=NASTY, purpose=NASTY)
    location = ask(world, case).headers["Location"]
    page = fetch(world, location, "text/html").text
    assert "<b onclick" not in page
    assert NASTY in unescape(page)
    assert bare(NASTY) in text_of(fetch(world, location, "application/pdf").data)


def test_what_no_font_can_show_is_spelled_and_not_left_out(world: World) -> None:
    document = Document(
        "Titel", ["日本語 en 😀 en gewoon"], [Section("Kop", [Paragraph("łódź"), Table("T", ["a"], [["b"]])])]
    )
    text = text_of(to_pdf(document, made_at=world.clock.now))
    assert "[U+65E5]" in text
    assert "[U+1F600]" in text
    assert "łódź" in text


def test_the_page_is_for_the_officer_signed_in_and_lets_nothing_else_run(world: World) -> None:
    location = access_request(world).removeprefix("/v1")
    with world.service.work() as work:
        for who in ("privacy", "referrer"):
            set_password(SetPassword(world.users[who], PASSWORD), actor=system_actor("test"), work=work)
    browser = world.client
    sign_in(browser, PASSWORD, "privacy@demo.example")
    page = browser.get(f"{location}/answer", headers=HTML)
    assert page.status_code == 200
    assert "Deelnemer" in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "style=" not in page.text
    assert "<script" not in page.text
    assert page.headers["Cache-Control"] == "no-store"
    file = browser.get(f"{location}/answer.pdf", headers=HTML)
    assert (file.mimetype, file.data[:5]) == ("application/pdf", b"%PDF-")
    assert "Deelnemer" not in file.headers["Content-Disposition"]
    other = world.client
    sign_in(other, PASSWORD, "referrer@demo.example")
    assert other.get(f"{location}/answer", headers=HTML).status_code == 403
    assert world.client.get(f"{location}/answer", headers=HTML).status_code == 401


def test_an_answer_is_only_for_a_request_for_access(world: World) -> None:
    case = world.refer()
    path = f"/v1/participants/{case['participantId']}/rectifications"
    other = world.call("privacy", "POST", path, {"text": "Fout."}).json
    assert world.call("privacy", "GET", f"/v1/privacy-requests/{other['id']}/answer").status_code == 404


def test_an_employer_gets_the_progress_and_no_words(world: World) -> None:
    command = AddMembership(world.users["employer"], world.organisations["Bakkerij Kruim"], Role.PRIVACY_OFFICER)
    with world.service.work() as work:
        add_membership(command, actor=system_actor("test"), work=work)
    case = world.refer("employer", legalBasis="contract", barriers=["money"])
    world.move("coach", case, "return_with_question", question="q_level", text="Welk niveau kwam eruit?")
    path = f"/v1/participants/{case['participantId']}/access-requests"
    answer = world.call("employer", "POST", path, {})
    assert answer.status_code == 201
    assert answer.json["referrals"][0]["status"] == "returned"
    page = world.call("employer", "GET", f"{answer.headers['Location']}/answer", Accept="text/html")
    for text in (answer.text, unescape(page.text)):
        for word in ("voorlezen", "Welk niveau", "money", "Geld", "q_level"):
            assert word not in text, word
    assert "Vraag aan de aanbieder" in page.text


def test_every_member_fact_and_deed_has_a_word_of_its_own(world: World) -> None:
    """The letter shows what has no word by its name; this finds it before a participant does."""
    story = Story(world)
    complete_a_case(story)
    case = world.call("referrer", "GET", "/v1/referrals").json["items"][0]
    held = ask(world, case).json
    rows = [held["participant"], *held["agreements"], *held["referrals"], *held["recipients"]]
    history = held["referrals"][0]["history"]
    facts = {key for row in history for key in {**row["facts"], **(row["words"] or {})}}
    unknown = ({key for row in rows for key in row} | facts) - set(NAMES) - HIDDEN
    assert unknown == set()
    assert len(facts) > 15
    assert {deed["action"] for deed in held["deeds"]} - set(DEEDS) == set()
    assert set(LISTS.values()) <= set(code_lists())
    assert in_words("skills", ["reading", "digital"]) == "Lezen en schrijven, Digitale vaardigheden"
    assert in_words("nothing", []) == "–"
