"""What may be asked of a report, and what leaves it: JSON, or a table that a Dutch spreadsheet opens as it is."""

from referral.reports.schemas.answers import FunnelSchema, show_json
from referral.reports.schemas.asking import FunnelQuery
from referral.reports.schemas.national import (
    CBS_COLUMNS,
    NationalStatisticsQuery,
    NationalStatisticsSchema,
    cbs_sheet,
    show_national,
)
from referral.reports.schemas.tables import COLUMNS, show_csv

__all__ = [
    "CBS_COLUMNS",
    "COLUMNS",
    "FunnelQuery",
    "FunnelSchema",
    "NationalStatisticsQuery",
    "NationalStatisticsSchema",
    "cbs_sheet",
    "show_csv",
    "show_json",
    "show_national",
]
