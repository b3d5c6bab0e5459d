"""Reading a code list from `config/`: every mistake in a file is refused with the file and the key."""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TypeVar

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_+-]*")

Word = TypeVar("Word", bound=StrEnum)
Item = TypeVar("Item")


@dataclass(frozen=True)
class Entry:
    """One table of a code list that knows in which file, and under which keys, it stands."""

    file: str
    members: Mapping[str, object]
    path: tuple[str, ...] = ()

    def wrong(self, member: str, rule: str) -> ValueError:
        """The refusal of one member, naming file, key and rule; never the value."""
        return ValueError(f"{self.file}: {'.'.join((*self.path, member))}: {rule}")

    def only(self, *members: str) -> "Entry":
        """This entry, when it holds no other members than these."""
        for member in self.members:
            if member not in members:
                raise self.wrong(member, "is unknown")
        return self

    def has(self, member: str) -> bool:
        """Whether the member is there."""
        return member in self.members

    def text(self, member: str) -> str:
        """A member that is text and not empty."""
        value = self.members.get(member)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(member, "must be text")
        return value

    def texts(self, member: str) -> tuple[str, ...]:
        """A member that is a list of texts, at least one and all different."""
        value = self.members.get(member)
        if not isinstance(value, list) or not value or not all(isinstance(text, str) and text for text in value):
            raise self.wrong(member, "must be a list of texts")
        if len(set(value)) < len(value):
            raise self.wrong(member, "holds a text twice")
        return tuple(value)

    def number(self, member: str) -> int:
        """A member that is a whole number above zero."""
        value = self.members.get(member)
        if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
            raise self.wrong(member, "must be a whole number above zero")
        return value

    def optional_number(self, member: str) -> int | None:
        """A whole number above zero, or nothing when the member is not there."""
        return self.number(member) if self.has(member) else None

    def flag(self, member: str) -> bool:
        """A member that is true or false."""
        value = self.members.get(member)
        if not isinstance(value, bool):
            raise self.wrong(member, "must be true or false")
        return value

    def word(self, member: str, vocabulary: type[Word]) -> Word:
        """A member that is one of the words of a fixed vocabulary."""
        return self._in(member, self.text(member), vocabulary)

    def words(self, member: str, vocabulary: type[Word]) -> frozenset[Word]:
        """A member that is a list of words of a fixed vocabulary."""
        return frozenset(self._in(member, text, vocabulary) for text in self.texts(member))

    def table(self, member: str) -> "Entry":
        """A member that is a table of its own."""
        return self._entry(member, self.members.get(member))

    def tables(self, member: str) -> tuple["Entry", ...]:
        """A member that is a list of tables; none when the member is not there."""
        values = self.members.get(member, [])
        if not isinstance(values, list):
            raise self.wrong(member, "must be a list of tables")
        return tuple(self._entry(member, value) for value in values)

    def key(self, member: str, vocabulary: type[Word]) -> Word:
        """The name of a member, which must be one of the words of a fixed vocabulary."""
        return self._in(member, member, vocabulary)

    def codes(self) -> tuple[str, ...]:
        """The names of all members, which must be codes, in the order of the file."""
        for member in self.members:
            if not CODE.fullmatch(member):
                raise self.wrong(member, "is no code")
        return tuple(self.members)

    def _entry(self, member: str, value: object) -> "Entry":
        if not isinstance(value, Mapping) or not value or not all(isinstance(key, str) for key in value):
            raise self.wrong(member, "must be a table that is not empty")
        return Entry(self.file, value, (*self.path, member))

    def _in(self, member: str, text: str, vocabulary: type[Word]) -> Word:
        try:
            return vocabulary(text)
        except ValueError:
            raise self.wrong(member, f"must be one of {', '.join(vocabulary)}") from None


def read_toml(name: str, text: str) -> Entry:
    """The content of a list file. Raises ValueError, naming the file, when it is no TOML (a code twice, for one)."""
    try:
        return Entry(name, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{name}: {error}") from error


@cache
def open_list(name: str) -> Entry:
    """A list file of `config/`."""
    return read_toml(name, open_text(name))


def open_text(name: str) -> str:
    """The text of a file of `config/`."""
    return files("config").joinpath(name).read_text("utf-8")


def read_list(source: Entry, read: Callable[[str, Entry], Item], *others: str) -> Mapping[str, Item]:
    """The items of a list file (`year`, `codes` and the `others` named) by code, in the order of the file."""
    codes = source.only("year", "codes", *others).table("codes")
    return frozen((code, read(code, codes.table(code))) for code in codes.codes())


def frozen(items: Iterable[tuple[str, Item]]) -> Mapping[str, Item]:
    """A list by code that nobody can change."""
    return MappingProxyType(dict(items))
