"""Making a referral page by page: kept at every step, sealed, sent once, by the same rules as the API."""

import re
from typing import Any

import pytest
from sqlalchemy import func, select

from referral.core.errors import Erased
from referral.referrals.models import Referral, ReferralDraft
from referral.referrals.pages.steps import Step
from referral.referrals.usecases import forget_old_drafts
from tests.pages import Person
from tests.world import World

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

ANSWERS: dict[Step, dict[str, Any]] = {
    Step.WHO: {
        "participant__name": "Ria Kanarie",
        "participant__phone": "06 11 22 33 44",
        "participant__birthYear": "1985",
        "participant__languageBackground": "nt1",
        "noScreening": "true",
        "conversation__outcome": "agrees",
    },
    Step.WISH: {"skills": ["reading"], "learningWish": "Kanarie voorlezen", "employment": "jobseeker"},
    Step.OFFER: {},
    Step.SHARING: {"agreement__method": "in_person", "agreement__dataScope": ["contact", "learning_wish"]},
    Step.HANDOVER: {"participant__preferredChannel": "phone", "note": "Dinsdag bellen we samen."},
}


def begin(person: Person) -> str:
    """A new draft; gives its address."""
    return person.submit("/referrals/new").headers["Location"].rpartition("/")[0]


def write(person: Person, world: World, **changes: dict[str, Any]) -> str:
    """A draft with everything in it; gives its address."""
    draft = begin(person)
    for step, answers in ANSWERS.items():
        given = answers | ({"trajectoryId": world.trajectory_id} if step is Step.OFFER else {}) | changes.get(step, {})
        answer = person.submit(f"{draft}/{step}", **given)
        assert answer.status_code == 303, (step, answer.text)
    assert answer.headers["Location"] == f"{draft}/check"
    return draft


def count(world: World, model: type) -> int:
    with world.service.work() as work:
        return work.session.scalar(select(func.count()).select_from(model)) or 0


def test_five_pages_and_a_check_make_the_same_referral_as_the_api(world: World) -> None:
    person = Person(world, "referrer")
    draft = write(person, world)
    offer = person.open(f"{draft}/offer").text
    assert "Dit traject gaat over alles wat de deelnemer wil leren." in offer
    assert re.search(rf'value="{world.trajectory_id}" checked', offer)
    check = person.open(f"{draft}/check").text
    for text in (
        "Ria Kanarie",
        "Kanarie voorlezen",
        "Lezen op het werk",
        "Dinsdag bellen we samen.",
        "Contactgegevens",
    ):
        assert text in check
    sent = person.submit(f"{draft}/check")
    page = person.open(sent.headers["Location"]).text
    assert "Uw verwijzing is verstuurd" in page
    assert "Taalhuis Zilt is aan zet. U hoort uiterlijk <strong>06-11-2026</strong>" in page
    seen = world.call("referrer", "GET", f"/v1/referrals/{sent.headers['Location'].split('/')[2]}").json
    assert (seen["status"], seen["learningWish"]) == ("submitted", "Kanarie voorlezen")
    assert seen["dataScope"] == ["contact", "learning_wish"]


def test_a_double_click_or_the_back_button_makes_no_second_referral(world: World) -> None:
    person = Person(world, "referrer")
    draft = write(person, world)
    form = person.fill(person.open(f"{draft}/check"), f"{draft}/check")
    first, again = (person.send(f"{draft}/check", form).headers["Location"] for _ in range(2))
    assert first == again
    assert [person.open(f"{draft}/{page}").headers["Location"] for page in ("who", "check")] == [first] * 2
    assert person.open(draft).headers["Location"] == first
    assert person.send(f"{draft}/who", form).headers["Location"] == first
    assert count(world, Referral) == 1


def test_what_is_not_right_yet_is_kept_too_and_leaving_loses_nothing(world: World) -> None:
    person = Person(world, "referrer")
    draft = begin(person)
    wrong = ANSWERS[Step.WHO] | {"participant__phone": "geen nummer", "participant__birthYear": "lang geleden"}
    page = person.submit(f"{draft}/who", **wrong)
    assert page.status_code == 400
    assert re.findall(r'<li><a class="utrecht-link" href="#([^"]+)"', page.text) == [
        "participant-phone", "participant-birthYear",
    ]  # fmt: skip
    world.clock.move(minutes=20)
    person.sign_in()
    assert "Verder invullen" in person.open("/").text
    fields = person.fill(person.open(f"{draft}/who"), f"{draft}/who")
    assert (fields["participant/phone"], fields["participant/birthYear"]) == ("geen nummer", "lang geleden")
    assert person.open(draft).headers["Location"] == f"{draft}/wish"


def test_what_the_rules_of_sending_want_is_told_on_the_check_with_a_way_to_its_page(world: World) -> None:
    person = Person(world, "referrer")
    draft = write(person, world, who={"noScreening": [], "conversation__outcome": []})
    page = person.submit(f"{draft}/check")
    assert page.status_code == 400
    assert "Bespreek de uitslag eerst" in page.text
    assert f"{draft}/who#conversation-heldOn" in page.text
    person.submit(f"{draft}/who", **ANSWERS[Step.WHO] | {"noScreening": []})
    page = person.submit(f"{draft}/check")
    assert "Geef de code van een screening" in page.text
    person.submit(f"{draft}/who", noScreening="true")
    assert person.submit(f"{draft}/check").status_code == 303


def test_somebody_who_is_known_is_chosen_or_said_to_be_another(world: World) -> None:
    person = Person(world, "referrer")
    person.submit(f"{write(person, world)}/check")
    for choice in ("other", "same"):
        draft = write(person, world, who={"participant__name": f"Iemand {choice}"},
                      offer={"trajectoryId": world.other_trajectory_id})  # fmt: skip
        page = person.submit(f"{draft}/check")
        assert page.status_code == 409
        assert "Uw organisatie kent al iemand met dit telefoonnummer" in page.text
        known = person.fill(page, f"{draft}/known", choice=choice)
        assert person.send(f"{draft}/known", known).headers["Location"] == f"{draft}/check"
        assert person.submit(f"{draft}/check").status_code == 303
    ids = {row["participantId"] for row in world.call("referrer", "GET", "/v1/referrals").json["items"]}
    assert len(ids) == 2


def test_a_draft_is_its_writers_alone_and_sealed_until_it_is_gone(world: World) -> None:
    person, colleague = Person(world, "referrer"), Person(world, "second_referrer")
    draft = write(person, world)
    assert colleague.open(f"{draft}/who").status_code == 404
    assert colleague.open(f"{draft}/check").status_code == 404
    with world.service.work() as work:
        row = work.session.scalars(select(ReferralDraft)).one()
        sealed = row.__dict__["answers_ct"]
    assert b"Kanarie" not in sealed
    drop = person.fill(person.open(f"{draft}/check"), f"{draft}/drop")
    assert person.send(f"{draft}/drop", drop).status_code == 303
    assert count(world, ReferralDraft) == 0
    with world.service.work() as work, pytest.raises(Erased):
        world.service.key_ring.newest_key(work.session, row.id)


@ON_SQLITE
def test_a_draft_that_nobody_writes_on_is_forgotten_with_the_term_of_a_concept(world: World) -> None:
    write(Person(world, "referrer"), world)
    for days, forgotten in ((89, 0), (1, 1)):
        world.clock.move(days=days)
        with world.service.work() as work:
            assert forget_old_drafts(work) == forgotten
    assert count(world, ReferralDraft) == 0


@ON_SQLITE
def test_a_code_that_is_no_screening_is_told_where_it_was_typed(world: World) -> None:
    person = Person(world, "referrer")
    page = person.submit("/referrals/new", code="S-0000-0000-0")
    assert page.status_code == 400
    assert "Bij deze code is geen screening gevonden." in page.text
    assert person.fill(page, "/referrals/new")["code"] == "S-0000-0000-0"
