"""What changed for people, by area, moment and direction (K8), and the questions that were asked (K9).

These figures are about health and money too. So they are rounded, and hidden when small, whoever asks: also for the
organisation whose own cases they are (AVG art. 9).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import ColumnElement, func, or_, select

from referral.core.codelists import Question, labels, questionnaire
from referral.core.policy import SYSTEM_ID
from referral.referrals.models import OutcomeTally
from referral.reports.disclosure import ROOT, SHARED, Division, Period, YearTable, covering
from referral.reports.measures import month_of
from referral.reports.report import HIDDEN, Cell, Column, Table, Unit, count, indicator_column, named, number
from referral.reports.usecases.asked import Asked

GIVEN = "given"
BETTER = "better"
DIRECTIONS = Division({ROOT: [*labels("direction")]})

Told = Mapping[tuple[str, str], Mapping[tuple[str, str], Mapping[str, int]]]
"""Per moment and area, and then per month and direction, how many answers."""


def outcome_table(asked: Asked) -> Table:
    """The answers by area and moment."""
    columns = [
        Column("area", "Gebied"),
        Column("moment", "Moment"),
        indicator_column("answers"),
        *(Column(code, label, Unit.COUNT, "direction") for code, label in labels("direction").items()),
        indicator_column("better_share", Unit.SHARE),
    ]
    told = _told(asked)
    rows = [
        [
            Cell(question.label, code=question.code),
            named(moment, labels("moment")),
            *_cells(asked, told, question, moment),
        ]
        for question in _asked_here(asked)
        for moment in question.moments
    ]
    return Table("outcome", "Effect: wat er veranderde", columns, rows, SHARED)


def question_table(asked: Asked) -> Table:
    """The questions themselves."""
    columns = [
        Column("area", "Gebied"),
        Column("question", "Vraag"),
        Column("kind", "Soort"),
        Column("moments", "Wanneer"),
    ]
    regions = labels("labourMarketRegionCode")
    rows = [
        [
            Cell(each.label, code=each.code),
            Cell(each.question),
            Cell("Landelijk, verplicht" if each.region is None else f"Van de regio {regions[each.region]}"),
            Cell(", ".join(labels("moment")[moment] for moment in each.moments)),
        ]
        for each in _asked_here(asked)
    ]
    return Table("questions", "Vragenlijst", columns, rows, SHARED)


def _asked_here(asked: Asked) -> Sequence[Question]:
    """The national questions and those of the own regions; the service itself sees all."""
    mine = set(asked.region_codes)
    everywhere = asked.actor.organisation_id == SYSTEM_ID
    return [each for each in questionnaire().values() if each.is_mandatory or everywhere or each.region in mine]


def _cells(asked: Asked, told: Told, question: Question, moment: str) -> Iterator[Cell]:
    answers = _Answers(asked, told.get((moment, question.code), {}))
    given, better = answers.shown(ROOT), answers.shown(BETTER)
    yield count(given)
    for direction in labels("direction"):
        yield count(answers.shown(direction))
    yield HIDDEN if given is None or better is None else number(SHARED.share(better, given))


class _Answers:
    """The answers to one question at one moment, as a table of their own: the directions add up to all of them."""

    def __init__(self, asked: Asked, counts: Mapping[tuple[str, str], Mapping[str, int]]) -> None:
        today = asked.work.today
        self.periods = list(covering(month_of(asked.from_on), month_of(asked.to_on), today))
        self.tables = {
            year: YearTable(Period(year, 1, 12), DIRECTIONS, counts, [GIVEN], {}, SHARED, today)
            for year in {period.year for period in self.periods}
        }

    def shown(self, direction: str) -> int | None:
        """How many answers; hidden when those of one of the periods are."""
        found = [self.tables[period.year].shown(period, direction, GIVEN) for period in self.periods]
        return None if None in found else sum(each for each in found if each is not None)


def _told(asked: Asked) -> Told:
    months = (f"{asked.from_on.year}-01", f"{asked.to_on.year}-12")
    mine: ColumnElement[bool] = OutcomeTally.source_id.in_(asked.owners)
    if not asked.is_shared:
        mine = or_(mine, OutcomeTally.receiver_id.in_(asked.owners))
    key = (OutcomeTally.moment, OutcomeTally.area, OutcomeTally.month, OutcomeTally.direction)
    query = select(*key, func.sum(OutcomeTally.count).label("given")).where(mine, OutcomeTally.month.between(*months))
    told: dict[tuple[str, str], dict[tuple[str, str], Mapping[str, int]]] = defaultdict(dict)
    for row in asked.work.session.execute(query.group_by(*key)):
        told[row.moment, row.area][row.month, row.direction] = {GIVEN: int(row.given)}
    return told
