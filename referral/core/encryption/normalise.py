"""One notation for every way people write a phone number, an e-mail address or a client number.

A blind index finds a value only in the notation it was indexed in. Callers validate with these functions first:
each raises ValueError, with no value in its message.
"""

import re
import unicodedata
from typing import Final

import phonenumbers

_DUTCH_MOBILE: Final = re.compile(r"(?:\+31|0031|0)(6[1-58][0-9]{7})")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")


def normalise_phone(text: str, region: str = "NL") -> str:
    """A valid number in E.164 (`+31612345678`); a number without country code is read as one of `region`."""
    if region == "NL" and (mobile := _DUTCH_MOBILE.fullmatch(text.replace(" ", "").replace("-", ""))):
        return "+31" + mobile[1]
    return _parse_phone(text, region)


def normalise_email(text: str) -> str:
    """The address in NFKC and without capitals, also before the @: nobody has two mailboxes that differ in case."""
    address = text.lower().strip() if text.isascii() else _fold(text).strip()
    if not _EMAIL.fullmatch(address):
        raise ValueError("not a valid e-mail address")
    return address


def normalise_client_number(text: str) -> str:
    """An organisation's own number for a client, letter by letter: only NFC and the white space around it go."""
    number = unicodedata.normalize("NFC", text).strip()
    if not number:
        raise ValueError("not a valid client number")
    return number


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _parse_phone(text: str, region: str) -> str:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        raise ValueError("not a valid phone number") from None
    if not phonenumbers.is_valid_number(number):
        raise ValueError("not a valid phone number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
