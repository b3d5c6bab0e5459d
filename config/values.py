"""What the text of one setting may be. A parser returns the value or refuses with what it should have been (Dutch)."""

import ssl
import stat
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TypeAlias
from urllib.parse import SplitResult, urlsplit

from pyrage import RecipientError, x25519
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

Network: TypeAlias = IPv4Network | IPv6Network

YES, NO = frozenset({"1", "true", "yes"}), frozenset({"0", "false", "no"})


class Refusal(Exception):
    """Why one value is refused; never the value itself."""


def database_url(text: str) -> URL:
    """A SQLite file, made absolute, or a named PostgreSQL database."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise Refusal("dit is geen adres van een database") from error
    if url.drivername == "postgres":
        url = url.set(drivername="postgresql")
    if url.drivername in ("postgresql", "postgresql+psycopg") and url.database:
        return url
    if url.drivername != "sqlite" or url.database in (None, "", ":memory:"):
        raise Refusal("geef sqlite:///pad/naar/bestand of postgresql://gebruiker@server/naam")
    return url.set(database=str(Path(str(url.database)).absolute()))


def absolute_path(text: str) -> Path:
    """A full path."""
    path = Path(text)
    if not path.is_absolute():
        raise Refusal("geef een volledig pad, vanaf /")
    return path


def recipient(text: str) -> str:
    """A public key of age (X25519), or none."""
    if text:
        try:
            x25519.Recipient.from_str(text)
        except RecipientError as error:
            raise Refusal("dit is geen openbare sleutel van age (age1…)") from error
    return text


def optional_directory(text: str) -> Path | None:
    """A folder that exists, or none."""
    if text and not absolute_path(text).is_dir():
        raise Refusal("deze map bestaat niet")
    return Path(text) if text else None


def second_factor(text: str) -> bool:
    """Whether everybody signs in with a second factor."""
    return one_of(("required", "optional"))(text) == "required"


def one_of(allowed: tuple[str, ...]) -> Callable[[str], str]:
    """One word from a closed list."""

    def parse(text: str) -> str:
        if text not in allowed:
            raise Refusal(f"kies uit {', '.join(allowed)}")
        return text

    return parse


def number(lowest: int, highest: int) -> Callable[[str], int]:
    """A whole number between two bounds, both allowed."""

    def parse(text: str) -> int:
        is_short_number = text.isascii() and text.isdigit() and len(text) <= len(str(highest))
        if not is_short_number or not lowest <= int(text) <= highest:
            raise Refusal(f"geef een heel getal van {lowest} tot en met {highest}")
        return int(text)

    return parse


def cookie_secure(is_production: bool) -> Callable[[str], bool]:
    """Whether cookies travel over https only; production has no choice."""

    def parse(text: str) -> bool:
        if text.lower() not in YES | NO:
            raise Refusal("kies yes of no")
        if is_production and text.lower() in NO:
            raise Refusal("in productie gaan cookies alleen over https")
        return text.lower() in YES

    return parse


def public_url(is_production: bool) -> Callable[[str], str]:
    """The origin under which people reach the service; https in production."""

    def parse(text: str) -> str:
        parts = _split(text)
        if not _is_origin(parts) or (is_production and parts.scheme != "https"):
            raise Refusal("geef het adres van de dienst, zonder pad, zoals https://verwijzen.example")
        return text.rstrip("/")

    return parse


def origins(text: str) -> tuple[str, ...]:
    """The origins whose scripts may read the API (CORS), separated by commas; never a wildcard."""
    given = tuple(origin.rstrip("/") for origin in text.replace(",", " ").split())
    if not all(_is_origin(_split(origin)) for origin in given):
        raise Refusal("geef adressen zonder pad, gescheiden door een komma; * mag niet")
    return given


def smtp_url(text: str) -> str | None:
    """The mail server, or none."""
    if not text:
        return None
    parts = _split(text)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path not in ("", "/"):
        raise Refusal("geef smtps://gebruiker:wachtwoord@server:poort (of smtp:// met STARTTLS)")
    return text


def ports(text: str) -> tuple[int, ...]:
    """Port numbers, separated by commas."""
    parse = number(1, 65_535)
    return tuple(parse(port) for port in text.replace(",", " ").split())


def networks(text: str) -> tuple[Network, ...]:
    """Networks in CIDR notation, separated by commas."""
    try:
        return tuple(ip_network(network) for network in text.replace(",", " ").split())
    except ValueError as error:
        raise Refusal("geef netwerken zoals 10.20.0.0/16, gescheiden door een komma") from error


def certificates(text: str) -> str | None:
    """A file of root certificates in PEM, or none."""
    if not text:
        return None
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(text)
    except (OSError, ssl.SSLError) as error:
        raise Refusal("dit is geen leesbaar bestand met certificaten (PEM)") from error
    return text


def secret_file(text: str) -> str:
    """The content of a file that others cannot read and only its owner can change."""
    if not text:
        raise Refusal("SECRET_KEY of SECRET_KEY_FILE is verplicht")
    try:
        if stat.S_IMODE(Path(text).stat().st_mode) & 0o027:
            raise Refusal("anderen mogen dit bestand niet lezen of wijzigen (chmod 640 of strenger)")
        return Path(text).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Refusal("dit bestand is niet te lezen") from error


def _is_origin(parts: SplitResult) -> bool:
    bare = parts.path in ("", "/") and not parts.query and not parts.fragment and parts.username is None
    return parts.scheme in ("https", "http") and bool(parts.hostname) and parts.hostname != "*" and bare


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError as error:
        raise Refusal("dit is geen adres") from error
    return parts
