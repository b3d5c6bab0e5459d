"""Gemeenten and the arbeidsmarktregio each belongs to (CBS 2026)."""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from referral.core.codelists.files import frozen, open_text

FILE, YEAR = "gemeenten_2026.csv", 2026
COLUMNS = {
    "naam": re.compile(r"\S.*"),
    "gemeentecode": re.compile(r"GM\d{4}"),
    "arbeidsmarktregiocode": re.compile(r"AM\d{2}"),
    "arbeidsmarktregio": re.compile(r"\S.*"),
}


@dataclass(frozen=True)
class Municipality:
    """One gemeente."""

    name: str
    labour_market_region_code: str
    labour_market_region_name: str


@cache
def municipalities() -> Mapping[str, Municipality]:
    """The gemeenten by CBS code ("GM0453")."""
    return read_municipalities(FILE, open_text(FILE))


@cache
def labour_market_regions() -> Mapping[str, str]:
    """The names of the arbeidsmarktregio's by code ("AM37")."""
    return frozen(
        sorted({(m.labour_market_region_code, m.labour_market_region_name) for m in municipalities().values()})
    )


def read_municipalities(file: str, text: str) -> Mapping[str, Municipality]:
    """The gemeenten in a CSV text. Raises ValueError naming file, line and column."""
    rows = csv.DictReader(text.splitlines(), strict=True)
    if tuple(rows.fieldnames or ()) != tuple(COLUMNS):
        raise ValueError(f"{file}: line 1: must be {','.join(COLUMNS)}")
    found: dict[str, Municipality] = {}
    for row in rows:
        _check(f"{file}: line {rows.line_num}", row, found)
        found[row["gemeentecode"]] = Municipality(row["naam"], row["arbeidsmarktregiocode"], row["arbeidsmarktregio"])
    return frozen(found.items())


def _check(where: str, row: Mapping[str, str], found: Mapping[str, Municipality]) -> None:
    if set(row) != set(COLUMNS):
        raise ValueError(f"{where}: has a column too many")
    for column, pattern in COLUMNS.items():
        if not pattern.fullmatch(row[column] or ""):
            raise ValueError(f"{where}: {column}: is malformed")
    if row["gemeentecode"] in found:
        raise ValueError(f"{where}: gemeentecode: is there twice")
