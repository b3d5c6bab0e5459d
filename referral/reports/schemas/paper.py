"""Any report to read: a page and an accessible PDF, with the meaning of the figures below each table (M8)."""

from collections.abc import Iterator, Sequence

from referral.core import documents
from referral.core.codelists import indicators, labels
from referral.core.documents import Document, Facts, Paragraph, Section
from referral.reports.report import Cell, Column, Report, Table, Unit

MEANING = "Wat deze cijfers betekenen"
NOTHING = "–"


def write_report(report: Report) -> Document:
    """The report as a document, table by table."""
    sections = [Section(table.title, list(blocks_of(table, report))) for table in report.tables]
    return Document(report.title, list(opening_of(report)), sections)


def opening_of(report: Report) -> Iterator[str]:
    """What the reader should know first: the period, and what holds for all figures."""
    yield f"Periode: {report.from_on:%d-%m-%Y} tot en met {report.to_on:%d-%m-%Y}."
    yield from report.remarks


def blocks_of(table: Table, report: Report) -> Iterator[documents.Block]:
    """A table without the columns that are empty in all rows, the rule of its counts, and what its figures mean."""
    at = [
        each
        for each in range(len(table.columns))
        if any(row[each].value is not None or row[each].why for row in table.rows)
    ]
    head = [table.columns[each].label for each in at]
    rows = [[in_words(table.columns[each], row[each]) for each in at] for row in table.rows]
    if not rows:
        yield Paragraph("Er is niets te tonen.")
        return
    yield documents.Table(f"{table.title}. {_rule(table)}", head, rows)
    if meant := list(_meanings(table, report)):
        yield Paragraph(f"{MEANING}:")
        yield Facts(meant)


def in_words(column: Column, cell: Cell) -> str:
    """A cell as people read it: a share as a percentage, decimals with a comma, and why there is no figure."""
    if cell.why is not None:
        return labels("absence")[cell.why]
    if cell.value is None:
        return NOTHING
    if isinstance(cell.value, str):
        return cell.value
    if column.unit is Unit.SHARE:
        return f"{cell.value * 100:g} %".replace(".", ",")
    return f"{cell.value:.10g}".replace(".", ",")


def _rule(table: Table) -> str:
    if table.rule.rounded_to == 1:
        return "Aantallen zijn precies."
    return f"Aantallen zijn afgerond op {table.rule.rounded_to}; onder {table.rule.hidden_below} zijn ze verborgen."


def _meanings(table: Table, report: Report) -> Iterator[tuple[str, str]]:
    """The definitions of the columns of this table, and of the indicators that stand in its rows."""
    in_rows: Sequence[str | None] = [cell.code for row in table.rows for cell in row if cell.code in report.indicators]
    named = dict.fromkeys([*in_rows, *(column.indicator for column in table.columns)])
    for code in named:
        if code is not None and code in indicators():
            yield indicators()[code].label, indicators()[code].definition
