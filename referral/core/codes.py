"""Codes that people read aloud and write down: the code of a screening, the reference of a referral, and a guard
against a BSN where a code belongs.

The alphabet is Crockford's base 32: no I, L, O or U. The last symbol of a screening code checks the eight before it:
their number modulo 37. Since 37 is prime and larger than 32, the check detects

* every error in one symbol, the check symbol included,
* every swap of two symbols, next to each other or not, the check symbol included,
* and all but about 1 in 37 of any other errors.

A mistake that reading repairs (O for 0, I or L for 1, case, hyphens, spaces) is no error. The check says that a code
was copied well, not that it exists, and keeps nobody out: secrecy comes from almost 40 random bits.
"""

import re
import secrets
import unicodedata

from stdnum.nl import bsn

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHECK_MODULUS = 37
SCREENING_SYMBOLS = 8
REFERENCE_SYMBOLS = 5

_SEPARATORS = re.compile(r"[\s\-\u2010-\u2015\u2212]+")
_LOOKALIKES = str.maketrans("OIL", "011")
_SCREENING = re.compile(rf"S[{ALPHABET}]{{{SCREENING_SYMBOLS + 1}}}")


def new_screening_code() -> str:
    """A random code such as "S-7K3Q-9F2M-E", for paper and conversation; it leads to no person."""
    while True:
        body = _random_symbols(SCREENING_SYMBOLS)
        # The check symbols 32 to 36 (*~$=U) do not survive a URL or a telephone; such a body is drawn again.
        if (remainder := _number(body) % CHECK_MODULUS) < len(ALPHABET):
            return _written(body + ALPHABET[remainder])


def new_reference(year: int) -> str:
    """A random reference such as "V-2026-7K3Q9": 33 million a year, so that the table's unique key guards it."""
    return f"V-{year}-{_random_symbols(REFERENCE_SYMBOLS)}"


def read_screening_code(text: str) -> str:
    """The code as it is written on paper, from what somebody typed.

    Takes lower case, missing or odd hyphens, spaces, O for 0 and I or L for 1. Raises ValueError, which never repeats
    the text, when it is no code or the check symbol does not match.
    """
    symbols = _SEPARATORS.sub("", text)
    if not symbols.isascii():
        raise ValueError("a screening code has letters and digits only")
    symbols = symbols.upper().translate(_LOOKALIKES)
    if not _SCREENING.fullmatch(symbols):
        raise ValueError("a screening code is an S and nine symbols")
    body, check = symbols[1:-1], symbols[-1]
    if _number(body) % CHECK_MODULUS != ALPHABET.index(check):
        raise ValueError("the check symbol does not match")
    return _written(body + check)


def looks_like_bsn(text: str) -> bool:
    """Whether a code field holds what may be a BSN: 8 or 9 digits, in any notation, that pass the eleven test.

    One in eleven other numbers of this length passes too, so this is for code fields only, never for free text. Source:
    UAVG art. 46 (a BSN may be used only where a law says so).
    """
    digits = re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text)).lower().removeprefix("bsn")
    return re.fullmatch("[0-9]{8,9}", digits) is not None and bsn.is_valid(digits)


def _random_symbols(count: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(count))


def _number(symbols: str) -> int:
    number = 0
    for symbol in symbols:
        number = number * len(ALPHABET) + ALPHABET.index(symbol)
    return number


def _written(symbols: str) -> str:
    return f"S-{symbols[:4]}-{symbols[4:8]}-{symbols[8]}"
