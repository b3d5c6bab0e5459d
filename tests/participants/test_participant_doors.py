"""The JSON doors of participants and rights, as a program sees them."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import flask_smorest
import pytest
from flask import request
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from referral.access import OPERATIONS
from referral.core.database import new_id
from referral.core.http import Application, install
from referral.core.policy import Actor, Door
from referral.core.work import Service, Work
from referral.participants.api import PERSON, api, rights
from tests.participants.conftest import Chain, Disclose

BSN = "111222333"
Call = Callable[..., TestResponse]


@pytest.fixture
def app(service: Service, chain: Chain) -> Application:
    app = Application("referral")
    app.config.update(TESTING=True, ALLOWED_ORIGINS=(), MAX_BODY_BYTES=100_000)
    app.config.update(API_TITLE="t", API_VERSION="1", OPENAPI_VERSION="3.1.0")
    smorest = flask_smorest.Api(app)
    smorest.register_blueprint(api)
    smorest.register_blueprint(rights)
    actors = {str(actor.id): actor for actor in vars(chain).values()}

    def named(_work: Work) -> Actor | None:
        return actors.get(request.headers.get("Authorization", ""))

    install(app, service, OPERATIONS, {Door.API: named})
    return app


@pytest.fixture
def client(app: Application) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def call(client: FlaskClient) -> Call:
    def send(
        actor: Actor, method: str, path: str, body: Any = None, *, key: str = "", match: int | None = None
    ) -> TestResponse:
        headers = {"Authorization": str(actor.id)}
        if key:
            headers["Idempotency-Key"] = key
        if match is not None:
            headers["If-Match"] = f'"{match}"'
        return client.open(f"/v1/participants{path}", method=method, json=body, headers=headers)

    return send


@pytest.fixture
def person(call: Call, chain: Chain) -> UUID:
    return UUID(call(chain.referrer, "POST", "", PERSON).json["id"])


def errors_of(answer: TestResponse) -> set[tuple[str, str]]:
    assert answer.status_code == 400, answer.text
    return {(error["pointer"], error["code"]) for error in answer.json["errors"]}


def test_registering_answers_nothing_personal(call: Call, chain: Chain) -> None:
    answer = call(chain.referrer, "POST", "", PERSON)
    assert answer.status_code == 201
    assert answer.json == {
        "id": answer.json["id"],
        "organisationId": str(chain.referrer.organisation_id),
        "registeredOn": "2026-11-03",
        "version": 1,
    }
    assert answer.headers["Location"] == f"/v1/participants/{answer.json['id']}"
    assert answer.headers["ETag"] == '"1"'


def test_a_name_is_enough_and_null_is_nothing(call: Call, chain: Chain) -> None:
    assert call(chain.referrer, "POST", "", {"name": "Kim"}).status_code == 201
    optional = {member: None for member in PERSON if member != "name"}
    assert call(chain.referrer, "POST", "", {"name": "Kim", **optional}).status_code == 201
    assert errors_of(call(chain.referrer, "POST", "", {"name": None})) == {("/name", "null")}
    assert errors_of(call(chain.referrer, "POST", "", {})) == {("/name", "required")}


def test_every_wrong_member_is_named_and_none_is_repeated(call: Call, chain: Chain) -> None:
    wrong = {
        "phone": "geen-nummer",
        "email": "geen-adres",
        "preferredChannel": "postduif",
        "birthYear": 1850,
        "languageBackground": "nt9",
        "contactPerson": {"phone": "zus-nummer", "relation": "zus"},
        "diagnosis": "geheim",
    }
    answer = call(chain.referrer, "POST", "", wrong)
    assert errors_of(answer) == {
        ("/name", "required"),
        ("/phone", "phone"),
        ("/email", "email"),
        ("/preferredChannel", "unknown_code"),
        ("/birthYear", "range"),
        ("/languageBackground", "unknown_code"),
        ("/contactPerson/name", "required"),
        ("/contactPerson/phone", "phone"),
        ("/diagnosis", "unknown"),
    }
    for value in ("geen-nummer", "geen-adres", "postduif", "1850", "nt9", "zus-nummer", "geheim"):
        assert value not in answer.text


@pytest.mark.parametrize("member", ["clientNumber", "name", "preferredMoment", "phone"])
@pytest.mark.parametrize("value", [BSN, "1112.22.333", f"bsn {BSN}"])
def test_a_bsn_is_refused_wherever_people_type_it(call: Call, chain: Chain, member: str, value: str) -> None:
    answer = call(chain.referrer, "POST", "", {"name": "Kim", member: value})
    assert (f"/{member}", "bsn") in errors_of(answer)
    assert BSN not in answer.text


def test_a_bsn_inside_a_sentence_is_refused_and_a_phone_there_is_not(call: Call, chain: Chain) -> None:
    moment = {"name": "Kim", "preferredMoment": f"na tienen, bsn is {BSN}, bel eerst"}
    assert errors_of(call(chain.referrer, "POST", "", moment)) == {("/preferredMoment", "bsn")}
    for good in ("bel 0611223344 of 020-1234567", "10.00 - 12.00", "klant 123456789"):
        assert call(chain.referrer, "POST", "", {"name": "Kim", "preferredMoment": good}).status_code == 201


def test_a_double_is_offered_by_its_id(call: Call, chain: Chain, person: UUID) -> None:
    answer = call(chain.referrer, "POST", "", {"name": "Joop de Wit", "phone": PERSON["phone"]})
    assert (answer.status_code, answer.json["participantId"]) == (409, str(person))
    assert answer.json["type"].endswith("duplicate-participant")
    joop = {"name": "Joop de Wit", "phone": PERSON["phone"], "allowDuplicate": True}
    assert call(chain.referrer, "POST", "", joop).status_code == 201


def test_reading_asks_for_a_purpose(call: Call, chain: Chain, person: UUID) -> None:
    assert errors_of(call(chain.referrer, "GET", f"/{person}")) == {("/purpose", "required")}
    assert errors_of(call(chain.referrer, "GET", f"/{person}?purpose=curiosity")) == {("/purpose", "unknown_code")}
    answer = call(chain.referrer, "GET", f"/{person}?purpose=contact")
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"1"')
    assert answer.json == {
        **PERSON,
        "id": str(person),
        "organisationId": str(chain.referrer.organisation_id),
        "registeredOn": "2026-11-03",
        "version": 1,
    }


def test_what_lies_outside_the_scope_is_absent_not_null(
    call: Call, chain: Chain, ria: UUID, disclose: Disclose
) -> None:
    disclose(chain.coach, "background")
    shown = call(chain.coach, "GET", f"/{ria}?purpose=guidance").json
    assert set(shown) == {"id", "organisationId", "registeredOn", "version", "birthYear", "languageBackground"}


def test_what_is_not_to_be_seen_equals_what_is_not(call: Call, chain: Chain, person: UUID) -> None:
    hidden = call(chain.neighbour, "GET", f"/{person}?purpose=contact")
    absent = call(chain.neighbour, "GET", f"/{new_id()}?purpose=contact")
    assert (hidden.status_code, hidden.data) == (absent.status_code, absent.data)
    assert hidden.status_code == 404


def test_a_change_asks_for_the_version_that_was_read(call: Call, chain: Chain, person: UUID) -> None:
    change = {"preferredMoment": None, "phone": "0655667788"}
    assert call(chain.referrer, "PATCH", f"/{person}", change).status_code == 428
    assert call(chain.referrer, "PATCH", f"/{person}", change, match=7).status_code == 412
    answer = call(chain.referrer, "PATCH", f"/{person}", change, match=1)
    assert (answer.status_code, answer.json["version"], answer.headers["ETag"]) == (200, 2, '"2"')
    seen = call(chain.referrer, "GET", f"/{person}?purpose=contact").json
    assert (seen["preferredMoment"], seen["phone"], seen["name"]) == (None, "0655667788", PERSON["name"])
    assert errors_of(call(chain.referrer, "PATCH", f"/{person}", {"name": None}, match=2)) == {("/name", "null")}
    assert errors_of(call(chain.referrer, "PATCH", f"/{person}", {"id": "x"}, match=2)) == {("/id", "unknown")}


def test_a_search_answers_ids_only(call: Call, chain: Chain, person: UUID) -> None:
    answer = call(chain.referrer, "POST", "/_search", {"phone": "+31 6 11 22 33 44"})
    assert (answer.status_code, answer.json) == (200, {"items": [{"id": str(person), "matchedOn": "phone"}]})
    assert errors_of(call(chain.referrer, "POST", "/_search", {})) == {("/", "exactly_one")}
    assert errors_of(call(chain.referrer, "POST", "/_search", {"name": "Ria"})) == {("/name", "unknown")}
    assert call(chain.coach, "POST", "/_search", {"phone": "0611223344"}).status_code == 403


def test_a_search_too_many_says_when_to_come_back(call: Call, chain: Chain) -> None:
    answers = [call(chain.referrer, "POST", "/_search", {"clientNumber": str(turn)}) for turn in range(61)]
    assert [answer.status_code for answer in answers] == [200] * 60 + [429]
    assert answers[-1].headers["Retry-After"] == "600"


def test_a_repeated_registration_is_answered_again(call: Call, chain: Chain) -> None:
    first = call(chain.referrer, "POST", "", PERSON, key="a")
    again = call(chain.referrer, "POST", "", PERSON, key="a")
    assert (again.status_code, again.data) == (201, first.data)
    assert again.headers["Idempotent-Replayed"] == "true"


def test_a_withdrawal_answers_what_stopped(call: Call, chain: Chain, ria: UUID, disclose: Disclose) -> None:
    disclose(chain.coach, "contact")
    path = f"/{ria}/agreement-withdrawals"
    assert errors_of(call(chain.coach, "POST", path, {"heardOn": "2026-11-04"})) == {("/heardOn", "future")}
    answer = call(chain.coach, "POST", path, {"heardOn": "2026-11-03"}, key="w")
    assert (answer.status_code, answer.json) == (
        201,
        {
            "participantId": str(ria),
            "heardOn": "2026-11-03",
            "recordedAt": "2026-11-03T09:00:00Z",
            "agreementsEnded": 1,
            "disclosuresEnded": 1,
        },
    )
    assert call(chain.coach, "GET", f"/{ria}?purpose=contact").status_code == 404
    assert call(chain.coach, "POST", path, {"heardOn": "2026-11-03"}, key="w").data == answer.data


def test_an_erasure_is_answered_with_a_receipt_that_outlives_the_key(call: Call, chain: Chain) -> None:
    registered = call(chain.referrer, "POST", "", PERSON, key="r")
    person = registered.json["id"]
    path = f"/{person}/erasures"
    assert call(chain.referrer, "POST", path, {"ground": "request"}).status_code == 403
    assert errors_of(call(chain.officer, "POST", path, {"ground": "boredom"})) == {("/ground", "unknown_code")}
    receipt = call(chain.officer, "POST", path, {"ground": "request"}, key="e")
    assert (receipt.status_code, receipt.json["live"], receipt.json["participantId"]) == (201, "done", person)
    again = call(chain.officer, "POST", path, {"ground": "request"}, key="e")
    assert (again.data, again.headers["Idempotent-Replayed"]) == (receipt.data, "true")
    assert call(chain.officer, "POST", path, {"ground": "request"}, key="f").status_code == 410
    for actor in (chain.referrer, chain.officer):
        assert call(actor, "GET", f"/{person}?purpose=rights").status_code == 410
    assert call(chain.neighbour, "GET", f"/{person}?purpose=rights").status_code == 404
    assert call(chain.referrer, "POST", "", PERSON, key="r").status_code == 410, "the stored answer went with the key"


def test_every_operation_is_in_the_document_with_its_example(app: Application) -> None:
    with app.test_request_context():
        document = app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict()
    operations = {
        (method, path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method != "parameters"
    }
    assert len(operations) == 6
    for operation in operations.values():
        assert operation["summary"]
        answer = next(answer for code, answer in operation["responses"].items() if code.startswith("2"))
        assert answer["content"]["application/json"]["example"]
