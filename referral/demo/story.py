"""The story of two years: who is screened, who is referred to what, and when; planned by one seeded chance."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cached_property
from random import Random
from typing import Any, TypeVar
from uuid import UUID

from referral.core.calendar import add_months
from referral.core.policy import OrganisationKind, Role
from referral.core.work import AMSTERDAM, Work
from referral.demo import catalogue, words
from referral.demo.cases import Case, Known
from referral.demo.catalogue import OFFER, OFFERS, Offer
from referral.demo.diary import Beat, Diary
from referral.demo.lives import SHARES
from referral.demo.organisations import (
    ADVISER,
    EMPLOYER,
    HOME,
    KIND_OF,
    KLANTMANAGER,
    MUNICIPALITIES,
    PLACE_OF,
    UWV,
    WORKPLACES,
    Account,
    Cast,
    staff_of,
)
from referral.demo.people import Background, People
from referral.demo.playbill import SCENES, Scene
from referral.demo.screened import Screened, screen
from referral.demo.steps import Life

SEED = 20260101
MONTHS = 24
SCREENINGS, REFERRALS = 1500, 400
WITH_INDICATION = 0.45

SOURCES = {
    HOME: 26,
    "Gemeente West Betuwe": 9,
    "Gemeente Culemborg": 8,
    "Gemeente Zaltbommel": 7,
    "Gemeente Buren": 5,
    "Gemeente Neder-Betuwe": 5,
    "Gemeente Maasdriel": 4,
    "Gemeente West Maas en Waal": 4,
    UWV: 14,
    "Werkcentrum De Veerpont": 5,
    "Taalhuis Zilt": 3,
    "Taalhuis Uiterwoord": 3,
    "Schoonmaakbedrijf Helderglim": 2,
    "Fruitpakhuis Appelkwint": 2,
    "Woonzorghuis Lindebries": 2,
    "Distributiecentrum Kwartelkade": 1,
}
"""Of a hundred people, where they were met."""

WISHES = {
    ("digital",): 108,
    ("reading",): 58,
    ("reading", "digital"): 43,
    ("numeracy",): 31,
    ("reading", "numeracy"): 14,
    ("numeracy", "digital"): 12,
}
"""Of 266 who were referred, what they wanted to learn (`chain.md`, Benchmarks; the rest is about numeracy)."""

AFTERWARDS = {"declines": 37, "undecided": 19, "agrees": 8, "not_held": 24, "none": 12}
"""Of a hundred with an indication who were not referred: what came of the conversation, or that there was none."""

UNDISCUSSED = {KLANTMANAGER: (1, 2, 4, 7, 9, 12, 15, 23), ADVISER: (3, 6, 11, 18), EMPLOYER: (2, 13)}
"""How many working days ago somebody was screened with an indication that nobody talked about yet."""

NOT_HELD = ("no_time", "not_comfortable", "client_absent", "client_refused", "other_priority", "staff_absence")

Item = TypeVar("Item")


class Story:
    """Everything that will happen, for one `now`; `scale` 1.0 is the whole region."""

    def __init__(self, now: datetime, scale: float = 1.0) -> None:
        self.now = now
        self.rng = Random(SEED)  # noqa: S311
        self.today = now.astimezone(AMSTERDAM).date()
        self.first_day = add_months(self.today, -MONTHS)
        self.people = People(self.rng, self.today.year)
        self.screenings = 0
        self._wanted = round(SCREENINGS * scale), round(REFERRALS * scale)

    @cached_property
    def beats(self) -> list[Beat]:
        """Every deed up to now, in the order of time."""
        planned = [*self._catalogue(), *self._scenes(), *self._ordinary_lives(), *self._screened_only()]
        return sorted(planned, key=lambda beat: beat.at)

    # The four strands

    def _catalogue(self) -> Iterator[Beat]:
        for offer in OFFERS:
            checked_on = add_months(self.today, -offer.checked) - timedelta(days=self.rng.randrange(30))
            yield from self._change(offer, checked_on, catalogue.check_offer)
            if offer.ended is not None:
                yield from self._change(offer, add_months(self.today, -offer.ended), catalogue.end_offer)
            if offer.is_full:
                yield from self._change(offer, self.today - timedelta(days=4), catalogue.close_group)

    def _scenes(self) -> Iterator[Beat]:
        for scene in SCENES:
            offer = OFFER[scene.offer] if scene.offer else None
            skills = offer.skills if offer else ("digital",)
            tested = [skills] if scene.screenings < 2 else [skills, ("digital",)]
            someone = self._someone(scene.referrer)
            if offer and someone.language not in offer.languages:
                someone = replace(someone, language=offer.languages[0])
            known = self._known(scene.referrer, someone, tested[: scene.screenings])
            case = Case(known, scene.referrer, scene.coach, offer, skills, self._words(skills))
            yield from self._lived(case, scene)

    def _ordinary_lives(self) -> Iterator[Beat]:
        count = max(0, self._wanted[1] - sum(scene.referrals for scene in SCENES))
        lives = self._deck(SHARES, count)
        wishes = self._deck(WISHES, count)
        sources = self._deck(SOURCES, count)
        for day, life, skills, source in zip(self._days(count, before=25), lives, wishes, sources, strict=True):
            diary = self._diary(day)
            life(Life(self._ordinary_case(source, skills, diary.at.date()), diary))
            yield from diary.lived()

    def _screened_only(self) -> Iterator[Beat]:
        yield from self._undiscussed()
        count = max(0, self._wanted[0] - self.screenings)
        positive = max(0, min(count, round(self._wanted[0] * WITH_INDICATION) - self.screenings))
        others = count - positive
        indications = [*["yes"] * positive, *["undetermined"] * (others // 25), *["no"] * (others - others // 25)]
        self.rng.shuffle(indications)
        afterwards = iter(self._deck(AFTERWARDS, positive))
        sources = self._deck(SOURCES, count)
        for day, indication, source in zip(self._days(count, before=6), indications, sources, strict=True):
            diary = self._diary(day)
            screened = self._screened(self.rng.choice(staff_of(source, Role.REFERRER)), indication)
            diary.then(screened.log)
            if indication == "yes":
                self._afterwards(diary, screened, next(afterwards))
            yield from diary.lived()

    def _undiscussed(self) -> Iterator[Beat]:
        for by, when in UNDISCUSSED.items():
            for ago in when:
                diary = self._diary(self.today)
                diary.go_back(ago)
                diary.then(self._screened(by, "yes").log)
                yield from diary.lived()

    # Their parts

    def _change(self, offer: Offer, day: date, change: Callable[[Offer, UUID, Cast, Work], None]) -> list[Beat]:
        diary = self._diary(day)
        diary.then(lambda stage: change(offer, stage.trajectories[offer.key], stage.cast, stage.work))
        return diary.lived()

    def _lived(self, case: Case, scene: Scene) -> list[Beat]:
        diary = self._diary(self.today)
        scene.happens(Life(case, diary), scene.ago)
        return diary.lived()

    def _ordinary_case(self, source: str, skills: Sequence[str], day: date) -> Case:
        referrer = self.rng.choice(staff_of(source, Role.REFERRER))
        someone = self._someone(referrer)
        offer = self._choose_offer(skills, someone, day)
        is_split = len(skills) > 1 and self.rng.random() < 0.4
        has_screening = self.rng.random() < 0.94
        tested = [[skill] for skill in skills] if is_split else [skills]
        known = self._known(referrer, someone, tested if has_screening else [])
        said = self._words(skills)
        if not has_screening:
            said |= {"no_screening": True, "waiver": "already_discussed_elsewhere"}
        return Case(known, referrer, self.rng.choice(staff_of(offer.provider, Role.COACH)), offer, skills, said)

    def _choose_offer(self, skills: Sequence[str], someone: Background, day: date) -> Offer:
        """One of the offers that teach the most of what is wanted and little else, the bigger ones more often."""
        fitting = [each for each in OFFERS if someone.language in each.languages and each.is_open_on(day, self.today)]
        most = max(len(set(skills) & set(each.skills)) for each in fitting)
        best = [each for each in fitting if len(set(skills) & set(each.skills)) == most]
        return self.rng.choices(best, [each.places / len(each.skills) ** 3 / len(each.languages) for each in best])[0]

    def _known(self, by: Account, someone: Background, tested: Sequence[Sequence[str]]) -> Known:
        self.screenings += len(tested)
        return Known(self.people.person(someone), [screen(self.rng, by, someone, skills) for skills in tested])

    def _screened(self, by: Account, indication: str) -> Screened:
        skills = self.rng.choices(list(WISHES), list(WISHES.values()))[0]
        if indication != "yes" and self.rng.random() < 0.05:
            skills = ("inclusion",)
        self.screenings += 1
        return screen(self.rng, by, self._someone(by), skills[:1], indication)

    def _afterwards(self, diary: Diary, screened: Screened, what: str) -> None:
        """The conversation or the reason for none. What has none yet is recent, but for a few that were forgotten."""
        if what == "none" and (self.today - diary.at.date()).days < 60:
            return
        if what in ("none", "not_held"):
            diary.wait(3, 14)
            diary.then(screened.leave, reason=self.rng.choice(NOT_HELD))
            return
        if self.rng.random() < 0.1:
            diary.wait(1, 4)
            diary.then(screened.leave, reason="client_absent")
        diary.wait(0, 9)
        diary.then(screened.discuss, outcome=what)

    def _someone(self, by: Account) -> Background:
        own = PLACE_OF[by.organisation]
        is_municipality = KIND_OF[by.organisation] is OrganisationKind.MUNICIPALITY
        places = (own,) if own and is_municipality else MUNICIPALITIES
        work = WORKPLACES.get(by.organisation) or self.rng.choice(list(WORKPLACES.values()))
        return self.people.background(KIND_OF[by.organisation], places, work)

    def _words(self, skills: Sequence[str]) -> dict[str, Any]:
        """What is written down in the referral."""
        return {
            "learning_wish": self.rng.choice(words.WISHES[self.rng.choice(skills)]),
            "barriers": tuple(self.rng.sample(words.BARRIERS, self.rng.choice((0, 1, 1, 2)))),
            "purpose": self.rng.choice(words.PURPOSES),
        }

    # Chance, in fixed proportions

    def _diary(self, day: date) -> Diary:
        diary = Diary(self.rng, self.now)
        diary.go_to(day)
        return diary

    def _days(self, count: int, before: int) -> list[date]:
        """So many days, from the first until some days before today, and more of them as time goes on."""
        span = (self.today - self.first_day).days - before
        return [
            self.first_day + timedelta(int(span * ((each + self.rng.random()) / count) ** 0.8)) for each in range(count)
        ]

    def _deck(self, shares: Mapping[Item, int], count: int) -> list[Item]:
        """So many cards in exactly these proportions, shuffled: chance decides who, never how many."""
        cards: list[Item] = []
        total, dealt = sum(shares.values()), 0.0
        for item, share in shares.items():
            dealt += count * share / total
            cards += [item] * (round(dealt) - len(cards))
        self.rng.shuffle(cards)
        return cards
