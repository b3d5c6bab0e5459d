"""Whether a text that will be published names somebody: the ways to reach or look up a person that can be recognised.

A name cannot be recognised by a program; whoever writes the text reads it once more for that.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Final

from phonenumbers import Leniency, PhoneNumberMatcher

from referral.core.bsn import find_bsn
from referral.core.errors import FieldError

_EMAIL: Final = re.compile(r"[^\s@<>()]+\s?@\s?[^\s@<>()]+\.[a-z]{2,}", re.IGNORECASE)
_MOBILE: Final = re.compile(r"(?<!\d)(?:(?:\+|00)\s?31[\s.\-()0]{0,4}|0)6(?:[\s.\-]{0,3}\d){8}(?!\d)")
_REFERENCE: Final = re.compile(
    r"\bV-\d{4}-[A-Z\d]{5}\b|\bS-[A-Z\d]{4}-[A-Z\d]{4}-[A-Z\d]\b|\bN[A-Z\d]{12}\b|\b[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}\b",
    re.IGNORECASE,
)


def _has_phone(text: str) -> bool:
    return bool(_MOBILE.search(text)) or PhoneNumberMatcher(text, "NL", leniency=Leniency.VALID).has_next()


SIGNS: Final[Sequence[tuple[Callable[[str], object], FieldError]]] = (
    (
        find_bsn,
        FieldError("/text", "bsn", "In deze tekst staat een nummer dat op een BSN lijkt. Haal het weg."),
    ),
    (
        _has_phone,
        FieldError("/text", "phone", "In deze tekst staat een telefoonnummer. Haal het weg: de tekst wordt openbaar."),
    ),
    (
        _EMAIL.search,
        FieldError("/text", "email", "In deze tekst staat een e-mailadres. Haal het weg: de tekst wordt openbaar."),
    ),
    (
        _REFERENCE.search,
        FieldError("/text", "reference", "In deze tekst staat een nummer van een persoon of een zaak. Haal het weg."),
    ),
)
"""What is refused in a text that will be published, and what to do about it."""


def signs_of_somebody(text: str) -> list[FieldError]:
    """Everything in this text that leads to somebody, none when nothing was recognised."""
    plain = unicodedata.normalize("NFKC", text)
    return [wrong for finds, wrong in SIGNS if finds(plain)]
