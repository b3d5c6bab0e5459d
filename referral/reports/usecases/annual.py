"""The yearly report of a region to its aldermen (K11): the figures of a year, and what a coordinator writes to them.

It is made to be published, so all its figures are shared figures, and its texts are refused when they name somebody.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import func, select

from referral.core.codelists import labels
from referral.core.database import new_id
from referral.core.errors import Invalid, NotAllowed
from referral.core.policy import Actor, OrganisationKind
from referral.core.work import Work
from referral.identity.models import organisation_region
from referral.reports.anonymity import signs_of_somebody
from referral.reports.disclosure import EXACT
from referral.reports.measures import GroupKey, Stage
from referral.reports.models import AnnualText
from referral.reports.report import Column, Report, Table, Unit, count, indicator_column, named, number
from referral.reports.usecases.asked import Asked, ShowReport
from referral.reports.usecases.counting import Reading
from referral.reports.usecases.domains import KEY_LABELS, ORGANISATIONS, codes_of
from referral.reports.usecases.funnel import ShowFunnel, read_funnel, reading_for
from referral.reports.usecases.funnel_report import report_funnel
from referral.reports.usecases.monitor import monitor_tables
from referral.reports.usecases.national import EARLIEST_YEAR
from referral.trajectories.models import Trajectory

CHAIN = "chain"
PROGRESS, MONITOR, FINANCE = "progress", "monitor", "finance"
TEXT_PARTS = ("national_developments", FINANCE, "questions", "narrative")
"""The chapters for which a coordinator writes a text."""
DIVISIONS = (GroupKey.QUARTER, GroupKey.SOURCE_KIND, GroupKey.MUNICIPALITY)
READ = (None, GroupKey.ORGANISATION, GroupKey.MUNICIPALITY, GroupKey.COURSE_KIND)
"""What the report reads in one go; the kinds of referrer follow from the organisations."""
MILESTONES = (Stage.SCREENED, Stage.DISCUSSED, Stage.REFERRED, Stage.ACCEPTED, Stage.STARTED, Stage.COMPLETED)
OFFER = (
    Column("fundingSource", "Financiering"),
    Column("trajectories", "Trajecten in de catalogus", Unit.COUNT),
    Column("places", "Plaatsen", Unit.COUNT),
)


@dataclass(frozen=True)
class ShowAnnual:
    """Of which year."""

    year: int


@dataclass(frozen=True)
class WriteAnnualText:
    """The text of one chapter of one year; None takes it away."""

    year: int
    part: str
    text: str | None


@dataclass(frozen=True)
class Chapter:
    """A chapter: its name, the text that a coordinator wrote (None: none yet), and its tables."""

    name: str
    text: str | None = None
    tables: Sequence[Table] = ()

    @property
    def label(self) -> str:
        """What it is called."""
        return labels("annualChapter")[self.name]


@dataclass(frozen=True)
class AnnualReport:
    """The chapters in reading order, and all their tables as one report."""

    year: int
    chapters: Sequence[Chapter]
    report: Report


def show_annual(query: ShowAnnual, *, actor: Actor, work: Work) -> AnnualReport:
    """The report of the region for which the actor works, so far when the year is not over.

    Raises `NotAllowed` for any other organisation and `Invalid` for a year to come.
    """
    _refuse_others(actor)
    _refuse_year(query.year, work)
    ends = min(date(query.year, 12, 31), work.today)
    texts = _texts(query.year, actor, work)
    period, reading = ShowReport(date(query.year, 1, 1), ends), reading_for(actor, work, *READ)
    tables: Mapping[str, Sequence[Table]] = {
        PROGRESS: list(_progress(query.year, ends, actor, work, reading)),
        MONITOR: monitor_tables(Asked(period, actor, work, reading=reading)),
        FINANCE: [_offer(actor, work)],
    }
    chapters = [Chapter(name, texts.get(name), tables.get(name, ())) for name in labels("annualChapter")]
    report = Report(
        "annual",
        f"Jaarverslag {query.year}",
        date(query.year, 1, 1),
        ends,
        [table for chapter in chapters for table in chapter.tables],
        [*Stage, "not_discussed", "lost", "answered", "cold_handover", "within_term", "signal_to_start"],
        ["Dit jaar is nog niet voorbij: de cijfers lopen tot en met vandaag."] if ends == work.today else [],
    )
    work.record(actor, "report:annual", "report", None, year=query.year)
    return AnnualReport(query.year, chapters, report)


def write_annual_text(command: WriteAnnualText, *, actor: Actor, work: Work) -> AnnualText:
    """Keep a text for the report of a year. Raises `NotAllowed`, and `Invalid` when it names or reaches somebody."""
    _refuse_others(actor)
    _refuse_year(command.year, work)
    if wrong := signs_of_somebody(command.text or ""):
        raise Invalid(errors=wrong)
    text = AnnualText(
        id=new_id(),
        organisation_id=actor.organisation_id,
        year=command.year,
        part=command.part,
        text=command.text,
        written_at=work.now,
        written_by=actor.id,
    )
    work.session.add(text)
    work.record(actor, "report:write_annual", "report", text.id, year=command.year, part=command.part)
    return text


def read_annual_texts(year: int, *, actor: Actor, work: Work) -> Mapping[str, str | None]:
    """What is written for the report of a year, by chapter. Raises `NotAllowed`, and `Invalid` for a year to come."""
    _refuse_others(actor)
    _refuse_year(year, work)
    return _texts(year, actor, work)


def _refuse_others(actor: Actor) -> None:
    if actor.organisation_kind is not OrganisationKind.REGION:
        raise NotAllowed("Het jaarverslag is van de regio. Alleen haar coördinator kan het maken en erin schrijven.")


def _refuse_year(year: int, work: Work) -> None:
    if year < EARLIEST_YEAR:
        raise Invalid.one("/year", "range", f"Dit jaar moet {EARLIEST_YEAR} of later zijn.")
    if year > work.today.year:
        raise Invalid.one("/year", "future", "Dit jaar ligt in de toekomst.")


def _texts(year: int, actor: Actor, work: Work) -> Mapping[str, str | None]:
    """The newest text of each part."""
    kept = select(AnnualText.part, AnnualText.text).where(
        AnnualText.organisation_id == actor.organisation_id, AnnualText.year == year
    )
    return {part: text for part, text in work.session.execute(kept.order_by(AnnualText.id))}


def _progress(year: int, ends: date, actor: Actor, work: Work, reading: Reading) -> Iterator[Table]:
    """The whole chain of the year, and how far people came by quarter, kind of referrer and gemeente."""
    whole = ShowFunnel(date(year, 1, 1), ends)
    (chain,) = report_funnel(read_funnel(whole, actor=actor, work=work, reading=reading)).tables
    yield replace(chain, name=CHAIN, title=f"De keten in {year}")
    for key in DIVISIONS:
        funnel = read_funnel(replace(whole, group_by=(key,)), actor=actor, work=work, reading=reading)
        known = funnel.organisation_names if key in ORGANISATIONS else codes_of(key)
        columns = [Column(key.value, KEY_LABELS[key]), *map(indicator_column, MILESTONES)]
        rows = []
        for row in funnel.rows:
            counts = {figure.stage: figure.count for figure in row.stages}
            rows.append([named(row.group[0], known), *(count(counts[stage]) for stage in MILESTONES)])
        yield Table(key.value, f"Per {KEY_LABELS[key].lower()}", columns, rows, funnel.rule)


def _offer(actor: Actor, work: Work) -> Table:
    """What the providers of the region offer now, by who pays for it (L20); about the catalogue, so about nobody."""
    near = select(organisation_region.c.organisation_id).where(organisation_region.c.region_id.in_(actor.region_ids))
    query = (
        select(Trajectory.funding_source, func.count(), func.sum(Trajectory.places))
        .where(Trajectory.active, Trajectory.organisation_id.in_(near))
        .group_by(Trajectory.funding_source)
    )
    found = {source: (trajectories, places) for source, trajectories, places in work.session.execute(query)}
    known = labels("fundingSource")
    rows = [[named(source, known), *map(number, map(int, found[source]))] for source in known if source in found]
    return Table("offer", "Het aanbod van nu, naar financiering", OFFER, rows, EXACT)
