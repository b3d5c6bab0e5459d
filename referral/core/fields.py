"""The members of every schema: few kinds, strict, with a code and a Dutch sentence for each way to be wrong.

Every message reads `code|sentence`; the door splits it into `FieldError`. No message repeats the value.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from referral.core.bsn import find_bsn
from referral.core.codes import looks_like_bsn

Messages = dict[str, str | list[Any] | dict[Any, Any]]

# The library also reads week dates, times without separators and ids in braces, which other readers would not.
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)?", re.ASCII)
_ID = re.compile(r"[\da-f]{8}-([\da-f]{4}-){3}[\da-f]{12}", re.ASCII | re.IGNORECASE)
_EARLIEST, _LATEST = date(1900, 1, 1), date(2100, 12, 31)

_FIELD: Messages = {
    "required": "required|Dit veld is verplicht.",
    "null": "null|Dit veld mag niet leeg zijn.",
    "validator_failed": "invalid|Deze waarde mag niet.",
}


def camel_case(name: str) -> str:
    """`due_on` → `dueOn`: the spelling of members and query keys (NL GOV API Design Rules)."""
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)


class ApiSchema(Schema):
    """A schema whose members are lower camelCase outside, and which refuses every unknown member."""

    class Meta:
        """Unknown members are refused, never dropped."""

        unknown = RAISE

    error_messages: dict[str, str] = {
        "unknown": "unknown|Dit veld bestaat hier niet.",
        "type": "type|Hier hoort een object met velden.",
    }

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Give the member its outside spelling."""
        field_obj.data_key = field_obj.data_key or camel_case(field_name)


class NoMembers(ApiSchema):
    """A request that needs nothing to be filled in."""


class Text(fields.String):
    """Free text: trimmed, 1 to `longest` characters, no control characters but line ends, and no BSN (UAVG art. 46)."""

    default_error_messages: Messages = {
        **_FIELD,
        "invalid": "type|Hier hoort tekst.",
        "invalid_utf8": "type|Deze tekst is niet te lezen.",
        "empty": "required|Dit veld mag niet leeg zijn.",
        "long": "too_long|Deze tekst is te lang: gebruik hoogstens {longest} tekens.",
        "control": "control_character|Deze tekst heeft een teken dat niet mag.",
        "bsn": "bsn|In deze tekst staat een nummer dat op een burgerservicenummer lijkt. Haal het weg: een BSN mag hier"
        " niet staan. Is het een ander nummer? Schrijf dan ervoor welk nummer het is, bijvoorbeeld: klantnummer.",
    }

    def __init__(self, *, longest: int = 200, **options: Any) -> None:
        metadata = {"maxLength": longest, "minLength": 1, **options.pop("metadata", {})}
        super().__init__(metadata=metadata, **options)
        self.longest = longest

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> Any:
        text = str(super()._deserialize(value, attr, data, **options)).strip()
        if not text:
            raise self.make_error("empty")
        if len(text) > self.longest:
            raise self.make_error("long", longest=self.longest)
        if any((character < " " and character not in "\n\r\t") or "\x7f" <= character <= "\x9f" for character in text):
            raise self.make_error("control")
        if find_bsn(text):
            raise self.make_error("bsn")
        return text


class Code(fields.String):
    """One code of a fixed list. A BSN or a telephone number typed here is refused like any other stranger."""

    default_error_messages: Messages = {
        **_FIELD,
        "invalid": "type|Hier hoort een code uit de lijst.",
        "invalid_utf8": "type|Hier hoort een code uit de lijst.",
        "unknown": "unknown_code|Deze code staat niet in de lijst.",
        "bsn": "bsn|Dit lijkt op een burgerservicenummer. Vul hier nooit een BSN in.",
    }

    def __init__(self, codes: Iterable[str], **options: Any) -> None:
        self.codes = tuple(codes)
        empty = [None] if options.get("allow_none") or options.get("load_default", ...) is None else []
        listed = {"enum": [*self.codes, *empty]} if len(self.codes) <= 40 else {}
        super().__init__(metadata={**listed, **options.pop("metadata", {})}, **options)
        self._known = frozenset(self.codes)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> Any:
        code = super()._deserialize(value, attr, data, **options)
        if code not in self._known:
            raise self.make_error("bsn" if looks_like_bsn(str(code)) else "unknown")
        return code


class Day(fields.Date):
    """A calendar day, `YYYY-MM-DD`, between 1900 and 2100."""

    default_error_messages: Messages = {
        **_FIELD,
        "invalid": "date|Dit is geen bestaande datum. Schrijf hem als jjjj-mm-dd.",
        "invalid_self": "date|Dit is geen bestaande datum. Schrijf hem als jjjj-mm-dd.",
        "format": "date|Deze datum is niet te schrijven.",
        "far": "date|Deze datum ligt te ver weg.",
    }

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> date:
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            raise self.make_error("invalid")
        day: date = super()._deserialize(value, attr, data, **options)
        if not _EARLIEST <= day <= _LATEST:
            raise self.make_error("far")
        return day


class Instant(fields.AwareDateTime):
    """An RFC 3339 time with any offset, between 1900 and 2100; always written in UTC with `Z`, to the second."""

    default_error_messages: Messages = {
        **_FIELD,
        "invalid": "time|Dit is geen tijdstip. Schrijf het als 2026-11-03T14:00:00Z.",
        "invalid_awareness": "time|Schrijf de tijdzone erbij, bijvoorbeeld Z of +01:00.",
        "format": "time|Dit tijdstip is niet te schrijven.",
        "far": "time|Dit tijdstip ligt te ver weg.",
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(format="iso", default_timezone=None, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> datetime:
        if not isinstance(value, str) or not _INSTANT.fullmatch(value):
            raise self.make_error("invalid")
        moment: datetime = super()._deserialize(value.upper(), attr, data, **options)
        if not _EARLIEST <= moment.date() <= _LATEST:
            raise self.make_error("far")
        return moment.astimezone(UTC)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> str | None:  # noqa: ARG002
        return None if value is None else value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Number(fields.Integer):
    """A whole number within bounds; `47.0` is one, `"47"` and `true` are not (JSON Schema)."""

    default_error_messages: Messages = {
        **_FIELD,
        "invalid": "type|Hier hoort een geheel getal.",
        "too_large": "range|Dit getal is te groot.",
        "range": "range|Dit getal moet van {low} tot en met {high} zijn.",
    }

    def __init__(self, low: int, high: int, **options: Any) -> None:
        metadata = {"minimum": low, "maximum": high, **options.pop("metadata", {})}
        super().__init__(metadata=metadata, **options)
        self.low, self.high = low, high

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float) or int(value) != value:
            raise self.make_error("invalid")
        if not self.low <= value <= self.high:
            raise self.make_error("range", low=self.low, high=self.high)
        return super()._deserialize(value, attr, data, **options)


class QueryNumber(Number):
    """A whole number in a query string, where everything is text."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> Any:
        if not isinstance(value, str) or not value.isascii() or not value.isdigit() or len(value) > 9:
            raise self.make_error("invalid")
        return super()._deserialize(int(value), attr, data, **options)


class Flag(fields.Boolean):
    """`true` or `false`, nothing that merely looks like it."""

    default_error_messages: Messages = {**_FIELD, "invalid": "type|Hier hoort true of false."}

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> bool:  # noqa: ARG002
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class QueryFlag(fields.Boolean):
    """`true` or `false` in a query string."""

    default_error_messages: Messages = {**_FIELD, "invalid": "type|Hier hoort true of false."}

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> bool:  # noqa: ARG002
        if value not in ("true", "false"):
            raise self.make_error("invalid")
        return bool(value == "true")


class Id(fields.UUID):
    """The id of an object of ours."""

    default_error_messages: Messages = {**_FIELD, "invalid_uuid": "id|Dit is geen geldig id."}

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> Any:
        if not isinstance(value, str) or not _ID.fullmatch(value):
            raise self.make_error("invalid_uuid")
        return super()._deserialize(value, attr, data, **options)


class Listed(fields.List[Any]):
    """A list of at least one and at most `most` members, without doubles."""

    default_error_messages: Messages = {
        **_FIELD,
        "invalid": "type|Hier hoort een lijst.",
        "few": "too_few|Geef minstens een waarde.",
        "many": "too_many|Geef hoogstens {most} waarden.",
        "double": "double|Geef elke waarde een keer.",
    }

    def __init__(self, member: fields.Field[Any], *, least: int = 1, most: int = 20, **options: Any) -> None:
        metadata = {"minItems": least, "maxItems": most, **options.pop("metadata", {})}
        super().__init__(member, metadata=metadata, **options)
        self.least, self.most = least, most

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> Any:
        if isinstance(value, list) and len(value) > self.most:
            raise self.make_error("many", most=self.most)
        members = super()._deserialize(value, attr, data, **options)
        if len(members) < self.least:
            raise self.make_error("few")
        if any(member in members[:index] for index, member in enumerate(members)):
            raise self.make_error("double")
        return members


class Part(fields.Nested):
    """An object within the object."""

    default_error_messages: Messages = {**_FIELD, "type": "type|Hier hoort een object met velden."}


def pattern(regex: str, code: str, sentence: str) -> validate.Regexp:
    """A validator for text of a fixed form, with its own Dutch sentence."""
    return validate.Regexp(regex, error=f"{code}|{sentence}")


def wrong(code: str, sentence: str, member: str | None = None) -> ValidationError:
    """The refusal that a schema's own check raises for one of its members."""
    message = f"{code}|{sentence}"
    return ValidationError(message, camel_case(member)) if member else ValidationError(message)
