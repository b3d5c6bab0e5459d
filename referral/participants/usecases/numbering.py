"""The number under which national statistics know a person: stable for a living one, and leading nowhere outside.

It is an HMAC of the region under a secret of this person alone, which lies sealed under the person's own key. So it
stays the same through every rotation of keys, differs from region to region, leads nowhere without that key, and nobody
can make it again once the person was erased.
"""

import hmac
from hashlib import sha256
from secrets import token_hex
from uuid import UUID

from referral.core.codes import ALPHABET

SECRET_BYTES = 16
SYMBOLS = 12


def new_secret() -> str:
    """A random secret for one person."""
    return token_hex(SECRET_BYTES)


def administration_number(secret: str, region_id: UUID) -> str:
    """The number of the person with this secret in this region, such as "N7K3Q9F2M8XA4".

    60 bits, so that two persons of a million share one with a chance of 1 in 2 million. A letter first, so that no
    spreadsheet takes it for a number.
    """
    digest = hmac.new(bytes.fromhex(secret), b"administration number\0" + region_id.bytes, sha256).digest()
    return "N" + "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[:SYMBOLS])
