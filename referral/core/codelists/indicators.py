"""What every figure means: one definition per indicator, shown beside it wherever it is read (begrippenkader, M8)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from referral.core.codelists.files import Entry, open_list, read_list


@dataclass(frozen=True)
class Indicator:
    """One indicator: the words above it, what is counted, and where it was asked for (requirement ids)."""

    code: str
    label: str
    definition: str
    source: tuple[str, ...]


@cache
def indicators() -> Mapping[str, Indicator]:
    """The indicators of `config/indicators.toml`."""
    return read_indicators(open_list("indicators.toml"))


def read_indicators(source: Entry) -> Mapping[str, Indicator]:
    """The indicators in a list file. Raises ValueError naming file and key."""
    return read_list(source, _indicator)


def _indicator(code: str, entry: Entry) -> Indicator:
    entry.only("label", "definition", "source")
    return Indicator(code, entry.text("label"), entry.text("definition"), entry.texts("source"))
