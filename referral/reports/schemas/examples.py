"""What the reports answer, as the documentation of the API shows it."""

from referral.reports.schemas.files import CSV, HTML, PDF, XLSX
from referral.reports.schemas.national import CBS_COLUMNS

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
    "Maand;Fase;Uitval door;Reden van uitval;Aantal;Doorstroom;Dagen (10e percentiel);Dagen (25e percentiel);"
    "Dagen (mediaan);Dagen (75e percentiel);Dagen (90e percentiel);Afgerond op;Verborgen onder\r\n"
    "2026-03;Met indicatie;;;45;0,38;;0;0;0;;5;8\r\n"
)
REPORT_TABLE = (
    "Soort cursus;Deelnemers;Afgerond op;Verborgen onder\r\nFormeel;45;5;8\r\nOnbekend;verborgen;5;8\r\n\r\n"
    "Begrip;Wat het betekent\r\nDeelnemers;Doorverwezen zaken waarbij het traject is gestart.\r\n"
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
RECONCILE = {"figure": "referred", "counts": [{"municipalityCode": "GM0453", "count": 12}]}
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

FILES = {CSV: TABLE, XLSX: "PK", HTML: "<!doctype html>", PDF: "%PDF-1.7"}
"""How a file of each shape begins."""
