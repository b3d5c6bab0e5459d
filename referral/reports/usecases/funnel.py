"""The funnel for a coordinator: from screening to aftercare, how many came how far, how fast, and who got lost why."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain, product
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from referral.core.codelists import labels
from referral.core.errors import Invalid
from referral.core.policy import SYSTEM_ID, Actor, OrganisationKind
from referral.core.work import Work
from referral.identity.models import Organisation, organisation_region
from referral.reports.disclosure import EXACT, REGIONAL, Group, Rule, ShownRow, protect
from referral.reports.usecases.counting import GroupKey, count_rows, month_of, quarter_of
from referral.reports.usecases.reading import Scope, read_facts, read_referrals, read_screenings

MONTHS = 12
MOST_EXPECTED = 200


@dataclass(frozen=True)
class ShowFunnel:
    """Which period, both days included, and by what to divide it. Without days: twelve calendar months, up to today."""

    from_on: date | None = None
    to_on: date | None = None
    group_by: tuple[GroupKey, ...] = ()


@dataclass(frozen=True)
class Funnel:
    """The figures as they may be shown to whoever asked, and the rule by which they are."""

    from_on: date
    to_on: date
    group_by: Sequence[GroupKey]
    rule: Rule
    rows: Sequence[ShownRow]
    organisation_names: Mapping[str, str]


def show_funnel(query: ShowFunnel, *, actor: Actor, work: Work) -> Funnel:
    """The funnel of the own cases, exact; of everybody in the region under disclosure control for its coordinator.

    Raises `Invalid` for a period that has yet to begin. No personal data are read (AVG art. 5(1)c).
    """
    scope = _scope(query, actor, work)
    rule = REGIONAL if actor.organisation_kind is OrganisationKind.REGION else EXACT
    readers = (read_screenings, read_referrals, read_facts)
    cases = list(chain.from_iterable(read(work.session, scope) for read in readers))
    if actor.has_narrow_view:
        cases = [replace(case, loss=None) for case in cases]
    rows = count_rows(cases, query.group_by, _expected(work.session, scope, query.group_by, rule))
    asked: dict[str, Any] = {"from": str(scope.from_on), "to": str(scope.to_on), "groupBy": [*query.group_by]}
    work.record(actor, "report:funnel", "report", None, **asked)
    shown = protect(rows, rule)
    names = _organisation_names(work.session, shown, query.group_by)
    return Funnel(scope.from_on, scope.to_on, query.group_by, rule, shown, names)


def _scope(query: ShowFunnel, actor: Actor, work: Work) -> Scope:
    to_on = query.to_on or work.today
    from_on = query.from_on or _months_until(to_on)
    if from_on > work.today:
        pointer = "/from" if query.from_on else "/to"
        raise Invalid.one(pointer, "future", "Deze periode ligt in de toekomst.")
    return Scope(_organisations(actor), from_on, to_on)


def _months_until(day: date) -> date:
    """The first day of twelve calendar months of which the last one holds the day."""
    first = day.year * 12 + day.month - MONTHS
    return date(first // 12, first % 12 + 1, 1)


def _organisations(actor: Actor) -> Select[UUID]:
    """The organisations whose cases the actor may have counted: the own, or all that share a region with it.

    The service itself belongs to none and counts all; an operator who acts for one is bound by it as its people are.
    """
    if actor.organisation_id == SYSTEM_ID:
        return select(Organisation.id)
    if actor.organisation_kind is not OrganisationKind.REGION:
        return select(Organisation.id).where(Organisation.id == actor.organisation_id)
    return select(organisation_region.c.organisation_id).where(organisation_region.c.region_id.in_(actor.region_ids))


def _expected(session: Session, scope: Scope, keys: Sequence[GroupKey], rule: Rule) -> Collection[Group]:
    """The groups that have a row whatever the data, so that a row with hidden figures only tells of nobody."""
    if keys and not rule.hidden_below:
        return ()
    domains = [_domain(session, scope, key) for key in keys]
    return frozenset(product(*domains)) if math.prod(map(len, domains)) <= MOST_EXPECTED else ()


def _domain(session: Session, scope: Scope, key: GroupKey) -> Collection[str]:
    """The values that a key may have, whatever the data."""
    if key in (GroupKey.MONTH, GroupKey.QUARTER):
        name = month_of if key is GroupKey.MONTH else quarter_of
        return {name(day) for day in _months(scope)}
    if key in (GroupKey.ORGANISATION, GroupKey.MUNICIPALITY):
        column = Organisation.id if key is GroupKey.ORGANISATION else Organisation.municipality_code
        found = session.scalars(select(column).where(Organisation.id.in_(scope.organisations), column.is_not(None)))
        return {str(value) for value in found}
    return labels("organisationKind" if key is GroupKey.SOURCE_KIND else key.value)


def _months(scope: Scope) -> list[date]:
    first, last = (day.year * 12 + day.month - 1 for day in (scope.from_on, scope.to_on))
    return [date(month // 12, month % 12 + 1, 1) for month in range(first, last + 1)]


def _organisation_names(session: Session, rows: Sequence[ShownRow], keys: Sequence[GroupKey]) -> Mapping[str, str]:
    if GroupKey.ORGANISATION not in keys:
        return {}
    at = keys.index(GroupKey.ORGANISATION)
    ids = {UUID(row.group[at]) for row in rows}
    found = session.execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(ids)))
    return {str(row.id): row.name for row in found}
