"""Keys in the environment of the process, for trying things out: anybody who sees the process sees the keys."""

from collections.abc import Mapping
from typing import NoReturn

from referral.core.encryption.providers.interface import DestroyReceipt, KeyRefused, unwrap_here, wrap_here
from referral.core.errors import KeyMissing


class EnvironmentKeys:
    """Keys by their id, the newest last, as `KEY_ENCRYPTION_KEYS` names them. Nothing is made or destroyed here."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._keys = dict(keys)

    def current(self) -> str:
        """The id of the last key that was named."""
        if not self._keys:
            raise KeyMissing
        return list(self._keys)[-1]

    def wrap(self, kek_id: str, data: bytes, aad: bytes) -> bytes:
        """AES-256-GCM under this key."""
        return wrap_here(self._find(kek_id), data, aad)

    def unwrap(self, kek_id: str, blob: bytes, aad: bytes) -> bytes:
        """The bytes again; `WrongKey` or `KeyMissing`."""
        return unwrap_here(self._find(kek_id), blob, aad)

    def create(self) -> NoReturn:
        """Raises `KeyRefused`: a process cannot change the environment it was started with."""
        raise KeyRefused("Zet zelf een nieuwe sleutel achteraan in KEY_ENCRYPTION_KEYS en start opnieuw.")

    def destroy(self, kek_id: str) -> DestroyReceipt:
        """Raises `KeyRefused`: who set the variable may still have it, and so may every shell and process list."""
        self._find(kek_id)
        raise KeyRefused("Een sleutel uit de omgeving kan niet vernietigd worden. Kies een andere KEY_PROVIDER.")

    def _find(self, kek_id: str) -> bytes:
        try:
            return self._keys[kek_id]
        except KeyError:
            raise KeyMissing from None
