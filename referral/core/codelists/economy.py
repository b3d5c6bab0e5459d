"""Where people work: sectors (SBI 2008, K4) and the occupations with much low literacy or numeracy (BRC 2014, L4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from referral.core.codelists.files import Entry, open_list, read_list


@dataclass(frozen=True)
class Sector:
    """One section of the Standaard Bedrijfsindeling; vulnerable: much work for people with low basic skills."""

    code: str
    label: str
    vulnerable: bool


@dataclass(frozen=True)
class Occupation:
    """One BRC group, with its place on the two top-10 lists."""

    code: str
    label: str
    high_low_literacy: bool
    high_low_numeracy: bool


@cache
def sectors() -> Mapping[str, Sector]:
    """The sections A to U."""
    return read_sectors(open_list("sectors.toml"))


@cache
def occupations() -> Mapping[str, Occupation]:
    """The BRC groups on one of the two top-10 lists; any other occupation is uncoded text."""
    return read_occupations(open_list("occupations.toml"))


def read_sectors(source: Entry) -> Mapping[str, Sector]:
    """The sectors in a list file. Raises ValueError naming file and key."""
    return read_list(source, _sector)


def read_occupations(source: Entry) -> Mapping[str, Occupation]:
    """The occupations in a list file. Raises ValueError naming file and key."""
    return read_list(source, _occupation)


def _sector(code: str, entry: Entry) -> Sector:
    entry.only("label", "vulnerable")
    return Sector(code, entry.text("label"), entry.flag("vulnerable"))


def _occupation(code: str, entry: Entry) -> Occupation:
    entry.only("label", "high_low_literacy", "high_low_numeracy")
    return Occupation(code, entry.text("label"), entry.flag("high_low_literacy"), entry.flag("high_low_numeracy"))
