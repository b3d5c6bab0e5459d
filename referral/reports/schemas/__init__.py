"""What may be asked of a report, and what leaves it: JSON, or a table that a Dutch spreadsheet opens as it is."""

from referral.reports.schemas import examples
from referral.reports.schemas.annual import (
    AnnualQuery,
    AnnualSchema,
    AnnualTextInSchema,
    AnnualTextSchema,
    annual_file,
    show_annual,
)
from referral.reports.schemas.answers import FunnelSchema, show_json
from referral.reports.schemas.asking import FunnelQuery, PeriodQuery, ReconcileSchema
from referral.reports.schemas.files import CSV, ENDINGS, HTML, PDF, XLSX, File, file_of
from referral.reports.schemas.national import (
    CBS_COLUMNS,
    NationalStatisticsQuery,
    NationalStatisticsSchema,
    cbs_sheet,
    show_national,
)
from referral.reports.schemas.reports import ReportSchema, show_report

__all__ = [
    "CBS_COLUMNS",
    "CSV",
    "ENDINGS",
    "HTML",
    "PDF",
    "XLSX",
    "AnnualQuery",
    "AnnualSchema",
    "AnnualTextInSchema",
    "AnnualTextSchema",
    "File",
    "FunnelQuery",
    "FunnelSchema",
    "NationalStatisticsQuery",
    "NationalStatisticsSchema",
    "PeriodQuery",
    "ReconcileSchema",
    "ReportSchema",
    "annual_file",
    "cbs_sheet",
    "examples",
    "file_of",
    "show_annual",
    "show_json",
    "show_national",
    "show_report",
]
