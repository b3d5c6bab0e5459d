"""The OpenAPI 3.1 document: valid, complete, with examples that keep to their own schemas, and true: what the service
answers is what the document says."""

import copy
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import OpenAPIV31SpecValidator

from referral.access import OPERATIONS
from referral.core.http import Application
from referral.core.http.application import API_VERSION
from referral.core.policy import Door
from tests.house.calls import CALLS
from tests.world import World

BASE = "/v1"
METHODS = {"get", "post", "patch", "put", "delete"}
JSON = "application/json"
PROBLEM = "application/problem+json"
UNDOCUMENTED = {"docs.show", "docs.start", "docs.asset", "docs.openapi"}
"""The document does not describe itself."""

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def document(app: Application) -> dict[str, Any]:
    return dict(app.test_client().get("/v1/openapi.json").json)


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every operation with its name."""
    for path, item in document["paths"].items():
        for method in METHODS & set(item):
            yield f"{method.upper()} {path}", item[method]


def served(app: Flask) -> Iterator[tuple[str, str]]:
    """Every operation under the base path, by its name in the document, with its endpoint."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(BASE) and rule.endpoint not in UNDOCUMENTED:
            path = re.sub(r"<(?:[^:>]+:)?([^>]+)>", r"{\1}", rule.rule).removeprefix(BASE)
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                yield f"{method} {path}", rule.endpoint


def bodies(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The request body and every good answer that has content, by kind."""
    yield from (("request", kind) for kind in operation.get("requestBody", {}).get("content", {}).values())
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            yield from ((status, kind) for kind in answer.get("content", {}).values())


def examples(content: dict[str, Any]) -> list[Any]:
    """The examples of one kind of content."""
    return [
        *([content["example"]] if "example" in content else []),
        *(named["value"] for named in content.get("examples", {}).values()),
    ]


def mistakes(document: dict[str, Any], schema: dict[str, Any], value: Any) -> list[str]:
    """Where a value does not keep to a schema of the document."""
    validator = Draft202012Validator(
        {**schema, "components": document["components"]}, format_checker=FormatChecker(["uuid", "date"])
    )
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


def test_it_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert document["info"]["version"] == API_VERSION
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_a_document_that_is_not_is_seen(document: dict[str, Any]) -> None:
    """The control of the test above."""
    broken = copy.deepcopy(document)
    broken["paths"]["/me"]["get"]["parameters"] = [{"in": "body", "name": "x"}]
    del broken["info"]["title"]
    assert len(list(OpenAPIV31SpecValidator(broken).iter_errors())) >= 2


def test_every_operation_is_in_it_and_no_other(app: Application, document: dict[str, Any]) -> None:
    assert {name for name, _ in operations(document)} == {name for name, _ in served(app)}
    assert {endpoint for _, endpoint in served(app)} == {
        endpoint for endpoint, access in OPERATIONS.items() if access.door is Door.API
    }


def test_every_operation_has_a_dutch_summary_and_a_name_of_its_own(document: dict[str, Any]) -> None:
    named = dict(operations(document))
    assert [name for name, operation in named.items() if len(operation.get("summary", "")) < 10] == []
    assert [name for name, operation in named.items() if not operation["tags"]] == []
    ids = [operation["operationId"] for operation in named.values()]
    assert len(set(ids)) == len(ids) == len(named)
    assert [each for each in ids if not re.fullmatch(r"[a-z][A-Za-z]+", each)] == []


def test_every_operation_has_the_name_of_its_own_endpoint(app: Application, document: dict[str, Any]) -> None:
    """Wrong build: a page with the same path without the base gives the operation its name and its headers."""
    named = dict(operations(document))
    pages = {rule.rule for rule in app.url_map.iter_rules() if not rule.rule.startswith(BASE)}
    assert {"/referrals", "/trajectories", "/privacy-requests"} <= pages & set(document["paths"])
    for name, endpoint in served(app):
        head, *tail = endpoint.rpartition(".")[2].split("_")
        assert named[name]["operationId"] == head + "".join(word.capitalize() for word in tail)


def test_every_operation_says_how_it_can_be_refused(app: Application, document: dict[str, Any]) -> None:
    named = dict(operations(document))
    for name, endpoint in served(app):
        access, operation = OPERATIONS[endpoint], named[name]
        needed = {"400", "401", "403", "404", "503"} | ({"412", "428"} if access.versioned else set())
        needed |= {"409"} if access.versioned or access.idempotency else set()
        assert needed <= set(operation["responses"]), name
        for status in needed:
            refusal = operation["responses"][status]
            assert refusal["description"]
            assert refusal["content"][PROBLEM]["schema"] == {"$ref": "#/components/schemas/Problem"}
        assert operation["security"] == [{"token": [access.scope]}], name
        headers = {each["name"]: each["required"] for each in operation["parameters"] if each.get("in") == "header"}
        expected = {"If-Match": True} if access.versioned else {}
        expected |= {"Idempotency-Key": access.idempotency == "required"} if access.idempotency else {}
        assert headers == expected, name


def test_every_body_and_every_good_answer_has_an_example(document: dict[str, Any]) -> None:
    without = {
        (name, where)
        for name, operation in operations(document)
        for where, content in bodies(operation)
        if not examples(content)
    }
    assert without == set()
    assert [name for name, operation in operations(document) if not any(s < "3" for s in operation["responses"])] == []


def test_every_example_keeps_to_its_schema(document: dict[str, Any]) -> None:
    tried, wrong = 0, {}
    for name, operation in operations(document):
        for where, content in bodies(operation):
            for example in examples(content):
                tried += 1
                if found := mistakes(document, content.get("schema", {}), example):
                    wrong[name, where] = found[:3]
    assert wrong == {}
    assert tried >= 40


def test_an_example_that_does_not_is_seen(document: dict[str, Any]) -> None:
    """The control of the test above: an unknown code, a member too many, a member too few."""
    content = document["paths"]["/screenings"]["post"]["requestBody"]["content"][JSON]
    good = content["example"]
    for bad in ({**good, "ageBand": "35"}, {**good, "name": "Joke"}, {k: good[k] for k in good if k != "ageBand"}):
        assert mistakes(document, content["schema"], bad), bad


def test_what_the_service_answers_is_what_the_document_says(world: World, document: dict[str, Any]) -> None:
    named, wrong = dict(operations(document)), {}
    endpoints = {endpoint: name for name, endpoint in served(world.app)}
    for endpoint, prepare in CALLS.items():
        answer, refusal = prepare(world).send(world), prepare(world).send(world, who=None)
        promised = named[endpoints[endpoint]]["responses"][str(answer.status_code)]
        if answer.status_code == 204:
            assert "content" not in promised
            assert answer.data == b""
            continue
        assert answer.mimetype in promised["content"], endpoint
        assert set(promised.get("headers", {})) <= set(answer.headers.keys())
        if answer.mimetype == JSON:
            wrong[endpoint] = mistakes(document, promised["content"][JSON]["schema"], answer.json)[:3]
        refused = named[endpoints[endpoint]]["responses"][str(refusal.status_code)]["content"][PROBLEM]["schema"]
        wrong[f"{endpoint} refused"] = mistakes(document, refused, refusal.json)
    assert {endpoint: found for endpoint, found in wrong.items() if found} == {}


def test_every_good_request_keeps_to_the_document(world: World, document: dict[str, Any]) -> None:
    named, wrong = dict(operations(document)), {}
    endpoints = {endpoint: name for name, endpoint in served(world.app)}
    for endpoint, prepare in CALLS.items():
        call, operation = prepare(world), named[endpoints[endpoint]]
        if isinstance(call.body, dict):
            schema = operation["requestBody"]["content"][JSON]["schema"]
            wrong[endpoint] = mistakes(document, schema, call.body)[:3]
    assert {endpoint: found for endpoint, found in wrong.items() if found} == {}


def test_whoever_asks_first_at_the_same_time_gets_the_same_document(app: Application) -> None:
    """It is made when it is asked for; made twice at once it would be refused as a double."""
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(app.test_client().get, "/v1/openapi.json") for _ in range(8)]
        answers = [each.result() for each in asked]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.data for answer in answers}) == 1
