"""Demand: what is asked for, held against what is on offer, by skill and by sector; and what came of no offer."""

from collections.abc import Sequence

from referral.core.codelists import Party, indicators, labels, reasons, sectors
from referral.reports.measures import GroupKey, Stage
from referral.reports.report import ABSENT, HIDDEN, Cell, Column, Table, count, indicator_column, named, yes_no
from referral.reports.usecases.asked import Asked
from referral.reports.usecases.offer import Offer, free, places
from referral.reports.usecases.taken import TAKEN, Taken, is_meant_for

LOSING = frozenset({"decline", "not_start", "stop"})
"""The events by which the side of the offer ends a case."""
EVERY_SECTOR = "Voor elke sector"


def demand_tables(asked: Asked) -> Sequence[Table]:
    """Demand against the offer of today (G8), and demand that got none (V4)."""
    offer = Offer(asked.actor, asked.work)
    return [_skill_demand(asked, offer), _sector_demand(asked, offer), *_without_offer(asked)]


def _skill_demand(asked: Asked, offer: Offer) -> Table:
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
        without = HIDDEN if demand is None else yes_no(bool(demand) and not seats)
        rows.append([asked.name(key, skills), count(demand), Cell(activities), Cell(seats), without])
    return Table("demand", "Vraag en aanbod", columns, rows, asked.rule)


def _sector_demand(asked: Asked, offer: Offer) -> Table:
    """Who could learn, by sector, against the offer that is meant for it, and the offer for every sector (G8, V4)."""
    key, taken = GroupKey.SECTOR, Taken(offer.trajectories, asked.rule, asked.work.today)
    columns = [
        Column(key.value, "Sector"),
        *map(indicator_column, ("sector_demand", "sector_activities", "places", "free_places")),
        Column("withoutOffer", indicators()["without_sector_offer"].label, indicator="without_sector_offer"),
    ]
    rows = []
    for code in asked.values(key, *sectors()):
        demand = asked.count(key, code, Stage.INDICATION)
        on_offer = _meant_for(code, offer, taken) if code else [ABSENT] * 3
        rows.append([asked.name(key, code), count(demand), *on_offer, _lacks_offer(demand, on_offer[0])])
    rows.append([Cell(EVERY_SECTOR), ABSENT, *_meant_for(None, offer, taken), ABSENT])
    return Table("sectorDemand", "Vraag en aanbod per sector", columns, rows, asked.rule)


def _meant_for(sector: str | None, offer: Offer, taken: Taken) -> list[Cell]:
    """Activities, places and free places that are meant for a sector, or (None) for every sector."""
    activities, seats = places(offer.those(lambda each: is_meant_for(each.sector_codes, sector)))
    return [Cell(activities), Cell(seats), free(seats, taken.meant_for(sector, TAKEN))]


def _lacks_offer(demand: int | None, activities: Cell) -> Cell:
    """Whether a sector asks and nothing is meant for it; that something is, tells nothing of who asks."""
    if activities.value is None:
        return ABSENT
    if activities.value:
        return yes_no(False)
    return HIDDEN if demand is None else yes_no(demand > 0)


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
