"""From refusal to answer: RFC 9457 problem details for the API, a Dutch page for people."""

import re
from collections.abc import Iterator
from typing import Any, cast

from flask import Response, current_app, render_template, request
from werkzeug import exceptions

from referral.core.errors import (
    TYPE_PREFIX,
    FieldError,
    InternalFault,
    Malformed,
    MethodNotAllowed,
    NotFound,
    Problem,
    TooLarge,
    WrongMediaType,
)
from referral.core.http.sentences import page_detail, page_sentence, page_title

PROBLEM_JSON = "application/problem+json"
NAME = re.compile(r"[A-Za-z][A-Za-z_]{0,39}")


def problem_body(problem: Problem) -> dict[str, Any]:
    """The members of RFC 9457, `errors` for input, and what the problem itself wants to say (`allowedEvents`)."""
    body: dict[str, Any] = {
        "type": TYPE_PREFIX + problem.slug,
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
    }
    if problem.errors:
        body["errors"] = [
            {"pointer": error.pointer, "code": error.code, "detail": error.detail} for error in problem.errors
        ]
    return {**body, **problem.members}


def answer_problem(problem: Problem) -> Response:
    """The refusal in the form that this caller reads."""
    if wants_page():
        response = current_app.make_response(
            render_template(
                "problem.html",
                title=page_title(problem),
                detail=page_detail(problem),
                sentences=[page_sentence(error) for error in problem.errors],
            )
        )
    else:
        response = cast(Response, current_app.json.response(problem_body(problem)))
        response.mimetype = PROBLEM_JSON
    response.status_code = problem.status
    response.headers["Content-Language"] = "nl"
    for name, value in problem.headers.items():
        response.headers[name] = value
    return response


def wants_page() -> bool:
    """Whether a person with a browser asks, not a program."""
    return not request.path.startswith(("/v1", "/health")) and request.accept_mimetypes.accept_html


def from_http(error: exceptions.HTTPException) -> Problem:
    """The framework's own refusals in our words."""
    kinds: dict[int | None, type[Problem]] = {
        404: NotFound,
        405: MethodNotAllowed,
        413: TooLarge,
        415: WrongMediaType,
    }
    kind = kinds.get(error.code, Malformed if (error.code or 500) < 500 else InternalFault)
    problem = kind()
    methods = getattr(error, "valid_methods", None)
    if methods:
        problem.headers["Allow"] = ", ".join(sorted(methods))
    return problem


def field_errors(messages: Any, pointer: str = "") -> Iterator[FieldError]:
    """Flatten marshmallow's nested messages into one list of (JSON pointer, code, Dutch sentence)."""
    if isinstance(messages, dict):
        for name, inner in messages.items():
            yield from field_errors(inner, pointer + pointer_step(name))
    elif isinstance(messages, list):
        for inner in messages:
            yield from field_errors(inner, pointer)
    else:
        code, _, sentence = str(messages).rpartition("|")
        yield FieldError(pointer or "/", code or "invalid", sentence)


def pointer_step(name: str | int) -> str:
    """One step of a JSON pointer: a member or a place in a list.

    A name that the caller made up is repeated only when it can be no more than a name; else the parent is pointed at.
    """
    is_known = isinstance(name, int) or (NAME.fullmatch(name) and name != "_schema")
    return f"/{name}" if is_known else ""
