"""Counts on the reference dates (peildata, M3): frozen once for each organisation, read again as they were frozen.

What is frozen is the report itself, after disclosure control. So years later it is the same to the digit, whoever was
erased meanwhile, whatever was destroyed, and whichever organisation moved to another region.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from referral.core.codelists import figure_rules
from referral.core.errors import FieldError, Invalid
from referral.core.policy import SYSTEM_ID, Actor, Role
from referral.core.work import AMSTERDAM, Service, Work
from referral.identity.models import Organisation, organisation_region
from referral.reports.measures import REFERRAL_STAGES, Extra, GroupKey, Stage
from referral.reports.models import FrozenReport
from referral.reports.report import HIDDEN, Cell, Column, Report, Table, count, indicator_column, named, pack, unpack
from referral.reports.usecases.asked import TOTAL, Asked, ShowReport
from referral.reports.usecases.domains import KEY_LABELS, codes_of
from referral.reports.usecases.standing import standing_table

GRACE = timedelta(days=31)
"""What is frozen later than this is no longer the state of that day: screenings may be logged afterwards."""
DIVISIONS = (GroupKey.PARTNER, GroupKey.ORGANISATION, GroupKey.MUNICIPALITY)
BOTH = (GroupKey.PARTNER, GroupKey.MUNICIPALITY)
FIGURES: tuple[str, ...] = (*REFERRAL_STAGES, Extra.ANSWERED, Extra.WITHIN_TERM)
"""What the statement of a quarter counts of its referrals."""


@dataclass(frozen=True)
class Reconcile:
    """A partner's own count by gemeente, to be held against the frozen one (M4). `figure` is one of `FIGURES`."""

    on: str
    figure: str
    counts: Mapping[str, int] = field(default_factory=dict)
    partner_id: UUID | None = None


def freeze_due(service: Service, *, stopped: Callable[[], bool] = lambda: False) -> int:
    """Freeze the last reference date for every organisation that has no report of it yet; returns how many."""
    with service.work(read_only=True) as work:
        on = last_reference_date(work.today)
        is_late = work.today - on > GRACE
    return 0 if is_late else freeze_date(service, on, stopped=stopped)


def freeze_date(service: Service, on: date, *, stopped: Callable[[], bool] = lambda: False) -> int:
    """Freeze this reference date for every organisation that has no report of it yet; returns how many."""
    with service.work(read_only=True) as work:
        known = select(FrozenReport.organisation_id).where(FrozenReport.reference_on == on)
        query = select(Organisation.id).where(Organisation.active, Organisation.id.not_in(known))
        missing = work.session.scalars(query.order_by(Organisation.id)).all()
    frozen = 0
    for organisation_id in missing:
        if stopped():
            break
        with service.work() as work:
            frozen += _freeze(on, work.session.get_one(Organisation, organisation_id), work)
    return frozen


def show_reference_date(text: str, *, actor: Actor, work: Work) -> Report:
    """The report of a reference date as it was frozen. Raises `Invalid` for a day that is none, or not frozen yet."""
    on = _reference_date(text, work)
    frozen = _find(on, actor, work)
    work.record(actor, "report:reference_date", "report", None, on=str(on))
    return frozen


def reconcile_count(command: Reconcile, *, actor: Actor, work: Work) -> Report:
    """A partner's own count of the quarter before a reference date, beside the frozen one, by gemeente (M4).

    Where the frozen count is hidden, so is the difference. Raises `Invalid`, also for a partner in shared figures.
    """
    on = _reference_date(command.on, work)
    report = _find(on, actor, work)
    ours = _frozen_counts(report, command)
    columns = [
        Column(GroupKey.MUNICIPALITY.value, KEY_LABELS[GroupKey.MUNICIPALITY]),
        *map(indicator_column, ("own_count", command.figure, "count_difference")),
    ]
    rows = []
    for place in dict.fromkeys([*command.counts, *ours.counts]):
        own, cell = command.counts.get(place or "", 0), ours.counts.get(place, ours.missing)
        difference = Cell(own - cell.value) if isinstance(cell.value, int) else HIDDEN
        rows.append([named(place, codes_of(GroupKey.MUNICIPALITY)), Cell(own), cell, difference])
    work.record(actor, "report:reconcile", "report", None, on=str(on))
    table = Table("reconciliation", "Verschil per gemeente", columns, rows, ours.table.rule)
    return Report("reconciliation", "Aansluiting", report.from_on, report.to_on, [table])


def last_reference_date(today: date) -> date:
    """The last reference date that has come."""
    dates = [day for year in (today.year - 1, today.year) for day in figure_rules().reference_dates(year)]
    return max(day for day in dates if day <= today)


# Making one.


def _freeze(on: date, organisation: Organisation, work: Work) -> int:
    actor = _acting_for(organisation, work)
    content = pack(count_on(on, actor, work))
    frozen = FrozenReport(reference_on=on, organisation_id=organisation.id, frozen_at=work.now, content=content)
    try:
        with work.session.begin_nested():
            work.session.add(frozen)
    except IntegrityError:
        return 0  # Another worker was first.
    work.record(actor, "report:freeze", "report", frozen.id, on=str(on))
    return 1


def count_on(on: date, actor: Actor, work: Work) -> Report:
    """The cases that were open when this day began, and the quarter before it, as they are known now."""
    months = on.year * 12 + on.month - 4
    eve = on - timedelta(days=1)
    # As on the eve: the quarter that begins on this day has nobody yet, and would hide the others with it.
    asked = Asked(ShowReport(date(months // 12, months % 12 + 1, 1), eve), actor, work, today=eve)
    tables = [standing_table(asked, on, key) for key in DIVISIONS]
    tables += [_quarter_table(asked, key) for key in DIVISIONS]
    if not asked.is_shared:
        tables.append(_quarter_table(asked, *BOTH))
    made_on = work.now.astimezone(AMSTERDAM).date()
    remark = f"Vastgesteld op {made_on:%d-%m-%Y}. Deze cijfers veranderen niet meer."
    return Report("referenceDate", "Peildatum", asked.from_on, asked.to_on, tables, remarks=[remark])


def _quarter_table(asked: Asked, *keys: GroupKey) -> Table:
    columns = [*(Column(key.value, KEY_LABELS[key]) for key in keys), *map(indicator_column, FIGURES)]
    rows = [
        [
            *(asked.name(key, value) for key, value in zip(keys, row.group, strict=True)),
            *(count(row.counts[figure]) for figure in FIGURES),
        ]
        for row in asked.rows(*keys)
        if (row.shows_something and (row.counts[Stage.REFERRED] or asked.is_shared))
        or (asked.is_shared and asked.expects(keys[0], row.group[0]))
    ]
    if len(keys) == 1:
        rows.append([Cell(TOTAL), *(count(asked.total.counts[figure]) for figure in FIGURES)])
    title = f"Het kwartaal ervoor, per {' en '.join(KEY_LABELS[key].lower() for key in keys)}"
    return Table(_name("quarter", keys), title, columns, rows, asked.rule)


def _name(prefix: str, keys: Sequence[GroupKey]) -> str:
    return prefix + "".join(key.value[0].upper() + key.value[1:] for key in keys)


def _acting_for(organisation: Organisation, work: Work) -> Actor:
    """The service itself, for this organisation and bound as its coordinator is."""
    mine = organisation_region.c.organisation_id == organisation.id
    regions = work.session.scalars(select(organisation_region.c.region_id).where(mine))
    return Actor(
        id=SYSTEM_ID,
        organisation_id=organisation.id,
        organisation_kind=organisation.kind,
        roles=frozenset({Role.SYSTEM, Role.COORDINATOR}),
        region_ids=frozenset(regions),
        origin="worker",
    )


# Reading one.


def _reference_date(text: str, work: Work) -> date:
    try:
        on = date.fromisoformat(text) if len(text) == len("2026-01-01") else None
    except ValueError:
        on = None
    if on is None:
        raise Invalid(errors=[FieldError("/date", "date", "Dit is geen datum. Schrijf jjjj-mm-dd.")])
    if on > work.today:
        raise Invalid(errors=[FieldError("/date", "future", "Deze peildatum ligt in de toekomst.")])
    if on not in figure_rules().reference_dates(on.year):
        days = ", ".join(f"{month:02}-{day:02}" for month, day in figure_rules().reference_days)
        raise Invalid(errors=[FieldError("/date", "no_reference_date", f"Dit is geen peildatum. Kies uit: {days}.")])
    return on


def _find(on: date, actor: Actor, work: Work) -> Report:
    query = select(FrozenReport.content).where(
        FrozenReport.reference_on == on, FrozenReport.organisation_id == actor.organisation_id
    )
    content = work.session.scalar(query)
    if content is None:
        sentence = "Van deze peildatum is voor uw organisatie niets vastgesteld."
        raise Invalid(errors=[FieldError("/date", "not_frozen", sentence)])
    return unpack(content)


@dataclass(frozen=True)
class _Frozen:
    """The frozen counts by gemeente, the table they stand in, and what a gemeente has that does not stand in it."""

    table: Table
    counts: Mapping[str | None, Cell]
    missing: Cell


def _frozen_counts(report: Report, command: Reconcile) -> _Frozen:
    keys = (GroupKey.MUNICIPALITY,) if command.partner_id is None else BOTH
    table = next((each for each in report.tables if each.name == _name("quarter", keys)), None)
    if table is None:
        sentence = "Zo fijn zijn personen te herkennen. Laat de aanbieder weg."
        raise Invalid(errors=[FieldError("/partnerId", "too_fine", sentence)])
    counts = dict(_by_place(table, command, len(keys)))
    return _Frozen(table, counts, HIDDEN if table.rule.hidden_below else Cell(0))


def _by_place(table: Table, command: Reconcile, keys: int) -> Iterator[tuple[str | None, Cell]]:
    at = [column.name for column in table.columns].index(command.figure)
    for row in table.rows:
        is_total = keys == 1 and row[0] == Cell(TOTAL)
        if not is_total and (command.partner_id is None or row[0].code == str(command.partner_id)):
            yield row[keys - 1].code, row[at]
