"""Logging a screening and holding the conversation: one short page each, and nothing typed is lost."""

import re

import pytest
from sqlalchemy import func, select

from referral.screenings.models import Conversation, Screening
from tests.pages import Person
from tests.world import World

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
OUTCOME = {
    "instrument": "taalmeter",
    "indication": "yes",
    "score": "9",
    "ageBand": "35-44",
    "languageBackground": "nt1",
    "employment": "jobseeker",
    "foundAt": "benefit_intake",
}


def count(world: World, model: type) -> int:
    with world.service.work() as work:
        return work.session.scalar(select(func.count()).select_from(model)) or 0


def test_a_screening_leads_to_a_code_on_a_card_and_the_conversation_to_a_referral(world: World) -> None:
    person = Person(world, "referrer")
    logged = person.submit("/screenings/new", **OUTCOME)
    path = logged.headers["Location"]
    page = person.open(path)
    code = path.rpartition("/")[2]
    assert f'<p class="ds-code-large">{code}</p>' in page.text
    assert "Verwijzing maken" not in page.text.partition("<main")[2]
    held = person.submit(f"{path}/conversation", held="true", outcome="agrees")
    assert held.headers["Location"] == path
    after = person.open(path)
    assert "Gevoerd op 03-11-2026: wil verder." in after.text
    begun = person.send("/referrals/new", person.fill(after, "/referrals/new"))
    who = person.open(begun.headers["Location"])
    assert f"{code}</textarea>" in who.text
    found = person.open(f"/screenings/find?code={code.lower().replace('-', '')}")
    assert found.headers["Location"] == path


@ON_SQLITE
@pytest.mark.parametrize(("answer", "kept"), [({"raisesChildren": "yes"}, "yes"), ({}, "unknown")])
def test_whether_somebody_raises_children_may_be_left_open(world: World, answer: dict[str, str], kept: str) -> None:
    person = Person(world, "referrer")
    page = person.open(person.submit("/screenings/new", **OUTCOME, **answer).headers["Location"])
    with world.service.work() as work:
        assert work.session.scalars(select(Screening.raises_children)).all() == [kept]
    assert ("<dt>Voedt kinderen op</dt><dd>Ja</dd>" in page.text) is bool(answer)


def test_a_conversation_that_was_not_held_asks_only_why(world: World) -> None:
    person = Person(world, "referrer")
    path = person.submit("/screenings/new", **OUTCOME).headers["Location"]
    refused = person.submit(f"{path}/conversation")
    assert (refused.status_code, "Zeg of het gesprek is gevoerd." in refused.text) == (400, True)
    assert person.submit(f"{path}/conversation", held="false").status_code == 400
    assert person.submit(f"{path}/conversation", held="false", reason="no_time").status_code == 303
    assert "Niet gevoerd: geen tijd." in person.open(path).text


@ON_SQLITE
def test_what_is_wrong_is_told_at_its_field_and_what_was_typed_stays(world: World) -> None:
    person = Person(world, "referrer")
    wrong = {**OUTCOME, "score": "99", "conductedOn": "31-2-2026", "ageBand": "", "sector": "A"}
    page = person.submit("/screenings/new", **{name: value for name, value in wrong.items() if value})
    assert page.status_code == 400
    assert page.text.count("<title>Fout: ") == 1
    linked = re.findall(r'<li><a class="utrecht-link" href="#([^"]+)"', page.text)
    assert set(linked) == {"conductedOn", "ageBand"}, "what the schema finds; the rules of the instrument come after"
    assert all(f'id="{field}"' in page.text for field in linked)
    fields = person.fill(page, "/screenings/new")
    assert (fields["score"], fields["conductedOn"], fields["sector"]) == ("99", "31-2-2026", "A")
    again = person.send(
        "/screenings/new", person.fill(page, "/screenings/new", conductedOn="3-11-2026", ageBand="16-17")
    )
    assert "De score moet van 0 tot en met 14 zijn." in again.text
    assert count(world, Screening) == 0


def test_a_double_click_logs_one_screening_and_one_conversation(world: World) -> None:
    person = Person(world, "referrer")
    form = person.fill(person.open("/screenings/new"), "/screenings/new", **OUTCOME)
    first, again = (person.send("/screenings/new", form) for _ in range(2))
    assert (again.status_code, again.headers["Location"]) == (303, first.headers["Location"])
    path = f"{first.headers['Location']}/conversation"
    form = person.fill(person.open(path), path, held="true", outcome="declines")
    assert [person.send(path, form).status_code for _ in range(2)] == [303, 303]
    assert (count(world, Screening), count(world, Conversation)) == (1, 1)
    changed = person.send(path, person.fill(person.open(path), path, **dict(form) | {"outcome": "agrees"}))
    assert changed.status_code == 409
    assert "Dit formulier is al verstuurd" in changed.text
    # The control: the same form without its key is another one.
    form.pop("idempotency_key")
    assert [person.send(path, form).status_code for _ in range(2)] == [303, 303]
    assert count(world, Conversation) == 3
