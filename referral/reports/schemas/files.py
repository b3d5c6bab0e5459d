"""A report as a file: the shapes in which every report may be asked for, and what stands in each of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from referral.core.documents import Document, Sheet, to_csv, to_html, to_pdf, to_xlsx
from referral.reports.report import Report
from referral.reports.schemas.paper import write_report
from referral.reports.schemas.tables import Progress, nobody_watches, sheets_of

CSV: Final = "text/csv"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HTML: Final = "text/html"
PDF: Final = "application/pdf"
ENDINGS: Mapping[str, str] = {CSV: "csv", XLSX: "xlsx", HTML: "html", PDF: "pdf"}
"""The shapes besides JSON, and how the name of such a file ends."""


@dataclass(frozen=True)
class File:
    """What goes into a file of any shape: sheets for a spreadsheet, a document for people."""

    name: str
    title: str
    file_name: str
    sheets: Sequence[Sheet]
    document: Document

    def named(self, kind: str) -> str:
        """The name of the file in this shape."""
        return f"{self.file_name}.{ENDINGS[kind]}"

    def written(self, kind: str, made_at: datetime, progress: Progress = nobody_watches) -> bytes:
        """Its bytes in this shape."""
        return _WRITERS[kind](self, made_at, progress)


def file_of(report: Report) -> File:
    """Any report as a file."""
    return File(report.name, report.title, report.file_name, sheets_of(report), write_report(report))


def _csv(file: File, _made_at: datetime, progress: Progress) -> bytes:
    # The last sheet is that of the definitions: one table needs no name above it.
    return to_csv(file.sheets, has_names=len(file.sheets) > 2, progress=progress).encode()


def _xlsx(file: File, made_at: datetime, progress: Progress) -> bytes:
    return to_xlsx(file.title, file.sheets, made_at=made_at, progress=progress)


def _html(file: File, _made_at: datetime, _progress: Progress) -> bytes:
    return to_html(file.document).encode()


def _pdf(file: File, made_at: datetime, _progress: Progress) -> bytes:
    return to_pdf(file.document, made_at=made_at)


_WRITERS: Mapping[str, Callable[[File, datetime, Progress], bytes]] = {CSV: _csv, XLSX: _xlsx, HTML: _html, PDF: _pdf}
