"""Which addresses a webhook may have: public ones, and the private networks that the operator named.

The service stands inside a network that its users do not. Whoever may type an address could otherwise let it knock on
doors in there (SSRF, ASVS 5.0 1.3.6).
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias
from urllib.parse import SplitResult, urlsplit

Network: TypeAlias = IPv4Network | IPv6Network

LONGEST_URL = 500
HTTPS = 443

# A name has a dot and ends in letters. That refuses `localhost`, `127.1`, `0x7f.1` and `2130706433` alike.
_NAME = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]", re.ASCII)
_INNER_NAMES = (".local", ".localhost", ".localdomain", ".internal", ".intranet", ".lan", ".home", ".corp", ".arpa")

# Networks that lead back inside, or nowhere, and that Python 3.11 still calls global (IANA special-purpose registries).
_NEVER: tuple[Network, ...] = tuple(
    ip_network(network)
    for network in (
        "192.0.0.0/24",
        "192.88.99.0/24",
        "::/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2001::/23",
        "2002::/16",
        "3fff::/20",
        "5f00::/16",
        "fec0::/10",
    )
)


class AddressRefused(Exception):
    """This address may not be a webhook's; the message says why, in Dutch and without the address."""


@dataclass(frozen=True)
class Destination:
    """Where a webhook goes: host and port apart, and the path with its query as it is sent."""

    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """Host and port as the `Host` header names them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == HTTPS else f"{host}:{self.port}"


@dataclass(frozen=True)
class AddressRules:
    """What this installation allows: the ports, and the private networks (none, unless the operator named some)."""

    ports: frozenset[int] = frozenset({HTTPS, 8443})
    networks: tuple[Network, ...] = ()

    def read(self, url: str) -> Destination:
        """The destination that the address names. Raises `AddressRefused`."""
        parts = _split(url)
        if parts.scheme != "https":
            raise AddressRefused("Het adres moet met https:// beginnen.")
        if parts.username is not None or parts.password is not None or "@" in parts.netloc or "#" in url:
            raise AddressRefused("Het adres mag geen gebruikersnaam, wachtwoord of # hebben.")
        host, port = (parts.hostname or "").lower(), HTTPS if parts.port is None else parts.port
        if port not in self.ports:
            raise AddressRefused(f"Gebruik een van deze poorten: {', '.join(map(str, sorted(self.ports)))}.")
        if not self._is_outside(host):
            raise AddressRefused("Dit adres is van buiten niet te bereiken. Gebruik een volledige domeinnaam.")
        return Destination(host, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))

    def allows(self, address: str) -> bool:
        """Whether the service may connect to this IP address."""
        ip = ip_address(address.partition("%")[0])
        if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        if any(ip in network for network in self.networks):
            return True
        return ip.is_global and not ip.is_multicast and not any(ip in network for network in _NEVER)

    def _is_outside(self, host: str) -> bool:
        """A public name; or a bare IP address, when the operator named its network."""
        if _NAME.fullmatch(host):
            return not host.endswith(_INNER_NAMES)
        try:
            ip = ip_address(host)
        except ValueError:
            return False
        return any(ip in network for network in self.networks)


def _split(url: str) -> SplitResult:
    """The parts of a plain address: short, printable, and read by every program in the same way."""
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or set(url) & set(' \\"<>^`{|}'):
        raise AddressRefused(f"Gebruik hoogstens {LONGEST_URL} gewone tekens, zonder spaties.")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise AddressRefused("Dit is geen adres van een webpagina.") from None
    return parts
