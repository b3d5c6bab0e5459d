"""The funnel in the one shape of every report: a line per stage, per loss, per reason not to discuss, and so on."""

from collections.abc import Iterator

from referral.core.codelists import labels
from referral.reports.measures import Extra, GroupKey, Span, Stage
from referral.reports.report import ABSENT, Cell, Column, Report, Table, Unit, count, indicator_column, named, number
from referral.reports.usecases.domains import KEY_LABELS, ORGANISATIONS, codes_of
from referral.reports.usecases.funnel import Funnel
from referral.reports.usecases.rows import Figure, Loss, Missed, Row

NOT_DISCUSSED = "not_discussed"
SPREAD = ("p10_days", "p25_days", "median_days", "p75_days", "p90_days")
"""How the days to a stage are spread, from the quick to the slow."""
COLUMNS = (
    Column("stage", "Fase"),
    Column("party", "Uitval door"),
    Column("reason", "Reden van uitval"),
    Column("count", "Aantal", Unit.COUNT),
    indicator_column("conversion", Unit.SHARE),
    *(indicator_column(name, Unit.DAYS) for name in SPREAD),
)
UNTIMED = [ABSENT] * (1 + len(SPREAD))
"""A loss has no conversion and no days."""


def report_funnel(funnel: Funnel) -> Report:
    """The funnel as one table, by the divisions that were asked."""
    keys = [Column(key.value, KEY_LABELS[key]) for key in funnel.group_by]
    lines = [[*_group(row, funnel), *line] for row in funnel.rows for line in _lines(row)]
    table = Table("funnel", "Doorstroom", [*keys, *COLUMNS], lines, funnel.rule)
    indicators = [*Stage, NOT_DISCUSSED, "lost", *Extra, *Span]
    return Report("funnel", "Doorstroom", funnel.from_on, funnel.to_on, [table], indicators)


def _group(row: Row, funnel: Funnel) -> Iterator[Cell]:
    for key, value in zip(funnel.group_by, row.group, strict=True):
        yield named(value, _names(key, funnel))


def _names(key: GroupKey, funnel: Funnel) -> "dict[str, str]":
    return dict(funnel.organisation_names if key in ORGANISATIONS else codes_of(key))


def _lines(row: Row) -> Iterator[list[Cell]]:
    yield from (_figure(figure, "stage") for figure in row.stages)
    yield from map(_loss, row.losses)
    yield from map(_missed, row.missed)
    yield from (_figure(figure, "figure") for figure in row.others)


def _figure(figure: Figure, list_name: str) -> list[Cell]:
    numbers = map(number, (figure.conversion, *(getattr(figure, name) for name in SPREAD)))
    return [named(figure.stage, labels(list_name)), ABSENT, ABSENT, count(figure.count), *numbers]


def _loss(loss: Loss) -> list[Cell]:
    why = [named(loss.party, labels("party")), named(loss.reason, labels("reason"))]
    return [ABSENT, *why, count(loss.count), *UNTIMED]


def _missed(missed: Missed) -> list[Cell]:
    stage = named(NOT_DISCUSSED, labels("figure"))
    why = named(missed.reason, labels("notHeldReason"))
    return [stage, ABSENT, why, count(missed.count), *UNTIMED]
