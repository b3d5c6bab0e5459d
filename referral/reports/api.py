"""The JSON door to the reports, which also hands out tables."""

from typing import Any

from flask import Response, render_template, request

from referral.core.documents import to_csv
from referral.core.http import ApiBlueprint, answer, current_actor, current_work
from referral.reports import usecases
from referral.reports.schemas import (
    CBS_COLUMNS,
    CSV,
    ENDINGS,
    HTML,
    PDF,
    XLSX,
    AnnualQuery,
    AnnualSchema,
    AnnualTextInSchema,
    AnnualTextSchema,
    File,
    FunnelQuery,
    FunnelSchema,
    NationalStatisticsQuery,
    NationalStatisticsSchema,
    annual_file,
    cbs_sheet,
    file_of,
    show_annual,
    show_json,
    show_national,
)
from referral.reports.usecases import ShowAnnual, ShowFunnel, ShowNationalStatistics, WriteAnnualText

JSON = "application/json"
SHAPES = "JSON, of met `Accept` een tabel (CSV), een werkmap (XLSX), een leesbare pagina of een toegankelijke PDF."
AS_FILES = {200: {"content": {kind: {"schema": {"type": "string"}} for kind in (CSV, XLSX, HTML, PDF)}}}
STAGES = [
    {"stage": "screened", "count": 120, "conversion": None, "medianDays": None, "p90Days": None},
    {"stage": "indication", "count": 45, "conversion": 0.38, "medianDays": 0, "p90Days": 0},
    {"stage": "discussed", "count": None, "hidden": True, "conversion": None, "medianDays": None, "p90Days": None},
]
FUNNEL = {
    "from": "2026-01-01",
    "to": "2026-12-31",
    "groupBy": ["sourceKind", "month"],
    "roundedTo": 5,
    "hiddenBelow": 8,
    "rows": [
        {
            "group": {"sourceKind": "municipality", "month": "2026-03"},
            "stages": STAGES,
            "losses": [],
            "notDiscussed": [],
            "others": [{"figure": "cold_handover", "count": 10, "share": None, "medianDays": None, "p90Days": None}],
        }
    ],
}
TABLE = (
    "Maand;Fase;Uitval door;Reden van uitval;Aantal;Doorstroom;Dagen (mediaan);Dagen (90e percentiel);Afgerond op;"
    "Verborgen onder\r\n2026-03;Met indicatie;;;45;0,38;0;0;5;8\r\n"
)
NATIONAL = {
    "year": 2026,
    "regionId": "019a5f3e-7b02-7c11-8d40-2e9b4a6d1c00",
    "rows": [
        {
            "gender": "female",
            "birthYear": 1985,
            "motherTongue": "dutch",
            "municipalityCode": "GM0453",
            "courseKind": "formal",
            "courseType": "language",
            "administrationNumber": "N7K3Q9F2M8XA4",
        }
    ],
    "leftOut": {"erased": 1},
}
ANNUAL_TEXT = {"year": 2026, "part": "narrative", "text": "Een moeder leest nu zelf voor."}
ANNUAL = {
    "year": 2026,
    "report": "annual",
    "title": "Jaarverslag 2026",
    "from": "2026-01-01",
    "to": "2026-12-31",
    "remarks": [],
    "tables": [],
    "definitions": [],
    "chapters": [{"chapter": "narrative", "label": "Het verhaal achter de cijfers", "text": None, "tables": []}],
}
CBS_TABLE = ";".join(CBS_COLUMNS) + "\r\nVrouw;1985;Nederlands;GM0453;Formeel;Taal;N7K3Q9F2M8XA4\r\n"

api = ApiBlueprint("reports", __name__, url_prefix="/v1/reports", description="Cijfers over de keten, zonder personen.")


@api.route("/funnel", methods=["GET"])
@api.arguments(FunnelQuery, location="query")
@api.response(200, FunnelSchema, example=FUNNEL)
@api.doc(responses=AS_FILES)
@api.response(200, content_type=CSV, description=SHAPES, example=TABLE)
def show_funnel(query: ShowFunnel) -> Response:
    """De doorstroom van screening tot nazorg, met de uitval en de doorlooptijd per fase."""
    funnel = usecases.show_funnel(query, actor=current_actor(), work=current_work())
    return _shown(show_json(funnel), file_of(usecases.report_funnel(funnel)))


@api.route("/national-statistics", methods=["GET"])
@api.arguments(NationalStatisticsQuery, location="query")
@api.response(200, NationalStatisticsSchema, example=NATIONAL)
@api.doc(responses={200: {"content": {CSV: {"schema": {"type": "string"}}}}})
@api.response(200, content_type=CSV, description="JSON, of met `Accept: text/csv` een tabel.", example=CBS_TABLE)
def show_national_statistics(query: ShowNationalStatistics) -> Response:
    """Wat het CBS elk jaar vraagt over de volwasseneneducatie: een regel per cursus, zonder naam."""
    found = usecases.show_national_statistics(query, actor=current_actor(), work=current_work())
    if request.accept_mimetypes.best_match([JSON, CSV]) != CSV:
        return answer(show_national(found))
    return _sent(to_csv([cbs_sheet(found)]), CSV, "national_statistics", f"cbs-volwasseneneducatie-{found.year}.csv")


@api.route("/annual", methods=["GET"])
@api.arguments(AnnualQuery, location="query")
@api.response(200, AnnualSchema, example=ANNUAL)
@api.doc(responses=AS_FILES)
@api.response(200, content_type=PDF, description=SHAPES, example="%PDF-1.7")
def show_annual_report(query: ShowAnnual) -> Response:
    """Het jaarverslag van de regio aan de wethouders: cijfers met hun betekenis, en wat u erbij schreef."""
    annual = usecases.show_annual(query, actor=current_actor(), work=current_work())
    return _shown(show_annual(annual), annual_file(annual))


@api.route("/annual-texts", methods=["POST"])
@api.arguments(AnnualTextInSchema, example=ANNUAL_TEXT)
@api.response(201, AnnualTextSchema, example={**ANNUAL_TEXT, "writtenAt": "2026-11-20T09:00:00Z"})
def write_annual(command: WriteAnnualText) -> Any:
    """Schrijf een tekst voor het jaarverslag. De nieuwste tekst van een hoofdstuk telt."""
    return usecases.write_annual_text(command, actor=current_actor(), work=current_work())


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
