"""Beheer: colleagues and what their leaving does, tokens that are shown once, and lists to look at."""

import re

import pytest

from referral.administration.schemas import LIMITS, SOURCES, TITLES
from referral.core.codelists import code_lists, default_terms
from tests.pages import Person
from tests.world import World

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SECRET = re.compile(r"rv_[\w-]+")
END = re.compile(r"/administration/tokens/[0-9a-f-]{36}/end")
WEBHOOK_SECRET = re.compile(r"whsec_[\w+/=-]+")
FORM = {"name": "Koppeling", "roles": ["referrer"], "scopes": ["referrals:read"], "days": "30"}


def test_letting_a_colleague_go_says_first_what_will_happen_and_then_does_it(world: World) -> None:
    cases = [world.refer("second_referrer") for _ in range(3)]
    admin, path = Person(world, "admin"), f"/administration/people/{world.users['second_referrer']}"
    assert "3 zaken gaan terug naar de wachtrij van het team." in admin.open(path).text
    assert admin.submit(path, f"{path}/leave").headers["Location"] == "/administration?left=yes"
    assert "Medewerker second_referrer" not in admin.open("/administration").text
    assert world.call("second_referrer", "GET", "/v1/me").status_code == 401
    after = [world.call("referrer", "GET", f"/v1/referrals/{case['id']}").json["referrerId"] for case in cases]
    assert after == [None] * 3
    assert "Account gesloten op" in admin.open(path).text


@ON_SQLITE
def test_a_colleague_with_cases_that_nobody_can_take_over_stays(world: World) -> None:
    world.refer()
    admin, path = Person(world, "admin"), f"/administration/people/{world.users['referrer']}"
    form = admin.fill(admin.open(path), "/leave")
    second = f"/administration/people/{world.users['second_referrer']}"
    assert admin.submit(second, f"{second}/leave").status_code == 303
    page = admin.open(path).text
    assert "Dit kan nu nog niet" in page
    assert "/leave" not in page
    refused = admin.send(f"{path}/leave", form)
    assert refused.status_code == 409
    assert "Deze medewerker heeft nog zaken die niemand anders kan overnemen." in refused.text


@ON_SQLITE
def test_a_role_is_given_once_and_only_to_colleagues(world: World) -> None:
    admin, path = Person(world, "admin"), f"/administration/people/{world.users['referrer']}"
    assert admin.submit(path, f"{path}/roles").status_code == 400
    assert admin.submit(path, f"{path}/roles", role="coordinator").status_code == 303
    page = admin.open(path).text
    assert "Verwijzer, Coördinator" in page or "Coördinator, Verwijzer" in page
    assert 'value="coordinator"' not in page
    assert admin.open(f"/administration/people/{world.users['coach']}").status_code == 404
    assert "Vraag een andere beheerder" in admin.open(f"/administration/people/{world.users['admin']}").text


@ON_SQLITE
def test_a_token_is_shown_once_works_and_ends(world: World) -> None:
    admin = Person(world, "admin")
    form = admin.fill(admin.open("/administration/tokens/new"), "/tokens/new", **FORM)
    page = admin.send("/administration/tokens/new", form)
    [secret] = SECRET.findall(page.text)
    again = admin.send("/administration/tokens/new", form)
    assert (SECRET.findall(again.text), again.mimetype) == ([secret], "text/html"), "a double click"
    listed = admin.open("/administration/tokens").text
    assert secret not in listed
    assert "Verwijzingen lezen" in listed
    proof = {"Authorization": f"Bearer {secret}"}
    assert world.client.get("/v1/referrals", headers=proof).status_code == 200
    assert world.client.get("/v1/screenings", headers=proof).status_code == 403
    assert admin.submit("/administration/tokens", END.findall(listed)[0]).status_code == 303
    assert world.client.get("/v1/referrals", headers=proof).status_code == 401


@ON_SQLITE
def test_a_token_with_something_missing_comes_back_filled_in(world: World) -> None:
    admin = Person(world, "admin")
    page = admin.submit("/administration/tokens/new", name="Koppeling", days="1000")
    assert page.status_code == 400
    assert "Dit getal moet van 1 tot en met 366 zijn." in page.text
    assert page.text.count("Dit veld is verplicht.") == 4, "at the field and on top, for roles and scopes"
    assert admin.fill(page, "/tokens/new")["name"] == "Koppeling"


@ON_SQLITE
def test_a_token_of_another_organisation_cannot_be_seen_or_ended(world: World) -> None:
    other = Person(world, "provider_admin")
    [theirs, *_] = END.findall(other.open("/administration/tokens").text)
    admin = Person(world, "admin")
    assert theirs not in admin.open("/administration/tokens").text
    own = END.findall(admin.open("/administration/tokens").text)[0]
    form = admin.fill(admin.open("/administration/tokens"), own)
    assert admin.send(theirs, form).status_code == 404


@ON_SQLITE
def test_a_webhook_is_added_with_its_secret_shown_once_and_taken_away(world: World) -> None:
    admin, path = Person(world, "admin"), "/administration/webhooks"
    refused = admin.submit(path, url="http://intern.example")
    assert refused.status_code == 400
    assert admin.fill(refused, path)["url"] == "http://intern.example"
    added = admin.submit(path, url="https://ontvanger.example/verwijzingen")
    [secret] = WEBHOOK_SECRET.findall(added.text)
    page = admin.open(path).text
    assert "https://ontvanger.example/verwijzingen" in page
    assert "Nog niets aangekomen" in page
    assert secret not in page
    [renew] = re.findall(r"/administration/webhooks/[0-9a-f-]{36}/secret", page)
    assert WEBHOOK_SECRET.findall(admin.submit(path, renew).text) != [secret]
    assert admin.submit(path, renew.replace("/secret", "/remove")).status_code == 303
    assert "Er zijn nog geen webhooks." in admin.open(path).text


@ON_SQLITE
def test_every_list_and_term_can_be_looked_at_with_its_source(world: World) -> None:
    assert set(TITLES) == set(code_lists())
    assert set(SOURCES) < set(TITLES)
    assert set(LIMITS) == set(vars(default_terms().limits))
    admin = Person(world, "admin")
    page = admin.open("/administration/lists").text
    assert "VNG, Selectielijst" in page
    for name, each in code_lists().items():
        assert f"/administration/lists/{name}" in page
        if len(each.labels) < 20:
            shown = admin.open(f"/administration/lists/{name}")
            assert shown.status_code == 200
            assert shown.text.count("<code>") == len(each.labels) + 1
    assert admin.open("/administration/lists/niets").status_code == 404
    terms = admin.open("/administration/terms").text
    for words in ("Van aanmelding naar eerste antwoord", "3 werkdagen", "10 jaar", "AVG artikel 12 lid 3"):
        assert words in terms


@ON_SQLITE
def test_beheer_is_for_the_administrator(world: World) -> None:
    for who in ("referrer", "coach", "coordinator", "privacy"):
        person = Person(world, who)
        for path in ("/administration", "/administration/tokens", "/administration/terms", "/administration/lists"):
            assert person.open(path).status_code == 403, (who, path)
        assert "/administration" not in person.open("/").text
