"""The catalogue of the demo: 25 invented trajectories of five providers; some are full, stale or no longer offered."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from referral.core.calendar import add_months
from referral.core.policy import Actor, Role
from referral.core.work import Work
from referral.demo.organisations import SCHAKEL, Cast, staff_of
from referral.trajectories.usecases import (
    AddTrajectory,
    ChangeTrajectory,
    add_trajectory,
    change_trajectory,
    find_trajectory,
)

WILGENROOS, KERSENHOF = "Taalwerkplaats Wilgenroos", "Leerbedrijf Kersenhof"
LOKGANS, LEESVLONDER = "Vakschool De Lokgans", "Stichting Leesvlonder"
BOTH = ("nt1", "nt2")
COMPONENTS = {
    "A": ("basic_skills", "vocational_competences", "practical_learning"),
    "B": ("basic_skills", "employee_skills", "societal_self_reliance"),
    "C": ("basic_skills", "practical_learning", "employee_skills"),
}
PROFESSIONAL, VOLUNTEER, FORMAL = "non_formal_professional", "non_formal_volunteer", "formal"


@dataclass(frozen=True)
class Offer:
    """One trajectory. `checked` and `ended`: how many months ago it was looked at, and left the catalogue."""

    key: str
    provider: str
    name: str
    description: str
    template: str
    skills: tuple[str, ...]
    levels: tuple[str, ...]
    languages: tuple[str, ...]
    course: tuple[str, str]
    places: int
    municipality_code: str = "GM0281"
    delivery: str = "on_site"
    group: int | None = None
    funding: str = "web"
    checked: int = 2
    ended: int | None = None
    successor: str | None = None
    sectors: tuple[str, ...] = ()
    is_full: bool = False

    @property
    def is_formal(self) -> bool:
        """Whether a diploma can come of it (K8)."""
        return self.course[0] == FORMAL

    def is_open_on(self, day: date, today: date) -> bool:
        """Whether it can still be chosen on this day, with room for a draft that is sent some weeks later."""
        return self.ended is None or day + timedelta(days=45) < add_months(today, -self.ended)

    def facts(self) -> dict[str, Any]:
        """What the provider tells of it, by the names of the catalogue."""
        return {
            "name": self.name,
            "description": self.description,
            "template": self.template,
            "components": list(COMPONENTS[self.template]),
            "skills": list(self.skills),
            "levels": list(self.levels),
            "language_backgrounds": list(self.languages),
            "sector_codes": list(self.sectors),
            "course_kind": self.course[0],
            "course_type": self.course[1],
            "places": self.places,
            "minimum_group_size": self.group,
            "municipality_code": self.municipality_code,
            "region_id": None,
            "delivery": self.delivery,
            "minimum_age": 18,
            "maximum_age": None,
            "region_only": self.funding in ("web", "municipal"),
            "civic_integration_allowed": False,
            "means_allowed": self.funding != "web",
            "funding_source": self.funding,
            "successor_id": None,
            "active": True,
        }


READING, NUMERACY, DIGITAL = ("reading",), ("numeracy",), ("digital",)
LANGUAGE, COUNTING, COMPUTER = "language", "numeracy", "digital"

OFFERS: tuple[Offer, ...] = (
    Offer("digitaal-op-weg", SCHAKEL, "Digitaal op weg",
          "U leert mailen, internetbankieren en DigiD gebruiken. We oefenen op uw eigen telefoon of op een laptop.",
          "C", DIGITAL, ("digital_intake", "digital_1"), BOTH, (PROFESSIONAL, COMPUTER), 18),
    Offer("lezen-voor-werk", SCHAKEL, "Lezen en schrijven voor uw werk",
          "U leest roosters en werkbriefjes en schrijft korte berichten. Twee ochtenden in de week, in een groepje.",
          "C", READING, ("1F", "2F"), ("nt1",), (PROFESSIONAL, LANGUAGE), 12),
    Offer("nederlands-werkvloer", SCHAKEL, "Nederlands op de werkvloer",
          "U oefent de woorden van uw werk. De les is bij uw werkgever of dichtbij, buiten de piekuren.",
          "A", READING, ("A2", "B1"), ("nt2",), (PROFESSIONAL, LANGUAGE), 8, funding="employer"),
    Offer("taal-en-digitaal", SCHAKEL, "Taal en digitaal in één groep",
          "U oefent lezen en de computer samen. We beginnen als er acht deelnemers zijn.",
          "B", ("reading", "digital"), ("1F", "A2", "digital_1"), BOTH, (PROFESSIONAL, "language_digital"), 12,
          group=8),
    Offer("rekenen-praktijk", SCHAKEL, "Rekenen in de praktijk",
          "U rekent met geld, maten en tijd. Alles komt uit het dagelijks leven en het werk.",
          "C", NUMERACY, ("1F",), BOTH, (PROFESSIONAL, COUNTING), 8, is_full=True),
    Offer("computer-basis", SCHAKEL, "Computercursus basis",
          "Een cursus van tien lessen met de computer. Deze cursus is vervangen door Digitaal op weg.",
          "C", DIGITAL, ("digital_intake",), BOTH, (PROFESSIONAL, COMPUTER), 10,
          checked=15, ended=9, successor="digitaal-op-weg"),
    Offer("nederlands-begin", WILGENROOS, "Nederlands vanaf het begin",
          "U leert spreken, lezen en schrijven in eenvoudig Nederlands. Voor wie niet hoeft in te burgeren.",
          "B", READING, ("A1", "A2"), ("nt2",), (PROFESSIONAL, LANGUAGE), 8, "GM0216"),
    Offer("verder-nederlands", WILGENROOS, "Verder met Nederlands",
          "U spreekt al Nederlands en wilt beter lezen en schrijven voor werk of een opleiding.",
          "B", READING, ("A2", "B1"), ("nt2",), (FORMAL, LANGUAGE), 8, "GM0216"),
    Offer("klik-voor-klik", WILGENROOS, "Klik voor klik",
          "Rustig leren werken met telefoon, tablet en computer. U kiest zelf wat u het eerst wilt kunnen.",
          "B", DIGITAL, ("digital_intake", "digital_1"), BOTH, (PROFESSIONAL, COMPUTER), 12, "GM0216", is_full=True),
    Offer("taal-voor-thuis", WILGENROOS, "Taal voor thuis",
          "U leest brieven van school en gemeente en praat daarover. Met opvang voor jonge kinderen.",
          "B", READING, ("1F", "A2"), BOTH, (PROFESSIONAL, LANGUAGE), 8, "GM0216", funding="municipal", checked=9),
    Offer("oefenen-online", WILGENROOS, "Taal en computer: online oefenen",
          "U oefent thuis met een begeleider die meekijkt op het scherm. Handig als reizen moeilijk is.",
          "C", ("reading", "digital"), ("2F", "B1", "digital_2"), BOTH, (PROFESSIONAL, "language_digital"), 8,
          "GM0216", "online"),
    Offer("schoonmaak-taal", KERSENHOF, "Vakkundig schoonmaken, met taal",
          "U werkt en leert in de schoonmaak. U leest veiligheidskaarten en haalt een mbo-certificaat.",
          "A", READING, ("1F", "A2"), BOTH, (PROFESSIONAL, LANGUAGE), 8, "GM0214", funding="o_and_o",
          sectors=("N",)),
    Offer("keuken", KERSENHOF, "Werken en leren in de keuken",
          "U werkt in een echte keuken. U leest recepten en rekent met hoeveelheden.",
          "C", ("reading", "numeracy"), ("1F", "A2"), BOTH, (PROFESSIONAL, "language_numeracy_digital"), 6, "GM0214",
          sectors=("I",), is_full=True),
    Offer("groen", KERSENHOF, "Groen werk: rekenen en taal",
          "U werkt buiten in het groen en leert meten, rekenen en werkbonnen lezen.",
          "C", ("reading", "numeracy"), ("1F",), BOTH, (PROFESSIONAL, "language_numeracy_digital"), 6, "GM0214",
          funding="municipal", checked=8, sectors=("A", "N")),
    Offer("digitaal-werk", KERSENHOF, "Digitaal op het werk",
          "U leert werken met de app van uw werkgever: rooster, uren en meldingen.",
          "A", DIGITAL, ("digital_1", "digital_2"), BOTH, (PROFESSIONAL, COMPUTER), 10, "GM0214", "blended",
          funding="employer"),
    Offer("logistiek", KERSENHOF, "Opstap naar de logistiek",
          "U leert rekenen en werken met de scanner, en loopt mee in een magazijn.",
          "B", ("numeracy", "digital"), ("1F", "digital_1"), BOTH, (PROFESSIONAL, "numeracy_digital"), 6, "GM0214",
          funding="uwv", sectors=("C", "G", "H")),
    Offer("nederlands-1f", LOKGANS, "Nederlands 1F",
          "Een opleiding lezen en schrijven op niveau 1F, met een diploma aan het einde.",
          "B", READING, ("ve_intake", "1F"), ("nt1",), (FORMAL, LANGUAGE), 8, "GM0297", successor="nederlands-2f"),
    Offer("nederlands-2f", LOKGANS, "Nederlands 2F",
          "Het vervolg op 1F: u leert lezen en schrijven op het niveau van het mbo.",
          "B", READING, ("2F",), ("nt1",), (FORMAL, LANGUAGE), 6, "GM0297", checked=11),
    Offer("rekenen-1f", LOKGANS, "Rekenen 1F",
          "Een opleiding rekenen op niveau 1F, met een diploma aan het einde.",
          "B", NUMERACY, ("1F",), BOTH, (FORMAL, COUNTING), 8, "GM0297"),
    Offer("digitale-basis", LOKGANS, "Digitale basis",
          "Een opleiding op basisniveau 1 en 2: bestanden, veilig internet en de digitale overheid.",
          "C", DIGITAL, ("digital_1", "digital_2"), BOTH, (FORMAL, COMPUTER), 12, "GM0297"),
    Offer("opstap-zorg", LOKGANS, "Opstap naar de zorg",
          "Taal, rekenen en computer voor wie in de zorg wil werken, met een dag stage in de week.",
          "B", ("reading", "numeracy", "digital"), ("2F", "B1", "digital_1"), BOTH,
          (FORMAL, "language_numeracy_digital"), 8, "GM0297", group=6, sectors=("Q",)),
    Offer("taalmaatje", LEESVLONDER, "Taalmaatje",
          "Een vrijwilliger komt een keer in de week bij u thuis of in de bibliotheek om samen te oefenen.",
          "B", READING, ("1F", "A1", "A2"), BOTH, (VOLUNTEER, LANGUAGE), 8, "GM0668"),
    Offer("digicafe", LEESVLONDER, "Digicafé",
          "Koffie, een laptop en iemand die meedenkt. U komt wanneer u wilt.",
          "C", DIGITAL, ("digital_intake",), BOTH, (VOLUNTEER, COMPUTER), 10, "GM0668", checked=8),
    Offer("leeskring", LEESVLONDER, "Leeskring",
          "Samen lezen in een kleine kring. Deze kring ging op in Lezen met z'n allen.",
          "B", READING, ("1F",), BOTH, (VOLUNTEER, LANGUAGE), 8, "GM0668", checked=19, ended=17,
          successor="met-zn-allen"),
    Offer("met-zn-allen", LEESVLONDER, "Lezen met z'n allen",
          "Samen lezen met vrijwilligers. Nu is er Taalmaatje, met begeleiding bij u in de buurt.",
          "B", READING, ("1F", "A2"), BOTH, (VOLUNTEER, LANGUAGE), 8, "GM0668", checked=13, ended=11,
          successor="taalmaatje"),
)  # fmt: skip

OFFER: Mapping[str, Offer] = {offer.key: offer for offer in OFFERS}


def editor_of(offer: Offer, cast: Cast) -> Actor:
    """Who keeps the catalogue for this provider."""
    return cast.actors[staff_of(offer.provider, Role.COORDINATOR)[0].email]


def fill_catalogue(cast: Cast, work: Work) -> dict[str, UUID]:
    """Put every trajectory in the catalogue and tie each to its successor; the ids by key."""
    ids = {}
    for offer in OFFERS:
        entry = add_trajectory(AddTrajectory(offer.facts()), actor=editor_of(offer, cast), work=work)
        ids[offer.key] = entry.trajectory.id
    for offer in OFFERS:
        if offer.successor:
            change(offer, ids[offer.key], cast, work, successor_id=ids[offer.successor])
    return ids


def check_offer(offer: Offer, trajectory_id: UUID, cast: Cast, work: Work) -> None:
    """The provider looks at the description again and gives the coming start dates."""
    first = work.today + timedelta(days=(7 - work.today.weekday()) + 14)
    start_dates = [first + timedelta(weeks=weeks) for weeks in (0, 10, 20, 30)]
    change(offer, trajectory_id, cast, work, last_checked_on=work.today, start_dates=start_dates)


def end_offer(offer: Offer, trajectory_id: UUID, cast: Cast, work: Work) -> None:
    """The trajectory is no longer offered."""
    change(offer, trajectory_id, cast, work, active=False)


def close_group(offer: Offer, trajectory_id: UUID, cast: Cast, work: Work) -> None:
    """The group is full: there are as many places as people in it."""
    change(offer, trajectory_id, cast, work, places=find_trajectory(trajectory_id, work=work).places_taken)


def add_place(offer: Offer, trajectory_id: UUID, cast: Cast, work: Work) -> None:
    """The provider makes a place for one more."""
    change(offer, trajectory_id, cast, work, places=find_trajectory(trajectory_id, work=work).places_taken + 1)


def change(offer: Offer, trajectory_id: UUID, cast: Cast, work: Work, **facts: Any) -> None:
    """The provider changes some facts of its trajectory."""
    version = find_trajectory(trajectory_id, work=work).version
    change_trajectory(ChangeTrajectory(trajectory_id, version, facts), actor=editor_of(offer, cast), work=work)
