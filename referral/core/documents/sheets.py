"""Tables for spreadsheets: as CSV for a Dutch one, and as a workbook (XLSX) with a sheet for each table.

Text is only ever text: in CSV whatever a spreadsheet would run as a formula gets an apostrophe (OWASP, CSV injection),
in a workbook every text is written as text. Numbers stay numbers.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import xlsxwriter

FORMULA: Final = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
BYTE_ORDER_MARK: Final = "\ufeff"
LONGEST_NAME: Final = 31
WIDEST: Final = 60
_UNFIT: Final = re.compile(r"[\[\]:*?/\\]")

Value = str | int | float | None
Progress = Callable[[int, int], object]


@dataclass(frozen=True)
class Sheet:
    """Rows under a head. Numbers are written as numbers, nothing as an empty cell."""

    name: str
    head: Sequence[str]
    rows: Sequence[Sequence[Value]]


def to_csv(sheets: Sequence[Sheet], *, has_names: bool = False, progress: Progress = lambda _done, _total: None) -> str:
    """The tables below each other: `;` between the cells, a comma in decimals, a byte order mark.

    An empty line stands between two tables, and above each its name when they are to have names.
    """
    file = io.StringIO()
    lines = csv.writer(file, delimiter=";")
    total = sum(len(sheet.rows) for sheet in sheets)
    done = 0
    for number, sheet in enumerate(sheets):
        if number:
            lines.writerow([])
        if has_names:
            lines.writerow([safe_text(sheet.name)])
        lines.writerow(map(safe_text, sheet.head))
        for row in sheet.rows:
            lines.writerow(map(in_csv, row))
            done += 1
            progress(done, total)
    return BYTE_ORDER_MARK + file.getvalue()


def to_xlsx(
    title: str, sheets: Sequence[Sheet], *, made_at: datetime, progress: Progress = lambda _done, _total: None
) -> bytes:
    """The tables as a workbook, each with a frozen head."""
    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        book.set_properties({"title": title, "created": made_at.replace(tzinfo=None)})
        bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
        total = sum(len(sheet.rows) for sheet in sheets)
        done = 0
        for name, sheet in zip(sheet_names(sheet.name for sheet in sheets), sheets, strict=True):
            page = book.add_worksheet(name)
            page.freeze_panes(1, 0)
            for at, head in enumerate(sheet.head):
                page.write_string(0, at, head, bold)
                page.set_column(at, at, _width(at, sheet))
            for number, row in enumerate(sheet.rows, 1):
                for at, value in enumerate(row):
                    if isinstance(value, str):
                        page.write_string(number, at, value, wrapped)
                    elif value is not None:
                        page.write_number(number, at, value)
                done += 1
                progress(done, total)
    return file.getvalue()


def in_csv(value: Value) -> str:
    """A cell of a CSV file; a number is no formula, whatever its sign."""
    if isinstance(value, float):
        return str(value).replace(".", ",")
    return safe_text(value) if isinstance(value, str) else "" if value is None else str(value)


def safe_text(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if FORMULA.match(text) else text


def sheet_names(names: Iterable[str]) -> list[str]:
    """Names that a workbook takes: short, without the signs that it refuses, and each once."""
    given: list[str] = []
    for name in names:
        plain = " ".join(_UNFIT.sub(" ", name).split()).strip("'") or "Blad"
        tail, number = "", 1
        while (fit := plain[: LONGEST_NAME - len(tail)].rstrip() + tail).lower() in {each.lower() for each in given}:
            number += 1
            tail = f" {number}"
        given.append(fit)
    return given


def _width(at: int, sheet: Sheet) -> int:
    longest = max([len(sheet.head[at]), *(len(str(row[at])) for row in sheet.rows[:200] if at < len(row))])
    return min(WIDEST, longest + 2)
