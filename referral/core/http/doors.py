"""What a door of an area needs: the blueprint, who asks, the unit of work, the version that was read."""

from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar, cast
from uuid import UUID

import flask_smorest
from flask import Request, Response, current_app, g, request
from marshmallow import Schema, ValidationError
from webargs.flaskparser import FlaskParser
from webargs.multidictproxy import MultiDictProxy

from referral.core.errors import Invalid, Malformed, PreconditionMissing, WrongMediaType
from referral.core.fields import ApiSchema, QueryNumber, Text
from referral.core.http.bodies import check_text, read_json
from referral.core.http.problems import field_errors, pointer_step
from referral.core.policy import Actor
from referral.core.work import Work

View = TypeVar("View", bound=Callable[..., Any])


class StrictParser(FlaskParser):
    """Body and query into a schema: our own JSON reader, no doubled query keys, every wrong member at once."""

    DEFAULT_VALIDATION_STATUS = 400
    # The schema decides what is unknown, also in a query: refused, never dropped.
    DEFAULT_UNKNOWN_BY_LOCATION = {"json": None, "query": None}  # noqa: RUF012 (webargs declares it so)

    def load_json(self, req: Request, schema: Schema) -> Any:  # noqa: ARG002
        """The JSON body; an absent body counts as an empty object."""
        if req.content_length in (0, None) and not req.headers.get("Transfer-Encoding"):
            return {}
        if req.mimetype != "application/json":
            raise WrongMediaType("Stuur application/json.")
        return read_json(req.get_data(cache=True))

    def load_querystring(self, req: Request, schema: Schema) -> MultiDictProxy:
        """The query keys, each at most once."""
        for key, values in req.args.lists():
            if len(values) > 1:
                raise Invalid.one(pointer_step(key) or "/", "double", "Geef dit veld een keer.")
            check_text(values[0])
        return MultiDictProxy(req.args, schema)

    def handle_error(
        self,
        error: ValidationError,
        req: Request,  # noqa: ARG002
        schema: Schema,  # noqa: ARG002
        *,
        error_status_code: int | None,  # noqa: ARG002
        error_headers: Mapping[str, str] | None,  # noqa: ARG002
    ) -> NoReturn:
        """All wrong members as one refusal."""
        raise invalid(error) from None


def invalid(error: ValidationError) -> Invalid:
    """Marshmallow's refusal in the words of the house."""
    messages = error.messages
    if isinstance(messages, dict) and set(messages) <= {"json", "query"}:
        messages = next(iter(messages.values()))
    return Invalid(errors=sorted(dict.fromkeys(field_errors(messages)), key=lambda wrong: wrong.pointer))


class ApiBlueprint(flask_smorest.Blueprint):  # type: ignore[misc]
    """A JSON door. Operations are declared with `route`, `arguments` and `response`; who may knock is in `access`."""

    ARGUMENTS_PARSER = StrictParser()

    def route(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Declare an operation at this path."""
        decorate: Callable[[View], View] = super().route(rule, **options)
        return decorate

    def arguments(self, schema: type[Schema], **options: Any) -> Callable[[View], View]:
        """Load the body (or query) into what the schema makes of it, as the first argument."""
        decorate: Callable[[View], View] = super().arguments(schema, **options)
        return decorate

    def response(
        self, status: int, schema: type[Schema] | dict[str, Any] | None = None, **options: Any
    ) -> Callable[[View], View]:
        """Say what the answer looks like."""
        decorate: Callable[[View], View] = super().response(status, schema, **options)
        return decorate

    def doc(self, **documentation: Any) -> Callable[[View], View]:
        """Say more in the OpenAPI document than schemas can."""
        decorate: Callable[[View], View] = super().doc(**documentation)
        return decorate


class PageQuery(ApiSchema):
    """The two query keys of every list."""

    limit = QueryNumber(1, 100, load_default=50, metadata={"description": "Hoeveel regels hoogstens."})
    cursor = Text(load_default=None, metadata={"description": "De waarde van `next` uit het vorige antwoord."})


def proves_to_be(actor: Actor) -> Actor:
    """Whom a public door came to know; what follows stands in the log under this name."""
    g.actor = actor
    return actor


def current_actor() -> Actor:
    """Whoever asks. Doors hand the actor on; use cases never look for one."""
    actor: Actor = g.actor
    return actor


def current_work() -> Work:
    """The unit of work of this request."""
    work: Work = g.work
    return work


def expected_version() -> int:
    """The version in `If-Match`, as the caller read it. Raises `PreconditionMissing` (428) or `Malformed`."""
    header = request.headers.get("If-Match")
    if header is None:
        raise PreconditionMissing("Stuur in If-Match de ETag mee van wat u het laatst las.")
    version = header.strip().removeprefix("W/").strip('"')
    if not version.isascii() or not version.isdigit() or len(version) > 9:
        raise Malformed("De kop If-Match is geen versie van ons.")
    return int(version)


def etag(version: int) -> dict[str, str]:
    """The header that names the version of a single resource."""
    return {"ETag": f'"{version}"'}


def concerns(participant_id: UUID) -> None:
    """Say whose data this answer holds, so that the stored answer of a repeated request is sealed under that person."""
    g.subject_id = participant_id


def answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer whose members were written out by hand; the schema beside it only documents it."""
    response = cast(Response, current_app.json.response(body))
    response.status_code = status
    response.headers.update(headers or {})
    return response


def json_body() -> Any:
    """The JSON body of this request, for a door that must look inside before it knows the schema."""
    return ApiBlueprint.ARGUMENTS_PARSER.load_json(request, ApiSchema())
