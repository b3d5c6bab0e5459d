"""The door for programs: a token and its scopes, never a cookie."""

import pytest

from tests.identity.doors import HTML, bearer, sign_in, token_of


@pytest.fixture
def token(service, town) -> str:
    return token_of(service, "coach@voorbeeld.example", "Bibliotheek Voorbeeld")


def test_a_program_hears_who_it_is(app, service, town, token):
    answer = app.test_client().get("/v1/me", headers=bearer(token))
    assert answer.status_code == 200
    assert answer.json == {
        "id": str(town.coach),
        "name": "Bram Coach",
        "organisation": {"id": str(town.library), "kind": "library", "name": "Bibliotheek Voorbeeld"},
        "roles": ["coach", "coordinator"],
        "scopes": answer.json["scopes"],
    }
    assert len(answer.json["scopes"]) == 15


def test_a_program_lists_organisations(app, town, token):
    client = app.test_client()
    answer = client.get("/v1/organisations?kind=municipality", headers=bearer(token)).json
    assert answer == {
        "items": [
            {
                "id": str(town.municipality),
                "kind": "municipality",
                "name": "Gemeente Voorbeeld",
                "municipalityCode": "GM0034",
                "regions": [
                    {"id": str(town.labour_market), "kind": "labour_market", "code": "AM11", "name": "Flevoland"},
                    {"id": str(town.web_region), "kind": "web", "code": None, "name": "Polder"},
                ],
                "version": 1,
            }
        ],
        "next": None,
    }
    first = client.get("/v1/organisations?limit=3", headers=bearer(token)).json
    rest = client.get(f"/v1/organisations?limit=3&cursor={first['next']}", headers=bearer(token)).json
    assert [len(first["items"]), len(rest["items"]), rest["next"]] == [3, 1, None]
    wrong = client.get("/v1/organisations?kind=school&page=2", headers=bearer(token))
    assert wrong.status_code == 400
    assert [error["pointer"] for error in wrong.json["errors"]] == ["/kind", "/page"]


def test_a_program_lists_colleagues_without_their_addresses(app, town, token):
    answer = app.test_client().get("/v1/users", headers=bearer(token))
    assert answer.json["items"] == [
        {"id": str(town.admin), "name": "Noor Beheer", "roles": ["admin"]},
        {"id": str(town.coach), "name": "Bram Coach", "roles": ["coach", "coordinator"]},
    ]
    assert "@" not in answer.text


def test_an_administrator_ends_the_account_of_a_colleague(app, service, town, token, clock):
    client = app.test_client()
    admin = token_of(service, "admin@voorbeeld.example", "Bibliotheek Voorbeeld")
    path = f"/v1/users/{town.coach}/deactivations"
    assert client.post(path, headers=bearer(token)).status_code == 403
    assert client.post(path, headers=bearer(admin), json={"reason": "x"}).status_code == 400
    stranger = client.post(f"/v1/users/{town.referrer}/deactivations", headers=bearer(admin))
    nobody = client.post(f"/v1/users/{town.library}/deactivations", headers=bearer(admin))
    assert (stranger.status_code, stranger.data) == (404, nobody.data)
    keyed = {**bearer(admin), "Idempotency-Key": "een-keer"}
    answers = [client.post(path, headers=keyed) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json == {"userId": str(town.coach), "deactivatedAt": "2026-11-03T09:00:00Z"}
    assert answers[0].data == answers[1].data
    assert client.get("/v1/me", headers=bearer(token)).status_code == 401
    assert client.post(path, headers=bearer(admin)).status_code == 409


def test_a_token_reaches_no_further_than_its_scopes(app, service, town):
    narrow = token_of(service, "admin@voorbeeld.example", "Bibliotheek Voorbeeld", scopes=["identity:read"])
    client = app.test_client()
    assert client.get("/v1/users", headers=bearer(narrow)).status_code == 200
    assert client.post(f"/v1/users/{town.coach}/deactivations", headers=bearer(narrow)).status_code == 403


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer  ", "Basic eDp5", "Bearer a=b", "Bearer rv_\u00e9", "Token {token}", "{token}"],
)
def test_what_proves_nothing_is_refused(app, token, header):
    headers = {} if header is None else {"Authorization": header.replace("{token}", token)}
    answer = app.test_client().get("/v1/me", headers=headers)
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")


def test_a_cookie_opens_no_api_and_a_token_no_page(app, town, token):
    client = app.test_client()
    assert sign_in(client, town.password).status_code == 303
    assert "dag Bram Coach" in client.get("/", headers=HTML).text
    assert client.get("/v1/me").status_code == 401
    assert app.test_client().get("/", headers={**HTML, **bearer(token)}).status_code == 401


def test_the_api_asks_for_no_form_secret(app, service, town):
    admin = token_of(service, "admin@voorbeeld.example", "Bibliotheek Voorbeeld")
    answer = app.test_client().post(f"/v1/users/{town.coach}/deactivations", headers=bearer(admin))
    assert answer.status_code == 201
    assert "Set-Cookie" not in answer.headers
