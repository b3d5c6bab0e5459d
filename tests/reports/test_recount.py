"""Random lives, counted twice: by the report, and by hand from the history, day by day."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from referral.core.codelists import reasons
from referral.core.policy import OrganisationKind
from referral.referrals.workflow import EventName, Status
from tests.reports.conftest import MILESTONES, TRAITS, Ledger, Step, path

FROM, TO = date(2026, 2, 1), date(2026, 4, 30)
NAMES = ["screened", "indication", "discussed", "referred", "accepted", "handed_over", "intake", "started", "completed"]
STAGES = [*NAMES, "closed"]
ENDS = [
    (EventName.DECLINE, Status.DECLINED, "no_capacity"),
    (EventName.WITHDRAW, Status.WITHDRAWN, "benefit_ended"),
    (EventName.EXPIRE, Status.EXPIRED, "no_response"),
    (EventName.NOT_START, Status.NOT_STARTED, "client_moved"),
    (EventName.STOP, Status.STOPPED_EARLY, "client_found_work"),
]
TRAIT_KEYS = {
    "languageBackground": "language_background",
    "employment": "employment",
    "ageBand": "age_band",
    "municipality": "municipality_code",
    "raisesChildren": "raises_children",
}
UNTOLD = {"raises_children": "unknown"}
"""What no referral says."""
day = st.dates(date(2025, 12, 20), date(2026, 5, 20))
hour = st.sampled_from([time(0, 30), time(12), time(23, 45)])
traits = st.fixed_dictionaries(
    {
        "language_background": st.sampled_from(["nt1", "nt2"]),
        "age_band": st.sampled_from(["25-34", "35-44"]),
        "employment": st.sampled_from(["employed", "jobseeker"]),
        "municipality_code": st.sampled_from(["GM0453", "GM0362"]),
    }
)


@dataclass(frozen=True)
class Life:
    """One need: the histories of a referral and of all that it was transferred to."""

    histories: Sequence[Sequence[Step]]
    held_on: date | None
    traits: dict[str, str]


@st.composite
def histories(draw: st.DrawFn, start: date, *, moves_on: bool) -> list[Step]:
    """Some milestones, perhaps a hold on the way, and an end."""
    gaps = draw(st.lists(st.integers(0, 40), max_size=3 if moves_on else 6))
    steps = path(start, *gaps)
    if len(steps) > 2 and draw(st.booleans()):
        at = draw(st.integers(1, len(steps) - 2))
        steps[at + 1 : at + 1] = draw(holds(steps[at], steps[at + 1]))
    last = steps[-1]
    if moves_on:
        steps.append(Step(last.on + timedelta(days=3), EventName.TRANSFER, Status.WITHDRAWN, "transferred"))
    elif last.to is not Status.CLOSED and draw(st.booleans()):
        steps.append(Step(last.on + timedelta(days=2), *draw(st.sampled_from(ENDS))))
    if draw(st.integers(0, 5)) == 0:
        steps.append(Step(steps[-1].on, EventName.VOID, Status.VOID, "entered_in_error"))
    at = draw(hour)
    return [replace(step, at=at) for step in steps]


@st.composite
def holds(draw: st.DrawFn, before: Step, after: Step) -> list[Step]:
    """A hold between two milestones; perhaps its resumption was undone and came later."""
    room = (after.on - before.on).days
    first, second, third = sorted(draw(st.lists(st.integers(0, room), min_size=3, max_size=3)))
    since, until, later = (before.on + timedelta(days=number) for number in (first, second, third))
    facts = {"heldSince": since.isoformat()}
    steps = [
        Step(since, EventName.HOLD, before.to, "hold_work"),
        Step(until, EventName.RESUME, before.to, facts=facts),
    ]
    if draw(st.booleans()):
        return steps
    undo = Step(until, EventName.UNDO, before.to, undoes=-1)
    return [*steps, undo, Step(later, EventName.RESUME, before.to, facts=facts)]


@st.composite
def lives(draw: st.DrawFn) -> Life:
    length, start = draw(st.sampled_from([1, 1, 1, 2, 3])), draw(day)
    chain: list[list[Step]] = []
    for number in range(length):
        chain.append(number_undo(draw(histories(start, moves_on=number < length - 1))))
        start = max(step.on for step in chain[-1])
    held_on = draw(st.none() | st.integers(0, 30).map(lambda before: chain[0][0].on - timedelta(days=before)))
    return Life(chain, held_on, draw(traits))


def number_undo(steps: list[Step]) -> list[Step]:
    """The undo names the sequence of the step just before it."""
    return [replace(step, undoes=at) if step.undoes else step for at, step in enumerate(steps)]


answers = st.fixed_dictionaries({}, optional={"raises_children": st.sampled_from(["yes", "no", "unknown"])})
bands = st.tuples(traits, answers).map(lambda both: both[0] | both[1])
screenings = st.tuples(day, st.sampled_from(["yes", "no", "undetermined"]), st.none() | st.integers(0, 40), bands)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    st.lists(screenings, max_size=6),
    st.lists(lives(), max_size=6),
    st.lists(st.sampled_from(["month", "quarter", "sourceKind", *TRAIT_KEYS]), unique=True, max_size=2),
)
def test_the_report_counts_what_the_history_says(
    ledger: Ledger, screened: list[Any], referred: list[Life], keys: list[str]
) -> None:
    name = f"city-{uuid4()}"
    ledger.settle(name, OrganisationKind.MUNICIPALITY)
    for on, indication, wait, bands in screened:
        held_on = None if wait is None else on + timedelta(days=wait)
        ledger.screen(on, by=name, indication=indication, held_on=held_on, **bands)
    for life in referred:
        previous = None
        for steps in life.histories:
            previous = ledger.refer(
                steps, by=name, previous_id=previous, conversation_held_on=life.held_on, **life.traits
            )
    query = {"groupBy": ",".join(keys)} if keys else {}
    rows = ledger.rows(name, from_=str(FROM), to=str(TO), **query)
    for row in rows:
        del row["others"], row["notDiscussed"]
    assert {tuple(row["group"].values()): row for row in rows} == recount(screened, referred, keys)


class Tallies:
    """What was counted by hand for one group."""

    def __init__(self) -> None:
        self.reached: Counter[str] = Counter()
        self.took: dict[str, list[int]] = defaultdict(list)
        self.lost: Counter[str] = Counter()


def recount(screened: list[Any], referred: list[Life], keys: list[str]) -> dict[tuple[str, ...], Any]:
    """The same figures, the slow way."""
    groups: dict[tuple[str, ...], Tallies] = defaultdict(Tallies)
    if not keys:
        groups[()] = Tallies()
    for on, indication, wait, bands in screened:
        if FROM <= on <= TO:
            recount_screening(groups[group_of(on, bands, keys)], indication, wait)
    for life in referred:
        alive = [steps for steps in life.histories if steps[-1].to is not Status.VOID]
        if alive and FROM <= alive[0][0].on <= TO:
            recount_life(groups[group_of(alive[0][0].on, life.traits, keys)], alive, life.held_on)
    return {group: shown(group, keys, tallies) for group, tallies in groups.items()}


def recount_screening(tallies: Tallies, indication: str, wait: int | None) -> None:
    tallies.reached["screened"] += 1
    if indication == "yes":
        tallies.reached["indication"] += 1
        tallies.took["indication"].append(0)
    if indication == "yes" and wait is not None:
        tallies.reached["discussed"] += 1
        tallies.took["discussed"].append(wait)


def recount_life(tallies: Tallies, alive: Sequence[Sequence[Step]], held_on: date | None) -> None:
    first_days = dict(milestones(alive))
    tallies.reached.update(first_days.keys())
    starts = [held_on, *first_days.values()]
    for start, (stage, end) in zip(starts, first_days.items(), strict=False):
        if start is not None:
            tallies.took[stage].append(len(working(start, end, alive)))
    end_step = alive[-1][-1]
    if end_step.to in {status for _, status, _ in ENDS} and end_step.reason != "transferred":
        tallies.lost[end_step.reason or ""] += 1


def milestones(alive: Sequence[Sequence[Step]]) -> Iterator[tuple[str, date]]:
    for stage, status in zip(STAGES[3:], MILESTONES, strict=True):
        found = [step.on for steps in alive for step in steps if step.to is status]
        if found:
            yield stage, min(found)


def working(start: date, end: date, alive: Sequence[Sequence[Step]]) -> list[date]:
    """The days from start to end on which no referral was on hold."""
    every = [start + timedelta(days=number) for number in range((end - start).days)]
    return [each for each in every if not any(on_hold(each, steps) for steps in alive)]


def on_hold(at: date, steps: Sequence[Step]) -> bool:
    undone = {step.undoes for step in steps}
    held = False
    for number, step in enumerate(steps, 1):
        if step.on <= at and number not in undone:
            held = step.event is EventName.HOLD or (held and step.event is not EventName.RESUME)
    return held


def group_of(on: date, bands: dict[str, str], keys: list[str]) -> tuple[str, ...]:
    named = {
        "month": on.isoformat()[:7],
        "quarter": f"{on.year}-Q{math.ceil(on.month / 3)}",
        "sourceKind": "municipality",
        **{key: {**UNTOLD, **TRAITS, **bands}[name] for key, name in TRAIT_KEYS.items()},
    }
    return tuple(named[key] for key in keys)


def shown(group: tuple[str, ...], keys: list[str], tallies: Tallies) -> dict[str, Any]:
    stages = []
    for before, stage in zip(["", *STAGES], STAGES, strict=False):
        count, base, days = tallies.reached[stage], tallies.reached[before], sorted(tallies.took[stage])
        half = len(days) // 2
        stages.append(
            {
                "stage": stage,
                "count": count,
                "conversion": round(count / base, 2) if base and count <= base else None,
                "medianDays": (days[half] + days[-half - 1]) / 2 if days else None,
                **{
                    f"p{part}Days": next(
                        (day for day in days if sum(d <= day for d in days) * 100 >= part * len(days)), None
                    )
                    for part in (10, 25, 75, 90)
                },
            }
        )
    losses = [{"party": reasons()[code].party, "reason": code, "count": count} for code, count in tallies.lost.items()]
    losses.sort(key=lambda loss: (loss["party"], loss["reason"]))
    return {"group": dict(zip(keys, group, strict=True)), "stages": stages, "losses": losses}
