"""The monitor (K8): what went in, what came out, and what changed for people; with the questions behind it (K9)."""

from collections.abc import Iterator

from referral.core.codelists import labels
from referral.core.policy import Actor
from referral.core.work import Work
from referral.reports.measures import RUNNING, STOPPED, GroupKey, Stage
from referral.reports.report import (
    ABSENT,
    HIDDEN,
    Cell,
    Column,
    Report,
    Table,
    Unit,
    count,
    indicator_column,
    number,
)
from referral.reports.usecases.asked import TOTAL, Asked, ShowReport
from referral.reports.usecases.offer import Offer, places
from referral.reports.usecases.outcomes import outcome_table, question_table
from referral.reports.usecases.rows import Row

KIND = GroupKey.COURSE_KIND
DIPLOMA, FORMAL = "diploma", "formal"
RESULTS = (*labels("certificate"), STOPPED, RUNNING)


def show_monitor(query: ShowReport, *, actor: Actor, work: Work) -> Report:
    """Input, output and outcome of whole months. Raises `Invalid` for a wrong period. No personal data are read."""
    asked = Asked(query, actor, work)
    tables = monitor_tables(asked)
    work.record(actor, "report:monitor", "report", None, **asked.period)
    return Report("monitor", "Monitor", asked.from_on, asked.to_on, tables)


def monitor_tables(asked: Asked) -> list[Table]:
    """Its tables, also for the yearly report."""
    offer = Offer(asked.actor, asked.work)
    return [_input(asked, offer), _output(asked), outcome_table(asked), question_table(asked)]


def _input(asked: Asked, offer: Offer) -> Table:
    columns = [
        Column(KIND.value, "Soort cursus"),
        *map(indicator_column, ("activities", "places", "participants")),
        indicator_column("participants_per_activity", Unit.AVERAGE),
    ]
    rows = []
    for kind in asked.values(KIND, *labels("courseKind")):
        activities, seats = places(offer.those(lambda each, kind=kind: each.course_kind == kind))  # type: ignore[misc]
        rows.append([asked.name(KIND, kind), *_input_cells(activities, seats, asked.count(KIND, kind, Stage.STARTED))])
    activities, seats = places(offer.trajectories)
    rows.append([Cell(TOTAL), *_input_cells(activities, seats, asked.total.counts[Stage.STARTED])])
    return Table("input", "Inzet: activiteiten en deelnemers", columns, rows, asked.rule)


def _input_cells(activities: int, seats: int, participants: int | None) -> list[Cell]:
    """The average is of the figure that is shown, so it tells nothing more."""
    average = None if participants is None or not activities else round(participants / activities, 1)
    return [Cell(activities), Cell(seats), count(participants), HIDDEN if participants is None else number(average)]


def _output(asked: Asked) -> Table:
    columns = [
        Column(KIND.value, "Soort cursus"),
        indicator_column("participants"),
        indicator_column("completed"),
        indicator_column("completed_share", Unit.SHARE),
        *(indicator_column(f"result_{result}") for result in RESULTS),
    ]
    rows = [
        [asked.name(KIND, kind), *_output_cells(asked, kind, asked.row(KIND, kind))]
        for kind in asked.values(KIND, *labels("courseKind"))
    ]
    rows.append([Cell(TOTAL), *_output_cells(asked, FORMAL, asked.total, is_total=True)])
    return Table("output", "Resultaat: afgerond of niet", columns, rows, asked.rule)


def _output_cells(asked: Asked, kind: str | None, row: Row | None, *, is_total: bool = False) -> Iterator[Cell]:
    """Shared figures have the results of all together only: by course kind they would be two divisions at once."""
    started, completed = (row.counts[stage] if row else asked.nothing for stage in (Stage.STARTED, Stage.COMPLETED))
    yield count(started)
    yield count(completed)
    share = asked.rule.share(completed, started)
    yield HIDDEN if completed is None or started is None else number(share)
    told = row.results if row and (is_total or not asked.is_shared) else {}
    nobody = None if asked.actor.has_narrow_view else asked.nothing
    for result in RESULTS:
        if result == DIPLOMA and kind != FORMAL and not told.get(result):
            yield ABSENT
        else:
            yield count(told.get(result, nobody))
