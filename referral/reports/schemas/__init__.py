"""What may be asked of a report, and what leaves it: JSON, or a table that a Dutch spreadsheet opens as it is."""

from referral.reports.schemas.answers import FunnelSchema, show_json
from referral.reports.schemas.asking import FunnelQuery
from referral.reports.schemas.reports import ReportSchema, show_report
from referral.reports.schemas.tables import show_csv

__all__ = ["FunnelQuery", "FunnelSchema", "ReportSchema", "show_csv", "show_json", "show_report"]
