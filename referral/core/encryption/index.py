"""The blind index: finding a sealed value by equality, without the database ever seeing it.

    tag = version, 1 byte | HMAC-SHA256(index key of (label, version), scope id | normalised value)[:16]

Index only what is nearly unique (phone, e-mail, client number): the tags of equal values are equal, so the index of a
gender or a municipality would give it away by counting.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy.orm import Session

from referral.core.encryption.normalise import normalise_client_number, normalise_email, normalise_phone

TAG_SIZE: Final = 17
VERSIONS: Final = 255


class BlindIndex(Protocol):
    """How one column is indexed. `name` is part of the key's label: another rule is another index, never a miss."""

    @property
    def name(self) -> str:
        """The rule and its version."""
        ...

    @property
    def scope(self) -> str | None:
        """The attribute of the row with the id within which equal values are recognised; None for everywhere."""
        ...

    def normalise(self, text: str) -> str:
        """The one notation that is indexed; ValueError when there is none."""
        ...


@dataclass(frozen=True)
class PhoneNumber:
    """A phone number in any notation."""

    region: str = "NL"
    scope: str | None = None

    @property
    def name(self) -> str:
        """The rule: E.164, first version."""
        return "e164-1"

    def normalise(self, text: str) -> str:
        """See `normalise_phone`."""
        return normalise_phone(text, self.region)


@dataclass(frozen=True)
class EmailAddress:
    """An e-mail address, whatever its capitals."""

    scope: str | None = None

    @property
    def name(self) -> str:
        """The rule: NFKC and case folding, first version."""
        return "email-1"

    def normalise(self, text: str) -> str:
        """See `normalise_email`."""
        return normalise_email(text)


@dataclass(frozen=True)
class ClientNumber:
    """An organisation's own number for a client: with a scope, two organisations' numbers cannot be linked."""

    scope: str | None = None

    @property
    def name(self) -> str:
        """The rule: letter by letter, first version."""
        return "exact-1"

    def normalise(self, text: str) -> str:
        """See `normalise_client_number`."""
        return normalise_client_number(text)


@dataclass(frozen=True)
class RowId:
    """The id of a row of ours."""

    scope: str | None = None

    @property
    def name(self) -> str:
        """The rule: the id in hexadecimal, first version."""
        return "id-1"

    def normalise(self, text: str) -> str:
        """The 32 digits; ValueError for anything else."""
        return UUID(text).hex


class IndexedModel(Protocol):
    """A kind of row that may carry tags; every `SealedModel` class is one."""

    @classmethod
    def clear_indexes(cls, session: Session, subject_id: UUID) -> None:
        """Empty every tag of one person."""
        ...


def index_label(label: str, index: BlindIndex) -> str:
    """The label of an index key: the column and the rule of normalisation."""
    return f"{label}#{index.name}"


def index_input(index: BlindIndex, normalised: str, scope_id: UUID | None) -> bytes:
    """What the HMAC sees: the scope first, with a fixed width. TypeError when the index asks for another scope."""
    if (index.scope is None) is not (scope_id is None):
        raise TypeError(f"this index {'has no scope' if index.scope is None else f'needs the id in {index.scope}'}")
    return (b"" if scope_id is None else scope_id.bytes) + normalised.encode()


def tag_version(generation: int) -> int:
    """The first byte of what is tagged under this generation of the root: 1 to 255, and then from 1 again."""
    return (generation - 1) % VERSIONS + 1


class IndexKeys:
    """The keys of all blind indexes, derived from the live versions of the index root key (RFC 5869).

    `written` is the version of new tags. It is not the newest while a new one is only announced.
    """

    def __init__(self, roots: Mapping[int, bytes], written: int, expires: float) -> None:
        self.versions = (written, *sorted(roots.keys() - {written}, reverse=True))
        self.expires = expires
        self._roots = dict(roots)
        self._derived: dict[tuple[str, str, int], HMAC] = {}

    def tag(self, label: str, data: bytes) -> bytes:
        """The tag to store: under the version that is written."""
        return self._digest("bix", label, self.versions[0], data)[:TAG_SIZE]

    def candidates(self, label: str, data: bytes) -> list[bytes]:
        """Every tag under which the value may stand while an index is being renewed, the one to store first."""
        return [self._digest("bix", label, version, data)[:TAG_SIZE] for version in self.versions]

    def fingerprint(self, label: str, data: bytes) -> bytes:
        """A keyed digest of 33 bytes: equal for equal bytes, meaningless without the key."""
        return self._digest("fingerprint", label, self.versions[0], data)

    def fingerprints(self, label: str, data: bytes) -> list[bytes]:
        """Every digest under which these bytes may be known while the root is being renewed, the one to store first."""
        return [self._digest("fingerprint", label, version, data) for version in self.versions]

    def tag_of(self, version: int, label: str, data: bytes) -> bytes:
        """The tag under one version."""
        return self._digest("bix", label, version, data)[:TAG_SIZE]

    def _digest(self, purpose: str, label: str, version: int, data: bytes) -> bytes:
        """The version, and the HMAC under the key of this purpose, label and version."""
        base = self._derived.get((purpose, label, version))
        if base is None:
            key = HKDF(SHA256(), 32, None, f"fv1 {purpose}\0{label}".encode()).derive(self._roots[version])
            base = self._derived[purpose, label, version] = HMAC(key, SHA256())
        digest = base.copy()
        digest.update(data)
        return bytes((version,)) + digest.finalize()
