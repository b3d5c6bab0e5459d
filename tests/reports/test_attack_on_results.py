"""An attacker who asks the monitor for every run of months, and the funnel for its losses, recovers no result."""

import math
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

import numpy
import pytest
from scipy.optimize import linprog
from sqlalchemy import delete

from referral.reports.disclosure import SHARED, covering
from referral.reports.disclosure.hiding import Tree
from referral.reports.measures import REFERRAL_STAGES, TRAITS, Fact, GroupKey, Side
from referral.reports.models import FigureCell
from referral.reports.usecases.folding import add_to_cells
from tests.proof import scaled
from tests.reports import conftest
from tests.reports.conftest import Ledger

DATA_SETS = scaled(60)
MONTHS = [f"2026-{month:02}" for month in range(1, 6)]
LAST_DAY = date(2026, 5, 31)
FINISHED, UNFINISHED = ("diploma", "mbo_certificate", "praktijkverklaring", "none"), ("stopped", "running")
ENDS = (*FINISHED, *UNFINISHED)
LOST = "lost"
SLACK = SHARED.rounded_to // 2
LEAST = 6
RUNS = [(first, last) for first in range(5) for last in range(first, 5)]


@dataclass
class Knowledge:
    """Linear bounds on how many ended how in each month, and the sums that were hidden.

    `totals` are the bounds that the stages of the funnel give by themselves: where nearly everybody finished, those
    already say that few did not.
    """

    above: list[Any] = field(default_factory=list)
    most: list[float] = field(default_factory=list)
    totals: list[int] = field(default_factory=list)
    hidden: list[Any] = field(default_factory=list)

    def learn(self, months: list[str], ends: tuple[str, ...], count: int | None, slack: int) -> None:
        sums = row(months, ends)
        if count is None:
            self.hidden += [sums] if len(ends) == 1 else []
            return
        if len(ends) > 1:
            self.totals += [len(self.above), len(self.above) + 1]
        self.above += [sums, -sums]
        self.most += [count + slack, slack - count]

    def is_given_away(self, goal: Any) -> bool:
        """Whether the results leave fewer than six values for this sum, and the stages alone left more."""
        return self.left(goal, range(len(self.above))) < LEAST <= self.left(goal, self.totals)

    def left(self, goal: Any, known: Sequence[int]) -> int:
        """How many values these bounds leave."""
        above, most = [self.above[at] for at in known], [self.most[at] for at in known]
        ends = [linprog(sign * goal, above, most, bounds=(0, 10_000), method="highs") for sign in (1, -1)]
        assert all(found.status == 0 for found in ends)
        lowest, highest = (float(goal @ found.x) for found in ends)
        return math.floor(highest + 1e-6) - math.ceil(lowest - 1e-6) + 1


def row(months: list[str], ends: tuple[str, ...]) -> Any:
    names = (*ENDS, LOST)
    found = numpy.zeros(len(MONTHS) * len(names))
    for month in months:
        for end in ends:
            found[MONTHS.index(month) * len(names) + names.index(end)] = 1
    return found


def fill(ledger: Ledger, chance: Random) -> None:
    """Some dozens of started trajectories a month; a result may be rare, or missing."""
    city, size = ledger.actors["city"], chance.choice([5, 20, 60])
    weights = [chance.choice([0, 0.05, 0.2, 1, 3]) for _ in ENDS]
    traits = dict.fromkeys(TRAITS, "") | {
        GroupKey.SOURCE_KIND: "municipality", GroupKey.ORGANISATION: str(city.organisation_id)
    }  # fmt: skip
    facts = []
    for month in MONTHS:
        for end, weight in zip(ENDS, weights, strict=True):
            for _ in range(chance.randint(0, int(size * weight) + 1)):
                reached = tuple(stage.value for stage in REFERRAL_STAGES[: 6 if end in FINISHED else 5])
                loss = "client_moved" if end == "stopped" else None
                result = "" if end == "running" else end
                facts.append(Fact(city.organisation_id, Side.SENT, month, traits, reached, {}, loss, result))
    with ledger.service.work() as work:
        work.session.execute(delete(FigureCell))
        add_to_cells(work.session, ((each, 1) for each in facts))


def ask_everything(ledger: Ledger) -> Knowledge:
    known = Knowledge()
    for first, last in RUNS:
        months = MONTHS[first : last + 1]
        slack = SLACK * len(list(covering(months[0], months[-1], LAST_DAY)))
        period = {"from": f"{months[0]}-01", "to": str(last_day(months[-1]))}
        told = ledger.client.get("/v1/reports/monitor", query_string=period, headers={"Actor": "network"}).json
        output = next(table for table in told["tables"] if table["table"] == "output")
        total = {cell["column"]: cell["value"] for cell in output["rows"][-1]["cells"]}
        known.learn(months, ENDS, total["participants"], slack)
        known.learn(months, FINISHED, total["completed"], slack)
        for end in ENDS:
            known.learn(months, (end,), total[f"result_{end}"], slack)
        funnel = ledger.client.get("/v1/reports/funnel", query_string=period, headers={"Actor": "network"}).json
        for loss in funnel["rows"][0]["losses"]:
            known.learn(months, (LOST,), loss["count"], slack)
    for month in MONTHS:
        known.above.append(row([month], ("stopped",)) - row([month], (LOST,)))
        known.most.append(0)
    return known


def last_day(month: str) -> date:
    return (date.fromisoformat(f"{month}-01") + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def attack(ledger: Ledger, seeds: Iterator[int], sets: int) -> Counter[str]:
    told: Counter[str] = Counter()
    for _ in range(sets):
        fill(ledger, Random(next(seeds)))
        known = ask_everything(ledger)
        told["shown"] += len(known.most) // 2
        told["hidden"] += len(known.hidden)
        told["given away"] += sum(map(known.is_given_away, known.hidden))
        told["data sets"] += 1
    return told


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nobody_recovers_a_hidden_result(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conftest, "TODAY", LAST_DAY)
    told = attack(ledger, iter(range(500, 9999)), DATA_SETS)
    sys.stdout.write(f"{dict(told)}\n")
    assert told["given away"] == 0
    assert told["hidden"] > 0 < told["shown"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_control_without_secondary_suppression_results_are_recovered(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conftest, "TODAY", LAST_DAY)
    monkeypatch.setattr(Tree, "_is_kept", lambda *_: True)
    told = attack(ledger, iter(range(500, 9999)), DATA_SETS)
    sys.stdout.write(f"{dict(told)}\n")
    assert told["given away"] > 0
