"""How a value becomes bytes before it is sealed: typed codecs only, so that opened bytes can never run code."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Codec(Protocol[T]):
    """A value to bytes and back. `dump` raises TypeError or ValueError, never with the value in its message."""

    def dump(self, value: T) -> bytes:
        """The bytes to seal."""
        ...

    def load(self, data: bytes) -> T:
        """The value that was sealed."""
        ...


@dataclass(frozen=True)
class Text:
    """Text in UTF-8, padded to a multiple of `pad` bytes so that the length tells less (ISO/IEC 7816-4)."""

    pad: int = 0

    def dump(self, value: str) -> bytes:
        """The padded UTF-8 bytes; ValueError for lone surrogates."""
        try:
            data = str.encode(value)
        except UnicodeEncodeError:
            raise ValueError("not valid Unicode text") from None
        if self.pad:
            data += b"\x80"
            data += bytes(-len(data) % self.pad)
        return data

    def load(self, data: bytes) -> str:
        """The text without its padding."""
        return (data.rstrip(b"\0")[:-1] if self.pad else data).decode()


class Date:
    """A calendar day; a datetime is refused, because its time would be lost."""

    def dump(self, value: date) -> bytes:
        """The day as ISO 8601."""
        if isinstance(value, datetime):
            raise TypeError("a sealed date is a calendar day, not an instant")
        return date.isoformat(value).encode()

    def load(self, data: bytes) -> date:
        """The day that was sealed."""
        return date.fromisoformat(data.decode())


class Integer:
    """A whole number of any size."""

    def dump(self, value: int) -> bytes:
        """The decimal digits."""
        return int.__repr__(value).encode()

    def load(self, data: bytes) -> int:
        """The number that was sealed."""
        return int(data)


class Boolean:
    """Yes or no, in one byte."""

    def dump(self, value: bool) -> bytes:
        """0x01 for yes, 0x00 for no."""
        if not isinstance(value, bool):
            raise TypeError("a sealed boolean is True or False")
        return b"\x01" if value else b"\x00"

    def load(self, data: bytes) -> bool:
        """What was sealed."""
        return data == b"\x01"


class Json:
    """A JSON document (RFC 8259); assign the whole document again to change it."""

    def dump(self, value: Any) -> bytes:
        """The document without white space; NaN and infinity are refused."""
        try:
            return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
        except ValueError:
            raise ValueError("not a JSON document") from None

    def load(self, data: bytes) -> Any:
        """A fresh copy of the document."""
        return json.loads(data)
