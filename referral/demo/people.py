"""Invented people: names, contact data and backgrounds. Nobody here exists; every address ends in `.example`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

FIRST_NAMES = (
    "Aafke", "Abdi", "Adem", "Amina", "Anneke", "Arjen", "Aylin", "Bas", "Bilal", "Brechtje", "Carla", "Corné",
    "Dana", "Dirk", "Ebru", "Elif", "Els", "Emre", "Eva", "Fatma", "Femke", "Freek", "Gerda", "Gijs", "Goran", "Hanan",
    "Hilde", "Ivana", "Jamal", "Jeroen", "Jolanda", "Joost", "Karim", "Katja", "Kees", "Khadija", "Lidia", "Lotte",
    "Luca", "Maarten", "Malika", "Marek", "Marijke", "Meryem", "Mirjam", "Nadia", "Nienke", "Olga", "Omar", "Paulien",
    "Pieter", "Rachida", "Rob", "Roos", "Ruben", "Samira", "Sander", "Selma", "Semere", "Sjors", "Tamar", "Tess",
    "Tomasz", "Wendy", "Willem", "Yara", "Yusuf", "Zahra",
)  # fmt: skip
LAST_NAMES = (
    "Aalbrink", "van Abbendam", "Akkerdijk", "Balkenhof", "Berkvliet", "van de Bies", "Boomgaarden", "Braambos",
    "ter Brakel", "van Dalfoort", "Demirkaya", "Dijkzicht", "Eikelbroek", "El Amrioui", "Elzenga", "Fruitema",
    "van Gaasbeke", "Gebreselam", "Grasduin", "Haagwinde", "Hazelhorst", "Heggelaar", "van Ieperen", "Ilgaz",
    "Jachtveld", "Kadoelen", "Karabacak", "Kersenboom", "Klaverweide", "Kowalewska", "Lindeberg", "Linzenaar",
    "Lisdodde", "Maasoever", "Meidoornse", "Merelhof", "Mirzayi", "Molenzicht", "van Nergenshuis", "Nowacki",
    "Oeverlands", "Okselaar", "Perenwijk", "Populiers", "Rietvink", "Roggeveld", "Sadiqi", "Schaapdrift",
    "Sleedoorn", "Sterrenkamp", "Tabakova", "Tarwezand", "Terpwoude", "Uilenvanger", "van Vlinderdal", "Waalstroom",
    "Warsameh", "Weidevogel", "Wikkenaar", "Wilgenroo", "Yildizhan", "IJsvogels", "Zandhaver", "Zuringa",
)  # fmt: skip

MEN = frozenset({
    "Abdi", "Adem", "Arjen", "Bas", "Bilal", "Corné", "Dirk", "Emre", "Freek", "Gijs", "Goran", "Jamal", "Jeroen",
    "Joost", "Karim", "Kees", "Luca", "Maarten", "Marek", "Omar", "Pieter", "Rob", "Ruben", "Sander", "Semere", "Sjors",
    "Tomasz", "Willem", "Yusuf",
})  # fmt: skip

CHANNELS = ("phone", "phone", "phone", "text", "text", "email", "letter")
MOMENTS = ("'s ochtends", "'s middags", "na vijf uur", "op maandag of dinsdag", "niet op woensdag", "maakt niet uit")
YOUNGEST, OLDEST = 21, 63
PARENTS = ((24, 15), (34, 50), (44, 72), (54, 45), (OLDEST, 8))
"""Up to which age how many of a hundred raise children."""
SAID = 82
"""Of a hundred people, how many were asked and said so."""
UNTIL_MBO2 = ("none", "primary", "primary", "vmbo", "vmbo", "mbo1", "mbo2")


@dataclass(frozen=True)
class Background:
    """Somebody in coarse facts, as an anonymous screening knows them; `sector` and `occupation` for who works."""

    birth_year: int
    language: str
    employment: str
    municipality_code: str
    education: str
    raises_children: str
    sector: str | None = None
    occupation: str | None = None


@dataclass(frozen=True)
class Person:
    """A participant with a name and a way to be reached."""

    name: str
    phone: str
    email: str | None
    channel: str
    moment: str
    client_number: str
    background: Background

    @property
    def gender(self) -> str:
        """As the invented first name is commonly given."""
        return "male" if self.name.split()[0] in MEN else "female"


class People:
    """Draws people, each of them once."""

    def __init__(self, rng: Random, year: int) -> None:
        self._rng = rng
        self._homes = Random(year)  # noqa: S311
        self._year = year
        self._names = _names(rng)
        self._phones = iter(rng.sample(range(10_000), 10_000))

    def background(self, source_kind: str, municipality_codes: Sequence[str], work: tuple[str, str]) -> Background:
        """The coarse facts of somebody whom an organisation of this kind meets; `work` is a sector and occupation."""
        rng = self._rng
        employment = rng.choice(_EMPLOYMENT[source_kind])
        sector, occupation = work if employment == "employed" else (None, None)
        age = rng.randint(YOUNGEST, OLDEST)
        return Background(
            birth_year=self._year - age,
            language="nt2" if rng.random() < 0.38 else "nt1",
            employment=employment,
            municipality_code=rng.choice(municipality_codes),
            education=rng.choice(UNTIL_MBO2),
            raises_children=self._raises_children(age),
            sector=sector,
            occupation=occupation,
        )

    def _raises_children(self, age: int) -> str:
        """Drawn apart, so that the rest of the region stays what it was."""
        if self._homes.random() * 100 >= SAID:
            return "unknown"
        share = next(share for oldest, share in PARENTS if age <= oldest)
        return "yes" if self._homes.random() * 100 < share else "no"

    def person(self, background: Background) -> Person:
        """Somebody with this background, under a name and a number that nobody else has."""
        name, number = next(self._names), next(self._phones)
        return Person(
            name=name,
            # 06-1234xxxx is how a made-up number is written; none of these was taken from anybody.
            phone=f"06-1234{number:04d}",
            email=f"deelnemer{number:04d}@voorbeeld.example" if self._rng.random() < 0.55 else None,
            channel=self._rng.choice(CHANNELS),
            moment=self._rng.choice(MOMENTS),
            client_number=f"DEMO-{number:04d}",
            background=background,
        )


_EMPLOYMENT = {
    "municipality": ("benefit", "benefit", "benefit", "jobseeker", "other"),
    "uwv": ("jobseeker", "jobseeker", "jobseeker", "benefit"),
    "werkcentrum": ("jobseeker", "employed"),
    "taalhuis": ("other", "employed", "benefit"),
    "employer": ("employed",),
}


def _names(rng: Random) -> Iterator[str]:
    every = [f"{first} {last}" for first in FIRST_NAMES for last in LAST_NAMES]
    return iter(rng.sample(every, len(every)))
