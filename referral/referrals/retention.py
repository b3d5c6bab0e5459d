"""How long an ended case is kept, by the way it ended: `config/retention.toml` held against the statuses of a case.

A term runs from the day the case ended, never from the last edit (AVG art. 5(1)e, VNG Selectielijst 2020).
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime

from referral.core.codelists import RetentionTerm, retention_records, retention_terms
from referral.core.work import AMSTERDAM
from referral.identity.usecases import Retention, period_faults
from referral.referrals.workflow import FINAL, OPEN, Status

REFERRAL, PARTICIPANT, LOGIN_SESSION = "referral", "participant", "login_session"
RESULTS: Mapping[str, frozenset[str]] = {
    REFERRAL: frozenset(status.value for status in FINAL),
    PARTICIPANT: frozenset({"without_case"}),
    LOGIN_SESSION: frozenset({"ended"}),
}
"""Every kind of record, with every way in which it can end."""

Records = Mapping[str, Mapping[str, str]]


def check_retention(records: Records | None = None, terms: Mapping[str, RetentionTerm] | None = None) -> None:
    """Refuse a table of retention that would destroy what is open, or makes no sense; ValueError with every fault."""
    terms = retention_terms() if terms is None else terms
    found = _record_faults(retention_records() if records is None else records, terms)
    if faults := [*found, *period_faults({code: term.period for code, term in terms.items()})]:
        raise ValueError("\n".join(["De bewaartermijnen in retention.toml kloppen niet:", *faults]))


def _record_faults(records: Records, terms: Mapping[str, RetentionTerm]) -> Iterator[str]:
    for kind in sorted(records.keys() | RESULTS.keys()):
        if kind not in RESULTS:
            yield f"records.{kind}: dit soort kent de dienst niet"
            continue
        given = records.get(kind, {})
        yield from (f"records.{kind}.{result}: ontbreekt" for result in sorted(RESULTS[kind] - given.keys()))
        for result, term in given.items():
            if kind == REFERRAL and result in {status.value for status in OPEN}:
                yield f"records.{kind}.{result}: deze zaak is nog open en mag nooit worden vernietigd"
            elif result not in RESULTS[kind]:
                yield f"records.{kind}.{result}: zo eindigt dit niet"
            if term not in terms:
                yield f"records.{kind}.{result}: {term} is geen bewaartermijn"


def term_of(kind: str, result: str, terms: Retention) -> RetentionTerm:
    """The term of a record of this kind that ended this way, among the terms of its organisation."""
    return terms[retention_records()[kind][result]]


def kept_until(status: Status, ended_at: datetime, terms: Retention) -> date:
    """The day on which the term of a case that ended this way, at this instant, is over."""
    return term_of(REFERRAL, status.value, terms).span.after(ended_at.astimezone(AMSTERDAM).date())
