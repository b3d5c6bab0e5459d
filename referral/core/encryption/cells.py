"""Which columns hold sealed values, index tags and keyed digests: found in the models, never listed by hand."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Column, ColumnElement, MetaData, Table, Uuid, literal

from referral.core.encryption.envelope import label_prefix
from referral.core.encryption.index import BlindIndex

CELL: Final = "sealed_cell"
DIGEST: Final = "keyed_digest"


@dataclass(frozen=True)
class Cell:
    """What a column says of itself: the label its values are bound to, whose they are, and how they are indexed.

    `subject` is the column with the id of the person, or the one subject that owns every value.
    """

    label: str
    subject: str | UUID
    load: Callable[[bytes], Any] = bytes
    index: BlindIndex | None = None
    tag_column: str = ""


@dataclass(frozen=True)
class SealedColumn:
    """A column of envelopes; `prefix` is the label as part of the place, `tag` the column of its index."""

    column: Column[bytes]
    cell: Cell
    prefix: bytes
    tag: Column[bytes] | None

    @property
    def name(self) -> str:
        """The table and the column."""
        return f"{self.column.table.name}.{self.column.name}"


@dataclass(frozen=True)
class SealedTable:
    """A table with sealed columns; `subject` gives the id of whoever a row is about."""

    table: Table
    subject: ColumnElement[Any]
    columns: tuple[SealedColumn, ...]

    @property
    def indexed(self) -> tuple[SealedColumn, ...]:
        """The sealed columns with a blind index."""
        return tuple(each for each in self.columns if each.tag is not None)


def sealed_bytes(
    label: str,
    *,
    subject: str | UUID,
    load: Callable[[bytes], Any] = bytes,
    index: BlindIndex | None = None,
    tag_column: str = "",
) -> dict[str, Cell]:
    """The `info` of a column that is filled by `KeyRing.seal`: without it a new data key would leave it behind.

    `index` and `tag_column` belong together: how `load` of the bytes is indexed, and where the tag stands.
    """
    return {CELL: Cell(label, subject, load, index, tag_column)}


def keyed_digest() -> dict[str, bool]:
    """The `info` of a column that is filled by `KeyRing.fingerprint`: its index root stays for as long as it does."""
    return {DIGEST: True}


def find_sealed(metadata: MetaData) -> tuple[SealedTable, ...]:
    """Every table with sealed columns, by name; ValueError when one table names two columns for the person."""
    tables = (metadata.tables[name] for name in sorted(metadata.tables))
    return tuple(found for table in tables if (found := _read(table)) is not None)


def find_digests(metadata: MetaData) -> tuple[Column[bytes], ...]:
    """Every column of keyed digests."""
    tables = (metadata.tables[name] for name in sorted(metadata.tables))
    return tuple(column for table in tables for column in table.columns if column.info.get(DIGEST))


def _read(table: Table) -> SealedTable | None:
    cells: dict[Column[bytes], Cell] = {column: column.info[CELL] for column in table.columns if CELL in column.info}
    subjects = {cell.subject for cell in cells.values()}
    if not cells:
        return None
    if len(subjects) > 1:
        raise ValueError(f"{table.name}: all sealed columns of a row belong to one person")
    columns = [
        SealedColumn(column, cell, label_prefix(cell.label), table.c[cell.tag_column] if cell.tag_column else None)
        for column, cell in cells.items()
    ]
    subject = subjects.pop()
    owner = table.c[subject] if isinstance(subject, str) else literal(subject, Uuid).label("subject")
    return SealedTable(table, owner, tuple(columns))
