"""Personal data sealed field by field: a key per person, values bound to their row, reading only with a purpose.

In the order in which a value walks:

    normalise  codecs   one notation; typed values to bytes
    fields  flush       the attribute of a model; sealing when the session flushes
    reading  search     opening with a purpose; finding by equality
    ring                the keys of one application: making, loading, erasing, rotating
    cache  store        keys in memory; wrapped keys in the database
    rotation  doctor    new keys beside a running service; what is wrong with keys and values
    cells  index        which columns hold sealed values; the tags of the blind index
    providers  forking  where the keys live that wrap all others; what a forked child starts anew
    guard  keys  envelope   the CHECK of a sealed column; the tables of keys; the bytes

See `docs/encryption.md` for the hierarchy and the honest limits.
"""

from referral.core.encryption.cells import find_digests, find_sealed, keyed_digest, sealed_bytes
from referral.core.encryption.codecs import Boolean, Codec, Date, Integer, Json, Text
from referral.core.encryption.envelope import NotSealed, WrongKey
from referral.core.encryption.fields import Sealed, SealedModel
from referral.core.encryption.flush import give_id, prepare_keys, seal_changed_row, seal_new_row
from referral.core.encryption.guard import render_sealed_check, sealed_check
from referral.core.encryption.index import BlindIndex, ClientNumber, EmailAddress, PhoneNumber, RowId
from referral.core.encryption.keys import (
    INDEX_SUBJECT,
    RESERVED_SUBJECTS,
    SERVICE_SUBJECT,
    retired_wrapping_key,
    subject_key,
    wrapping_key,
)
from referral.core.encryption.normalise import normalise_client_number, normalise_email, normalise_phone
from referral.core.encryption.providers import (
    DestroyReceipt,
    EnvironmentKeys,
    FileKeys,
    KekProvider,
    KeyRefused,
    check_key_directory,
    open_provider,
)
from referral.core.encryption.reading import PurposeMissing, Reading, open_reading
from referral.core.encryption.ring import KeyRing, bind_key_ring
from referral.core.encryption.rotation import KINDS, KeyStatus, Progress, Report, WrappingStatus, subjects_under
from referral.core.encryption.search import SealedExpression

__all__ = [
    "INDEX_SUBJECT",
    "KINDS",
    "RESERVED_SUBJECTS",
    "SERVICE_SUBJECT",
    "BlindIndex",
    "Boolean",
    "ClientNumber",
    "Codec",
    "Date",
    "DestroyReceipt",
    "EmailAddress",
    "EnvironmentKeys",
    "FileKeys",
    "Integer",
    "Json",
    "KekProvider",
    "KeyRefused",
    "KeyRing",
    "KeyStatus",
    "NotSealed",
    "PhoneNumber",
    "Progress",
    "PurposeMissing",
    "Reading",
    "Report",
    "RowId",
    "Sealed",
    "SealedExpression",
    "SealedModel",
    "Text",
    "WrappingStatus",
    "WrongKey",
    "bind_key_ring",
    "check_key_directory",
    "find_digests",
    "find_sealed",
    "give_id",
    "keyed_digest",
    "normalise_client_number",
    "normalise_email",
    "normalise_phone",
    "open_provider",
    "open_reading",
    "prepare_keys",
    "render_sealed_check",
    "retired_wrapping_key",
    "seal_changed_row",
    "seal_new_row",
    "sealed_bytes",
    "sealed_check",
    "subject_key",
    "subjects_under",
    "wrapping_key",
]
