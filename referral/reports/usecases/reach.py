"""Reach: who is reached, held against who there is."""

from collections.abc import Sequence
from datetime import date

from referral.core.codelists import (
    Targets,
    figure_rules,
    labels,
    occupations,
    sectors,
    targets_of,
)
from referral.core.policy import Actor
from referral.core.work import Work
from referral.reports.measures import GroupKey, Stage
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
    named,
    number,
    yes_no,
)
from referral.reports.usecases.asked import Asked, ShowReport
from referral.reports.usecases.demand import demand_tables
from referral.reports.usecases.domains import KEY_LABELS, codes_of
from referral.reports.usecases.funnel import reading_for

NT1, NT2 = "nt1", "nt2"
DIVISIONS = (
    None, GroupKey.LANGUAGE_BACKGROUND, GroupKey.OCCUPATION, GroupKey.SECTOR, GroupKey.AGE_BAND, GroupKey.MUNICIPALITY,
    GroupKey.RAISES_CHILDREN, GroupKey.SKILL,
)  # fmt: skip
"""What the report reads, in one go: everybody, and these divisions with the wider ones that follow from them."""
KNOWN = ("yes", "no")
"""The answers of who said whether it raises children."""


def show_reach(query: ShowReport, *, actor: Actor, work: Work) -> Report:
    """Who is reached in whole months. Raises `Invalid` for a wrong period. No personal data are read."""
    asked = Asked(query, actor, work, reading=reading_for(actor, work, *DIVISIONS))
    tables = [
        _languages(asked), _top_lists(asked), _occupations(asked), _vulnerable(asked), _sectors(asked), _ages(asked),
        _parents(asked), _places(asked), *_targets(asked), *demand_tables(asked),
    ]  # fmt: skip
    work.record(actor, "report:reach", "report", None, **asked.period)
    return Report("reach", "Bereik", asked.from_on, asked.to_on, tables)


def _languages(asked: Asked) -> Table:
    """The share of NT1 among those whose background is known, against the national one (K1)."""
    key = GroupKey.LANGUAGE_BACKGROUND
    columns = [
        Column(key.value, "Taalachtergrond"),
        indicator_column("participants"),
        indicator_column("nt1_share", Unit.SHARE),
        indicator_column("nt1_benchmark", Unit.SHARE),
    ]
    share = _known_share(asked, key, Stage.STARTED, NT1, NT2)
    rows = [
        [
            asked.name(key, value),
            *asked.counts(key, value, Stage.STARTED),
            *(held if value == NT1 else (ABSENT, ABSENT)),
        ]
        for held in [(share, Cell(figure_rules().nt1_share))]
        for value in asked.values(key, *labels("languageBackground"))
    ]
    return Table("languages", "Taalachtergrond van deelnemers", columns, rows, asked.rule)


def _known_share(asked: Asked, key: GroupKey, stage: Stage, value: str, other: str) -> Cell:
    """The part that one value is of the two known ones; who is unknown is no part of it."""
    part, rest = (asked.count(key, each, stage) for each in (value, other))
    return HIDDEN if part is None or rest is None else number(asked.rule.share(part, part + rest))


def _top_lists(asked: Asked) -> Table:
    """How many come from occupations on the two top-10 lists, most of which stand on both (L4)."""
    return _parts(asked, GroupKey.TOP_LIST, "Beroepen uit de top 10", "top_list_share")


def _vulnerable(asked: Asked) -> Table:
    """How many come from the vulnerable sectors (K4)."""
    return _parts(asked, GroupKey.VULNERABLE_SECTOR, "Kwetsbare sectoren", "vulnerable_share")


def _parts(asked: Asked, key: GroupKey, title: str, share: str) -> Table:
    """The values of a division, with the part of all referrals that each of them is."""
    figures = map(indicator_column, ("screened", "referred"))
    columns = [Column(key.value, KEY_LABELS[key]), *figures, indicator_column(share, Unit.SHARE)]
    rows, everybody = [], asked.total.counts[Stage.REFERRED]
    for value in asked.values(key, *codes_of(key)):
        referred = asked.count(key, value, Stage.REFERRED)
        part = HIDDEN if referred is None else number(asked.rule.share(referred, everybody))
        rows.append([asked.name(key, value), *asked.counts(key, value, Stage.SCREENED, Stage.REFERRED), part])
    return Table(key.value, title, columns, rows, asked.rule)


def _occupations(asked: Asked) -> Table:
    key = GroupKey.OCCUPATION
    columns = [
        Column(key.value, "Beroep"),
        Column("lowLiteracy", "Veel laaggeletterdheid"),
        Column("lowNumeracy", "Veel moeite met rekenen"),
        *map(indicator_column, ("screened", "referred")),
    ]
    rows = []
    for code in asked.values(key, *occupations()):
        known = occupations().get(code or "")
        lists = [yes_no(known.high_low_literacy), yes_no(known.high_low_numeracy)] if known else [ABSENT, ABSENT]
        rows.append([asked.name(key, code), *lists, *asked.counts(key, code, Stage.SCREENED, Stage.REFERRED)])
    return Table("occupations", "Beroepen", columns, rows, asked.rule)


def _sectors(asked: Asked) -> Table:
    """Who comes from which sector (K4)."""
    key = GroupKey.SECTOR
    columns = [
        Column(key.value, "Sector"),
        Column("vulnerable", "Kwetsbare sector"),
        *map(indicator_column, ("screened", "referred")),
    ]
    rows = []
    for code in asked.values(key, *sectors()):
        known = sectors().get(code or "")
        figures = asked.counts(key, code, Stage.SCREENED, Stage.REFERRED)
        rows.append([asked.name(key, code), yes_no(known.vulnerable) if known else ABSENT, *figures])
    return Table("sectors", "Sectoren", columns, rows, asked.rule)


def _ages(asked: Asked) -> Table:
    """Young adults, as far as the bands go (K5)."""
    key = GroupKey.AGE_BAND
    columns = [
        Column(key.value, "Leeftijd"),
        Column("young", "Jongvolwassen", indicator="young_adults"),
        *map(indicator_column, ("screened", "referred", "participants")),
    ]
    stages, young = (Stage.SCREENED, Stage.REFERRED, Stage.STARTED), figure_rules().young
    rows = [
        [asked.name(key, band), yes_no(band in young) if band else ABSENT, *asked.counts(key, band, *stages)]
        for band in asked.values(key, *labels("ageBand"))
    ]
    return Table("ages", "Jongvolwassenen", columns, rows, asked.rule)


def _parents(asked: Asked) -> Table:
    """The share of parents among the screenings that say whether somebody is one (K5); a referral does not say it."""
    key = GroupKey.RAISES_CHILDREN
    columns = [
        Column(key.value, KEY_LABELS[key]),
        *map(indicator_column, ("screened", "indication")),
        indicator_column("parent_share", Unit.SHARE),
    ]
    stages, share = (Stage.SCREENED, Stage.INDICATION), _known_share(asked, key, Stage.SCREENED, *KNOWN)
    rows = [
        [asked.name(key, answer), *asked.counts(key, answer, *stages), share if answer == KNOWN[0] else ABSENT]
        for answer in asked.values(key, *labels(key.value))
    ]
    return Table("parents", "Ouders", columns, rows, asked.rule)


def _places(asked: Asked) -> Table:
    """The spread over gemeenten (K2), and the target group of each against its reach (L3)."""
    key = GroupKey.MUNICIPALITY
    columns = [
        Column(key.value, "Gemeente"),
        indicator_column("target_group"),
        indicator_column("screened"),
        indicator_column("reach_share", Unit.SHARE),
        *map(indicator_column, ("referred", "participants")),
    ]
    sizes = {place: size for targets in _known_targets(asked) for place, size in targets.target_group.items()}
    rows = []
    for place in asked.values(key, *sizes):
        size, screened = sizes.get(place or ""), asked.count(key, place, Stage.SCREENED)
        share = HIDDEN if screened is None else number(round(screened / size, 4) if size else None)
        figures = asked.counts(key, place, Stage.REFERRED, Stage.STARTED)
        rows.append([asked.name(key, place), number(size), count(screened), share, *figures])
    return Table("municipalities", "Spreiding over gemeenten", columns, rows, asked.rule)


def _targets(asked: Asked) -> Sequence[Table]:
    """What a region reached this calendar year against its baseline and its targets (K10); for the region only."""
    if not asked.is_shared or not _known_targets(asked):
        return []
    year = asked.to_on.year
    columns = [
        Column("region", "Arbeidsmarktregio"),
        Column("indicator", "Indicator"),
        *map(indicator_column, ("baseline", "target", "reached")),
        indicator_column("target_share", Unit.SHARE),
    ]
    this_year = ShowReport(date(year, 1, 1), asked.to_on)
    so_far = Asked(this_year, asked.actor, asked.work, reading=asked.reading)
    rows = []
    for targets in _known_targets(asked):
        for name, target in targets.of(year).items():
            reached = so_far.total.counts[name]
            share = HIDDEN if reached is None else number(round(reached / target, 2))
            named_by = [named(targets.code, labels("labourMarketRegionCode")), named(name, labels("stage"))]
            rows.append([*named_by, Cell(targets.baseline[name]), Cell(target), count(reached), share])
    return [Table("targets", f"Doelen voor {year}", columns, rows, asked.rule)]


def _known_targets(asked: Asked) -> Sequence[Targets]:
    found = [targets_of(code) for code in asked.region_codes]
    return [each for each in found if each is not None]
