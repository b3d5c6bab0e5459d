"""Any report for a spreadsheet: a table below a table as CSV, or a sheet beside a sheet as XLSX."""

from collections.abc import Callable, Iterator

from referral.core.codelists import labels
from referral.core.documents import Sheet, Value
from referral.reports.report import Cell, Report, Table

RULE = ("Afgerond op", "Verborgen onder")
DEFINITIONS = ("Begrip", "Wat het betekent")
Progress = Callable[[int, int], object]


def nobody_watches(_done: int, _total: int) -> None:
    """The progress of what is soon done."""


def sheets_of(report: Report) -> list[Sheet]:
    """The tables, and at the end what the figures mean. Each row says under which rule its counts are shown."""
    return [*map(_sheet, report.tables), Sheet("Begrippen", DEFINITIONS, list(_definitions(report)))]


def in_cell(cell: Cell) -> Value:
    """The number or the words; of a figure that is not shown, why."""
    return cell.value if cell.why is None else labels("absence")[cell.why]


def _sheet(table: Table) -> Sheet:
    rule = (table.rule.rounded_to, table.rule.hidden_below)
    rows = [[*map(in_cell, row), *rule] for row in table.rows]
    return Sheet(table.title, [*(column.label for column in table.columns), *RULE], rows)


def _definitions(report: Report) -> Iterator[tuple[str, str]]:
    yield "Verslag", f"{report.title}, {report.from_on:%d-%m-%Y} tot en met {report.to_on:%d-%m-%Y}"
    yield from (("Let op", remark) for remark in report.remarks)
    yield from ((each.label, each.definition) for each in report.definitions.values())
