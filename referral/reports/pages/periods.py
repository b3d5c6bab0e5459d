"""The periods that somebody can choose on a page: years and quarters, as they stand in an address."""

import re
from datetime import date, timedelta

from referral.core.errors import Invalid

PERIOD = re.compile(r"(\d{4})(?:-Q([1-4]))?", re.ASCII)
YEARS_BACK = 3


def days_of(period: str) -> dict[str, str]:
    """The days of a year ("2026") or a quarter ("2026-Q3"); none for the period that goes without saying."""
    if not period:
        return {}
    found = PERIOD.fullmatch(period)
    if found is None or not date.min.year < int(found[1]) < date.max.year:
        raise Invalid.one("/period", "unknown_code", "Kies een jaar of een kwartaal uit de lijst.")
    year, quarter = int(found[1]), int(found[2] or 0)
    first = date(year, quarter * 3 - 2 if quarter else 1, 1)
    after = date(year + 1, 1, 1) if quarter in (0, 4) else date(year, quarter * 3 + 1, 1)
    return {"from": first.isoformat(), "to": (after - timedelta(days=1)).isoformat()}


def periods_until(today: date) -> dict[str, str]:
    """The years and quarters that somebody can choose, the newest first."""
    found = {}
    for year in range(today.year, today.year - YEARS_BACK, -1):
        found[str(year)] = f"Heel {year}"
        quarters = range(4 if year < today.year else (today.month + 2) // 3, 0, -1)
        found |= {f"{year}-Q{quarter}": f"{year}, kwartaal {quarter}" for quarter in quarters}
    return found
