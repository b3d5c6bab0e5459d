"""The dashboard of a coordinator: the funnel, one division of it, and the flow from sources to trajectories."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from referral.core.codelists import labels
from referral.core.policy import Actor
from referral.core.work import Work
from referral.reports.disclosure import EXACT
from referral.reports.measures import TIME_KEYS, GroupKey, Stage
from referral.reports.report import Cell, Column, Table, Unit, count, indicator_column, named, number
from referral.reports.usecases.coverage import coverage_today
from referral.reports.usecases.domains import KEY_LABELS, ORGANISATIONS, codes_of
from referral.reports.usecases.funnel import Funnel, ShowFunnel, read_funnel, reading_for, show_funnel
from referral.reports.usecases.rows import Figure, Row

SOURCE, TEMPLATE = GroupKey.SOURCE_KIND, GroupKey.TRAJECTORY_TEMPLATE
DIVISIONS = tuple(key for key in GroupKey if key not in TIME_KEYS)
"""By what the dashboard can be divided."""
LOOKED_AT = (Stage.SCREENED, Stage.INDICATION, Stage.DISCUSSED, Stage.REFERRED, Stage.STARTED, Stage.COMPLETED)
"""The stages that the division shows; all ten stand in the funnel."""
REFERRED = "Doorverwezen"


@dataclass(frozen=True)
class Dashboard:
    """What one question shows. `flow` None: under disclosure control it goes without a filter only.

    `today` says which partners screen and who is late; it is about everybody, so it goes without a filter only.
    """

    query: ShowFunnel
    by: GroupKey
    total: Funnel
    parts: Funnel
    flow: Sequence["Flow"] | None
    today: Sequence[Table] = ()

    @property
    def is_exact(self) -> bool:
        """Whether these are the own organisation's own cases."""
        return self.total.rule is EXACT

    @property
    def row(self) -> Row:
        """The figures of everybody in the period."""
        return self.total.rows[0]


@dataclass(frozen=True)
class Flow:
    """How many went from one side to the other; `count` None is hidden. `column` 0 begins at the sources."""

    column: int
    source: str
    target: str
    count: int | None


def show_dashboard(query: ShowFunnel, by: GroupKey, *, actor: Actor, work: Work) -> Dashboard:
    """The figures of a period by one division; exact for an organisation, under disclosure control for a region.

    One question, so one row in the audit log. Raises `Invalid` for what the figures cannot tell.
    """
    reading = reading_for(actor, work, None, TEMPLATE)
    total = show_funnel(query, actor=actor, work=work, reading=reading)

    def divided(*keys: GroupKey) -> Funnel:
        return read_funnel(replace(query, group_by=keys), actor=actor, work=work, reading=reading)

    parts = divided(by)
    if total.rule is EXACT:
        flow = list(_direct(divided(SOURCE, TEMPLATE)))
    elif query.filters:
        return Dashboard(query, by, total, parts, None)
    else:
        sources = parts if by is SOURCE else divided(SOURCE)
        targets = parts if by is TEMPLATE else divided(TEMPLATE)
        flow = [*_into(sources), *_out_of(targets)]
    today = () if query.filters else coverage_today(reading, actor=actor, work=work)
    return Dashboard(query, by, total, parts, flow, today)


def stage_table(row: Row, shown: Dashboard) -> Table:
    """The ten stages with what is measured of each."""
    columns = [
        Column("stage", "Fase"),
        Column("count", "Aantal", Unit.COUNT),
        indicator_column("conversion", Unit.SHARE),
    ]
    lines = [[named(it.stage, labels("stage")), count(it.count), number(it.conversion)] for it in row.stages]
    return Table("stages", "Doorstroom", columns, lines, shown.total.rule)


def days_table(row: Row, shown: Dashboard) -> Table:
    """How many days each step took: of ten people one is before the first and one after the last number."""
    columns = [
        Column("stage", "Stap"),
        *(Column(f"p{part}", f"{part} %", Unit.DAYS) for part in (10, 25)),
        Column("median_days", "Mediaan", Unit.DAYS, "median_days"),
        *(Column(f"p{part}", f"{part} %", Unit.DAYS) for part in (75, 90)),
    ]
    return Table("days", "Doorlooptijd", columns, [_spread(name, it) for name, it in timed(row)], shown.total.rule)


def timed(row: Row) -> list[tuple[str, Figure]]:
    """What has a duration, by its name: every stage after the first, and from the signal to the start (V8)."""
    stages = [(labels("stage")[it.stage], it) for it in row.stages[1:] if it.stage != Stage.REFERRED]
    return stages + [(labels("figure")[it.stage], it) for it in row.others if it.median_days is not None]


def loss_table(row: Row, shown: Dashboard) -> Table:
    """Who was lost on whose side for which reason, the most first; what must stay hidden is not in it."""
    columns = [Column("reason", "Reden"), Column("party", "Kant van"), Column("count", "Aantal", Unit.COUNT)]
    lost = sorted(row.losses, key=lambda loss: (-loss.count, loss.reason))
    lines = [[named(it.reason, labels("reason")), named(it.party, labels("party")), count(it.count)] for it in lost]
    return Table("losses", "Uitval", columns, lines, shown.total.rule)


def missed_table(row: Row, shown: Dashboard) -> Table:
    """Why an outcome was not discussed (L7)."""
    columns = [Column("reason", "Reden"), Column("count", "Aantal", Unit.COUNT)]
    missed = sorted(row.missed, key=lambda it: -it.count)
    lines = [[named(it.reason, labels("notHeldReason"), "Niet genoteerd"), count(it.count)] for it in missed]
    return Table("missed", "Niet besproken", columns, lines, shown.total.rule)


def part_table(shown: Dashboard) -> Table:
    """The division: a line for each value, with the stages that matter most."""
    columns = [
        Column("group", KEY_LABELS[shown.by]),
        *(Column(stage.value, labels("stage")[stage.value], Unit.COUNT) for stage in LOOKED_AT),
    ]
    words = _words(shown.by, shown.parts)
    lines = [[named(row.group[0], words), *_looked_at(row)] for row in shown.parts.rows]
    return Table("parts", KEY_LABELS[shown.by], columns, lines, shown.total.rule)


def other_table(row: Row, shown: Dashboard) -> Table:
    """What is counted besides the stages, each with its share."""
    columns = [
        Column("figure", "Cijfer"),
        Column("count", "Aantal", Unit.COUNT),
        Column("share", "Deel", Unit.SHARE),
    ]
    lines = [
        [named(it.stage, labels("figure")), count(it.count), number(it.conversion)]
        for it in row.others
        if it.stage != "signal_to_start"
    ]
    return Table("others", "Andere cijfers", columns, lines, shown.total.rule)


def flow_table(flows: Sequence[Flow], shown: Dashboard) -> Table:
    """From where to where."""
    columns = [Column("source", "Van"), Column("target", "Naar"), Column("count", "Aantal", Unit.COUNT)]
    lines = [[Cell(it.source), Cell(it.target), count(it.count)] for it in flows]
    return Table("flow", "Van bron naar traject", columns, lines, shown.total.rule)


def filter_words(shown: Dashboard) -> Mapping[GroupKey, tuple[str, str]]:
    """What is filtered, in words: the division and the value."""
    found = {}
    for key, value in shown.query.filters.items():
        words = _words(key, shown.parts) if key is shown.by else codes_of(key)
        found[key] = KEY_LABELS[key], words.get(value, value)
    return found


def _looked_at(row: Row) -> list[Cell]:
    counts = {figure.stage: figure.count for figure in row.stages}
    return [count(counts[stage.value]) for stage in LOOKED_AT]


def _spread(name: str, it: Figure) -> list[Cell]:
    return [Cell(name), *map(number, (it.p10_days, it.p25_days, it.median_days, it.p75_days, it.p90_days))]


def _words(key: GroupKey, funnel: Funnel) -> Mapping[str, str]:
    return funnel.organisation_names if key in ORGANISATIONS else codes_of(key)


def _direct(funnel: Funnel) -> Sequence[Flow]:
    found = [
        Flow(0, _named(SOURCE, source), _named(TEMPLATE, target), referred)
        for (source, target), referred in ((row.group, _referred(row)) for row in funnel.rows)
        if referred
    ]
    return sorted(found, key=lambda flow: -(flow.count or 0))


def _into(funnel: Funnel) -> Sequence[Flow]:
    return [Flow(0, _named(SOURCE, row.group[0]), REFERRED, _referred(row)) for row in funnel.rows]


def _out_of(funnel: Funnel) -> Sequence[Flow]:
    return [Flow(1, REFERRED, _named(TEMPLATE, row.group[0]), _referred(row)) for row in funnel.rows]


def _referred(row: Row) -> int | None:
    return next(figure.count for figure in row.stages if figure.stage == Stage.REFERRED)


def _named(key: GroupKey, value: str | None) -> str:
    return codes_of(key).get(value, value) if value else "Onbekend"
