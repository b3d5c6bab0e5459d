"""How long an organisation keeps its records: the service's terms, with the periods that it set itself."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.core.codelists import RetentionTerm, parse_period, retention_terms
from referral.identity.models import Organisation

SHORTEST_DAYS: Final = 7
LONGEST_DAYS: Final = 366 * 100
_ANY_DAY: Final = date(2026, 1, 1)

Retention = Mapping[str, RetentionTerm]


def retention_of(session: Session) -> Mapping[UUID, Retention]:
    """The terms of every organisation. Raises ValueError naming every period that makes no sense."""
    periods = {row.id: row.retention or {} for row in session.execute(select(Organisation.id, Organisation.retention))}
    if faults := [f"{id}: {fault}" for id, each in periods.items() for fault in period_faults(each)]:
        raise ValueError("\n".join(["De bewaartermijnen van organisaties kloppen niet:", *faults]))
    return {organisation_id: _own(each) for organisation_id, each in periods.items()}


def retention_for(session: Session, organisation_id: UUID) -> Retention:
    """The terms of one organisation."""
    return _own(session.scalar(select(Organisation.retention).where(Organisation.id == organisation_id)) or {})


def period_faults(periods: Mapping[str, Any]) -> list[str]:
    """What is wrong with periods by the code of their term, one sentence each."""
    return [fault for term, period in periods.items() for fault in _faults_of(term, period)]


def _faults_of(term: str, period: Any) -> Iterator[str]:
    if term not in retention_terms():
        yield f"{term} is geen bewaartermijn van retention.toml"
    try:
        days = (parse_period(period).after(_ANY_DAY) - _ANY_DAY).days
    except (ValueError, TypeError, OverflowError):
        yield f"{term}: schrijf een periode zoals P10Y, P6M of P42D"
        return
    if not SHORTEST_DAYS <= days <= LONGEST_DAYS:
        yield f"{term}: een bewaartermijn is van een week tot honderd jaar"


def _own(periods: Mapping[str, str]) -> Retention:
    changed = {
        term: replace(retention_terms()[term], period=period, span=parse_period(period))
        for term, period in periods.items()
    }
    return {**retention_terms(), **changed}
