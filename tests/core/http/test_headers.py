"""The headers that every answer carries, whatever it is; who may read answers from another origin; and the real server,
which names itself nowhere and stops when it is told to."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from config.settings import Settings, load
from referral.app import create_app, create_service
from referral.core.http.application import API_VERSION, SECURITY_HEADERS
from tests.house.calls import CALLS
from tests.world import World

ROOT = Path(__file__).parents[3]
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
REQUIRED = {
    "API-Version",
    "Cache-Control",
    "Content-Security-Policy",
    "Cross-Origin-Opener-Policy",
    "Cross-Origin-Resource-Policy",
    "Permissions-Policy",
    "Referrer-Policy",
    "Strict-Transport-Security",
    "Trace-Id",
    "X-Content-Type-Options",
    "X-Frame-Options",
}


def answers(world: World) -> Iterator[TestResponse]:
    """An answer of every kind."""
    for prepare in CALLS.values():
        call = prepare(world)
        yield call.send(world)
        yield call.send(world, who=None)
        yield call.send(world, body=["geen object"])
    for path in ("/", "/sign-in", "/health/live", "/health/ready", "/v1/docs", "/v1/openapi.json", "/v1/docs/start.js"):
        for method in ("GET", "HEAD", "OPTIONS", "POST", "KANARIE"):
            yield world.call("referrer", method, path)
    for path in ("/nowhere", "/v1/nowhere", "/v1/me/", "//v1/me", "/static/nowhere.css", "/v1/docs/assets/nowhere.js"):
        yield world.call(None, "GET", path)
        yield world.call(None, "GET", path, Accept="text/html")


@ON_SQLITE
def test_every_answer_carries_the_whole_set(world: World) -> None:
    seen = set()
    for answer in answers(world):
        seen.add(answer.status_code)
        assert set(answer.headers.keys()) >= REQUIRED, answer.request.path
        assert {name: answer.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
        assert not {"Server", "X-Powered-By"} & set(answer.headers.keys())
        assert "Set-Cookie" not in answer.headers or answer.request.path == "/sign-in"
    assert seen >= {200, 201, 400, 401, 404, 405}


@ON_SQLITE
def test_a_fault_of_ours_carries_them_as_well(world: World, settings: Settings) -> None:
    app = create_app(settings, service=world.service)
    app.operations = {**app.operations, "fault": app.operations["health.live"]}
    app.add_url_rule("/v1/fault", "fault", lambda: 1 / 0)
    answer = app.test_client().get("/v1/fault")
    assert (answer.status_code, answer.json["type"]) == (500, "urn:problem-type:referral:internal-error")
    assert set(answer.headers.keys()) >= REQUIRED
    assert "ZeroDivision" not in answer.text


@ON_SQLITE
def test_every_answer_has_a_trace_of_its_own(world: World) -> None:
    traces = [world.call(None, "GET", path).headers["Trace-Id"] for path in ("/v1/me", "/v1/me", "/nowhere")]
    assert len(set(traces)) == 3
    assert all(len(trace) == 32 and set(trace) <= set("0123456789abcdef") for trace in traces)


@ON_SQLITE
def test_the_version_is_one_of_version_1(world: World) -> None:
    assert API_VERSION.startswith("1.")
    assert world.call(None, "GET", "/v1/openapi.json").json["info"]["version"] == API_VERSION


@ON_SQLITE
def test_a_file_that_never_changes_may_be_kept(world: World) -> None:
    """The control of `no-store`: what holds nothing of anybody may be kept by a browser."""
    with world.call(None, "GET", "/v1/docs/assets/swagger-ui.css") as answer:
        assert "max-age=86400" in answer.headers["Cache-Control"]


@ON_SQLITE
def test_anybody_may_read_the_document_from_anywhere(world: World) -> None:
    for origin in ({}, {"Origin": "https://vreemd.example"}, {"Origin": "null"}):
        answer = world.call(None, "GET", "/v1/openapi.json", **origin)
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in answer.headers


@ON_SQLITE
def test_only_listed_origins_may_read_the_rest(world: World, settings: Settings) -> None:
    app = create_app(settings, service=world.service)
    app.config["ALLOWED_ORIGINS"] = ("https://gemeente.example",)
    for origin, allowed in {
        "https://gemeente.example": "https://gemeente.example",
        "https://gemeente.example.vreemd.example": None,
        "https://vreemd.example": None,
        "http://gemeente.example": None,
        "https://gemeente.example:8443": None,
        "null": None,
        "*": None,
    }.items():
        for method, path in (("OPTIONS", "/v1/referrals"), ("GET", "/v1/referrals"), ("GET", "/v1/nowhere")):
            answer = app.test_client().open(path, method=method, headers={"Origin": origin})
            assert answer.headers.get("Access-Control-Allow-Origin") == allowed, (origin, path)
            assert "Access-Control-Allow-Credentials" not in answer.headers
    asked = app.test_client().options("/v1/referrals", headers={"Origin": "https://gemeente.example"})
    assert "Origin" in asked.headers["Vary"]
    assert {"Authorization", "Idempotency-Key", "If-Match"} <= set(
        asked.headers["Access-Control-Allow-Headers"].split(", ")
    )


@ON_SQLITE
def test_without_a_list_nobody_else_may_read(world: World) -> None:
    answer = world.call("referrer", "GET", "/v1/me", Origin="https://gemeente.example")
    assert "Access-Control-Allow-Origin" not in answer.headers


@contextmanager
def serving(environment: Mapping[str, str]) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The production server in a process of its own, on a port that was free."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = int(listener.getsockname()[1])
    command = [sys.executable, "-c", "from referral.cli import main; main()", "serve", "--port", str(port)]
    with subprocess.Popen(command, env={**os.environ, **environment}, cwd=ROOT, stderr=subprocess.PIPE) as server:
        try:
            wait_until_it_answers(server, port)
            yield server, port
        finally:
            server.kill()


def wait_until_it_answers(server: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 30
    while server.poll() is None and time.monotonic() < deadline:
        try:
            return ask(port, "/health/live").close()
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the server did not start")


def ask(port: int, path: str, method: str = "GET", **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


@pytest.fixture
def server(sqlite_url: str, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    environment = {
        "ENVIRONMENT": "test",
        "DATABASE_URL": sqlite_url,
        "KEY_DIRECTORY": str(tmp_path / "keys"),
        "MAIL_SINK_DIRECTORY": str(tmp_path / "mail"),
        "CHECKPOINT_DIRECTORY": str(tmp_path / "checkpoints"),
        "SECRET_KEY": "een-geheim-voor-de-tests-0123456789",
        "COOKIE_SECURE": "no",
        "PYTHONPATH": str(ROOT),
    }
    service = create_service(load(environment))
    service.key_ring.initialise()
    service.engine.dispose()
    with serving(environment) as running:
        yield running


def test_the_real_server_is_ready_and_names_itself_nowhere(server: tuple[subprocess.Popen[bytes], int]) -> None:
    _, port = server
    assert ask(port, "/health/ready").status == 200
    for method, path, status in (
        ("GET", "/health/live", 200),
        ("GET", "/v1/me", 401),
        ("GET", "/v1/nowhere", 404),
        ("GET", "//v1/me", 404),
        ("GET", "/v1/me/", 404),
        ("DELETE", "/v1/me", 405),
        ("GET", "/sign-in", 200),
        ("OPTIONS", "*", 404),
    ):
        answer = ask(port, path, method)
        assert (answer.status, answer.getheader("Server")) == (status, None), path
        assert {name for name in REQUIRED if answer.getheader(name) is None} == set(), path


def test_what_is_no_http_gets_no_name_either(server: tuple[subprocess.Popen[bytes], int]) -> None:
    _, port = server
    for line in (
        b"KANARIE\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nA" + b"a" * 20_000 + b": b\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(line)
            said = connection.recv(65_536)
        assert said.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5"))
        assert b"server:" not in said.lower()
        assert b"gunicorn" not in said.lower()
    assert ask(port, "/health/live").status == 200


def test_the_real_server_stops_within_five_seconds(server: tuple[subprocess.Popen[bytes], int]) -> None:
    process, port = server
    assert ask(port, "/health/live").status == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == 0
    with pytest.raises(OSError, match="refused"):
        ask(port, "/health/live")
