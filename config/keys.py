"""The settings of the provider of key-encryption keys: which one (`KEY_PROVIDER`) and what that one needs."""

import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import ascii_letters, digits, hexdigits
from typing import Any, Protocol, TypeVar

from config import values
from config.values import Refusal

PROVIDERS = ("file", "environment", "vault", "aws", "pkcs11")
KEK_HEX = 64
LONGEST_NAME = 24
NAME_SIGNS = set(ascii_letters + digits + "-_")

T = TypeVar("T")
Parse = Callable[[str], Any]


@dataclass(frozen=True)
class KeySettings:
    """The provider, and the arguments it is opened with: names, addresses and secrets."""

    provider: str
    arguments: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Setting:
    """One variable: the argument it becomes, what it may be, and the default; "" where it must be given."""

    name: str
    argument: str
    parse: Parse
    default: str = ""


class Reader(Protocol):
    """Reads one setting after the other and remembers what was wrong."""

    def read(self, name: str, default: str, parse: Callable[[str], T], fallback: T) -> T:
        """The parsed value, or the fallback after a refusal."""
        ...


def settings_of(provider: str, *, is_production: bool) -> tuple[Setting, ...]:
    """What this provider needs, in the order in which it is asked."""
    return {
        "file": (),
        "environment": (Setting("KEY_ENCRYPTION_KEYS", "keys", _keys),),
        "vault": (
            Setting("VAULT_ADDR", "address", _address(is_production)),
            Setting("VAULT_TRANSIT_KEY", "key", _name),
            Setting("VAULT_TRANSIT_MOUNT", "mount", _name, "transit"),
            Setting("VAULT_NAMESPACE", "namespace", _optional(_name)),
            Setting("VAULT_CACERT", "ca_file", _optional(_file)),
        ),
        "aws": (
            Setting("AWS_REGION", "region", _name),
            Setting("KMS_ALIAS", "alias", _name),
            Setting("KMS_ENDPOINT_URL", "endpoint", _optional(_address(is_production))),
            Setting("KMS_PENDING_DAYS", "pending_days", values.number(7, 30), "30"),
        ),
        "pkcs11": (
            Setting("PKCS11_MODULE", "module", _file),
            Setting("PKCS11_TOKEN", "token", _required),
            Setting("PKCS11_LABEL", "label", _name, "referral"),
        ),
    }[provider]


def read_key_settings(reader: Reader, env: Mapping[str, str], directory: Path, *, is_production: bool) -> KeySettings:
    """The provider and everything it needs; what is missing or wrong is remembered by its name."""
    provider = reader.read("KEY_PROVIDER", "file", _provider(is_production), "file")
    rows = settings_of(provider, is_production=is_production)
    arguments = {row.argument: reader.read(row.name, row.default, row.parse, None) for row in rows}
    if provider == "file":
        arguments["directory"] = directory
    if provider == "vault":
        arguments |= _read_either(reader, env, "VAULT_TOKEN", "token", _secret_path)
    if provider == "pkcs11":
        arguments |= _read_either(reader, env, "PKCS11_PIN", "pin", _secret)
    return KeySettings(provider, arguments)


def _read_either(reader: Reader, env: Mapping[str, str], name: str, argument: str, parse: Parse) -> dict[str, Any]:
    """A secret from its variable, or else from the file that `<name>_FILE` names."""
    if env.get(name):
        return {argument: env[name]}
    found = reader.read(f"{name}_FILE", "", parse, None)
    return {f"{argument}_file" if isinstance(found, Path) else argument: found}


def _provider(is_production: bool) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text == "environment" and is_production:
            raise Refusal("environment is alleen om te proberen; kies in productie een andere")
        return values.one_of(PROVIDERS)(text)

    return parse


def _keys(text: str) -> dict[str, bytes]:
    keys: dict[str, bytes] = {}
    for part in filter(None, text.replace(",", " ").split()):
        name, _, key = part.partition(":")
        if not name.isalnum() or name in keys or len(key) != KEK_HEX or not set(key) <= set(hexdigits):
            raise Refusal(f"geef naam:sleutel van {KEK_HEX} hexadecimale cijfers, gescheiden door komma's")
        keys[name] = bytes.fromhex(key)
    if not keys:
        raise Refusal(f"geef minstens een naam:sleutel van {KEK_HEX} hexadecimale cijfers")
    return keys


def _required(text: str) -> str:
    if not text.strip():
        raise Refusal("deze instelling is verplicht bij deze KEY_PROVIDER")
    return text


def _name(text: str) -> str:
    if len(_required(text)) > LONGEST_NAME or not set(text) <= NAME_SIGNS:
        raise Refusal(f"geef een naam van hoogstens {LONGEST_NAME} letters, cijfers, - of _")
    return text


def _address(is_production: bool) -> Callable[[str], str]:
    origin = values.public_url(is_production)

    def parse(text: str) -> str:
        try:
            return origin(_required(text))
        except Refusal:
            raise Refusal("geef het adres zonder pad, zoals https://sleutels.example:8200") from None

    return parse


def _file(text: str) -> Path:
    path = values.absolute_path(_required(text))
    if not path.is_file():
        raise Refusal("dit bestand is er niet")
    return path


def _secret(text: str) -> str:
    return values.secret_file(_given(text))


def _given(text: str) -> str:
    if not text:
        raise Refusal("geef het geheim zelf (zonder _FILE), of het bestand waar het in staat")
    return text


def _secret_path(text: str) -> Path:
    """A file with a secret that is read again at every use, because somebody renews it."""
    _given(text)
    if stat.S_IMODE(_file(text).stat().st_mode) & 0o027:
        raise Refusal("anderen mogen dit bestand niet lezen of wijzigen (chmod 640 of strenger)")
    return Path(text)


def _optional(parse: Parse) -> Parse:
    return lambda text: parse(text) if text else None
