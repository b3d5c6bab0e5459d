"""The one shape of every report: tables of cells with the definitions beside them (M8).

JSON, CSV, page, XLSX and PDF all write this down, each in its own way, and compute nothing: so a figure is the same
wherever it is read. Disclosure control is done before a cell is made.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from referral.core.codelists import Indicator, indicators
from referral.reports.disclosure import Rule

Value = int | float | str


class Unit(StrEnum):
    """What a column holds. A share is a part from 0 to 1; days are calendar days; text and name are words."""

    TEXT = "text"
    COUNT = "count"
    SHARE = "share"
    DAYS = "days"
    AVERAGE = "average"


class Why(StrEnum):
    """Why a cell has no number: it is protected."""

    HIDDEN = "hidden"


@dataclass(frozen=True)
class Cell:
    """A number or words; hidden (`why`); or absent, when there is nothing to say (`value` None).

    `code` is the code of which the words are the label; an unknown value has words and no code.
    """

    value: Value | None = None
    why: Why | None = None
    code: str | None = None

    @property
    def is_hidden(self) -> bool:
        """Whether a number is there that may not be shown: too small, or it would give away one that is."""
        return self.why is Why.HIDDEN


ABSENT, HIDDEN = Cell(), Cell(why=Why.HIDDEN)


@dataclass(frozen=True)
class Column:
    """A column of a table: its name in the API, the words above it, what it holds, and of which indicator."""

    name: str
    label: str
    unit: Unit = Unit.TEXT
    indicator: str | None = None


@dataclass(frozen=True)
class Table:
    """Rows of cells, as many in each as there are columns, under the rule by which its counts are shown."""

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    rule: Rule


@dataclass(frozen=True)
class Report:
    """A report as it may be shown to whoever asked. `indicators` names those that stand in its rows, not above them."""

    name: str
    title: str
    from_on: date
    to_on: date
    tables: Sequence[Table]
    indicators: Sequence[str] = ()
    remarks: Sequence[str] = field(default_factory=list)

    @property
    def definitions(self) -> Mapping[str, Indicator]:
        """What every figure in it means, by the name of the indicator, in the order of the report."""
        above = [column.indicator for table in self.tables for column in table.columns if column.indicator]
        return {name: indicators()[name] for name in dict.fromkeys([*self.indicators, *above])}

    @property
    def file_name(self) -> str:
        """The name of a file of it, without its ending ("doorstroom-2026-01-01-2026-12-31")."""
        return f"{self.title.lower().replace(' ', '-')}-{self.from_on}-{self.to_on}"


def indicator_column(name: str, unit: Unit = Unit.COUNT) -> Column:
    """The column of an indicator, under its own label."""
    return Column(name, indicators()[name].label, unit, name)


def number(value: Value | None) -> Cell:
    """A number that may be shown, or nothing."""
    return ABSENT if value is None else Cell(value)


def count(shown: int | None) -> Cell:
    """A count as disclosure control gave it: None is hidden."""
    return HIDDEN if shown is None else Cell(shown)


def yes_no(is_so: bool) -> Cell:
    """Yes or no, in words."""
    return Cell("Ja", code="yes") if is_so else Cell("Nee", code="no")


def named(code: str | None, labels: Mapping[str, str], unknown: str = "Onbekend") -> Cell:
    """The words for a code; an unknown value has words of its own."""
    return Cell(unknown) if not code else Cell(labels.get(code, code), code=code)


def pack(report: Report) -> dict[str, Any]:
    """A report as JSON that gives the same report again, whatever the words and rules are by then."""
    return {
        **{name: getattr(report, name) for name in ("name", "title")},
        "from_on": report.from_on.isoformat(),
        "to_on": report.to_on.isoformat(),
        "indicators": list(report.indicators),
        "remarks": list(report.remarks),
        "tables": [
            {
                "name": table.name,
                "title": table.title,
                "columns": [asdict(column) for column in table.columns],
                "rows": [[[cell.value, cell.why, cell.code] for cell in row] for row in table.rows],
                "rule": asdict(table.rule),
            }
            for table in report.tables
        ],
    }


def unpack(packed: Mapping[str, Any]) -> Report:
    """The report that was packed."""
    days = {name: date.fromisoformat(packed[name]) for name in ("from_on", "to_on")}
    return Report(**{**packed, **days, "tables": list(map(_table, packed["tables"]))})


def _table(packed: Mapping[str, Any]) -> Table:
    columns = [Column(**{**column, "unit": Unit(column["unit"])}) for column in packed["columns"]]
    rows = [[Cell(value, Why(why) if why else None, code) for value, why, code in row] for row in packed["rows"]]
    return Table(packed["name"], packed["title"], columns, rows, Rule(**packed["rule"]))
