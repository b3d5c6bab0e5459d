"""One figure is the same figure wherever it is read: JSON, CSV, workbook, page and PDF, suppression included."""

import io
import sys
from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader
from sqlalchemy import select

from referral.core.audit import AuditEntry
from referral.core.policy import OrganisationKind
from referral.referrals.workflow import EventName, Status
from referral.reports.measures import GroupKey
from referral.reports.report import HIDDEN, Cell, Report
from referral.reports.schemas import CSV, HTML, PDF, XLSX, file_of, show_report
from referral.reports.usecases import ShowFunnel, rebuild_facts, report_funnel, show_funnel
from tests.reports.conftest import Ledger, Step, path
from tests.reports.reading import Grid, from_csv, from_html, from_json, from_xlsx, is_in_pdf

MARCH = date(2026, 3, 2)
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1")


def fill(ledger: Ledger) -> None:
    """A year with large, small and hidden figures."""
    ledger.screen(MARCH, times=60, held_on=MARCH)
    ledger.screen(MARCH, times=9, by="uwv")
    ledger.screen(MARCH + timedelta(days=95), times=3, municipality_code="GM0014", missed=("no_time",))
    ledger.refer(path(MARCH, 3, 4, 5, 6), times=40)
    ledger.refer(path(MARCH), times=7, by="uwv")
    lost = Step(MARCH + timedelta(days=9), EventName.NOT_START, Status.NOT_STARTED, "client_moved")
    ledger.refer([*path(MARCH, 3), lost], times=11)
    rebuild_facts(ledger.service)


def ask(ledger: Ledger, where: str, kind: str, who: str = "network") -> Any:
    answer = ledger.client.get(f"/v1/reports/{where}", headers={"Actor": who, "Accept": kind})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer


def short(grid: Grid) -> Grid:
    """With the names that a workbook can hold."""
    return {" ".join(title.replace(":", " ").split())[:31].rstrip(): rows for title, rows in grid.items()}


def compare(asked: Grid, csv_file: bytes, workbook: bytes, page: bytes, pdf: bytes) -> tuple[int, int]:
    """How many figures were compared in all shapes, and how many of them are hidden. Raises AssertionError."""
    assert from_csv(csv_file) == asked
    assert short(from_xlsx(workbook)) == short(asked)
    assert from_html(page) == {title: rows for title, rows in asked.items() if rows}
    assert is_in_pdf(pdf, page) == sum(len(rows) for rows in asked.values())
    figures = [value for rows in asked.values() for row in rows for value in row.values()]
    return len(figures), figures.count("verborgen")


@pytest.mark.parametrize(("who", "hides"), [("network", True), ("city", False)])
def test_a_figure_of_the_funnel_is_the_same_in_every_shape(ledger: Ledger, who: str, hides: bool) -> None:
    fill(ledger)
    where = "funnel?groupBy=sourceKind&from=2026-01-01"
    files = [ask(ledger, where, kind, who).get_data() for kind in (CSV, XLSX, HTML, PDF)]
    with ledger.service.work() as work:
        query = ShowFunnel(date(2026, 1, 1), None, (GroupKey.SOURCE_KIND,))
        report = report_funnel(show_funnel(query, actor=ledger.actors[who], work=work))
    asked = from_json(show_report(report))
    # One table has no title above it in CSV.
    titled = "\ufeffDoorstroom\r\n".encode() + files[0].removeprefix("\ufeff".encode())
    compared, hidden = compare(asked, titled, *files[1:])
    sys.stdout.write(f"{who}: {compared} figures in five shapes, {hidden} hidden\n")
    assert compared > 70
    assert (hidden > 0) is hides
    shown = [
        stage["count"] for row in ask(ledger, where, "application/json", who).json["rows"] for stage in row["stages"]
    ]
    told = [row["Aantal"] for row in asked["Doorstroom"] if row.get("Fase") and "Reden van uitval" not in row]
    assert [str(value) if value is not None else "verborgen" for value in shown][:10] == told[:10]


@pytest.mark.parametrize(
    ("where", "who"),
    [("annual?year=2026", "network"), *product(("monitor", "reach", "coverage"), ("network", "city"))],
)
def test_a_figure_of_any_other_report_is_the_same_in_every_shape(ledger: Ledger, where: str, who: str) -> None:
    fill(ledger)
    answers = {kind: ask(ledger, where, kind, who) for kind in ("application/json", CSV, XLSX, HTML, PDF)}
    asked = from_json(answers["application/json"].json)
    files = [answers[kind].get_data() for kind in (CSV, XLSX, HTML, PDF)]
    compared, hidden = compare(asked, *files)
    sys.stdout.write(f"{len(asked)} tables, {compared} figures in five shapes, {hidden} hidden\n")
    assert compared > 20
    assert hidden > 0 or who == "city"


def test_a_shape_that_counts_for_itself_is_found(ledger: Ledger) -> None:
    """The control of the two tests above: one file of which one hidden figure is shown after all."""
    fill(ledger)
    report, careless = reports(ledger)
    asked = from_json(show_report(report))
    good = [file_of(report).written(kind, MOMENT) for kind in (CSV, XLSX, HTML, PDF)]
    titled = ["\ufeffDoorstroom\r\n".encode() + good[0].removeprefix("\ufeff".encode()), *good[1:]]
    compare(asked, *titled)
    for at, kind in enumerate((CSV, XLSX, HTML, PDF)):
        spoiled = file_of(careless).written(kind, MOMENT)
        bad = [*titled[:at], spoiled if kind != CSV else b"\xef\xbb\xbfDoorstroom\r\n" + spoiled[3:], *titled[at + 1 :]]
        with pytest.raises(AssertionError):
            compare(asked, *bad)


MOMENT = path(MARCH)[0].moment


def reports(ledger: Ledger) -> tuple[Report, Report]:
    """The funnel of the region, and the same by somebody who forgot to hide one figure."""
    with ledger.service.work() as work:
        query = ShowFunnel(date(2026, 1, 1), None, (GroupKey.SOURCE_KIND,))
        report = report_funnel(show_funnel(query, actor=ledger.actors["network"], work=work))
    (table,) = report.tables
    rows = [list(row) for row in table.rows]
    row, column = next((row, at) for row in rows for at, cell in enumerate(row) if cell == HIDDEN)
    row[column] = Cell(7)
    return report, replace(report, tables=[replace(table, rows=rows)])


def test_the_workbook_has_a_sheet_a_table_and_one_of_definitions(ledger: Ledger) -> None:
    fill(ledger)
    book = load_workbook(io.BytesIO(ask(ledger, "annual?year=2026", XLSX).get_data()))
    assert book.sheetnames[0] == "Teksten"
    assert book.sheetnames[-1] == "Begrippen"
    sheet = book["De keten in 2026"]
    counts = [row[3] for row in sheet.iter_rows(min_row=2)]
    assert {cell.data_type for cell in counts} == {"n", "s"}
    assert {cell.value for cell in counts if cell.data_type == "s"} == {"verborgen"}
    meanings = {row[0].value: row[1].value for row in book["Begrippen"].iter_rows(min_row=2)}
    assert "aanwijzing voor lage basisvaardigheden" in meanings["Met indicatie"]


@pytest.mark.parametrize("name", FORMULAS)
def test_no_file_holds_a_formula(ledger: Ledger, name: str) -> None:
    """A name of an organisation that a spreadsheet would run."""
    (region,) = ledger.actors["city"].region_ids
    ledger.settle("trap", OrganisationKind.MUNICIPALITY, region, called=f"{name}|cmd")
    ledger.screen(MARCH, by="trap")
    rebuild_facts(ledger.service)
    where = "funnel?groupBy=organisation&from=2026-01-01"
    book = load_workbook(io.BytesIO(ask(ledger, where, XLSX, "trap").get_data()))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    text = ask(ledger, where, CSV, "trap").get_data().decode("utf-8-sig")
    assert f"'{name}|cmd" in text
    assert not [cell for line in text.split("\n") for cell in line.split(";") if cell.strip('"').startswith(name)]
    # The control: written as it is, it would stand there.
    naive = text.replace(f"'{name}", name)
    assert [cell for line in naive.split("\n") for cell in line.split(";") if cell.strip('"').startswith(name)]


def test_every_file_leaves_a_row_in_the_audit_log(ledger: Ledger) -> None:
    fill(ledger)
    kept = []
    for kind in (CSV, XLSX, HTML, PDF, "application/json"):
        ask(ledger, "annual?year=2026", kind)
        kept.append(exports(ledger))
    sent = [{"report": "annual", "mediaType": kind} for kind in (CSV, XLSX, HTML, PDF)]
    assert kept == [sent[:1], sent[:2], sent[:3], sent, sent], "control: JSON is no file"


def exports(ledger: Ledger) -> list[dict[str, Any]]:
    with ledger.service.work(read_only=True) as work:
        rows = work.session.scalars(
            select(AuditEntry).where(AuditEntry.action == "report:export").order_by(AuditEntry.id)
        )
        return [dict(row.details) for row in rows]


def test_the_pdf_is_accessible(ledger: Ledger) -> None:
    fill(ledger)
    pdf = PdfReader(io.BytesIO(ask(ledger, "annual?year=2026", PDF).get_data()))
    root = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "nl"
    assert pdf.metadata is not None
    assert pdf.metadata.title == "Jaarverslag 2026"
    assert b"pdfuaid" in root["/Metadata"].get_data()
