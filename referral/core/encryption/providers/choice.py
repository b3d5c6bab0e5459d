"""Opening the provider that the settings name; only that one needs its library."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final, NamedTuple

from referral.core.encryption.providers.interface import KekProvider


class Adapter(NamedTuple):
    """Where a provider's code stands, and the extra of the package that brings its library ("" for none)."""

    module: str
    name: str
    extra: str


ADAPTERS: Final = {
    "file": Adapter("files", "FileKeys", ""),
    "environment": Adapter("environment", "EnvironmentKeys", ""),
    "vault": Adapter("vault", "VaultKeys", "vault"),
    "aws": Adapter("aws", "AwsKeys", "aws"),
    "pkcs11": Adapter("hsm", "TokenKeys", "hsm"),
}


def open_provider(provider: str, arguments: Mapping[str, Any]) -> KekProvider:
    """The provider with these arguments; ValueError naming the extra when its library is not installed."""
    adapter = ADAPTERS[provider]
    try:
        module = import_module(f"{__package__}.{adapter.module}")
    except ModuleNotFoundError as error:
        raise ValueError(
            f"KEY_PROVIDER={provider}: de bibliotheek {error.name} ontbreekt."
            f" Installeer de extra: pip install 'referral[{adapter.extra}]'"
        ) from None
    opened: KekProvider = getattr(module, adapter.name)(**arguments)
    return opened
