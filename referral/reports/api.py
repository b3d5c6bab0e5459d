"""The JSON door to the reports, which also hands out tables."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, request

from referral.core.fields import NoMembers
from referral.core.http import ApiBlueprint, answer, current_actor, current_work
from referral.reports import usecases
from referral.reports.report import Report
from referral.reports.schemas import (
    FunnelQuery,
    FunnelSchema,
    PeriodQuery,
    ReconcileSchema,
    ReportSchema,
    show_csv,
    show_json,
    show_report,
)
from referral.reports.usecases import Reconcile, ShowFunnel, ShowReport

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

REPORT = {
    "report": "monitor",
    "title": "Monitor",
    "from": "2026-01-01",
    "to": "2026-12-31",
    "remarks": [],
    "tables": [
        {
            "table": "input",
            "title": "Inzet: activiteiten en deelnemers",
            "roundedTo": 5,
            "hiddenBelow": 8,
            "columns": [
                {"column": "courseKind", "label": "Soort cursus", "unit": "text", "indicator": None},
                {"column": "participants", "label": "Deelnemers", "unit": "count", "indicator": "participants"},
            ],
            "rows": [
                {
                    "cells": [
                        {"column": "courseKind", "value": "Formeel", "code": "formal"},
                        {"column": "participants", "value": 45},
                    ]
                },
                {
                    "cells": [
                        {"column": "courseKind", "value": "Onbekend"},
                        {"column": "participants", "value": None, "hidden": True, "why": "hidden"},
                    ]
                },
            ],
        }
    ],
    "definitions": [
        {
            "indicator": "participants",
            "label": "Deelnemers",
            "definition": "Doorverwezen zaken waarbij het traject is gestart.",
        }
    ],
}
OR_TABLE = "JSON, of met `Accept: text/csv` de tabellen onder elkaar."
REPORT_TABLE = (
    "Soort cursus;Deelnemers;Afgerond op;Verborgen onder\r\nFormeel;45;5;8\r\nOnbekend;verborgen;5;8\r\n\r\n"
    "Begrip;Wat het betekent\r\nDeelnemers;Doorverwezen zaken waarbij het traject is gestart.\r\n"
)
RECONCILE = {"figure": "referred", "counts": [{"municipalityCode": "GM0453", "count": 12}]}

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


@api.route("/monitor", methods=["GET"])
@api.arguments(PeriodQuery, location="query")
@api.response(200, ReportSchema, example=REPORT)
@api.doc(responses={200: {"content": {CSV: {"schema": {"type": "string"}}}}})
@api.response(200, content_type=CSV, description=OR_TABLE, example=REPORT_TABLE)
def show_monitor(query: ShowReport) -> Response:
    """De monitor: inzet, resultaat en effect, met de vragenlijst erachter."""
    return _answer(usecases.show_monitor(query, actor=current_actor(), work=current_work()))


@api.route("/reach", methods=["GET"])
@api.arguments(PeriodQuery, location="query")
@api.response(200, ReportSchema, example=REPORT)
@api.doc(responses={200: {"content": {CSV: {"schema": {"type": "string"}}}}})
@api.response(200, content_type=CSV, description=OR_TABLE, example=REPORT_TABLE)
def show_reach(query: ShowReport) -> Response:
    """Het bereik: wie er worden bereikt, naast de doelgroep, de doelen en het aanbod."""
    return _answer(usecases.show_reach(query, actor=current_actor(), work=current_work()))


@api.route("/coverage", methods=["GET"])
@api.arguments(NoMembers, location="query")
@api.response(200, ReportSchema, example=REPORT)
@api.doc(responses={200: {"content": {CSV: {"schema": {"type": "string"}}}}})
@api.response(200, content_type=CSV, description=OR_TABLE, example=REPORT_TABLE)
def show_coverage(_query: Mapping[str, Any]) -> Response:
    """De dekking: waar structureel wordt gescreend, hoe vol het is, en wie over tijd is."""
    return _answer(usecases.show_coverage(actor=current_actor(), work=current_work()))


@api.route("/reference-dates/<date>", methods=["GET"])
@api.arguments(NoMembers, location="query")
@api.response(200, ReportSchema, example=REPORT)
@api.doc(responses={200: {"content": {CSV: {"schema": {"type": "string"}}}}})
@api.response(200, content_type=CSV, description=OR_TABLE, example=REPORT_TABLE)
def show_reference_date(_query: Mapping[str, Any], date: str) -> Response:
    """De stand op een peildatum en het kwartaal ervoor, zoals die zijn vastgesteld."""
    return _answer(usecases.show_reference_date(date, actor=current_actor(), work=current_work()))


@api.route("/reference-dates/<date>/_reconcile", methods=["POST"])
@api.arguments(ReconcileSchema, example=RECONCILE)
@api.response(200, ReportSchema, example=REPORT)
@api.doc(responses={200: {"content": {CSV: {"schema": {"type": "string"}}}}})
@api.response(200, content_type=CSV, description=OR_TABLE, example=REPORT_TABLE)
def reconcile_count(make: Callable[[str], Reconcile], date: str) -> Response:
    """De eigen telling van een partner, per gemeente naast die van de peildatum."""
    return _answer(usecases.reconcile_count(make(date), actor=current_actor(), work=current_work()))


def _answer(report: Report) -> Response:
    """JSON, or the same as a table for whoever asks for one."""
    is_table = request.accept_mimetypes.best_match([JSON, CSV]) == CSV
    return _csv(report) if is_table else answer(show_report(report))


def _csv(report: Report) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{report.file_name}.csv"'}
    return Response(show_csv(report), mimetype=CSV, headers=headers)
