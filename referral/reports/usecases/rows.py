"""The rows of the funnel as they may be shown: counts with their shares, days and losses. One shape for every view."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from referral.core.codelists import labels, reasons
from referral.reports.disclosure import Rule
from referral.reports.measures import RESULTS, RUNNING, STOPPED, Extra, Span, Stage
from referral.reports.tally import Tally, median, percentile
from referral.reports.usecases.counting import Group

Counts = Mapping[str, int | None]
"""Per column the count as it may be shown; None is hidden."""
MEDIAN, PERCENTILES = 50, (10, 25, 75, 90)
UNSAID = "unsaid"
"""Not discussed, and nobody said why."""


@dataclass(frozen=True)
class Figure:
    """One cell as it may be shown; `count` None is hidden. Conversion is a fraction, durations are in calendar days."""

    stage: str
    count: int | None
    conversion: float | None = None
    median_days: float | None = None
    p90_days: int | None = None
    p10_days: int | None = None
    p25_days: int | None = None
    p75_days: int | None = None


@dataclass(frozen=True)
class Loss:
    """How many were lost for one reason, and on whose side the cause lies."""

    party: str
    reason: str
    count: int


@dataclass(frozen=True)
class Missed:
    """How many with an indication were not discussed for one reason; None: nobody said why (L7)."""

    reason: str | None
    count: int


@dataclass(frozen=True)
class Losses:
    """Who was lost by reason: referrals, and screenings that were not discussed. And how what started ended."""

    referrals: Sequence[Loss] = ()
    screenings: Sequence[Missed] = ()
    results: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """The figures of one group as they may be shown. A hidden loss is not named, for its reason tells enough."""

    group: Group
    stages: Sequence[Figure]
    losses: Sequence[Loss]
    missed: Sequence[Missed]
    others: Sequence[Figure]
    results: Mapping[str, int] = field(default_factory=dict)
    """How many of those who started ended with each result; one that may not be shown is not in it."""

    @property
    def counts(self) -> Counts:
        """The count of every stage, and of what is counted besides."""
        return {figure.stage: figure.count for figure in (*self.stages, *self.others)}

    @property
    def shows_something(self) -> bool:
        """Whether any count of it is shown."""
        return any(figure.count is not None for figure in self.stages)


def show_row(group: Group, counts: Counts, days: Tally | None, losses: Losses, rule: Rule) -> Row:
    """A row under this rule; `days` None shows no durations."""
    stages, base = [], None
    for stage in Stage:
        count = counts[stage]
        figure = _timed(stage.value, count, stage.value, days, rule)
        stages.append(replace(figure, conversion=rule.share(count, base)))
        base = count
    others = list(_others(counts, days, rule))
    return Row(group, stages, losses.referrals, losses.screenings, others, losses.results)


def exact_counts(tally: Tally) -> Counts:
    """The counts themselves."""
    return dict(tally.by_column())


def exact_losses(tally: Tally) -> Losses:
    """The losses themselves: of referrals by party and reason, of screenings by reason."""
    found = [
        Loss(reasons()[code].party.value, code, count)
        for code, count in tally.losses.items()
        if count and code in reasons()
    ]
    missed = [missed_for(code, count) for code, count in sorted(missed_by(tally).items()) if count]
    return Losses(sorted(found, key=lambda loss: (loss.party, loss.reason)), missed, results_by(tally))


def missed_for(code: str, count: int) -> Missed:
    """So many were not discussed for this reason, or without one."""
    return Missed(None if code == UNSAID else code, count)


def missed_by(tally: Tally) -> Mapping[str, int]:
    """How many with an indication were not discussed, for each reason and `UNSAID`."""
    named = {code: tally.losses[code] for code in labels("notHeldReason")}
    silent = tally.count(Stage.INDICATION) - tally.count(Stage.DISCUSSED) - sum(named.values())
    return {**named, UNSAID: silent}


def results_by(tally: Tally) -> Mapping[str, int]:
    """How many of those who started have each certificate or none, stopped early, or are still learning (K8)."""
    ended = {result: tally.losses[RESULTS + result] for result in (*labels("certificate"), STOPPED)}
    return {**ended, RUNNING: tally.count(Stage.STARTED) - sum(ended.values())}


def _others(counts: Counts, days: Tally | None, rule: Rule) -> Sequence[Figure]:
    """What is counted besides the stages; a share is of the stage that it is a part of."""
    started, referred, handed_over = counts[Stage.STARTED], counts[Stage.REFERRED], counts[Stage.HANDED_OVER]
    in_time, answered, cold = counts[Extra.WITHIN_TERM], counts[Extra.ANSWERED], counts[Extra.COLD]
    silent = _difference(counts[Stage.INDICATION], counts[Stage.DISCUSSED])
    return [
        Figure("not_discussed", silent, rule.share(silent, counts[Stage.INDICATION])),
        Figure(Extra.ANSWERED.value, answered, rule.share(answered, referred)),
        Figure(Extra.COLD.value, cold, rule.share(cold, handed_over)),
        Figure(Extra.WITHIN_TERM.value, in_time, rule.share(in_time, referred)),
        _timed(Span.SIGNAL.value, started, Span.SIGNAL.value, days, rule),
    ]


def _difference(whole: int | None, part: int | None) -> int | None:
    """What is left, of the figures as they are shown; so it tells nothing that they do not."""
    return None if whole is None or part is None else max(0, whole - part)


def _timed(name: str, count: int | None, timed: str, days: Tally | None, rule: Rule) -> Figure:
    if days is None or count is None:
        return Figure(name, count)
    histogram = days.histogram(timed)
    measured = min(sum(histogram), count - rule.rounded_to // 2)
    return Figure(
        name,
        count,
        median_days=median(histogram) if rule.shows_percentile(MEDIAN, measured) else None,
        **{
            f"p{part}_days": percentile(histogram, part) if rule.shows_percentile(part, measured) else None
            for part in PERCENTILES
        },
    )
