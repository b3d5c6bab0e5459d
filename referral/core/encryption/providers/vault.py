"""Keys in HashiCorp Vault (transit engine): they never leave it, and every version of the one key is a KEK.

Source: https://developer.hashicorp.com/vault/api-docs/secret/transit. Never `rewrap`: it takes no associated data.
"""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import hvac
from hvac.exceptions import InvalidPath, InvalidRequest, VaultError
from requests.exceptions import RequestException

from referral.core.encryption.envelope import WrongKey
from referral.core.encryption.providers.interface import DestroyReceipt, KeyRefused, unreachable
from referral.core.errors import KeyMissing

_KIND = "aes256-gcm96"
_SECONDS = 5
_DIGEST = 32
_REMAINS = "Reservekopieën en snapshots van Vault zelf kunnen deze versie nog bevatten."
_VERSION_IS_GONE = ("too old", "no existing key", "not found", "disallowed by policy")


class VaultKeys:
    """One key of a transit mount; its versions are the KEKs: `vault:transit/referral#3`.

    `token_file` is read at every call, so that an agent may renew the token. The policy must allow read, update and
    create on `keys/<name>`, `encrypt/<name>` and `decrypt/<name>`; rotating and destroying need `keys/<name>/*` too.
    """

    def __init__(
        self,
        address: str,
        key: str,
        *,
        mount: str = "transit",
        token: str = "",
        token_file: Path | None = None,
        namespace: str | None = None,
        ca_file: Path | None = None,
    ) -> None:
        self.key = key
        self.mount = mount
        self._prefix = f"vault:{mount}/{key}#"
        self._token = token
        self._token_file = token_file
        verify = str(ca_file) if ca_file else True
        self._place = {"url": address, "namespace": namespace, "verify": verify, "timeout": _SECONDS}

    def current(self) -> str:
        """The newest version; `KeyMissing` when the key was never made."""
        return f"{self._prefix}{self._read()['latest_version']}"

    def wrap(self, kek_id: str, data: bytes, aad: bytes) -> bytes:
        """Vault's own ciphertext (`vault:v3:…`), bound to the place twice.

        By `associated_data`, and by a digest inside: a Vault too old to know the first leaves it out without a word.
        """
        with self._transit() as transit:
            answer = transit.encrypt_data(
                self.key,
                plaintext=_text(sha256(aad).digest() + data),
                key_version=self._version(kek_id),
                associated_data=_text(aad),
                mount_point=self.mount,
            )
        return str(answer["data"]["ciphertext"]).encode()

    def unwrap(self, kek_id: str, blob: bytes, aad: bytes) -> bytes:
        """The bytes again; `WrongKey` when another version wrapped them, or for another place."""
        if not blob.startswith(f"vault:v{self._version(kek_id)}:".encode()):
            raise WrongKey
        with self._transit() as transit:
            answer = transit.decrypt_data(
                self.key, ciphertext=blob.decode("latin-1"), associated_data=_text(aad), mount_point=self.mount
            )
        plain = base64.b64decode(answer["data"]["plaintext"])
        if plain[:_DIGEST] != sha256(aad).digest():
            raise WrongKey
        return plain[_DIGEST:]

    def create(self) -> str:
        """The next version; the first makes the key."""
        try:
            self._read()
        except KeyMissing:
            with self._transit() as transit:
                transit.create_key(self.key, key_type=_KIND, exportable=False, mount_point=self.mount)
            return self.current()
        with self._transit() as transit:
            transit.rotate_key(self.key, mount_point=self.mount)
        return self.current()

    def destroy(self, kek_id: str) -> DestroyReceipt:
        """Trim the key up to and with this version. Vault trims from the oldest on, so it must be the oldest."""
        version, state = self._version(kek_id), self._read()
        if str(version) not in state["keys"]:
            raise KeyMissing
        if version == state["latest_version"]:
            raise KeyRefused("Vault kan de nieuwste versie niet vernietigen. Maak eerst een nieuwe.")
        if version > min(map(int, state["keys"])):
            raise KeyRefused("Vault vernietigt versies van oud naar nieuw. Vernietig eerst de oudere.")
        with self._transit() as transit:
            # Two calls, because hvac refuses equal minima in one; this order, because Vault refuses the other.
            lowest = max(version + 1, state["min_encryption_version"])
            transit.update_key_configuration(self.key, min_encryption_version=lowest, mount_point=self.mount)
            transit.update_key_configuration(self.key, min_decryption_version=version + 1, mount_point=self.mount)
            transit.trim_key(self.key, version + 1, mount_point=self.mount)
        return DestroyReceipt(kek_id, is_certain=False, gone_at=datetime.now(UTC), remains=_REMAINS)

    def _read(self) -> dict[str, Any]:
        with self._transit() as transit:
            return dict(transit.read_key(self.key, mount_point=self.mount)["data"])

    def _version(self, kek_id: str) -> int:
        prefix, _, version = kek_id.rpartition("#")
        if f"{prefix}#" != self._prefix or not version.isdecimal():
            raise KeyMissing
        return int(version)

    @contextmanager
    def _transit(self) -> Iterator[Any]:
        try:
            token = self._token_file.read_text().strip() if self._token_file else self._token
            # A client a call: calls are rare, and a connection must not be shared with a forked child.
            client = hvac.Client(token=token, **self._place)
            try:
                yield client.secrets.transit
            finally:
                client.adapter.close()
        except InvalidRequest as error:
            if any(part in str(error).lower() for part in _VERSION_IS_GONE):
                raise KeyMissing from None
            raise WrongKey from None
        except InvalidPath:
            raise KeyMissing from None
        except (VaultError, RequestException, OSError, UnicodeDecodeError) as error:
            raise unreachable("vault", error) from None


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
