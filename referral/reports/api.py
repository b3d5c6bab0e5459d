"""The JSON door to the reports, which also hands out tables."""

from flask import Response, request

from referral.core.http import ApiBlueprint, answer, current_actor, current_work
from referral.reports import usecases
from referral.reports.report import Report
from referral.reports.schemas import FunnelQuery, FunnelSchema, show_csv, show_json
from referral.reports.usecases import ShowFunnel

JSON, CSV = "application/json", "text/csv"
NO_DAYS = {"medianDays": None, "p90Days": None, "p10Days": None, "p25Days": None, "p75Days": None}
STAGES = [
    {"stage": "screened", "count": 120, "conversion": None, **NO_DAYS},
    {"stage": "indication", "count": 45, "conversion": 0.38, **dict.fromkeys(NO_DAYS, 0)},
    {"stage": "discussed", "count": None, "hidden": True, "conversion": None, **NO_DAYS},
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
            "others": [{"figure": "cold_handover", "count": 10, "share": None, **NO_DAYS}],
        }
    ],
}
TABLE = (
    "Maand;Fase;Uitval door;Reden van uitval;Aantal;Doorstroom;Dagen (mediaan);Dagen (90e percentiel);Afgerond op;"
    "Verborgen onder\r\n2026-03;Met indicatie;;;45;0,38;0;0;5;8\r\n"
)

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
    return _csv(usecases.report_funnel(funnel))


def _csv(report: Report) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{report.file_name}.csv"'}
    return Response(show_csv(report), mimetype=CSV, headers=headers)
