"""A body is small UTF-8 JSON that everybody reads the same way, or it is refused; and a path, method or query key that
does not exist is refused in the same words."""

import json

import pytest

from referral.core.errors import Malformed
from referral.core.http.bodies import MAX_DEPTH, read_json
from tests.core.http.corpus import BSN, CANARY, UNREADABLE
from tests.house.calls import CALLS, Call, screening_body
from tests.world import World

PROBLEM = "urn:problem-type:referral:"
MAX_BODY = 1_000_000


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What a body may be does not depend on the database."""
    return sqlite_url


@pytest.fixture
def log_screening(world: World) -> Call:
    return CALLS["screenings.log_screening"](world)


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_no_plain_json_is_refused(name: str) -> None:
    with pytest.raises(Malformed) as refusal:
        read_json(UNREADABLE[name])
    assert CANARY not in refusal.value.detail


def test_the_ordinary_reader_takes_some_of_them_and_breaks_on_others() -> None:
    """The control: with the reader of the library these would reach a schema, or end as a fault of ours."""
    outcomes: dict[str, list[str]] = {"taken": [], "broken": [], "refused": []}
    for name, body in UNREADABLE.items():
        try:
            json.loads(body)
            outcomes["taken"].append(name)
        except RecursionError:
            outcomes["broken"].append(name)
        except ValueError:
            outcomes["refused"].append(name)
    assert {"NaN", "Infinity", "1e999", "double member", "escaped NUL", "high surrogate", "UTF-16"} <= set(
        outcomes["taken"]
    )
    assert {"2,000 lists deep", "100,000 objects deep"} <= set(outcomes["broken"])


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"{}", {}),
        ('{"naam": "Zoë 👩🏽‍🏫"}'.encode(), {"naam": "Zoë 👩🏽‍🏫"}),
        (b'{"naam": "\\ud83d\\ude00"}', {"naam": "😀"}),
        (b'{"a": {"x": 1}, "b": {"x": 1}}', {"a": {"x": 1}, "b": {"x": 1}}),
        (b"9999999999999999999", 9_999_999_999_999_999_999),
        (b"47.0", 47.0),
        (b"[[1], [1]]", [[1], [1]]),
    ],
)
def test_plain_json_is_read(body: bytes, value: object) -> None:
    assert read_json(body) == value


def test_nesting_stops_at_32_levels() -> None:
    read_json(nested(MAX_DEPTH))
    with pytest.raises(Malformed):
        read_json(nested(MAX_DEPTH + 1))


def test_an_unreadable_body_is_a_problem_of_the_caller(log_screening: Call, world: World) -> None:
    for name, body in UNREADABLE.items():
        answer = log_screening.send_raw(world, body)
        assert (answer.status_code, answer.mimetype) == (400, "application/problem+json"), name
        assert answer.json["type"] == f"{PROBLEM}malformed-body"
        assert CANARY not in answer.text


def test_an_absent_body_is_an_empty_object(log_screening: Call, world: World) -> None:
    answer = log_screening.send_raw(world, b"")
    assert answer.status_code == 400
    assert {error["code"] for error in answer.json["errors"]} == {"required"}
    assert "/ageBand" in {error["pointer"] for error in answer.json["errors"]}


def test_a_body_that_is_no_object_is_refused_as_a_whole(log_screening: Call, world: World) -> None:
    for body in (b"[]", b'"tekst"', b"1", b"true", b"null"):
        answer = log_screening.send_raw(world, body)
        assert answer.status_code == 400, body
        assert [(error["pointer"], error["code"]) for error in answer.json["errors"]] == [("/", "type")]


def test_a_body_of_another_kind_is_415(log_screening: Call, world: World) -> None:
    content = json.dumps(log_screening.body).encode()
    for kind in (
        "text/plain",
        "text/csv",
        "application/xml",
        "application/x-www-form-urlencoded",
        "a/b",
        "x",
        "\u00a0",
    ):
        answer = log_screening.send_raw(world, content, kind)
        assert (answer.status_code, answer.json["type"]) == (415, f"{PROBLEM}unsupported-media-type"), kind


def test_json_in_other_letters_is_json(log_screening: Call, world: World) -> None:
    """The control of the test above."""
    content = json.dumps(log_screening.body).encode()
    for kind in ("application/json", "application/json; charset=utf-8", "Application/JSON"):
        assert log_screening.send_raw(world, content, kind).status_code == 201


def test_a_body_of_2_mb_is_413(log_screening: Call, world: World) -> None:
    answer = log_screening.send_raw(world, json.dumps({"instrument": CANARY + "x" * 2_000_000}).encode())
    assert (answer.status_code, answer.json["type"]) == (413, f"{PROBLEM}too-large")
    assert CANARY not in answer.text


def test_a_body_at_the_limit_is_read(log_screening: Call, world: World) -> None:
    """The control of the test above: the limit is the size, not the operation."""
    content = json.dumps(screening_body(world)).encode()
    assert log_screening.send_raw(world, content.ljust(MAX_BODY)).status_code == 201
    assert log_screening.send_raw(world, content.ljust(MAX_BODY + 1)).status_code == 413


def test_a_file_of_2_mb_may_be_imported(world: World) -> None:
    call = CALLS["screenings.import_screenings"](world)
    answer = call.send_raw(world, call.body + b"x," * 1_000_000)
    assert answer.status_code == 200
    assert len(answer.json["rejected"]) == 1


SPELLINGS = [
    "{}/", "/{}", "/{}/", "//{}", "/.{}", "{}//", "{};a=b", "{}\0", "{}/..", "{}\r\nX-A:b", " {}", "{} ",
]  # fmt: skip
METHODS = {
    "/v1/screenings": {"GET", "HEAD", "OPTIONS", "POST"},
    "/v1/me": {"GET", "HEAD", "OPTIONS"},
    "/v1/participants/_search": {"OPTIONS", "POST"},
    "/health/live": {"GET", "HEAD", "OPTIONS"},
}
QUERIES = [
    ["naam=kanarie7q4x", "/naam", "unknown"],
    ["kanarie7q4x=1", "/", "unknown"],
    ["111222333=1", "/", "unknown"],
    ["limit=1&limit=2", "/limit", "double"],
    ["kanarie7q4x=1&kanarie7q4x=2", "/", "double"],
    ["limit=" + "9" * 5_000, "/limit", "type"],
    ["limit=9999999999", "/limit", "type"],
    ["limit=0", "/limit", "range"],
    ["limit=101", "/limit", "range"],
    ["limit=-1", "/limit", "type"],
    ["limit=1e3", "/limit", "type"],
    ["limit=%D9%A1", "/limit", "type"],
    ["limit=", "/limit", "type"],
    ["cursor=kanarie7q4x", "/cursor", "cursor"],
    ["cursor=%F0%9F%98%80", "/cursor", "cursor"],
    ["indication=kanarie7q4x", "/indication", "unknown_code"],
    ["indication=111222333", "/indication", "bsn"],
    ["Indication=yes", "/Indication", "unknown"],
]
PATHS = ["/v1/screenings", "/v1/participants/_search", "/v1/workflow", "/v1/openapi.json", "/health/live", "/sign-in"]


def test_a_path_has_one_spelling(world: World) -> None:
    """Never a redirect: a redirected POST loses its body, and a link that works by luck is copied on."""
    token = {"Authorization": f"Bearer {world.tokens['referrer']}"}
    for path in PATHS:
        for spell in SPELLINGS:
            # Past the client, which would tidy the path up first.
            answer = world.client.get("/", headers=token, environ_overrides={"PATH_INFO": spell.format(path)})
            assert (answer.status_code, answer.headers.get("Location")) == (404, None), spell.format(path)


def test_the_one_spelling_is_found(world: World) -> None:
    """The control of the test above."""
    token = {"Authorization": f"Bearer {world.tokens['referrer']}"}
    for path in PATHS:
        answer = world.client.get("/", headers=token, environ_overrides={"PATH_INFO": path})
        assert answer.status_code in (200, 405), path


def test_an_unknown_method_is_405_and_says_which_there_are(world: World) -> None:
    for path, allowed in METHODS.items():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "KANARIE"} - allowed:
            answer = world.call("referrer", method, path)
            assert (answer.status_code, answer.mimetype) == (405, "application/problem+json"), method
            assert set(answer.headers["Allow"].split(", ")) == allowed
            assert method not in answer.text


def test_a_wrong_query_key_is_400_and_never_repeated(world: World) -> None:
    for query, *wrong in QUERIES:
        answer = world.call("referrer", "GET", f"/v1/screenings?{query}")
        assert answer.status_code == 400, query
        assert [[error["pointer"], error["code"]] for error in answer.json["errors"]] == [wrong], query
        assert CANARY not in answer.text
        assert BSN not in answer.text


def test_a_query_with_characters_that_do_not_exist_is_400(world: World) -> None:
    for query in ("cursor=%00", "cursor=%FF", "%00=1", "cursor=%ED%A0%80", "indication=%00yes", "limit=%00"):
        assert world.call("referrer", "GET", f"/v1/screenings?{query}").status_code == 400, query


def test_a_long_id_is_not_found(world: World) -> None:
    for path in ("/v1/screenings/{}", "/v1/referrals/{}", "/v1/participants/{}?purpose=intake", "/v1/docs/assets/{}"):
        for letter in ("x", "0", "%00", "é", "%2F", "S-", "%ED%A0%80", "%FF"):
            answer = world.call("referrer", "GET", path.format(letter * 3_000))
            assert (answer.status_code, answer.json["type"]) == (404, f"{PROBLEM}not-found"), (path, letter)


def test_a_version_that_is_not_ours_is_400(world: World) -> None:
    call = CALLS["referrals.change_referral"](world)
    for version in ("", "x", '"x"', "*", "-1", "1.0", "1, 2", "9" * 10, "9" * 5_000, "١".encode().decode("latin-1")):
        answer = call.send(world, version=None, headers={"If_Match": version})
        assert (answer.status_code, answer.json["type"]) == (400, f"{PROBLEM}malformed-body"), version


@pytest.mark.parametrize("spelled", ['"{}"', "{}", 'W/"{}"', '  "{}" '])
def test_a_version_may_be_spelled_in_more_ways(spelled: str, world: World) -> None:
    call = CALLS["referrals.change_referral"](world)
    assert call.send(world, version=None, headers={"If_Match": spelled.format(call.version)}).status_code == 200
