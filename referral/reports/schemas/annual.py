"""The yearly report: what may be asked and written, and its chapters as JSON and on paper."""

from collections.abc import Iterator
from typing import Any

from marshmallow import post_load

from referral.core.codelists import labels
from referral.core.documents import Block, Document, Paragraph, Picture, Section, Sheet
from referral.core.fields import ApiSchema, Code, Instant, Listed, Number, Part, QueryNumber, Text
from referral.reports.charts import Bar, draw_bars
from referral.reports.measures import Stage
from referral.reports.report import Table
from referral.reports.schemas.files import File
from referral.reports.schemas.paper import blocks_of, opening_of
from referral.reports.schemas.reports import ReportSchema, show_report
from referral.reports.schemas.tables import sheets_of
from referral.reports.usecases import (
    CHAIN,
    EARLIEST_YEAR,
    TEXT_PARTS,
    AnnualReport,
    Chapter,
    ShowAnnual,
    WriteAnnualText,
)

LONGEST = 8000
NOT_YET = "Hier staat nog niets."


class AnnualQuery(ApiSchema):
    """Which year."""

    year = QueryNumber(
        EARLIEST_YEAR, 2100, required=True, metadata={"description": "Het kalenderjaar.", "example": 2026}
    )

    @post_load
    def to_command(self, members: dict[str, Any], **_options: Any) -> ShowAnnual:
        return ShowAnnual(**members)


class ChapterSchema(ApiSchema):
    """A chapter: a text, tables or both."""

    chapter = Code(labels("annualChapter"), required=True)
    label = Text(required=True)
    text = Text(longest=LONGEST, required=True, allow_none=True)
    tables = Listed(Text(), required=True, least=0, metadata={"description": "De tabellen van dit hoofdstuk."})


class AnnualSchema(ReportSchema):
    """The report, and its chapters in reading order."""

    year = Number(EARLIEST_YEAR, 2100, required=True)
    chapters = Listed(Part(ChapterSchema), required=True, least=0)


class AnnualTextInSchema(ApiSchema):
    """The text of one chapter; null takes it away."""

    year = Number(EARLIEST_YEAR, 2100, required=True)
    part = Code(TEXT_PARTS, required=True)
    text = Text(
        longest=LONGEST,
        required=True,
        allow_none=True,
        metadata={"description": "Wordt openbaar: zonder namen, nummers, telefoonnummers en e-mailadressen."},
    )

    @post_load
    def to_command(self, members: dict[str, Any], **_options: Any) -> WriteAnnualText:
        return WriteAnnualText(**members)


class AnnualTextSchema(ApiSchema):
    """A text as it is kept."""

    year = Number(EARLIEST_YEAR, 2100, required=True)
    part = Code(TEXT_PARTS, required=True)
    text = Text(longest=LONGEST, required=True, allow_none=True)
    written_at = Instant(required=True)


def show_annual(annual: AnnualReport) -> dict[str, Any]:
    """The report as the members of its answer."""
    chapters = [
        {
            "chapter": chapter.name,
            "label": chapter.label,
            "text": chapter.text,
            "tables": [table.name for table in chapter.tables],
        }
        for chapter in annual.chapters
    ]
    return {"year": annual.year, **show_report(annual.report), "chapters": chapters}


def annual_file(annual: AnnualReport) -> File:
    """The report as a file; a spreadsheet gets the texts in a sheet of their own."""
    report = annual.report
    texts = [(chapter.label, chapter.text) for chapter in annual.chapters if chapter.text]
    sheets = [Sheet("Teksten", ("Hoofdstuk", "Tekst"), texts), *sheets_of(report)]
    document = Document(report.title, list(opening_of(report)), list(_sections(annual)))
    return File(report.name, report.title, report.file_name, sheets, document)


def _sections(annual: AnnualReport) -> Iterator[Section]:
    for chapter in annual.chapters:
        yield Section(chapter.label, list(_words(chapter)))
        for table in chapter.tables:
            picture = [_drawn(table)] if table.name == CHAIN else []
            yield Section(table.title, [*picture, *blocks_of(table, annual.report)], level=2)


def _drawn(table: Table) -> Picture:
    """The stages as bars, from the cells of the table that stands below it."""
    rows = [{column.name: cell for column, cell in zip(table.columns, row, strict=True)} for row in table.rows]
    bars = [
        Bar(str(row["stage"].value), None if row["count"].is_hidden else int(row["count"].value or 0))
        for row in rows
        if row["stage"].code in set(Stage)
    ]
    return Picture(str(draw_bars(bars, table.title)), f"{table.title}, als staven. De aantallen staan eronder.")


def _words(chapter: Chapter) -> Iterator[Block]:
    for paragraph in (chapter.text or "").splitlines():
        if paragraph.strip():
            yield Paragraph(paragraph.strip())
    if not chapter.text and not chapter.tables:
        yield Paragraph(NOT_YET)
