"""The web application: a request is a unit of work, default deny, one shape for every refusal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from time import perf_counter
from traceback import extract_tb
from typing import Any

import orjson
import structlog
from flask import Flask, Response, g, request
from flask.json.provider import JSONProvider
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from referral.core import idempotency
from referral.core.errors import (
    Conflict,
    DiskFull,
    InternalFault,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Problem,
    Stale,
    Unavailable,
)
from referral.core.http import recording
from referral.core.http.doors import expected_version, invalid
from referral.core.http.forms import ShowAgain, given_body, given_key
from referral.core.http.problems import answer_problem, from_http, wants_page
from referral.core.policy import Access, Actor, Door, Operations
from referral.core.tracing import continue_trace
from referral.core.work import Service, Work

API_VERSION = "1.0.0"
RETRIES = 3
SHOWN_AGAIN = frozenset({400, 409, 412, 429})
"""The refusals after which a form is drawn again with what was typed."""
SECURITY_HEADERS = {
    "API-Version": API_VERSION,
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

Authenticate = Callable[[Work], Actor | None]

log = structlog.get_logger("referral.http")


class OrjsonProvider(JSONProvider):
    """Answers written by orjson; bodies are read by `bodies.read_json` instead."""

    def dumps(self, obj: Any, **_options: Any) -> str:
        """The JSON text of an answer."""
        return orjson.dumps(obj).decode()

    def loads(self, s: str | bytes, **_options: Any) -> Any:
        """The value in a JSON text of our own making."""
        return orjson.loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """An answer with the value as its body."""
        return Response(orjson.dumps(self._prepare_response_obj(args, kwargs)), mimetype="application/json")


class Application(Flask):
    """Flask, where returning commits and raising rolls back, and an operation outside the table does not exist."""

    json_provider_class = OrjsonProvider
    service: Service
    operations: Operations
    authenticators: dict[Door, Authenticate]

    def dispatch_request(self) -> ResponseReturnValue:
        """Serve one request in one unit of work, again when the database asks for a retry (40001, 40P01)."""
        if request.environ["PATH_INFO"].startswith("//"):
            # The router drops slashes in front, so that `//v1/me` would walk past a proxy's rules for `/v1`.
            raise NotFound
        if request.routing_exception is not None:
            self.raise_routing_exception(request)
        if request.method == "OPTIONS":
            return self.make_default_options_response()
        access = self.operations.get(request.endpoint or "")
        if access is None:
            raise NotFound
        for attempt in range(RETRIES):
            try:
                return self._serve_in_work(access)
            except OperationalError as error:
                if attempt == RETRIES - 1 or not _is_retryable(error):
                    raise
        raise Unavailable

    def _serve_in_work(self, access: Access) -> Response:
        if access.door is Door.PUBLIC and not access.action:
            return self.make_response(super().dispatch_request())
        if request.mimetype != "text/csv":
            request.max_content_length = self.config["MAX_BODY_BYTES"]
        with self.working() as work:
            self._admit(access, work)
            key = idempotency.read_key(given_key(access), access.idempotency)
            response = self.make_response(super().dispatch_request()) if key is None else self._serve_once(key, work)
            recording.record_request(work, access, result=recording.result_of(response))
            return response

    @contextmanager
    def working(self) -> Iterator[Work]:
        """The unit of work that the doors of this request find, for as long as it lasts and no longer.

        Whoever used it afterwards (an error page) would begin a transaction that nobody ends.
        """
        with self.service.work(span=g.span) as work:
            g.work = work
            try:
                yield work
            finally:
                g.pop("work")

    def show_again(self, problem: Problem | None) -> Response | None:
        """The form that was refused, drawn again in a fresh unit of work with what was typed; None without a form."""
        show = g.pop("show_again", None)
        if show is None or (problem is not None and problem.status not in SHOWN_AGAIN):
            return None
        with self.working() as work:
            actor = self.authenticators[Door.PAGE](work)
            if actor is None:
                return None
            g.actor = actor
            response = self.make_response(show(problem))
        response.status_code = problem.status if problem else 200
        return response

    def _admit(self, access: Access, work: Work) -> None:
        if access.door is Door.PUBLIC:
            return
        actor = self.authenticators[access.door](work)
        if actor is None:
            raise NotSignedIn
        g.actor = actor
        if not actor.roles & access.roles or not actor.has_scope(access.scope):
            raise NotAllowed
        if access.versioned:
            expected_version()

    def _serve_once(self, key: str, work: Work) -> Response:
        record, first_answer = idempotency.claim(work, g.actor, request.endpoint or "", request.path, key, given_body())
        if first_answer is not None:
            access = self.operations[request.endpoint or ""]
            recording.record_replay(work, access, record.person_id)
            kind = "text/html" if access.door is Door.PAGE else "application/json"
            response = Response(first_answer.body, status=first_answer.status, mimetype=kind)
            response.headers.update({**first_answer.headers, "Idempotent-Replayed": "true"})
            return response
        response = self.make_response(super().dispatch_request())
        headers = {name: response.headers[name] for name in ("ETag", "Location") if name in response.headers}
        answer = idempotency.Answer(response.status_code, headers, response.get_data())
        idempotency.keep(work, record, answer, g.get("subject_id"))
        return response


def _is_retryable(error: DBAPIError) -> bool:
    return getattr(error.orig, "sqlstate", None) in ("40001", "40P01")


def _database_problem(error: Exception) -> Problem:
    """What a driver's exception means to a caller. Its text never leaves, since drivers put values in it."""
    if isinstance(error, StaleDataError):
        return Stale()
    if isinstance(error, IntegrityError):
        return Conflict()
    driver_error = error.orig if isinstance(error, DBAPIError) else None
    state = getattr(driver_error, "sqlstate", None) or getattr(driver_error, "sqlite_errorname", "")
    if state in ("53100", "SQLITE_FULL"):
        return DiskFull()
    # A table that is not there (42P01) is for one driver a fault of the statement, for the other of the database.
    if state == "42P01" or isinstance(error, OperationalError | InterfaceError | PoolTimeout):
        return Unavailable()
    return InternalFault()


def refuse(error: Exception) -> Response:
    """The answer to what went wrong, with its row in the audit log; the way in which every refusal leaves."""
    if isinstance(error, Problem):
        problem = error
    elif isinstance(error, HTTPException):
        problem = from_http(error)
    elif isinstance(error, ValidationError):
        problem = invalid(error)
    else:
        problem = _database_problem(error)
    if problem.status >= 500:
        log.error(
            "fault",
            trace_id=g.get("trace_id"),
            kind=type(error).__name__,
            endpoint=request.endpoint,
            where=[f"{frame.filename}:{frame.lineno}" for frame in extract_tb(error.__traceback__)[-6:]],
        )
    problem = leave_trace(problem)
    application: Application | None = g.get("application")
    try:
        drawn = application.show_again(problem) if application and wants_page() else None
    except Problem as unseen:  # The page itself is not for this actor, and so neither is what was wrong with the form.
        return answer_problem(unseen)
    return drawn or answer_problem(problem)


def _come_back(_error: ShowAgain) -> Response:
    """A form that was kept while somebody signed in again is drawn filled in, and nothing is done yet."""
    application: Application = g.application
    try:
        return application.show_again(None) or refuse(NotSignedIn())
    except Problem as refusal:  # What was typed no longer fits: the step or the case is gone.
        return answer_problem(refusal)


def leave_trace(problem: Problem) -> Problem:
    """The audit row of a refusal, in a transaction of its own since the deed's was rolled back; 503 when it cannot."""
    application: Application = g.application
    access = application.operations.get(request.endpoint or "")
    if access is None or access.unrecorded:
        return problem
    try:
        with application.service.work(span=g.span) as work:
            recording.record_refusal(work, access, problem.slug)
    except Exception as error:
        log.error("audit", trace_id=g.trace_id, kind=type(error).__name__)
        return Unavailable()
    return problem


def install(
    app: Application, service: Service, operations: Operations, authenticators: dict[Door, Authenticate]
) -> None:
    """Give the application its service, its table of operations and its ways to know who asks."""
    app.service, app.operations, app.authenticators = service, operations, authenticators
    app.url_map.strict_slashes = True
    app.url_map.merge_slashes = False
    app.before_request(partial(_begin, app))
    app.register_error_handler(Exception, refuse)
    app.register_error_handler(ShowAgain, _come_back)
    app.after_request(_dress)


def _begin(app: Application) -> None:
    g.application, g.span, g.started = app, continue_trace(request.headers.get("traceparent")), perf_counter()
    g.trace_id = g.span.trace_id


def _dress(response: Response) -> Response:
    """The headers that every answer carries."""
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    log.info(
        "request",
        method=request.method,
        endpoint=request.endpoint,
        status=response.status_code,
        milliseconds=round((perf_counter() - g.started) * 1000) if "started" in g else None,
        trace_id=g.get("trace_id"),
    )
    if "trace_id" in g:
        response.headers["Trace-Id"] = g.trace_id
        response.headers["traceparent"] = g.span.traceparent
    _allow_origin(response)
    return response


def _allow_origin(response: Response) -> None:
    origin = request.headers.get("Origin")
    allowed = g.application.config["ALLOWED_ORIGINS"] if "application" in g else ()
    if request.path == "/v1/openapi.json":
        response.headers["Access-Control-Allow-Origin"] = "*"
    elif origin and origin in allowed:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Headers"] = (
            "Authorization, Content-Type, Idempotency-Key, If-Match, traceparent"
        )
        response.headers["Access-Control-Allow-Methods"] = "GET, POST, PATCH, DELETE"
        response.headers["Access-Control-Expose-Headers"] = (
            "API-Version, ETag, Location, Idempotent-Replayed, traceparent"
        )
        response.headers["Vary"] = "Origin"
