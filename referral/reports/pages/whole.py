"""The reports besides the funnel as pages, and each as a file: all drawn from the one shape of every report."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from referral.core.errors import Invalid, NotFound
from referral.core.http import current_actor, current_work
from referral.core.policy import OrganisationKind
from referral.reports import usecases
from referral.reports.charts import Bar, draw_bars
from referral.reports.pages.periods import days_of, periods_until
from referral.reports.report import Report, Table
from referral.reports.schemas import ENDINGS, HTML, File, file_of
from referral.reports.usecases import ShowReport, note_export

pages = Blueprint("report", __name__, url_prefix="/figures")

REPORTS: Mapping[str, Callable[..., Report]] = {
    "monitor": lambda query, **who: usecases.show_monitor(query, **who),
    "reach": lambda query, **who: usecases.show_reach(query, **who),
    "coverage": lambda _query, **who: usecases.show_coverage(**who),
}
"""The reports that have a page. Coverage is about today, so it takes no period."""
TITLES = {"monitor": "Monitor", "reach": "Bereik", "coverage": "Dekking"}
DRAWN = {
    "overdue": "overdue", "screening": "screened", "coaches": "caseload", "languages": "participants",
    "ages": "screened", "municipalities": "screened", "demand": "demand", "input": "participants",
}  # fmt: skip
"""The tables that are drawn too, by the column of the bars."""
KINDS = {ending: kind for kind, ending in ENDINGS.items() if kind != HTML}
"""The files that can be downloaded, by their ending."""


@pages.get("/<any(monitor, reach, coverage):name>")
def show(name: str) -> ResponseReturnValue:
    """A report for the period in the address, each table with the pictures that help."""
    work, period = current_work(), request.args.get("period", "").strip()
    frame: dict[str, Any] = {"name": name, "titles": TITLES, "period": period, "periods": periods_until(work.today)}
    frame["is_region"] = current_actor().organisation_kind is OrganisationKind.REGION
    try:
        report = _ask(name, period)
    except Invalid as refusal:
        return render_template("reports/report.html", report=None, refusal=refusal, **frame), refusal.status
    pictures = {table.name: picture for table in report.tables if (picture := picture_of(table))}
    return render_template("reports/report.html", report=report, pictures=pictures, refusal=None, **frame)


@pages.get("/<any(monitor, reach, coverage):name>.<ending>")
def download(name: str, ending: str) -> Response:
    """The same report as a file: for a spreadsheet (CSV, XLSX) or to keep (PDF)."""
    return sent(file_of(_ask(name, request.args.get("period", "").strip())), ending)


def _ask(name: str, period: str) -> Report:
    days = {key: date.fromisoformat(day) for key, day in days_of(period).items()}
    query = ShowReport(days.get("from"), days.get("to"))
    return REPORTS[name](query, actor=current_actor(), work=current_work())


def sent(file: File, ending: str) -> Response:
    """The file, with its row in the audit log that figures left the service. Raises `NotFound` for another ending."""
    if ending not in KINDS:
        raise NotFound
    work, kind = current_work(), KINDS[ending]
    note_export(file.name, kind, actor=current_actor(), work=work)
    name = f'attachment; filename="{file.named(kind)}"'
    return Response(file.written(kind, work.now), mimetype=kind, headers={"Content-Disposition": name})


def picture_of(table: Table) -> Markup | None:
    """Bars for a table that is easier to look at than to read; the totals stay in the table only.

    None when every figure is hidden: there is nothing to look at then.
    """
    if table.name not in DRAWN:
        return None
    at = [column.name for column in table.columns].index(DRAWN[table.name])
    drawn = [(str(row[0].value), row[at].value) for row in table.rows if row[0].code is not None]
    bars = [Bar(label, None if value is None else int(value)) for label, value in drawn]
    return draw_bars(bars, table.title) if any(bar.count is not None for bar in bars) else None
