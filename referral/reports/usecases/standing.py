"""The cases that were open when a day began, from the day of each stage that their journeys keep.

The day is the first of a month. So it makes no difference that the journeys of an erased person keep months only.
"""

from collections import Counter
from datetime import date

from sqlalchemy import or_, select

from referral.reports.disclosure import ROOT
from referral.reports.measures import PARENTS, REFERRAL_STAGES, GroupKey, Side, month_of
from referral.reports.models import Journey
from referral.reports.report import Cell, Column, Table, Unit, count
from referral.reports.usecases.asked import TOTAL, Asked
from referral.reports.usecases.counting import OWN_SIDES
from referral.reports.usecases.domains import KEY_LABELS, ORGANISATIONS, PLACES, domain_of
from referral.reports.usecases.journeys import ENDED
from referral.reports.usecases.keeping import COLUMN_OF
from referral.reports.usecases.stock import Stock

OPEN_STAGES = REFERRAL_STAGES[:-1]
"""Whoever came to the last stage, or ended, is no longer there. Each stage is a part of the one before it."""


def standing_table(asked: Asked, on: date, key: GroupKey) -> Table:
    """The open cases by one division, and how many of them had come how far."""
    columns = [Column(key.value, KEY_LABELS[key])]
    columns += [Column(stage.value, _LABELS[stage.value], Unit.COUNT, "standing") for stage in OPEN_STAGES]
    known = domain_of(asked.reading, key) if asked.is_shared and key in ORGANISATIONS | PLACES else ()
    always = [value for value in sorted(known) if asked.expects(key, value)]
    stock = Stock(_counts(asked, on, key), always, OPEN_STAGES, PARENTS, asked.rule, on)
    rows = [
        [asked.name(key, value), *(count(stock.shown(value, stage)) for stage in OPEN_STAGES)] for value in stock.values
    ]
    rows.append([Cell(TOTAL), *(count(stock.shown(ROOT, stage)) for stage in OPEN_STAGES)])
    title = f"Open zaken op {on:%d-%m-%Y}, per {KEY_LABELS[key].lower()}"
    return Table(f"open{key.value[0].upper()}{key.value[1:]}", title, columns, rows, asked.rule)


def _counts(asked: Asked, on: date, key: GroupKey) -> dict[str, Counter[str]]:
    table, month = Journey.__table__, month_of(on)
    sides = OWN_SIDES if asked.is_shared else tuple(Side)
    ended = table.c.reached[ENDED].as_string()
    query = select(table.c[COLUMN_OF[key]].label("value"), table.c.reached).where(
        table.c.owner_id.in_(asked.owners),
        table.c.side.in_([side for side in sides if side is not Side.SCREENED]),
        table.c.counted_on < on,
        or_(ended.is_(None), ended >= month),
    )
    counts: dict[str, Counter[str]] = {}
    for row in asked.work.session.execute(query.execution_options(yield_per=1000)):
        far = max(at for at, stage in enumerate(REFERRAL_STAGES) if row.reached.get(stage, month) < month)
        counts.setdefault(row.value, Counter()).update(stage.value for stage in OPEN_STAGES[: far + 1])
    return counts


_LABELS = {
    "referred": "Open",
    "accepted": "Geaccepteerd",
    "handed_over": "Overgedragen",
    "intake": "Intake",
    "started": "In traject",
    "completed": "In nazorg",
}
