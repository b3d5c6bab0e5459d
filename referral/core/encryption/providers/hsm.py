"""Keys in a hardware security module, or any token with a PKCS#11 library: they are made there and cannot leave it.

Source: OASIS PKCS #11 v2.40, mechanism CKM_AES_GCM.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

import pkcs11
from pkcs11 import Attribute, GCMParams, KeyType, Mechanism, ObjectClass
from pkcs11.exceptions import (
    ArgumentsBad,
    DataInvalid,
    DataLenRange,
    EncryptedDataInvalid,
    EncryptedDataLenRange,
    FunctionFailed,
    GeneralError,
    PKCS11Error,
)

from referral.core.encryption.envelope import WrongKey
from referral.core.encryption.forking import watch_forks
from referral.core.encryption.providers.interface import KEK_SIZE, DestroyReceipt, unreachable
from referral.core.errors import KeyMissing

_NONCE = 12
_REMAINS = "Een reservekopie van de HSM zelf kan de sleutel nog bevatten."
# What a module says when the tag does not fit. SoftHSM says no more than that something went wrong.
_UNFIT = (EncryptedDataInvalid, EncryptedDataLenRange, DataInvalid, DataLenRange, ArgumentsBad)


class TokenKeys:
    """AES keys of one token, named `referral-1-<random>`; that label is the id of the KEK.

    The random part keeps a number from standing for two keys, since a token remembers nothing of a destroyed one.
    """

    def __init__(self, module: Path, token: str, pin: str, *, label: str = "referral") -> None:
        self.module = module
        self.token = token
        self.label = label
        self._pin = pin
        self._is_forked = False
        self._lock = Lock()
        watch_forks(self)

    def renew_after_fork(self) -> None:
        """A new lock, and a new start of the library, which PKCS #11 asks of a child."""
        self._lock = Lock()
        self._is_forked = True

    def current(self) -> str:
        """The label with the highest number; `KeyMissing` when there is none."""
        with self._session() as session:
            numbers = self._numbers(session)
        if not numbers:
            raise KeyMissing
        return numbers[max(numbers)]

    def wrap(self, kek_id: str, data: bytes, aad: bytes) -> bytes:
        """AES-256-GCM inside the token: nonce, ciphertext, tag."""
        nonce = os.urandom(_NONCE)
        with self._session() as session:
            return nonce + _seal(_find(session, kek_id), nonce, data, aad)

    def unwrap(self, kek_id: str, blob: bytes, aad: bytes) -> bytes:
        """The bytes again; `WrongKey` when another key wrapped them, or for another place."""
        nonce, data = blob[:_NONCE], blob[_NONCE:]
        with self._session() as session:
            key = _find(session, kek_id)
            try:
                return _open(key, nonce, data, aad)
            except _UNFIT:
                raise WrongKey from None
            except (GeneralError, FunctionFailed):
                if _works(key):
                    raise WrongKey from None
                raise

    def create(self) -> str:
        """A new key that is sensitive and cannot be extracted, under the next number."""
        with self._session() as session:
            number = max(self._numbers(session), default=0) + 1
            kek_id = f"{self.label}-{number}-{secrets.token_hex(4)}"
            session.generate_key(
                KeyType.AES,
                KEK_SIZE * 8,
                label=kek_id,
                id=kek_id.encode(),
                store=True,
                template={Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False},
            )
        return kek_id

    def destroy(self, kek_id: str) -> DestroyReceipt:
        """Destroy the object in the token (C_DestroyObject)."""
        with self._session() as session:
            _find(session, kek_id).destroy()
        return DestroyReceipt(kek_id, is_certain=True, gone_at=datetime.now(UTC), remains=_REMAINS)

    def _numbers(self, session: Any) -> dict[int, str]:
        labels = [key.label for key in session.get_objects({Attribute.CLASS: ObjectClass.SECRET_KEY})]
        parts = {label: label.removeprefix(f"{self.label}-").partition("-")[0] for label in labels if label}
        return {int(part): label for label, part in parts.items() if part.isdecimal()}

    @contextmanager
    def _session(self) -> Iterator[Any]:
        """One session for one call: calls are rare, and a session must survive neither a fork nor a pulled plug."""
        with self._lock:
            try:
                library = pkcs11.lib(str(self.module))
                if self._is_forked:
                    library.reinitialize()
                    self._is_forked = False
                with library.get_token(token_label=self.token).open(rw=True, user_pin=self._pin) as session:
                    yield session
            except (PKCS11Error, OSError) as error:
                raise unreachable("pkcs11", error) from None


def _find(session: Any, kek_id: str) -> Any:
    found = list(session.get_objects({Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.LABEL: kek_id}))
    if len(found) != 1:
        raise KeyMissing
    return found[0]


def _seal(key: Any, nonce: bytes, data: bytes, aad: bytes) -> bytes:
    return bytes(key.encrypt(data, mechanism=Mechanism.AES_GCM, mechanism_param=GCMParams(nonce, aad, 128)))


def _open(key: Any, nonce: bytes, data: bytes, aad: bytes) -> bytes:
    return bytes(key.decrypt(data, mechanism=Mechanism.AES_GCM, mechanism_param=GCMParams(nonce, aad, 128)))


def _works(key: Any) -> bool:
    """Whether the token still does its work with this key; if so, it was the bytes that were wrong."""
    nonce, data = os.urandom(_NONCE), os.urandom(_NONCE)
    return _open(key, nonce, _seal(key, nonce, data, b""), b"") == data
