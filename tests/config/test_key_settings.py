"""The provider of the keys: half a setting, a wrong one or a missing library is refused by its name at the start."""

import re
import sys
from pathlib import Path

import pytest

from config.keys import PROVIDERS
from config.keys import settings_of as settings_of_provider
from config.settings import Settings, SettingsError, load
from referral.app import create_service
from referral.core.encryption import EnvironmentKeys, FileKeys

BASE = {
    "DATABASE_URL": "postgresql://referral:pw@db.example/referral",
    "SECRET_KEY": "5f1c0d2be94f4a0e8f77c2f9d60a1b34",
    "PUBLIC_URL": "https://verwijzen.example",
}
KEK = "k1:" + "0f" * 32
GOOD: dict[str, dict[str, str]] = {
    "file": {},
    "environment": {"ENVIRONMENT": "test", "KEY_ENCRYPTION_KEYS": f"{KEK}, k2:{'a1' * 32}"},
    "vault": {"VAULT_ADDR": "https://vault.example:8200", "VAULT_TRANSIT_KEY": "referral", "VAULT_TOKEN": "s.token"},
    "aws": {"AWS_REGION": "eu-central-1", "KMS_ALIAS": "referral"},
    "pkcs11": {"PKCS11_MODULE": "/etc/hostname", "PKCS11_TOKEN": "sleutels", "PKCS11_PIN": "4711"},
}
BAD = [
    ("file", "KEY_PROVIDER", {"KEY_PROVIDER": "kluis"}),
    ("environment", "KEY_PROVIDER", {"ENVIRONMENT": "production"}),
    ("environment", "KEY_ENCRYPTION_KEYS", {"KEY_ENCRYPTION_KEYS": ""}),
    ("environment", "KEY_ENCRYPTION_KEYS", {"KEY_ENCRYPTION_KEYS": "k1:0f0f"}),
    ("environment", "KEY_ENCRYPTION_KEYS", {"KEY_ENCRYPTION_KEYS": f"{KEK},{KEK}"}),
    ("environment", "KEY_ENCRYPTION_KEYS", {"KEY_ENCRYPTION_KEYS": "k1:" + "zz" * 32}),
    ("vault", "VAULT_ADDR", {"VAULT_ADDR": ""}),
    ("vault", "VAULT_ADDR", {"VAULT_ADDR": "http://vault.example:8200"}),
    ("vault", "VAULT_TRANSIT_KEY", {"VAULT_TRANSIT_KEY": ""}),
    ("vault", "VAULT_TRANSIT_KEY", {"VAULT_TRANSIT_KEY": "../keys"}),
    ("vault", "VAULT_TRANSIT_MOUNT", {"VAULT_TRANSIT_MOUNT": "a" * 25}),
    ("vault", "VAULT_TOKEN_FILE", {"VAULT_TOKEN": ""}),
    ("vault", "VAULT_TOKEN_FILE", {"VAULT_TOKEN": "", "VAULT_TOKEN_FILE": "/does/not/exist"}),
    ("vault", "VAULT_TOKEN_FILE", {"VAULT_TOKEN": "", "VAULT_TOKEN_FILE": "/etc/hostname"}),
    ("vault", "VAULT_CACERT", {"VAULT_CACERT": "/does/not/exist"}),
    ("aws", "AWS_REGION", {"AWS_REGION": ""}),
    ("aws", "KMS_ALIAS", {"KMS_ALIAS": ""}),
    ("aws", "KMS_ENDPOINT_URL", {"KMS_ENDPOINT_URL": "http://kms.example"}),
    ("aws", "KMS_PENDING_DAYS", {"KMS_PENDING_DAYS": "6"}),
    ("pkcs11", "PKCS11_MODULE", {"PKCS11_MODULE": ""}),
    ("pkcs11", "PKCS11_MODULE", {"PKCS11_MODULE": "/does/not/exist.so"}),
    ("pkcs11", "PKCS11_TOKEN", {"PKCS11_TOKEN": ""}),
    ("pkcs11", "PKCS11_PIN_FILE", {"PKCS11_PIN": ""}),
]


def settings_of(provider: str, root: Path, **changes: str) -> Settings:
    return load(BASE | GOOD[provider] | {"KEY_PROVIDER": provider} | changes, root)


@pytest.mark.parametrize("provider", GOOD)
def test_good_settings_are_taken(provider: str, tmp_path: Path) -> None:
    settings = settings_of(provider, tmp_path)
    assert settings.keys.provider == provider
    for name, value in GOOD[provider].items():
        assert name == "ENVIRONMENT" or value not in repr(settings)


@pytest.mark.parametrize(("provider", "name", "changes"), BAD)
def test_a_wrong_or_missing_setting_is_refused_by_its_name(
    provider: str, name: str, changes: dict[str, str], tmp_path: Path
) -> None:
    with pytest.raises(SettingsError) as refusal:
        settings_of(provider, tmp_path, **changes)
    assert name in {problem.name for problem in refusal.value.problems}
    assert not any(value in str(refusal.value) for value in changes.values() if len(value) > 10)


def test_everything_that_a_provider_misses_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refusal:
        load(BASE | {"KEY_PROVIDER": "vault"}, tmp_path)
    names = [problem.name for problem in refusal.value.problems]
    assert names == ["VAULT_ADDR", "VAULT_TRANSIT_KEY", "VAULT_TOKEN_FILE"]


def test_a_secret_may_stand_in_a_file_that_others_cannot_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("4711\n")
    secret.chmod(0o640)
    pin = settings_of("pkcs11", tmp_path, PKCS11_PIN="", PKCS11_PIN_FILE=str(secret)).keys.arguments["pin"]
    token = settings_of("vault", tmp_path, VAULT_TOKEN="", VAULT_TOKEN_FILE=str(secret)).keys.arguments["token_file"]
    assert (pin, token) == ("4711", secret)


def test_the_service_opens_the_provider_of_the_settings(tmp_path: Path) -> None:
    database = {"DATABASE_URL": f"sqlite:///{tmp_path}/db/referral.db"}
    for provider, kind in (("file", FileKeys), ("environment", EnvironmentKeys)):
        service = create_service(settings_of(provider, tmp_path, **database))
        assert isinstance(service.key_ring.provider, kind)
        service.engine.dispose()


@pytest.mark.parametrize(
    ("provider", "library", "extra"), [("vault", "hvac", "vault"), ("aws", "boto3", "aws"), ("pkcs11", "pkcs11", "hsm")]
)
def test_a_missing_library_is_named_with_its_extra(
    provider: str, library: str, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    module = {"vault": "vault", "aws": "aws", "pkcs11": "hsm"}[provider]
    monkeypatch.delitem(sys.modules, f"referral.core.encryption.providers.{module}", raising=False)
    with pytest.raises(ValueError, match=rf"KEY_PROVIDER={provider}: .*{library}.*referral\[{extra}\]"):
        create_service(settings_of(provider, tmp_path))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_setting_of_a_provider_stands_in_its_table(provider: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / "operating.md").read_text()
    for setting in settings_of_provider(provider, is_production=True):
        default = f"`{setting.default}`" if setting.default else "(?:required|none)"
        assert re.search(rf"^\| `{setting.name}` \| `{provider}` \| {default} \|", page, re.MULTILINE), setting.name
