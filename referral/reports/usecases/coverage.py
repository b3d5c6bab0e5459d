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
from referral.reports.disclosure import ROOT, SHARED
from referral.reports.measures import GroupKey, Stage, month_of, quarter_of
from referral.reports.report import HIDDEN, Cell, Column, Report, Table, Unit, count, indicator_column, named
from referral.reports.usecases.asked import EXPECTED, TOTAL, Asked, ShowReport
from referral.reports.usecases.counting import Reading
from referral.reports.usecases.funnel import rule_for
from referral.reports.usecases.offer import Offer, free, places
from referral.reports.usecases.stock import Stock
from referral.reports.usecases.taken import TAKEN, WAITING, Taken
from referral.trajectories.models import Trajectory

CASES, LATE = "open_cases", "overdue"
MONTHS_A_QUARTER, MONTHS_A_YEAR = 3, 12
ORGANISATION, QUARTER = GroupKey.ORGANISATION, GroupKey.QUARTER


def show_coverage(*, actor: Actor, work: Work) -> Report:
    """Coverage and capacity as they are today. No personal data are read, but the names of the own coaches."""
    asked = _ask(actor, work)
    offer = Offer(actor, work)
    tables = [_screening(asked), _providers(asked, offer), *_coaches(asked), _parties(asked)]
    work.record(actor, "report:coverage", "report", None, **asked.period)
    return Report("coverage", "Dekking", asked.from_on, asked.to_on, tables)


def coverage_today(reading: Reading, *, actor: Actor, work: Work) -> Sequence[Table]:
    """Which partners screen, and who is late: for a report that records itself that it was asked."""
    asked = _ask(actor, work, reading)
    return _screening(asked), _parties(asked)


def _ask(actor: Actor, work: Work, reading: Reading | None = None) -> Asked:
    """The period of the screenings: whole quarters of the own organisation, last year and this one in a region."""
    years = ShowReport(date(work.today.year - 1, 1, 1), work.today)
    return Asked(years if rule_for(actor) is SHARED else last_quarters(work.today), actor, work, reading=reading)


def last_quarters(today: date) -> ShowReport:
    """The last whole quarters, as many as the rule for structural screening looks at."""
    this_quarter = date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    months = this_quarter.year * 12 + this_quarter.month - 1 - 3 * figure_rules().structural.quarters
    return ShowReport(date(months // 12, months % 12 + 1, 1), this_quarter - timedelta(days=1))


def _screening(asked: Asked) -> Table:
    columns, rows = _by_year(asked) if asked.is_shared else _by_quarter(asked)
    columns = [Column(ORGANISATION.value, "Organisatie"), *columns]
    return Table("screening", "Structureel screenen", columns, rows, asked.rule)


def _by_quarter(asked: Asked) -> tuple[Sequence[Column], Sequence[Sequence[Cell]]]:
    """The own screenings: each of the last whole quarters, and together."""
    quarters = _quarters(asked)
    columns = [
        *(Column(quarter, quarter, Unit.COUNT, "screened") for quarter in quarters),
        Column(Stage.SCREENED, "Samen", Unit.COUNT, "screened"),
        Column("structural", "Structureel", indicator="structural"),
    ]
    found = {row.group: row.counts[Stage.SCREENED] or 0 for row in asked.rows(ORGANISATION, QUARTER)}
    rows = []
    for partner in _partners(asked):
        counts = [found.get((partner, quarter), 0) for quarter in quarters]
        rows.append([asked.name(ORGANISATION, partner), *map(Cell, (*counts, sum(counts))), is_structural(counts)])
    return columns, rows


def _by_year(asked: Asked) -> tuple[Sequence[Column], Sequence[Sequence[Cell]]]:
    """The screenings of each organisation in a region, as its funnel shows them: last year and this year so far."""
    this = asked.to_on.year
    periods = [ShowReport(date(this - 1, 1, 1), date(this - 1, 12, 31)), ShowReport(date(this, 1, 1), asked.to_on)]
    years = [Asked(period, asked.actor, asked.work, reading=asked.reading) for period in periods]
    columns = [
        Column("last_year", str(this - 1), Unit.COUNT, "screened"),
        Column(Stage.SCREENED, f"{this} tot nu", Unit.COUNT, "screened"),
        Column("structural_in_years", "Structureel", indicator="structural_in_years"),
    ]
    rows = []
    for partner in _partners(asked):
        before, now = (year.count(ORGANISATION, partner, Stage.SCREENED) for year in years)
        structural = is_structural_in_years(before, now, asked.to_on.month)
        rows.append([asked.name(ORGANISATION, partner), count(before), count(now), structural])
    return columns, rows


def is_structural(counts: Sequence[int]) -> Cell:
    """Whether so many of these quarters had enough screenings."""
    rule = figure_rules().structural
    return _answer(sum(each >= rule.screenings for each in counts) >= rule.at_least)


def is_structural_in_years(last_year: int | None, this_year: int | None, months: int) -> Cell:
    """Whether there were enough a quarter on average, last year or in the months of this one; told from what is shown.

    In a region most quarters are hidden, so there nobody would ever be told by quarters.
    """
    enough, counts = figure_rules().structural.screenings, (last_year, this_year)
    spans = (MONTHS_A_YEAR, max(months, MONTHS_A_QUARTER))
    if any(
        each is not None and each * MONTHS_A_QUARTER >= enough * span for each, span in zip(counts, spans, strict=True)
    ):
        return _answer(True)
    return HIDDEN if None in counts else _answer(False)


def _answer(value: bool) -> Cell:
    return Cell("Ja", code="yes") if value else Cell("Nog niet", code="no")


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
