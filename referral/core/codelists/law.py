"""What the law asks: legal bases for sharing (AVG art. 6(1)) and retention terms (VNG Selectielijst 2020)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from referral.core.calendar import Span
from referral.core.codelists.files import Entry, frozen, open_list, read_list
from referral.core.policy import OrganisationKind

PERIOD = re.compile(r"P(?P<count>[1-9]\d*)(?P<unit>[YMD])")


@dataclass(frozen=True)
class LegalBasis:
    """One ground for sharing personal data, and who may rely on it.

    `asks_written_declaration`: the participant's written statement of no objection lifts the secrecy of the office
    (Participatiewet art. 65, Wet SUWI art. 74).
    """

    code: str
    label: str
    article: str
    organisation_kinds: frozenset[OrganisationKind]
    asks_written_declaration: bool


@dataclass(frozen=True)
class RetentionTerm:
    """How long one kind of case is kept after the day it ended; `period` is ISO 8601, `span` the same to count with."""

    code: str
    label: str
    selection_list: tuple[str, ...]
    period: str
    span: Span


@cache
def legal_bases() -> Mapping[str, LegalBasis]:
    """The grounds of `config/legal_bases.toml`."""
    return read_legal_bases(open_list("legal_bases.toml"))


@cache
def retention_terms() -> Mapping[str, RetentionTerm]:
    """The retention terms of `config/retention.toml`."""
    return read_retention_terms(open_list("retention.toml"))


@cache
def retention_records() -> Mapping[str, Mapping[str, str]]:
    """Per kind of record, and per way in which it ended, the code of its term (`config/retention.toml`)."""
    records = open_list("retention.toml").table("records")
    return frozen((kind, _by_result(records.table(kind))) for kind in records.codes())


def _by_result(kind: Entry) -> Mapping[str, str]:
    return frozen((result, kind.text(result)) for result in kind.codes())


def parse_period(period: str) -> Span:
    """An ISO 8601 period of one unit ("P10Y", "P6M", "P42D") as a span. Raises ValueError for anything else."""
    match = PERIOD.fullmatch(period)
    if match is None:
        raise ValueError("must be a period such as P10Y, P6M or P42D")
    count = int(match["count"])
    return {"Y": Span(months=12 * count), "M": Span(months=count), "D": Span(days=count)}[match["unit"]]


def read_legal_bases(source: Entry) -> Mapping[str, LegalBasis]:
    """The grounds in a list file. Raises ValueError naming file and key."""
    return read_list(source, _legal_basis)


def read_retention_terms(source: Entry) -> Mapping[str, RetentionTerm]:
    """The retention terms in a list file. Raises ValueError naming file and key."""
    return read_list(source, _retention_term, "records")


def _legal_basis(code: str, entry: Entry) -> LegalBasis:
    entry.only("label", "article", "organisation_kinds", "written_declaration")
    return LegalBasis(
        code=code,
        label=entry.text("label"),
        article=entry.text("article"),
        organisation_kinds=entry.words("organisation_kinds", OrganisationKind),
        asks_written_declaration=entry.flag("written_declaration"),
    )


def _retention_term(code: str, entry: Entry) -> RetentionTerm:
    entry.only("label", "selection_list", "period")
    period = entry.text("period")
    try:
        span = parse_period(period)
    except ValueError as error:
        raise entry.wrong("period", str(error)) from error
    return RetentionTerm(code, entry.text("label"), entry.texts("selection_list"), period, span)
