"""How long an organisation keeps its records: the service's terms, with the periods that it set itself."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.core.codelists import RetentionTerm, parse_period, retention_terms
from referral.core.errors import FieldError, Invalid
from referral.core.policy import Actor
from referral.core.work import Work
from referral.identity.models import Organisation
from referral.identity.usecases.authority import find_own_organisation

SHORTEST_DAYS: Final = 7
LONGEST_DAYS: Final = 366 * 100
_ANY_DAY: Final = date(2026, 1, 1)

Retention = Mapping[str, RetentionTerm]


@dataclass(frozen=True)
class SetRetention:
    """One period of an organisation, in place of the service's; None gives the service's back.

    Without the version that was read it holds whatever the organisation is now.
    """

    organisation_id: UUID
    term: str
    period: str | None
    expected_version: int | None = None


def set_retention(command: SetRetention, *, actor: Actor, work: Work) -> Organisation:
    """Keep records of one term longer or shorter, for this organisation.

    Raises `NotFound`, `NotAllowed`, `Stale` when the organisation changed meanwhile, and `Invalid`.
    """
    organisation = find_own_organisation(command.organisation_id, command.expected_version, actor=actor, work=work)
    organisation.retention = dict(_periods_after(command, organisation)) or None
    work.session.flush()
    term, period = command.term, command.period
    work.record(actor, "organisation:set_retention", "organisation", organisation.id, term=term, period=period)
    return organisation


def retention_after(command: SetRetention, *, actor: Actor, work: Work) -> Retention:
    """The terms of the organisation as `set_retention` would make them; nothing is done yet. Raises what that does."""
    organisation = find_own_organisation(command.organisation_id, command.expected_version, actor=actor, work=work)
    return _own(_periods_after(command, organisation))


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


def _periods_after(command: SetRetention, organisation: Organisation) -> Mapping[str, str]:
    periods = {**(organisation.retention or {}), command.term: command.period}
    kept = {term: period for term, period in periods.items() if period is not None}
    if faults := period_faults(kept):
        raise Invalid(errors=[FieldError("/period", "period", fault) for fault in faults])
    return kept


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
