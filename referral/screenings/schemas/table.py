"""A file of screenings: CSV in UTF-8, `,` or `;` between the cells, a header row with the names of the API members.

A cell that is empty is a member that was left out; a list of skills has `|` between its codes. No error repeats a cell.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from marshmallow import ValidationError

from referral.core.errors import FieldError, Invalid
from referral.core.http import invalid, pointer_step
from referral.screenings.schemas.members import MOST_ROWS, LogScreeningSchema
from referral.screenings.usecases import ImportRow, ImportScreenings

NUMBERS = ("score", "block", "durationMinutes")
LISTS = ("skills",)
LONGEST_NUMBER = 9


def read_table(body: bytes) -> ImportScreenings:
    """The rows of a file as commands, with all that is wrong for every bad row.

    Raises `Invalid` for a file that is no UTF-8 or no CSV, is empty, has an unknown column, or over 10,000 rows.
    """
    lines = list(_lines(_decode(body)))
    if not lines:
        raise Invalid.one("/", "required", "Het bestand is leeg.")
    columns = _columns(lines[0][1])
    rows = [(number, cells) for number, cells in lines[1:] if any(cells)]
    if len(rows) > MOST_ROWS:
        raise Invalid.one("/", "too_many", f"Het bestand heeft te veel rijen: gebruik er hoogstens {MOST_ROWS}.")
    schema = LogScreeningSchema()
    return ImportScreenings([_row(number, columns, cells, schema) for number, cells in rows])


def _decode(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid.one("/", "encoding", "Het bestand is geen UTF-8. Bewaar het als CSV UTF-8.") from None


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Every row with its number, the cells trimmed."""
    header = text.partition("\n")[0]
    delimiter = ";" if header.count(";") > header.count(",") else ","
    number = 0
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), 1):
            yield number, [cell.strip() for cell in cells]
    except csv.Error:
        raise Invalid.one("/", "csv", f"Rij {number + 1} is niet te lezen als CSV.") from None


def _columns(header: Sequence[str]) -> list[str]:
    """The members that the columns hold. An unknown name is repeated only when it can be no more than a name."""
    known = {str(member.data_key): name for name, member in LogScreeningSchema().fields.items()}
    if known.keys().isdisjoint(header):
        raise Invalid.one("/", "header", "De eerste rij moet de namen van de kolommen hebben.")
    errors = [
        FieldError(pointer_step(name) or "/", "unknown", f"Kolom {number} kennen we niet.")
        for number, name in enumerate(header, 1)
        if name not in known
    ]
    errors += [
        FieldError(f"/{name}", "double", "Deze kolom staat er twee keer.")
        for name in sorted(known.keys() & set(header))
        if header.count(name) > 1
    ]
    if errors:
        raise Invalid(errors=errors)
    return list(header)


def _row(number: int, columns: Sequence[str], cells: Sequence[str], schema: LogScreeningSchema) -> ImportRow:
    errors = _check_width(columns, cells)
    if errors:
        return ImportRow(number, None, errors)
    members = {name: _value(name, cell) for name, cell in zip(columns, cells, strict=True) if cell}
    try:
        return ImportRow(number, schema.load(members))
    except ValidationError as error:
        return ImportRow(number, None, invalid(error).errors)


def _check_width(columns: Sequence[str], cells: Sequence[str]) -> list[FieldError]:
    if len(cells) > len(columns):
        return [FieldError("/", "too_many_columns", f"Deze rij heeft meer cellen dan kolom {columns[-1]}, de laatste.")]
    return [
        FieldError(f"/{name}", "missing_column", f"Deze rij heeft te weinig cellen: {name} ontbreekt.")
        for name in columns[len(cells) :]
    ]


def _value(name: str, cell: str) -> Any:
    """A cell as JSON would have it; what is no number stays text, for the schema to refuse."""
    if name in NUMBERS and cell.isascii() and cell.isdigit() and len(cell) <= LONGEST_NUMBER:
        return int(cell)
    return cell.split("|") if name in LISTS else cell
