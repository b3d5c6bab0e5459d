"""The OpenAPI 3.1 document, made from schemas, doors and the table of operations, and Swagger UI to read it with.

It is made when somebody asks for it first: that takes as long as all the rest of starting.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import flask_smorest
import flask_swagger_ui
from apispec import BasePlugin
from flask import Blueprint, Response, render_template, send_from_directory
from marshmallow import fields

from referral.core.fields import ApiSchema, Text
from referral.core.http.application import API_VERSION, Application
from referral.core.http.doors import ApiBlueprint, answer
from referral.core.http.problems import PROBLEM_JSON
from referral.core.policy import Access, Door

ASSETS = Path(flask_swagger_ui.__file__).parent / "dist"
BASE = "/v1"
METHODS = ("get", "post", "patch", "delete")


class FieldErrorSchema(ApiSchema):
    """One wrong member: where, which rule, and what to do about it."""

    pointer = Text(required=True, metadata={"description": "Waar (JSON Pointer).", "example": "/ageBand"})
    code = Text(required=True, metadata={"example": "unknown_code"})
    detail = Text(required=True, metadata={"example": "Deze code staat niet in de lijst."})


class ProblemSchema(ApiSchema):
    """Every refusal (RFC 9457). Never holds the value that was sent."""

    type = Text(required=True, metadata={"format": "uri", "example": "urn:problem-type:referral:invalid-input"})
    title = Text(required=True, metadata={"example": "De invoer klopt niet"})
    status = fields.Integer(required=True, metadata={"example": 400})
    detail = Text(required=True)
    errors = fields.List(fields.Nested(FieldErrorSchema))


class _StripBase(BasePlugin):
    """Paths relative to the server address, which ends in `/v1`."""

    def path_helper(
        self,
        path: str | None = None,
        operations: dict[Any, Any] | None = None,  # noqa: ARG002
        parameters: list[dict[Any, Any]] | None = None,  # noqa: ARG002
        **_options: Any,
    ) -> str | None:
        """The path without the base."""
        return (path or "").removeprefix(BASE) or "/"


class _Api(flask_smorest.Api):  # type: ignore[misc]
    """Collects the doors' documentation; opening them, refusals and serving are the application's own."""

    def open_door(self, app: Application, door: ApiBlueprint) -> None:
        """What `register_blueprint` does before it documents."""
        app.extensions["flask-smorest"]["blp_name_to_api"][door.name] = self
        app.register_blueprint(door)

    def describe(self, app: Application, door: ApiBlueprint) -> None:
        """What `register_blueprint` documents."""
        door.register_views_in_doc(self, app, self.spec, name=door.name, parameters=None)
        self.spec.tag({"name": door.name, "description": door.description})

    def _register_error_handlers(self) -> None:
        """Refusals are answered by `application`."""

    def _register_responses(self) -> None:
        """Refusals are documented by `_complete`."""


def publish(app: Application, doors: Iterable[ApiBlueprint], public_url: str) -> None:
    """Register the doors and publish their documentation at `/v1/openapi.json` and `/v1/docs`."""
    app.config.update(API_TITLE="Screening en warme doorverwijzing", API_VERSION=API_VERSION, OPENAPI_VERSION="3.1.0")
    info = {
        "description": "Screening en warme doorverwijzing van mensen met weinig basisvaardigheden.",
        "contact": {"name": "Beheer", "url": public_url},
        "license": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
    }
    api = _Api(
        app,
        spec_kwargs={"extra_plugins": [_StripBase()], "info": info, "servers": [{"url": BASE}]},
    )
    doors = tuple(doors)
    for door in doors:
        api.open_door(app, door)
    app.register_blueprint(_pages(Document(app, api, doors)))


class Document:
    """The document of one application, made once."""

    def __init__(self, app: Application, api: _Api, doors: Sequence[ApiBlueprint]) -> None:
        self._app = app
        self._api = api
        self._doors = doors
        self._lock = Lock()
        self._made: dict[str, Any] = {}

    def read(self) -> dict[str, Any]:
        """The document; whoever asks while it is being made waits."""
        with self._lock:
            self._made = self._made or self._make()
        return self._made

    def _make(self) -> dict[str, Any]:
        for door in self._doors:
            self._api.describe(self._app, door)
        components = self._api.spec.components
        components.schema("Problem", schema=ProblemSchema)
        scheme = {"type": "http", "scheme": "bearer", "description": "Een token van `referral token create`."}
        components.security_scheme("token", scheme)
        return _complete(self._app, self._api.spec.to_dict())


def _complete(app: Application, document: dict[str, Any]) -> dict[str, Any]:
    """Add to every operation what the table of operations knows: scope, headers, refusals."""
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:[^:>]+:)?([^>]+)>", r"{\1}", rule.rule)
        # A page may have the same path without the base.
        described = document["paths"].get(path.removeprefix(BASE), {}) if path.startswith(f"{BASE}/") else {}
        for method in METHODS:
            operation = described.get(method)
            if operation is not None and method.upper() in (rule.methods or ()):
                _complete_operation(operation, rule.endpoint, app.operations[rule.endpoint])
    return document


def _complete_operation(operation: dict[str, Any], endpoint: str, access: Access) -> None:
    head, *tail = endpoint.rpartition(".")[2].split("_")
    operation["operationId"] = head + "".join(word.capitalize() for word in tail)
    parameters = operation.setdefault("parameters", [])
    if access.versioned:
        parameters.append(_header("If-Match", "De ETag van wat u het laatst las.", required=True))
    if access.idempotency:
        needed = access.idempotency == "required"
        parameters.append(
            _header("Idempotency-Key", "Een sleutel van uzelf; herhalen verandert niets.", required=needed)
        )
    if access.door is Door.API:
        operation["security"] = [{"token": [access.scope]}]
    operation["responses"].pop("default", None)
    for status, description in _refusals(access).items():
        operation["responses"][str(status)] = _refusal(description)
    for response in operation["responses"].values():
        response.setdefault("headers", {})["API-Version"] = {"schema": {"type": "string"}}


def _header(name: str, description: str, *, required: bool) -> dict[str, Any]:
    return {
        "in": "header",
        "name": name,
        "required": required,
        "description": description,
        "schema": {"type": "string", "maxLength": 255},
    }


def _refusal(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {PROBLEM_JSON: {"schema": schema}}}


def _refusals(access: Access) -> dict[int, str]:
    refusals = {
        400: "De invoer klopt niet; alle fouten tegelijk.",
        401: "Niet aangemeld.",
        403: "Dit mag u niet.",
        404: "Niet gevonden, of niet voor u.",
        429: "Te veel verzoeken; zie Retry-After.",
        503: "Even niet beschikbaar; er is niets gebeurd.",
    }
    if access.idempotency or access.versioned:
        refusals |= {409: "Past niet bij de huidige stand.", 413: "Te groot.", 415: "Onbekend soort inhoud."}
    if access.versioned:
        refusals |= {412: "Intussen gewijzigd.", 428: "If-Match ontbreekt."}
    return refusals


def _pages(document: Document) -> Blueprint:
    pages = Blueprint("docs", __name__, url_prefix=BASE)

    @pages.get("/openapi.json")
    def openapi() -> Response:
        """The document, without login, for anybody (rule publish-openapi)."""
        return answer(document.read())

    @pages.get("/docs")
    def show() -> str:
        """Swagger UI; no request leaves this machine."""
        return render_template("docs.html")

    @pages.get("/docs/start.js")
    def start() -> Response:
        """The few lines that start it, so that the page needs no inline script."""
        script = "SwaggerUIBundle({url: '/v1/openapi.json', dom_id: '#swagger', validatorUrl: null, deepLinking: true})"
        return Response(f"window.addEventListener('load', () => {script});", mimetype="text/javascript")

    @pages.get("/docs/assets/<name>")
    def asset(name: str) -> Response:
        """A file of Swagger UI itself."""
        return send_from_directory(ASSETS, name, max_age=86400)

    return pages
