"""Counting cases into rows: pure functions of what was read, without a database, a clock or an actor."""

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise, product

from referral.core.codelists import reasons
from referral.reports.disclosure import Group, Loss, Row, Tally


class Stage(StrEnum):
    """The stages of the funnel, in the order of the chain. The first three count screenings, the rest referrals."""

    SCREENED = "screened"
    INDICATION = "indication"
    DISCUSSED = "discussed"
    REFERRED = "referred"
    ACCEPTED = "accepted"
    HANDED_OVER = "handed_over"
    INTAKE = "intake"
    STARTED = "started"
    COMPLETED = "completed"
    CLOSED = "closed"


SCREENING_STAGES = tuple(Stage)[:3]
REFERRAL_STAGES = tuple(Stage)[3:]
STEPS = {
    stages: [(before, stage) for before, stage in pairwise(Stage) if stage in stages]
    for stages in (SCREENING_STAGES, REFERRAL_STAGES)
}
"""The steps from one milestone to the next that are measured for a screening, and for a referral."""


class GroupKey(StrEnum):
    """By what the funnel can be divided."""

    SOURCE_KIND = "sourceKind"
    ORGANISATION = "organisation"
    MUNICIPALITY = "municipality"
    MONTH = "month"
    QUARTER = "quarter"
    LANGUAGE_BACKGROUND = "languageBackground"
    EMPLOYMENT = "employment"
    AGE_BAND = "ageBand"


Traits = Mapping[GroupKey, str | None]
Pause = tuple[date, date]
"""The first day of a hold, and the day on which the case resumed."""


@dataclass(frozen=True)
class Case:
    """One screening, or one referral with all that it was transferred to, on its way through the stages.

    `stages` are those in which it may be counted; `reached` holds the Dutch calendar day of each milestone, also of the
    one before its first stage. `loss` is the reason code with which it was lost. Without `has_days` only the months are
    known, and nothing is measured.
    """

    counted_on: date
    traits: Traits
    stages: tuple[Stage, ...]
    reached: Mapping[Stage, date | None]
    pauses: Sequence[Pause] = ()
    loss: str | None = None
    has_days: bool = True


def month_of(day: date) -> str:
    """The month as it is grouped by ("2026-03")."""
    return f"{day:%Y-%m}"


def quarter_of(day: date) -> str:
    """The quarter as it is grouped by ("2026-Q1")."""
    return f"{day.year}-Q{(day.month + 2) // 3}"


def count_rows(cases: Iterable[Case], keys: Sequence[GroupKey], expected: Collection[Group]) -> list[Row]:
    """One row per group, sorted, the unknown last; an expected group has a row even when nobody is in it."""
    members: dict[Group, list[Case]] = {group: [] for group in expected}
    for case in cases:
        members.setdefault(tuple(_value(case, key) for key in keys), []).append(case)
    by_name = sorted(members, key=lambda group: [(value is None, value or "") for value in group])
    kinds = {
        case.traits[GroupKey.ORGANISATION]: case.traits[GroupKey.SOURCE_KIND]
        for each in members.values()
        for case in each
    }
    return [
        Row(group, _stages(members[group]), _losses(members[group]), _margins(group, keys, kinds), group in expected)
        for group in by_name
    ]


def days_between(start: date, end: date, pauses: Iterable[Pause]) -> int:
    """Calendar days from one milestone to the next, without the days on hold."""
    held = sum((max(timedelta(), min(end, until) - max(start, since)) for since, until in pauses), timedelta())
    return (end - start - held).days


def _value(case: Case, key: GroupKey) -> str | None:
    if key is GroupKey.MONTH:
        return month_of(case.counted_on)
    return quarter_of(case.counted_on) if key is GroupKey.QUARTER else case.traits[key]


def _stages(cases: Sequence[Case]) -> dict[str, Tally]:
    counts: Counter[Stage] = Counter()
    days: dict[Stage, list[int]] = {stage: [] for stage in Stage}
    for case in cases:
        counted = _counted(case)
        counts.update(counted)
        for before, stage in STEPS[case.stages][: len(counted)]:
            start, end = case.reached.get(before), case.reached.get(stage)
            if start and end and case.has_days:
                days[stage].append(days_between(start, end, case.pauses))
    return {stage.value: Tally(counts[stage], days[stage]) for stage in Stage}


def _counted(case: Case) -> Sequence[Stage]:
    """The stages up to the furthest that was reached: a later one implies the earlier."""
    furthest = max(at for at, stage in enumerate(case.stages) if case.reached.get(stage))
    return case.stages[: furthest + 1]


def _losses(cases: Iterable[Case]) -> Mapping[Loss, int]:
    return Counter((reasons()[case.loss].party.value, case.loss) for case in cases if case.loss)


def _margins(group: Group, keys: Sequence[GroupKey], kinds: Mapping[str | None, str | None]) -> frozenset[Hashable]:
    """Every coarser group that this one is a part of: leave keys out, quarters for months, kinds for organisations."""
    wider = [_wider(key, value, kinds) for key, value in zip(keys, group, strict=True)]
    return frozenset(product(*wider)) - {tuple(zip(keys, group, strict=True))}


def _wider(key: GroupKey, value: str | None, kinds: Mapping[str | None, str | None]) -> list[Hashable]:
    same: list[Hashable] = [(key, value), None]
    if key is GroupKey.MONTH and value:
        return [*same, quarter_of(date.fromisoformat(f"{value}-01"))]
    return [*same, kinds.get(value)] if key is GroupKey.ORGANISATION else same
