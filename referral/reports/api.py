"""The JSON door to the reports, which also hands them out as tables and to read."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, render_template, request

from referral.core.documents import to_csv
from referral.core.fields import NoMembers
from referral.core.http import ApiBlueprint, answer, current_actor, current_work
from referral.reports import usecases
from referral.reports.report import Report
from referral.reports.schemas import (
    CSV,
    ENDINGS,
    HTML,
    AnnualQuery,
    AnnualSchema,
    AnnualTextInSchema,
    AnnualTextSchema,
    File,
    FunnelQuery,
    FunnelSchema,
    NationalStatisticsQuery,
    NationalStatisticsSchema,
    PeriodQuery,
    ReconcileSchema,
    ReportSchema,
    annual_file,
    cbs_sheet,
    examples,
    file_of,
    show_annual,
    show_json,
    show_national,
    show_report,
)
from referral.reports.usecases import (
    Reconcile,
    ShowAnnual,
    ShowFunnel,
    ShowNationalStatistics,
    ShowReport,
    WriteAnnualText,
)

JSON = "application/json"
SHAPES = "JSON, of met `Accept` een tabel (CSV), een werkmap (XLSX), een leesbare pagina of een toegankelijke PDF."
AS_FILES = {
    200: {
        "description": SHAPES,
        "content": {kind: {"schema": {"type": "string"}, "example": examples.FILES[kind]} for kind in ENDINGS},
    }
}

api = ApiBlueprint("reports", __name__, url_prefix="/v1/reports", description="Cijfers over de keten, zonder personen.")


@api.route("/funnel", methods=["GET"])
@api.arguments(FunnelQuery, location="query")
@api.response(200, FunnelSchema, example=examples.FUNNEL)
@api.doc(responses=AS_FILES)
def show_funnel(query: ShowFunnel) -> Response:
    """De doorstroom van screening tot nazorg, met de uitval en de doorlooptijd per fase."""
    funnel = usecases.show_funnel(query, actor=current_actor(), work=current_work())
    return _shown(show_json(funnel), file_of(usecases.report_funnel(funnel)))


@api.route("/monitor", methods=["GET"])
@api.arguments(PeriodQuery, location="query")
@api.response(200, ReportSchema, example=examples.REPORT)
@api.doc(responses=AS_FILES)
def show_monitor(query: ShowReport) -> Response:
    """De monitor: inzet, resultaat en effect, met de vragenlijst erachter."""
    return _answer(usecases.show_monitor(query, actor=current_actor(), work=current_work()))


@api.route("/reach", methods=["GET"])
@api.arguments(PeriodQuery, location="query")
@api.response(200, ReportSchema, example=examples.REPORT)
@api.doc(responses=AS_FILES)
def show_reach(query: ShowReport) -> Response:
    """Het bereik: wie er worden bereikt, naast de doelgroep, de doelen en het aanbod."""
    return _answer(usecases.show_reach(query, actor=current_actor(), work=current_work()))


@api.route("/coverage", methods=["GET"])
@api.arguments(NoMembers, location="query")
@api.response(200, ReportSchema, example=examples.REPORT)
@api.doc(responses=AS_FILES)
def show_coverage(_query: Mapping[str, Any]) -> Response:
    """De dekking: waar structureel wordt gescreend, hoe vol het is, en wie over tijd is."""
    return _answer(usecases.show_coverage(actor=current_actor(), work=current_work()))


@api.route("/reference-dates/<date>", methods=["GET"])
@api.arguments(NoMembers, location="query")
@api.response(200, ReportSchema, example=examples.REPORT)
@api.doc(responses=AS_FILES)
def show_reference_date(_query: Mapping[str, Any], date: str) -> Response:
    """De stand op een peildatum en het kwartaal ervoor, zoals die zijn vastgesteld."""
    return _answer(usecases.show_reference_date(date, actor=current_actor(), work=current_work()))


@api.route("/reference-dates/<date>/_reconcile", methods=["POST"])
@api.arguments(ReconcileSchema, example=examples.RECONCILE)
@api.response(200, ReportSchema, example=examples.REPORT)
@api.doc(responses=AS_FILES)
def reconcile_count(make: Callable[[str], Reconcile], date: str) -> Response:
    """De eigen telling van een partner, per gemeente naast die van de peildatum."""
    return _answer(usecases.reconcile_count(make(date), actor=current_actor(), work=current_work()))


@api.route("/national-statistics", methods=["GET"])
@api.arguments(NationalStatisticsQuery, location="query")
@api.response(200, NationalStatisticsSchema, example=examples.NATIONAL)
@api.doc(responses={200: {"content": {CSV: {"schema": {"type": "string"}}}}})
@api.response(
    200, content_type=CSV, description="JSON, of met `Accept: text/csv` een tabel.", example=examples.CBS_TABLE
)
def show_national_statistics(query: ShowNationalStatistics) -> Response:
    """Wat het CBS elk jaar vraagt over de volwasseneneducatie: een regel per cursus, zonder naam."""
    found = usecases.show_national_statistics(query, actor=current_actor(), work=current_work())
    if request.accept_mimetypes.best_match([JSON, CSV]) != CSV:
        return answer(show_national(found))
    return _sent(to_csv([cbs_sheet(found)]), CSV, "national_statistics", f"cbs-volwasseneneducatie-{found.year}.csv")


@api.route("/annual", methods=["GET"])
@api.arguments(AnnualQuery, location="query")
@api.response(200, AnnualSchema, example=examples.ANNUAL)
@api.doc(responses=AS_FILES)
def show_annual_report(query: ShowAnnual) -> Response:
    """Het jaarverslag van de regio aan de wethouders: cijfers met hun betekenis, en wat u erbij schreef."""
    annual = usecases.show_annual(query, actor=current_actor(), work=current_work())
    return _shown(show_annual(annual), annual_file(annual))


@api.route("/annual-texts", methods=["POST"])
@api.arguments(AnnualTextInSchema, example=examples.ANNUAL_TEXT)
@api.response(201, AnnualTextSchema, example={**examples.ANNUAL_TEXT, "writtenAt": "2026-11-20T09:00:00Z"})
def write_annual(command: WriteAnnualText) -> Any:
    """Schrijf een tekst voor het jaarverslag. De nieuwste tekst van een hoofdstuk telt."""
    return usecases.write_annual_text(command, actor=current_actor(), work=current_work())


def _answer(report: Report) -> Response:
    return _shown(show_report(report), file_of(report))


def _shown(members: Any, file: File) -> Response:
    """A report in the shape that was asked for: the same figures in each."""
    kind = request.accept_mimetypes.best_match([JSON, *ENDINGS])
    if kind is None or kind not in ENDINGS:
        return answer(members)
    if kind == HTML:
        usecases.note_export(file.name, kind, actor=current_actor(), work=current_work())
        return Response(render_template("document.html", document=file.document), mimetype=HTML)
    return _sent(file.written(kind, current_work().now), kind, file.name, file.named(kind))


def _sent(content: str | bytes, kind: str, report: str, name: str) -> Response:
    """A file to keep; that it left the service is on record."""
    usecases.note_export(report, kind, actor=current_actor(), work=current_work())
    return Response(content, mimetype=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
