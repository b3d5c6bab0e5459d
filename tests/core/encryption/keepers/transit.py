"""A small stand-in for HashiCorp Vault's transit engine, written from its documented protocol. It really encrypts.

Known to it: keys/<name> (create, read), rotate, config, trim, encrypt, decrypt; tokens; versions with their minima.
What it refuses, and with which words, is what the documentation says. It was never compared with a real Vault.
"""

import base64
import json
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TOKEN = "s.een-token-van-de-test"
ROUTE = re.compile(r"/v1/transit/(keys|encrypt|decrypt)/([^/]+)(?:/(rotate|config|trim))?")


class Refused(Exception):
    """An answer other than 200: status and words."""

    def __init__(self, status: int, words: str = "") -> None:
        super().__init__(words)
        self.status, self.words = status, words


class Transit:
    """The engine: keys by name, each with its versions. `knows_associated_data` is False for an old release."""

    def __init__(self) -> None:
        self.keys: dict[str, dict[str, Any]] = {}
        self.knows_associated_data = True
        self.calls: list[str] = []
        self.lock = threading.Lock()

    def answer(self, method: str, path: str, body: dict[str, Any], token: str | None) -> dict[str, Any]:
        if token != TOKEN:
            raise Refused(403, "permission denied")
        found = ROUTE.fullmatch(path)
        if found is None:
            raise Refused(404)
        area, name, deed = found.groups()
        with self.lock:
            self.calls.append(f"{method} {area}{'/' + deed if deed else ''}")
            if area == "keys":
                return self._keys(method, name, deed, body)
            key = self._find(name)
            return self._encrypt(key, body) if area == "encrypt" else self._decrypt(key, body)

    def _find(self, name: str) -> dict[str, Any]:
        if name not in self.keys:
            raise Refused(404)
        return self.keys[name]

    def _keys(self, method: str, name: str, deed: str | None, body: dict[str, Any]) -> dict[str, Any]:
        if deed is None and method == "POST":
            assert body["type"] == "aes256-gcm96"
            fresh = {"versions": {1: os.urandom(32)}, "min_decryption_version": 1, "min_encryption_version": 0}
            self.keys.setdefault(name, fresh)
            return {}
        key = self._find(name)
        if deed is None:
            return self._describe(name, key)
        {"rotate": self._rotate, "config": self._configure, "trim": self._trim}[deed](key, body)
        return {}

    def _describe(self, name: str, key: dict[str, Any]) -> dict[str, Any]:
        seen = [version for version in key["versions"] if version >= key["min_decryption_version"]]
        return {
            "name": name,
            "latest_version": max(key["versions"]),
            "min_decryption_version": key["min_decryption_version"],
            "min_encryption_version": key["min_encryption_version"],
            "min_available_version": min(key["versions"]),
            "keys": {str(version): 1_700_000_000 for version in seen},
        }

    def _rotate(self, key: dict[str, Any], _body: dict[str, Any]) -> None:
        key["versions"][max(key["versions"]) + 1] = os.urandom(32)

    def _configure(self, key: dict[str, Any], body: dict[str, Any]) -> None:
        wanted = {**key, **{name: value for name, value in body.items() if name in key}}
        if wanted["min_decryption_version"] > max(key["versions"]):
            raise Refused(400, "cannot set min decryption version higher than the latest key version")
        if 0 < wanted["min_encryption_version"] < wanted["min_decryption_version"]:
            raise Refused(400, "cannot set min encryption version lower than min decryption version")
        key.update(wanted)

    def _trim(self, key: dict[str, Any], body: dict[str, Any]) -> None:
        lowest = min(key["min_decryption_version"], key["min_encryption_version"])
        if lowest == 0 or body["min_available_version"] > lowest:
            raise Refused(400, "minimum available version cannot be higher than minimum decryption version")
        for version in [each for each in key["versions"] if each < body["min_available_version"]]:
            del key["versions"][version]

    def _bound(self, body: dict[str, Any]) -> bytes | None:
        given = body.get("associated_data") if self.knows_associated_data else None
        return base64.b64decode(given) if given else None

    def _encrypt(self, key: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        version = body.get("key_version") or max(key["versions"])
        if version < key["min_encryption_version"] or version not in key["versions"]:
            raise Refused(400, "requested version for encryption is less than the minimum encryption key version")
        nonce, plain = os.urandom(12), base64.b64decode(body["plaintext"])
        sealed = nonce + AESGCM(key["versions"][version]).encrypt(nonce, plain, self._bound(body))
        return {"ciphertext": f"vault:v{version}:{base64.b64encode(sealed).decode()}", "key_version": version}

    def _decrypt(self, key: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        found = re.fullmatch(r"vault:v(\d+):([A-Za-z0-9+/=]*)", body["ciphertext"])
        if found is None:
            raise Refused(400, "invalid ciphertext: no prefix")
        version = int(found[1])
        if version < key["min_decryption_version"]:
            raise Refused(400, "ciphertext or signature version is disallowed by policy (too old)")
        if version not in key["versions"]:
            raise Refused(400, "invalid ciphertext: no existing key")
        try:
            sealed = base64.b64decode(found[2])
            plain = AESGCM(key["versions"][version]).decrypt(sealed[:12], sealed[12:], self._bound(body))
        except (InvalidTag, ValueError):
            raise Refused(400, "cipher: message authentication failed") from None
        return {"plaintext": base64.b64encode(plain).decode()}


@contextmanager
def serving(transit: Transit) -> Iterator[str]:
    """The address under which the engine answers, for as long as the block lasts."""

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.give()

        def do_POST(self) -> None:
            self.give()

        do_PUT = do_POST

        def give(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            try:
                status, content = (
                    200,
                    {"data": transit.answer(self.command, self.path, body, self.headers["X-Vault-Token"])},
                )
            except Refused as refusal:
                status, content = refusal.status, {"errors": [refusal.words] if refusal.words else []}
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
