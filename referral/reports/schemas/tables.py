"""Any report as CSV for a Dutch spreadsheet: `;` between the cells, a comma in decimals, a byte order mark."""

import csv
import io
import re
from collections.abc import Iterator

from referral.core.codelists import labels
from referral.reports.report import Cell, Report, Table

FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
RULE = ("Afgerond op", "Verborgen onder")
DEFINITIONS = ("Begrip", "Wat het betekent")


def show_csv(report: Report) -> str:
    """The tables of a report below each other, and below those what its figures mean; an empty line in between.

    Each line says under which rule its counts are shown. A report of more than one table has their titles above them.
    Text that a spreadsheet would run as a formula gets an apostrophe (OWASP).
    """
    file = io.StringIO()
    sheet = csv.writer(file, delimiter=";")
    for table in report.tables:
        if len(report.tables) > 1:
            sheet.writerow([table.title])
        sheet.writerows(_lines(table))
        sheet.writerow([])
    sheet.writerow(DEFINITIONS)
    sheet.writerows([definition.label, definition.definition] for definition in report.definitions.values())
    return "\ufeff" + file.getvalue()


def _lines(table: Table) -> Iterator[list[str]]:
    yield [*(column.label for column in table.columns), *RULE]
    for row in table.rows:
        yield [*map(_cell, row), str(table.rule.rounded_to), str(table.rule.hidden_below)]


def _cell(cell: Cell) -> str:
    if cell.why is not None:
        return labels("absence")[cell.why]
    if isinstance(cell.value, float):
        return str(cell.value).replace(".", ",")
    text = "" if cell.value is None else str(cell.value)
    return f"'{text}" if isinstance(cell.value, str) and FORMULA.match(text) else text
