"""The funnel for a coordinator: from screening to aftercare, how many came how far, how fast, and who got lost why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from referral.core.errors import FieldError, Invalid
from referral.core.policy import SYSTEM_ID, Actor, OrganisationKind
from referral.core.work import Work
from referral.identity.models import Organisation, organisation_region
from referral.reports.disclosure import EXACT, SHARED, Rule
from referral.reports.measures import GroupKey, Side
from referral.reports.tally import Tally
from referral.reports.usecases.counting import OWN_SIDES, Group, Reading, Scope, add_up
from referral.reports.usecases.domains import ORGANISATIONS
from referral.reports.usecases.rows import Losses, Row, exact_counts, exact_losses, show_row
from referral.reports.usecases.shared import SharedFunnel, refusals

MONTHS = 12


@dataclass(frozen=True)
class ShowFunnel:
    """Which period, both days included, by what to divide it, and with which values only.

    Without days: twelve calendar months up to today, or for shared figures the year so far.
    """

    from_on: date | None = None
    to_on: date | None = None
    group_by: tuple[GroupKey, ...] = ()
    filters: Mapping[GroupKey, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Funnel:
    """The figures as they may be shown to whoever asked, and the rule by which they are."""

    from_on: date
    to_on: date
    group_by: Sequence[GroupKey]
    filters: Mapping[GroupKey, str]
    rule: Rule
    rows: Sequence[Row]
    organisation_names: Mapping[str, str]


def show_funnel(query: ShowFunnel, *, actor: Actor, work: Work, reading: Reading | None = None) -> Funnel:
    """The funnel of the own cases, exact; of everybody in the region under disclosure control for its coordinator.

    Raises `Invalid` for a period that has yet to begin and for what shared figures cannot tell. No personal data are
    read (AVG art. 5(1)c).
    """
    funnel = read_funnel(query, actor=actor, work=work, reading=reading)
    asked: dict[str, Any] = {"from": str(funnel.from_on), "to": str(funnel.to_on), "groupBy": [*query.group_by]}
    if query.filters:
        asked["filters"] = dict(query.filters)
    work.record(actor, "report:funnel", "report", None, **asked)
    return funnel


def rule_for(actor: Actor) -> Rule:
    """Shared figures for a region and for the service itself, exact ones of the own cases for everybody else."""
    return SHARED if actor.organisation_kind is OrganisationKind.REGION else EXACT


def read_funnel(query: ShowFunnel, *, actor: Actor, work: Work, reading: Reading | None = None) -> Funnel:
    """The funnel, for a report that records itself that it was asked. Raises `Invalid`.

    A report that asks several gives its own `reading`, so that they are read together.
    """
    scope = _scope(query, rule_for(actor), actor, work)
    rows = _rows(reading or reading_for(actor, work), scope, query, actor, work.today)
    names = _organisation_names(work.session, rows, query.group_by)
    return Funnel(scope.from_on, scope.to_on, query.group_by, query.filters, rule_for(actor), rows, names)


def read_rows(query: ShowFunnel, today: date, reading: Reading, *, actor: Actor, work: Work) -> Sequence[Row]:
    """The rows of a funnel without the names. Raises `Invalid`.

    `today` may be a day in the past, at the end of a month: then it is as if what began later were not there.
    """
    return _rows(reading, _scope(query, rule_for(actor), actor, work), query, actor, today)


def _rows(reading: Reading, scope: Scope, query: ShowFunnel, actor: Actor, today: date) -> list[Row]:
    if rule_for(actor) is SHARED:
        return SharedFunnel(reading, scope, query.group_by, today).rows()
    return _exact_rows(reading, scope, query.group_by, names_losses=not actor.has_narrow_view)


def _scope(query: ShowFunnel, rule: Rule, actor: Actor, work: Work) -> Scope:
    to_on = query.to_on or work.today
    from_on = query.from_on or (date(to_on.year, 1, 1) if rule is SHARED else _months_until(to_on))
    owners = organisations_of(actor)
    errors = list(_wrong_organisations(query.filters, owners, rule, work.session))
    if from_on > work.today:
        errors.append(FieldError("/from" if query.from_on else "/to", "future", "Deze periode ligt in de toekomst."))
    if rule is SHARED:
        errors += refusals(query.group_by, list(query.filters), from_on, to_on, work.today)
    if errors:
        raise Invalid(errors=errors)
    sides = OWN_SIDES if rule is SHARED else tuple(Side)
    return Scope(owners, sides, from_on, to_on, query.filters, is_running=to_on >= work.today)


def _months_until(day: date) -> date:
    """The first day of twelve calendar months of which the last one holds the day."""
    first = day.year * 12 + day.month - MONTHS
    return date(first // 12, first % 12 + 1, 1)


def organisations_of(actor: Actor) -> Select[UUID]:
    """The organisations whose facts the actor may have counted: the own, or all that share a region with it.

    The service itself belongs to none and counts all; an operator who acts for one is bound by it as its people are.
    """
    if actor.organisation_id == SYSTEM_ID:
        return select(Organisation.id)
    if actor.organisation_kind is not OrganisationKind.REGION:
        return select(Organisation.id).where(Organisation.id == actor.organisation_id)
    return select(organisation_region.c.organisation_id).where(organisation_region.c.region_id.in_(actor.region_ids))


def reading_for(actor: Actor, work: Work, *ahead: GroupKey | None) -> Reading:
    """What a report of several divisions reads with: those that it names together (None: everybody)."""
    return Reading(work.session, organisations_of(actor), ahead)


def _wrong_organisations(
    filters: Mapping[GroupKey, str], owners: Select[UUID], rule: Rule, session: Session
) -> Sequence[FieldError]:
    """A filter must name an organisation that is there; in shared figures the sender one of the region."""
    wrong = []
    for key in ORGANISATIONS.intersection(filters):
        known = select(Organisation.id).where(Organisation.id == UUID(filters[key]))
        if rule is SHARED and key is GroupKey.ORGANISATION:
            known = known.where(Organisation.id.in_(owners))
        if session.scalar(known) is None:
            wrong.append(FieldError(f"/{key.value}", "not_found", "Deze organisatie is niet gevonden."))
    return wrong


def _exact_rows(reading: Reading, scope: Scope, keys: Sequence[GroupKey], *, names_losses: bool) -> list[Row]:
    sums = add_up(reading, scope, keys)
    if not keys:
        sums.setdefault((), Tally())
    return [
        show_row(group, exact_counts(tally), tally, exact_losses(tally) if names_losses else Losses(), EXACT)
        for group, tally in sorted(sums.items(), key=lambda item: _by_name(item[0]))
    ]


def _by_name(group: Group) -> list[tuple[bool, str]]:
    return [(value is None, value or "") for value in group]


def _organisation_names(session: Session, rows: Sequence[Row], keys: Sequence[GroupKey]) -> Mapping[str, str]:
    places = [at for at, key in enumerate(keys) if key in ORGANISATIONS]
    ids = {UUID(value) for row in rows for at in places if (value := row.group[at])}
    if not ids:
        return {}
    found = session.execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(ids)))
    return {str(row.id): row.name for row in found}
