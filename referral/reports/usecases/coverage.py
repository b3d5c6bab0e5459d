"""Coverage: which partners screen structurally (L17), how full coaches and providers are (L20), and who is late.

About today, but for the screenings: those are of the last whole quarters. An individual coach's caseload is told to
the coordinator of the own organisation only.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select

from referral.core.codelists import figure_rules, labels
from referral.core.policy import Actor
from referral.core.work import Work
from referral.identity.models import User
from referral.referrals.models import Referral
from referral.referrals.workflow import NAMED_COACH, OPEN, Party
from referral.reports.disclosure import ROOT
from referral.reports.measures import GroupKey, Stage, month_of, quarter_of
from referral.reports.report import HIDDEN, Cell, Column, Report, Table, Unit, count, indicator_column, named
from referral.reports.usecases.asked import EXPECTED, TOTAL, Asked, ShowReport
from referral.reports.usecases.offer import Offer, free, places
from referral.reports.usecases.stock import Stock
from referral.reports.usecases.taken import TAKEN, WAITING, Taken
from referral.trajectories.models import Trajectory

CASES, LATE = "open_cases", "overdue"
TOGETHER = "together"
ORGANISATION, QUARTER = GroupKey.ORGANISATION, GroupKey.QUARTER


def show_coverage(*, actor: Actor, work: Work) -> Report:
    """Coverage and capacity as they are today. No personal data are read, but the names of the own coaches."""
    asked = Asked(last_quarters(work.today), actor, work)
    offer = Offer(actor, work)
    tables = [_screening(asked), _providers(asked, offer), *_coaches(asked), _parties(asked)]
    work.record(actor, "report:coverage", "report", None, **asked.period)
    return Report("coverage", "Dekking", asked.from_on, asked.to_on, tables)


def coverage_today(*, actor: Actor, work: Work) -> Sequence[Table]:
    """Which partners screen, and who is late: for a report that records itself that it was asked."""
    asked = Asked(last_quarters(work.today), actor, work)
    return _screening(asked), _parties(asked)


def last_quarters(today: date) -> ShowReport:
    """The last whole quarters, as many as the rule for structural screening looks at."""
    this_quarter = date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    months = this_quarter.year * 12 + this_quarter.month - 1 - 3 * figure_rules().structural.quarters
    return ShowReport(date(months // 12, months % 12 + 1, 1), this_quarter - timedelta(days=1))


def _screening(asked: Asked) -> Table:
    quarters = _quarters(asked)
    columns = [
        Column(ORGANISATION.value, "Organisatie"),
        *(Column(quarter, quarter, Unit.COUNT, "screened") for quarter in quarters),
        Column(TOGETHER, "Samen", Unit.COUNT, "screened"),
        Column("structural", "Structureel", indicator="structural"),
    ]
    shown = {row.group: row.counts[Stage.SCREENED] for row in asked.rows(ORGANISATION, QUARTER)}
    rows = []
    for partner in _partners(asked):
        counts = [shown.get((partner, quarter), asked.nothing) for quarter in quarters]
        shares = [*map(count, counts), count(_together(counts)), is_structural(counts)]
        rows.append([asked.name(ORGANISATION, partner), *shares])
    return Table("screening", "Structureel screenen", columns, rows, asked.rule)


def _together(counts: Sequence[int | None]) -> int | None:
    """The sum of what is shown; hidden when a part is."""
    return None if None in counts else sum(each for each in counts if each is not None)


def is_structural(counts: Sequence[int | None]) -> Cell:
    """Whether so many of these quarters had enough screenings, told from what is shown of them only."""
    rule = figure_rules().structural
    sure = sum(each is not None and each >= rule.screenings for each in counts)
    if sure >= rule.at_least:
        return Cell("Ja", code="yes")
    return HIDDEN if sure + counts.count(None) >= rule.at_least else Cell("Nog niet", code="no")


def _quarters(asked: Asked) -> list[str]:
    day, found = asked.from_on, dict[str, None]()
    while day <= asked.to_on:
        found[quarter_of(month_of(day))] = None
        day = (day + timedelta(days=31)).replace(day=1)
    return list(found)


def _partners(asked: Asked) -> Sequence[str]:
    """The organisations that could screen: those of the region, or the own one."""
    near = [each for each in asked.reading.organisations if each.active]
    return [str(each.id) for each in near if not asked.is_shared or each.kind in EXPECTED[ORGANISATION]]


# How full it is.


def _providers(asked: Asked, offer: Offer) -> Table:
    """Open cases and free places of each provider."""
    columns = [
        Column(GroupKey.PARTNER.value, "Aanbieder"),
        *map(indicator_column, ("caseload", "activities", "places", "free_places", "waiting")),
    ]
    cases = _open_by(asked, Referral.receiver_organisation_id, Referral.status.in_(NAMED_COACH))
    offered: dict[str, list[Trajectory]] = {}
    for each in offer.trajectories:
        offered.setdefault(str(each.organisation_id), []).append(each)
    names, today = asked.organisation_names, asked.work.today
    stock = Stock(cases, sorted(offered, key=lambda each: names[each]), (CASES,), {}, asked.rule, today)
    taken = Taken(offer.trajectories, asked.rule, today)
    rows = []
    for value in stock.values:
        full = [taken.at(value, column) if value in offered else asked.nothing for column in (TAKEN, WAITING)]
        capacity = _capacity(offered.get(value, []), *full)
        rows.append([asked.name(GroupKey.PARTNER, value), count(stock.shown(value, CASES)), *capacity])
    everywhere = _capacity(offer.trajectories, taken.total(TAKEN), taken.total(WAITING))
    rows.append([Cell(TOTAL), count(stock.shown(ROOT, CASES)), *everywhere])
    return Table("providers", "Bezetting per aanbieder", columns, rows, asked.rule)


def _capacity(trajectories: Sequence[Trajectory], taken: int | None, waiting: int | None) -> Sequence[Cell]:
    """What is on offer, how much of it is free, and who waits."""
    activities, seats = places(trajectories)
    return [Cell(activities), Cell(seats), free(seats, taken), count(waiting)]


def _coaches(asked: Asked) -> Sequence[Table]:
    """The caseload of each coach of the own organisation (L20); nobody else's."""
    if asked.is_shared or asked.actor.has_narrow_view:
        return []
    columns = [Column("coach", "Trajectbegeleider"), indicator_column("caseload"), indicator_column("overdue")]
    mine = Referral.receiver_organisation_id.in_(asked.owners) & Referral.coach_id.is_not(None)
    cases = _open_by(asked, Referral.coach_id, Referral.status.in_(NAMED_COACH), mine)
    ids = [UUID(each) for each in cases]
    rows = asked.work.session.execute(select(User.id, User.name).where(User.id.in_(ids)).order_by(User.name, User.id))
    lines = [
        [Cell(row.name, code=str(row.id)), *(Cell(cases[str(row.id)][column]) for column in (CASES, LATE))]
        for row in rows
    ]
    return [] if not lines else [Table("coaches", "Bezetting per trajectbegeleider", columns, lines, asked.rule)]


def _parties(asked: Asked) -> Table:
    """Who must act, and how often that is late."""
    columns = [Column("party", "Aan zet"), indicator_column("open_cases"), indicator_column("overdue")]
    parties = [party.value for party in Party if party is not Party.NOBODY]
    stock = _stock(asked, _open_by(asked, Referral.ball_party, Referral.status.in_(OPEN)), parties)
    rows = [
        [name, *(count(stock.shown(value, column)) for column in (CASES, LATE))]
        for value, name in [*((party, named(party, labels("ballWith"))) for party in parties), (ROOT, Cell(TOTAL))]
    ]
    return Table("overdue", "Over tijd per partij", columns, rows, asked.rule)


def _stock(asked: Asked, counts: Mapping[str, Mapping[str, int]], values: Sequence[str]) -> Stock:
    return Stock(counts, values, (CASES, LATE), {LATE: CASES}, asked.rule, asked.work.today)


def _open_by(asked: Asked, column: Any, *conditions: ColumnElement[bool]) -> Mapping[str, Mapping[str, int]]:
    """How many cases, and how many of them late, for each value of a column; of the own cases or of the region's."""
    mine: ColumnElement[bool] = Referral.source_organisation_id.in_(asked.owners)
    if not asked.is_shared:
        mine = or_(mine, Referral.receiver_organisation_id.in_(asked.owners) & Referral.submitted_at.is_not(None))
    late = func.count().filter(Referral.due_on < asked.work.today)
    query = select(column.label("value"), func.count().label("cases"), late.label("late"))
    query = query.where(mine, Referral.submitted_at.is_not(None), column.is_not(None), *conditions).group_by(column)
    rows = asked.work.session.execute(query)
    return {str(getattr(row.value, "value", row.value)): {CASES: row.cases, LATE: row.late} for row in rows}
