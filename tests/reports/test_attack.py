"""An attacker who asks everything that a regional coordinator may ask, in every form, and solves the system.

The unknowns are the figures per month, lowest value and column. What is shown bounds their sums by its rounding; every
division adds up to the same totals; no stage counts more than the one of which it is a part. A hidden figure is given
away when fewer than six values are left for it: then it is no vaguer than a figure that is shown.
"""

import csv
import io
import math
import sys
from calendar import monthrange
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from random import Random
from typing import Any
from uuid import UUID

import numpy
import pytest
from scipy.optimize import linprog
from scipy.sparse import csr_array
from sqlalchemy import delete

from referral.core.codelists import labels
from referral.core.policy import OrganisationKind
from referral.reports.disclosure import SHARED
from referral.reports.disclosure.hiding import Tree
from referral.reports.measures import TRAITS, Fact, GroupKey, Side
from referral.reports.models import FigureCell
from referral.reports.usecases.folding import add_to_cells
from tests.proof import scaled
from tests.reports import conftest
from tests.reports.conftest import Ledger

DATA_SETS = scaled(scaled(200))
MONTHS = [f"2026-{month:02}" for month in range(1, 6)]
LAST_DAY = date(2026, 5, 31)
PERIODS = {"year": MONTHS, "Q1": MONTHS[:3], "sliding": MONTHS[1:4], "May": MONTHS[4:]}
STAGES = ("screened", "indication", "discussed", "referred", "accepted", "started")
BEFORE = dict(pairwise(STAGES[:3])) | dict(pairwise(STAGES[3:]))
BEFORE = {after: before for before, after in BEFORE.items()}
LOWEST = ("organisation", "languageBackground", "employment")
DIVISIONS = ("sourceKind", "organisation", "languageBackground", "employment")
SLACK = SHARED.rounded_to // 2
LEAST = 6
KINDS = {"city": "municipality", "uwv": "uwv", "village": "municipality", "bakery": "employer"}

Cell = tuple[str, str, str, str]
"""A division, a value of it, a month, a column."""


@dataclass
class System:
    """What the attacker knows: for each sum of cells its least and most, and what is hidden."""

    sums: list[tuple[list[Cell], float, float]] = field(default_factory=list)
    hidden: set[frozenset[Cell]] = field(default_factory=set)

    def learn(self, cells: list[Cell], count: int | None, slack: int) -> None:
        if count is None:
            self.hidden.add(frozenset(cells))
        else:
            self.sums.append((cells, count - slack, count + slack))


@dataclass(frozen=True)
class Values:
    """The values of each division, and of what kind the organisations are."""

    of: Mapping[str, list[str]]
    kinds: Mapping[str, str]

    def leaves(self, division: str, value: str | None) -> list[tuple[str, str]]:
        """The lowest values that make up a value, or the total."""
        if division == "":
            return [("employment", each) for each in self.of["employment"]]
        if division == "sourceKind":
            return [("organisation", each) for each in self.of["organisation"] if self.kinds[each] == value]
        return [(division, value or "")]


def random_facts(chance: Random, ledger: Ledger) -> list[Fact]:
    """Some hundreds of cases: some organisations large, some small, some silent."""
    facts = []
    size = chance.choice([3, 10, 30, 60])
    for name, kind in KINDS.items():
        weight = chance.choice([0, 0.1, 0.4, 1, 3])
        for month in MONTHS:
            for side, stages in ((Side.SCREENED, STAGES[:3]), (Side.SENT, STAGES[3:])):
                for _ in range(chance.randint(0, max(1, int(size * weight)))):
                    reached = stages[: chance.choices([1, 2, 3], [2, chance.random() + 0.2, 1])[0]]
                    owner = ledger.actors[name].organisation_id
                    facts.append(fact(owner, side, month, kind, reached, chance))
    return facts


def fact(owner: UUID, side: Side, month: str, kind: str, reached: Sequence[str], chance: Random) -> Fact:
    traits = dict.fromkeys(TRAITS, "") | {
        GroupKey.SOURCE_KIND: kind,
        GroupKey.ORGANISATION: str(owner),
        GroupKey.LANGUAGE_BACKGROUND: chance.choices(["nt1", "nt2", "unknown"], [5, 4, 1])[0],
        GroupKey.EMPLOYMENT: chance.choices(["employed", "jobseeker", "benefit", "other"], [6, 3, 2, 0.3])[0],
    }
    all_of = {"started": ("referred", "accepted", "handed_over", "intake", "started")}.get(reached[-1], tuple(reached))
    return Fact(owner, side, month, traits, tuple(all_of), {})


def fill(ledger: Ledger, facts: Sequence[Fact]) -> None:
    with ledger.service.work() as work:
        work.session.execute(delete(FigureCell))
        add_to_cells(work.session, ((each, 1) for each in facts))


QUESTIONS = [
    ("year", ""),
    ("year", "month"),
    ("year", "quarter"),
    ("Q1", ""),
    ("Q1", "month"),
    ("sliding", ""),
    ("May", ""),
]


def ask_everything(ledger: Ledger, values: Values) -> System:
    """Every period with every division and every filter, by month and by quarter, as JSON and as a table."""
    system = System()
    for division in ("", *DIVISIONS):
        for period, time in QUESTIONS:
            keys = [key for key in (division, time) if key]
            rows = ask(ledger, PERIODS[period], keys)["rows"]
            for row in rows:
                learn_row(system, values, division, row, PERIODS[period])
        assert table_of(ledger, PERIODS["May"], keys) == [[cell["count"] for cell in row["stages"]] for row in rows]
    for division in DIVISIONS:
        for value in values.of[division]:
            for row in ask(ledger, PERIODS["year"], [division, "month"], **{division: value})["rows"]:
                learn_row(system, values, division, row, PERIODS["year"])
    return system


def ask(ledger: Ledger, months: Sequence[str], keys: Sequence[str], **filters: str) -> Any:
    response = answer(ledger, months, keys, None, **filters)
    assert response.status_code == 200, response.json
    return response.json


def answer(ledger: Ledger, months: Sequence[str], keys: Sequence[str], accept: str | None, **filters: str) -> Any:
    last = monthrange(2026, int(months[-1][5:]))[1]
    query = {"from": f"{months[0]}-01", "to": f"{months[-1]}-{last}", **filters}
    query |= {"groupBy": ",".join(keys)} if keys else {}
    headers = {"Actor": "network", **({"Accept": accept} if accept else {})}
    return ledger.client.get("/v1/reports/funnel", query_string=query, headers=headers)


def table_of(ledger: Ledger, months: Sequence[str], keys: Sequence[str]) -> list[list[int | None]]:
    """The counts of the stages in the table, row by row."""
    text = answer(ledger, months, keys, "text/csv").data.decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(text), delimiter=";"))
    lines = lines[1 : lines.index([])]
    counts = [line[len(keys) + 3] for line in lines if line[len(keys)] in labels("stage").values()]
    numbers = [None if count == "verborgen" else int(count) for count in counts]
    return [numbers[at : at + 10] for at in range(0, len(numbers), 10)]


def learn_row(system: System, values: Values, division: str, row: dict[str, Any], months: Sequence[str]) -> None:
    group = row["group"]
    if "month" in group:
        months = [month for month in months if month == group["month"]]
    if "quarter" in group:
        months = [month for month in months if (int(month[5:]) + 2) // 3 == int(group["quarter"][-1])]
    for cell in row["stages"]:
        if cell["stage"] in STAGES:
            leaves = values.leaves(division, group.get(division))
            cells = [(*leaf, month, cell["stage"]) for leaf in leaves for month in months]
            # A period that is no quarter and no year is put together of months, and each of those was rounded.
            system.learn(cells, cell["count"], SLACK * len(months) if months == PERIODS["sliding"] else SLACK)


class Solver:
    """The linear system of what the attacker knows."""

    def __init__(self, system: System, values: Values) -> None:
        leaves = [(division, value) for division in LOWEST for value in values.of[division]]
        cells = [(*leaf, month, stage) for leaf in leaves for month in MONTHS for stage in STAGES]
        self.index = {cell: at for at, cell in enumerate(cells)}
        above, self.most = [], []
        for known, low, high in system.sums:
            above += [self.row(known), self.row(known, -1)]
            self.most += [high, -low]
        for division, value, month, stage in cells:
            if stage in BEFORE:
                above.append(
                    self.row([(division, value, month, stage)]) - self.row([(division, value, month, BEFORE[stage])])
                )
                self.most.append(0)
        equal = [
            self.row([("employment", each, month, stage) for each in values.of["employment"]])
            - self.row([(other, each, month, stage) for each in values.of[other]])
            for other in LOWEST[:-1]
            for month in MONTHS
            for stage in STAGES
        ]
        self.above, self.equal = csr_array(numpy.array(above)), csr_array(numpy.array(equal))
        self.known: list[Any] = []
        """Solutions that were found on the way: they already show how far apart many figures can be."""

    def row(self, cells: Sequence[Cell], sign: int = 1) -> Any:
        row = numpy.zeros(len(self.index))
        for cell in cells:
            row[self.index[cell]] += sign
        return row

    def is_given_away(self, cells: Sequence[Cell]) -> bool:
        """Whether fewer than six values are left for the sum of these cells."""
        goal = self.row(cells)
        if self.known and left(goal @ numpy.array(self.known).T) >= LEAST:
            return False
        ends = [self.end(goal, sign) for sign in (1, -1)]
        return left(numpy.array(ends)) < LEAST

    def end(self, goal: Any, sign: int) -> float:
        """The least (1) or the most (-1) that it can be."""
        zeros = numpy.zeros(self.equal.shape[0])
        # What is hidden everywhere has no other bound; nobody believes in more than this.
        found = linprog(sign * goal, self.above, self.most, self.equal, zeros, bounds=(0, 10_000), method="highs")
        assert found.status == 0, found.message
        self.known.append(found.x)
        return float(goal @ found.x)


def left(values: Any) -> int:
    """How many whole numbers lie between the least and the most."""
    return math.floor(values.max() + 1e-6) - math.ceil(values.min() - 1e-6) + 1


def attack(ledger: Ledger, seeds: Iterator[int], sets: int) -> Counter[str]:
    """Attack so many data sets; returns what was shown, hidden and given away."""
    kinds = {**KINDS, "school": "provider", "network": "region"}
    known = {str(ledger.actors[name].organisation_id): kind for name, kind in kinds.items()}
    codes = {name: list(labels(name)) for name in ("languageBackground", "employment")}
    values = Values({"organisation": list(known), "sourceKind": sorted({*known.values()}), **codes}, known)
    told: Counter[str] = Counter()
    for _ in range(sets):
        fill(ledger, random_facts(Random(next(seeds)), ledger))
        system = ask_everything(ledger, values)
        solver = Solver(system, values)
        told["shown"] += len(system.sums)
        told["hidden"] += len(system.hidden)
        told["given away"] += sum(solver.is_given_away(list(cells)) for cells in system.hidden)
        told["data sets"] += 1
    return told


@pytest.fixture
def region(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    monkeypatch.setattr(conftest, "TODAY", LAST_DAY)
    ledger.settle("village", OrganisationKind.MUNICIPALITY, next(iter(ledger.actors["network"].region_ids)))
    return ledger


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nobody_recovers_a_hidden_figure(region: Ledger) -> None:
    told = attack(region, iter(range(1000, 9999)), DATA_SETS)
    sys.stdout.write(f"{dict(told)}\n")
    assert told["given away"] == 0
    assert told["hidden"] > 0 < told["shown"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_control_without_secondary_suppression_many_are_recovered(
    region: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Tree, "_is_kept", lambda *_: True)
    told = attack(region, iter(range(1000, 9999)), max(2, DATA_SETS // 10))
    sys.stdout.write(f"{dict(told)}\n")
    assert told["given away"] > 20
