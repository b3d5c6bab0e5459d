"""The parts of a document. All of it but a picture is plain text: nothing in it can be markup, on page nor in PDF."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Paragraph:
    """Some sentences."""

    text: str
    kind: Literal["paragraph"] = "paragraph"


@dataclass(frozen=True)
class Facts:
    """What is what: a name and its value on each line."""

    rows: Sequence[tuple[str, str]]
    kind: Literal["facts"] = "facts"


@dataclass(frozen=True)
class Table:
    """Rows under a head; `caption` says what the table is, for whoever hears it read aloud."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    kind: Literal["table"] = "table"


@dataclass(frozen=True)
class Picture:
    """A drawing of our own as SVG, and in words what it shows; the numbers stand in a table beside it."""

    svg: str
    alt: str
    kind: Literal["picture"] = "picture"


Block = Paragraph | Facts | Table | Picture


@dataclass(frozen=True)
class Section:
    """A heading, of level 1 or below, and what stands under it."""

    heading: str
    blocks: Sequence[Block] = ()
    level: int = 1


@dataclass(frozen=True)
class Document:
    """The whole: a title, what the reader should know first, and the sections in reading order."""

    title: str
    opening: Sequence[str]
    sections: Sequence[Section]
