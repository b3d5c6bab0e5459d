"""Reading a JSON body without surprises: what is not plain, bounded JSON is refused with a 400, never a 500."""

import json
from typing import Any, NoReturn

from referral.core.errors import Malformed

MAX_DEPTH = 32
MAX_DIGITS = 19


def read_json(body: bytes) -> Any:
    """The value in a UTF-8 JSON body (RFC 8259).

    Refuses duplicate members, NaN and Infinity, integers over 19 digits, nesting over 32 levels, NUL and lone
    surrogates, because the two databases and the two JSON readers treat those differently. Raises `Malformed`.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("De inhoud is geen UTF-8.") from None
    try:
        value = json.loads(
            text, object_pairs_hook=_members, parse_constant=_refuse_constant, parse_int=_integer, parse_float=_decimal
        )
    except RecursionError:
        raise Malformed("De inhoud is te diep genest.") from None
    except ValueError:
        raise Malformed("De inhoud is geen geldige JSON.") from None
    _check(value, MAX_DEPTH)
    return value


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Malformed("Een veld komt twee keer voor.")
    return members


def _refuse_constant(_name: str) -> NoReturn:
    raise Malformed("NaN en Infinity zijn geen geldige JSON.")


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise Malformed("Een getal is te groot.")
    return int(digits)


def _decimal(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise Malformed("Een getal is te groot.")
    return number


def _check(value: Any, depth: int) -> None:
    if isinstance(value, str):
        check_text(value)
    elif isinstance(value, dict | list):
        if depth == 0:
            raise Malformed("De inhoud is te diep genest.")
        for member in value.items() if isinstance(value, dict) else value:
            for part in member if isinstance(member, tuple) else (member,):
                _check(part, depth - 1)


def check_text(text: str) -> None:
    """Refuse NUL and lone surrogates: one database stores them, the other fails on them. Raises `Malformed`."""
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise Malformed("De inhoud heeft een teken dat niet mag.")
