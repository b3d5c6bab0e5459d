"""Reach: who is reached, held against who there is; and what is asked for, held against what is on offer."""

from collections.abc import Sequence
from datetime import date

from referral.core.codelists import Party, Targets, figure_rules, labels, occupations, reasons, sectors, targets_of
from referral.core.policy import Actor
from referral.core.work import Work
from referral.reports.measures import GroupKey, Stage
from referral.reports.report import (
    ABSENT,
    HIDDEN,
    NOT_RECORDED,
    Cell,
    Column,
    Report,
    Table,
    Unit,
    count,
    indicator_column,
    named,
    number,
)
from referral.reports.usecases.asked import Asked, ShowReport
from referral.reports.usecases.domains import KEY_LABELS, codes_of
from referral.reports.usecases.funnel import reading_for
from referral.reports.usecases.offer import Offer, places

NT1, NT2 = "nt1", "nt2"
DIVISIONS = (
    None, GroupKey.LANGUAGE_BACKGROUND, GroupKey.OCCUPATION, GroupKey.SECTOR, GroupKey.AGE_BAND, GroupKey.MUNICIPALITY,
    GroupKey.SKILL,
)  # fmt: skip
"""What the report reads, in one go: everybody, and these divisions with the wider ones that follow from them."""
LOSING = frozenset({"decline", "not_start", "stop"})
"""The events by which the side of the offer ends a case."""
YES, NO = Cell("Ja", code="yes"), Cell("Nee", code="no")


def show_reach(query: ShowReport, *, actor: Actor, work: Work) -> Report:
    """Who is reached in whole months. Raises `Invalid` for a wrong period. No personal data are read."""
    asked = Asked(query, actor, work, reading=reading_for(actor, work, *DIVISIONS))
    offer = Offer(actor, work)
    tables = [
        _languages(asked), _top_lists(asked), _occupations(asked), _vulnerable(asked), _sectors(asked), _ages(asked),
        _places(asked), *_targets(asked), _demand(asked, offer), *_without_offer(asked),
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
    nt1, nt2 = (asked.count(key, value, Stage.STARTED) for value in (NT1, NT2))
    share = HIDDEN if nt1 is None or nt2 is None else number(asked.rule.share(nt1, nt1 + nt2))
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
        lists = [_flag(known.high_low_literacy), _flag(known.high_low_numeracy)] if known else [ABSENT, ABSENT]
        rows.append([asked.name(key, code), *lists, *asked.counts(key, code, Stage.SCREENED, Stage.REFERRED)])
    return Table("occupations", "Beroepen", columns, rows, asked.rule)


def _sectors(asked: Asked) -> Table:
    """Demand by sector (K4, G8); the catalogue does not say for which sector an offer is."""
    key = GroupKey.SECTOR
    columns = [
        Column(key.value, "Sector"),
        Column("vulnerable", "Kwetsbare sector"),
        *map(indicator_column, ("screened", "referred")),
        indicator_column("places"),
    ]
    rows = []
    for code in asked.values(key, *sectors()):
        known = sectors().get(code or "")
        figures = asked.counts(key, code, Stage.SCREENED, Stage.REFERRED)
        rows.append([asked.name(key, code), _flag(known.vulnerable) if known else ABSENT, *figures, NOT_RECORDED])
    return Table("sectors", "Sectoren", columns, rows, asked.rule)


def _ages(asked: Asked) -> Table:
    """Young adults, as far as the bands go, and parents, of whom nothing is recorded (K5)."""
    key = GroupKey.AGE_BAND
    columns = [
        Column(key.value, "Leeftijd"),
        Column("young", "Jongvolwassen"),
        *map(indicator_column, ("screened", "referred", "participants")),
    ]
    stages, young = (Stage.SCREENED, Stage.REFERRED, Stage.STARTED), figure_rules().young
    rows = [
        [asked.name(key, band), _flag(band in young) if band else ABSENT, *asked.counts(key, band, *stages)]
        for band in asked.values(key, *labels("ageBand"))
    ]
    rows.append([Cell("Ouders"), ABSENT, *([NOT_RECORDED] * len(stages))])
    return Table("ages", "Jongvolwassenen en ouders", columns, rows, asked.rule)


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


def _demand(asked: Asked, offer: Offer) -> Table:
    """What is asked for against the offer that covers it (G8); skills together, so that each case counts once."""
    key = GroupKey.SKILL
    columns = [
        Column(key.value, "Vaardigheid"),
        *map(indicator_column, ("demand", "activities", "places")),
        Column("withoutOffer", "Zonder aanbod", indicator="without_offer"),
    ]
    rows = []
    for skills in asked.values(key, *labels("skill")):
        wanted = set((skills or "").split("_"))
        activities, seats = places(offer.those(lambda each, wanted=wanted: wanted <= set(each.skills)))  # type: ignore[misc]
        demand = asked.count(key, skills, Stage.REFERRED)
        without = HIDDEN if demand is None else _flag(bool(demand) and not seats)
        rows.append([asked.name(key, skills), count(demand), Cell(activities), Cell(seats), without])
    return Table("demand", "Vraag en aanbod", columns, rows, asked.rule)


def _without_offer(asked: Asked) -> Sequence[Table]:
    """Who was referred and got nothing, for a reason on the side of the offer (V4); reasons are not for an employer."""
    if asked.actor.has_narrow_view:
        return []
    columns = [Column("reason", "Reden"), indicator_column("unmet_demand")]
    lost = {loss.reason: loss.count for loss in asked.total.losses}
    rows = [
        [named(code, labels("reason")), count(lost.get(code, asked.nothing))]
        for code, reason in reasons().items()
        if reason.party is Party.PROVIDER and not LOSING.isdisjoint(reason.events)
    ]
    return [Table("unmetDemand", "Vraag zonder passend aanbod", columns, rows, asked.rule)]


def _flag(value: bool) -> Cell:
    return YES if value else NO
