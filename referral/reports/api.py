"""The JSON door to the reports, which also hands out tables."""

from flask import Response, request

from referral.core.documents import to_csv
from referral.core.http import ApiBlueprint, answer, current_actor, current_work
from referral.reports import usecases
from referral.reports.schemas import (
    CBS_COLUMNS,
    COLUMNS,
    FunnelQuery,
    FunnelSchema,
    NationalStatisticsQuery,
    NationalStatisticsSchema,
    cbs_sheet,
    show_csv,
    show_json,
    show_national,
)
from referral.reports.usecases import ShowFunnel, ShowNationalStatistics

JSON, CSV = "application/json", "text/csv"
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
TABLE = ";".join(("Maand", *COLUMNS)) + "\r\n2026-03;Met indicatie;;;45;0,38;0;0;5;8\r\n"
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
CBS_TABLE = ";".join(CBS_COLUMNS) + "\r\nVrouw;1985;Nederlands;GM0453;Formeel;Taal;N7K3Q9F2M8XA4\r\n"

api = ApiBlueprint("reports", __name__, url_prefix="/v1/reports", description="Cijfers over de keten, zonder personen.")


@api.route("/funnel", methods=["GET"])
@api.arguments(FunnelQuery, location="query")
@api.response(200, FunnelSchema, example=FUNNEL)
@api.doc(responses={200: {"content": {CSV: {"schema": {"type": "string"}}}}})
@api.response(200, content_type=CSV, description="JSON, of met `Accept: text/csv` een tabel.", example=TABLE)
def show_funnel(query: ShowFunnel) -> Response:
    """De doorstroom van screening tot nazorg, met de uitval en de doorlooptijd per fase."""
    funnel = usecases.show_funnel(query, actor=current_actor(), work=current_work())
    if request.accept_mimetypes.best_match([JSON, CSV]) != CSV:
        return answer(show_json(funnel))
    return _file(show_csv(funnel), CSV, "funnel", f"doorstroom-{funnel.from_on}-{funnel.to_on}.csv")


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
    return _file(to_csv([cbs_sheet(found)]), CSV, "national_statistics", f"cbs-volwasseneneducatie-{found.year}.csv")


def _file(content: str | bytes, media_type: str, report: str, name: str) -> Response:
    """The report as a file; that it left the service is on record."""
    usecases.note_export(report, media_type, actor=current_actor(), work=current_work())
    return Response(content, mimetype=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})
