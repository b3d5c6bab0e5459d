"""Reading a report back from the files that people get: the tables in each, every cell as plain words."""

import csv
import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

from openpyxl import load_workbook
from pypdf import PdfReader

Grid = dict[str, list[dict[str, str]]]
"""Per table, by its title, the rows; per row the words under each head that has any."""
RULE = ("Afgerond op", "Verborgen onder")
PERCENTAGE = re.compile(r"([\d,]+) %")


def plain(value: Any) -> str:
    """A figure in one notation: 0,38 and 38 % and 0.38 are the same."""
    text = "" if value in (None, "–") else str(value)
    if share := PERCENTAGE.fullmatch(text):
        return f"{float(share[1].replace(',', '.')) / 100:.6g}"
    try:
        return f"{float(text.replace(',', '.')):.6g}"
    except ValueError:
        return text


def rows_of(head: list[Any], lines: list[list[Any]]) -> list[dict[str, str]]:
    """The rows without what is empty and without the rule, which stands in the caption elsewhere."""
    cells = ({str(name): plain(value) for name, value in zip(head, line, strict=False)} for line in lines)
    return [{name: value for name, value in row.items() if value and name not in RULE} for row in cells]


def from_json(answer: dict[str, Any]) -> Grid:
    """The tables of a report."""
    return {
        table["title"]: rows_of(
            [column["label"] for column in table["columns"]],
            [[_words(cell) for cell in row["cells"]] for row in table["rows"]],
        )
        for table in answer["tables"]
    }


def _words(cell: dict[str, Any]) -> Any:
    return "verborgen" if "why" in cell else cell["value"]


def from_csv(content: bytes) -> Grid:
    """The tables below their titles; the definitions are no table."""
    blocks: list[list[list[str]]] = [[]]
    for line in csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"):
        if line:
            blocks[-1].append(line)
        else:
            blocks.append([])
    return {block[0][0]: rows_of(block[1], block[2:]) for block in blocks if not _is_about(block[0][0])}


def from_xlsx(content: bytes) -> Grid:
    """The sheets; a name is cut off at 31 signs."""
    book = load_workbook(io.BytesIO(content))
    found = {}
    for sheet in book:
        head, *lines = [[cell.value for cell in row] for row in sheet.iter_rows()]
        assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row), "no cell is a formula"
        if not _is_about(sheet.title):
            found[sheet.title] = rows_of(head, lines)
    return found


def _is_about(name: str) -> bool:
    return name in ("Begrip", "Begrippen", "Teksten")


class _Tables(HTMLParser):
    """Every table of a page: its caption, its head and its rows."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[dict[str, Any]] = []
        self.into: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag == "table":
            self.tables.append({"caption": [], "head": [], "rows": []})
        elif tag == "caption":
            self.into = self.tables[-1]["caption"]
        elif tag == "th":
            self.into = self.tables[-1]["head"]
        elif tag == "tr":
            self.tables[-1]["rows"].append([])
        elif tag == "td":
            self.into = self.tables[-1]["rows"][-1]
        if tag in ("caption", "th", "td") and self.into is not None:
            self.into.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("caption", "th", "td"):
            self.into = None

    def handle_data(self, data: str) -> None:
        if self.into is not None:
            self.into[-1] += data


def from_html(content: bytes) -> Grid:
    """The tables by the first sentence of their caption."""
    return {title: rows_of(head, lines) for title, head, lines in html_tables(content)}


def html_tables(content: bytes) -> Iterator[tuple[str, list[str], list[list[str]]]]:
    """Title, head and rows of every table of a page, as they stand there."""
    page = _Tables()
    page.feed(content.decode())
    for table in page.tables:
        yield table["caption"][0].partition(". ")[0], table["head"], [row for row in table["rows"] if row]


def is_in_pdf(content: bytes, page: bytes) -> int:
    """How many rows the tables of the page have; each of them stands in the PDF, in that order."""
    text = _dense("".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(content)).pages))
    at, found = 0, 0
    for _title, _head, lines in html_tables(page):
        for line in lines:
            wanted = _dense("".join(line))
            at = text.find(wanted, at)
            assert at >= 0, f"not in the PDF, or not in this order: {line}"
            at, found = at + len(wanted), found + 1
    return found


def _dense(text: str) -> str:
    """Without white space and hyphens, which say where a line was broken, and without the numbers of the pages."""
    return re.sub(r"[\s\u00ad\u2010-]", "", re.sub(r"\n?\d+ / \d+\n?", "", text))
