"""Any report as JSON: its tables, each cell with its column, and the definition of every figure."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from referral.core.fields import ApiSchema, Code, Day, Flag, Listed, Number, Part, Text
from referral.reports.report import Cell, Column, Report, Table, Unit, Why


class ColumnSchema(ApiSchema):
    """A column of a table."""

    column = Text(required=True)
    label = Text(required=True)
    unit = Code(Unit, required=True)
    indicator = Text(required=True, allow_none=True, metadata={"description": "Staat in `definitions`."})


class CellSchema(ApiSchema):
    """A number or words."""

    column = Text(required=True)
    value = fields.Raw(required=True, allow_none=True, metadata={"type": ["number", "string"]})
    code = Text(metadata={"description": "De code waar de woorden van `value` bij horen."})
    hidden = Flag(metadata={"description": "Staat er alleen, als true, bij een cijfer dat niet getoond mag worden."})
    why = Code(Why, metadata={"description": "Waarom er geen cijfer staat."})


class RowSchema(ApiSchema):
    """The cells of one row, in the order of the columns."""

    cells = Listed(Part(CellSchema), required=True, least=0, most=50)


class TableSchema(ApiSchema):
    """A table, with the rule by which its counts are shown."""

    table = Text(required=True)
    title = Text(required=True)
    rounded_to = Number(1, 100, required=True)
    hidden_below = Number(0, 100, required=True)
    columns = Listed(Part(ColumnSchema), required=True, least=0, most=50)
    rows = Listed(Part(RowSchema), required=True, least=0, most=100_000)


class DefinitionSchema(ApiSchema):
    """What an indicator means."""

    indicator = Text(required=True)
    label = Text(required=True)
    definition = Text(required=True, longest=1000)


class ReportSchema(ApiSchema):
    """A report."""

    report = Text(required=True)
    title = Text(required=True)
    from_on = Day(data_key="from", required=True)
    to_on = Day(data_key="to", required=True)
    remarks = Listed(Text(), required=True, least=0)
    tables = Listed(Part(TableSchema), required=True, least=0)
    definitions = Listed(Part(DefinitionSchema), required=True, least=0, most=100)


def show_report(report: Report) -> dict[str, Any]:
    """A report as the members of its answer."""
    return {
        "report": report.name,
        "title": report.title,
        "from": report.from_on.isoformat(),
        "to": report.to_on.isoformat(),
        "remarks": list(report.remarks),
        "tables": list(map(_table, report.tables)),
        "definitions": [
            {"indicator": name, "label": indicator.label, "definition": indicator.definition}
            for name, indicator in report.definitions.items()
        ],
    }


def _table(table: Table) -> Mapping[str, Any]:
    return {
        "table": table.name,
        "title": table.title,
        "roundedTo": table.rule.rounded_to,
        "hiddenBelow": table.rule.hidden_below,
        "columns": list(map(_column, table.columns)),
        "rows": [{"cells": list(map(_cell, table.columns, row))} for row in table.rows],
    }


def _column(column: Column) -> Mapping[str, Any]:
    return {"column": column.name, "label": column.label, "unit": column.unit, "indicator": column.indicator}


def _cell(column: Column, cell: Cell) -> Mapping[str, Any]:
    found: dict[str, Any] = {"column": column.name, "value": cell.value}
    if cell.code is not None:
        found["code"] = cell.code
    if cell.is_hidden:
        found["hidden"] = True
    return found if cell.why is None else found | {"why": cell.why.value}
