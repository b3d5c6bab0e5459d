"""Every code list under one name with its year: the codes a member may hold and the Dutch label of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from referral.core.codelists import places
from referral.core.codelists.economy import occupations, sectors
from referral.core.codelists.files import Entry, frozen, open_list
from referral.core.codelists.instruments import instruments
from referral.core.codelists.law import legal_bases, retention_terms
from referral.core.codelists.reasons import reasons
from referral.core.codelists.templates import templates
from referral.core.codelists.terms import default_terms


@dataclass(frozen=True)
class CodeList:
    """One list: its year, and its labels by code in the order in which a person should see them."""

    year: int
    labels: Mapping[str, str]


class Labelled(Protocol):
    """Anything with a Dutch label."""

    @property
    def label(self) -> str:
        """The words a user sees."""
        ...


@cache
def code_lists() -> Mapping[str, CodeList]:
    """All lists by name. The name is that of the API member which holds the code, where there is one."""
    return frozen(
        {
            **read_labels(open_list("labels.toml")),
            "instrument": _list("instruments.toml", instruments()),
            "legalBasis": _list("legal_bases.toml", legal_bases()),
            "occupationCode": _list("occupations.toml", occupations()),
            "reason": _list("reasons.toml", reasons()),
            "retention": _list("retention.toml", retention_terms()),
            "sector": _list("sectors.toml", sectors()),
            "term": _list("terms.toml", default_terms().table),
            "trajectoryTemplate": _list("trajectory_templates.toml", templates()),
            "municipalityCode": CodeList(
                places.YEAR, frozen((code, place.name) for code, place in places.municipalities().items())
            ),
            "labourMarketRegionCode": CodeList(places.YEAR, places.labour_market_regions()),
        }.items()
    )


def labels(list_name: str) -> Mapping[str, str]:
    """The Dutch labels of a list by code. Raises KeyError for a list that does not exist."""
    return code_lists()[list_name].labels


def read_labels(source: Entry) -> Mapping[str, CodeList]:
    """The lists in a file of labels. Raises ValueError naming file and key."""
    return frozen((name, _labels(source.table(name))) for name in source.codes())


def _labels(entry: Entry) -> CodeList:
    table = entry.only("year", "labels").table("labels")
    return CodeList(entry.number("year"), frozen((code, table.text(code)) for code in table.codes()))


def _list(file: str, items: Mapping[str, Labelled]) -> CodeList:
    return CodeList(open_list(file).number("year"), frozen((code, item.label) for code, item in items.items()))
