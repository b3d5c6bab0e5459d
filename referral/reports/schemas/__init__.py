"""What may be asked of a report, and what leaves it: JSON, or a table that a Dutch spreadsheet opens as it is."""

from referral.reports.schemas.answers import FunnelSchema, show_json
from referral.reports.schemas.asking import FunnelQuery
from referral.reports.schemas.tables import COLUMNS, show_csv

__all__ = ["COLUMNS", "FunnelQuery", "FunnelSchema", "show_csv", "show_json"]
