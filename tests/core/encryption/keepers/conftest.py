"""The five keepers of key-encryption keys, each as a way to open it anew and a way to take it away."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from referral.core.encryption import KekProvider, open_provider
from tests.core.encryption.keepers import kms, softhsm, transit

KINDS = ("file", "environment", "vault", "aws", "pkcs11")


@dataclass
class Keeper:
    """One kind of provider, ready for use. `out_of_reach` opens it as it is when the other end is gone."""

    kind: str
    arguments: dict[str, Any]
    lost: dict[str, Any]
    makes_keys: bool = True

    def open(self, **changes: Any) -> KekProvider:
        return open_provider(self.kind, self.arguments | changes)

    def out_of_reach(self) -> KekProvider:
        return self.open(**self.lost)


@pytest.fixture(scope="session")
def kms_url() -> Iterator[str]:
    before = {name: os.environ.get(name) for name in kms.CREDENTIALS}
    os.environ.update(kms.CREDENTIALS)
    with kms.serving() as url:
        yield url
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})


@pytest.fixture(scope="session")
def token(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The label of this process' own token; the keys in it are told apart by theirs."""
    softhsm.prepare(tmp_path_factory.mktemp("softhsm"))
    softhsm.make_token("referral test")
    return "referral test"


@pytest.fixture
def vault() -> transit.Transit:
    return transit.Transit()


@pytest.fixture
def vault_url(vault: transit.Transit) -> Iterator[str]:
    with transit.serving(vault) as url:
        yield url


def keeper_of(kind: str, request: pytest.FixtureRequest, folder: Path) -> Keeper:
    nowhere = "http://127.0.0.1:9"
    if kind == "file":
        return Keeper(kind, {"directory": folder / "keys"}, {"directory": folder / "other"})
    if kind == "environment":
        keys = {f"e{number}": os.urandom(32) for number in range(1, 4)}
        return Keeper(kind, {"keys": keys}, {"keys": {}}, makes_keys=False)
    if kind == "vault":
        url = request.getfixturevalue("vault_url")
        return Keeper(kind, {"address": url, "key": "referral", "token": transit.TOKEN}, {"address": nowhere})
    if kind == "aws":
        url, alias = request.getfixturevalue("kms_url"), f"referral-{os.urandom(4).hex()}"
        arguments = {"region": "eu-central-1", "alias": alias, "endpoint": url, "pending_days": 7}
        return Keeper(kind, arguments, {"endpoint": nowhere})
    place = {"module": softhsm.MODULE, "token": request.getfixturevalue("token"), "pin": softhsm.PIN}
    return Keeper(kind, place | {"label": f"t{os.urandom(4).hex()}"}, {"token": "pulled out"})


@pytest.fixture(params=KINDS)
def keeper(request: pytest.FixtureRequest, tmp_path: Path) -> Keeper:
    return keeper_of(request.param, request, tmp_path)
