"""A diary: the deeds of one case, each with its moment in Dutch office hours, planned before anything is done."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from random import Random
from typing import NamedTuple
from uuid import UUID

from referral.core.calendar import add_working_days, is_working_day
from referral.core.policy import Actor
from referral.core.work import AMSTERDAM, Work
from referral.demo.organisations import Account, Cast

OPENING, OFFICE_MINUTES = time(8, 30), 8 * 60


@dataclass
class Stage:
    """Where a deed happens: the work of its own moment, the cast, and the ids of the catalogue by key."""

    work: Work
    cast: Cast
    trajectories: Mapping[str, UUID]

    def actor(self, account: Account) -> Actor:
        """The person as somebody who acts for the own organisation."""
        return self.cast.actors[account.email]


Deed = Callable[[Stage], object]


class Beat(NamedTuple):
    """One deed at one moment."""

    at: datetime
    deed: Deed


@dataclass
class Diary:
    """What will be done in one case, in order of time. `at` is the moment of the next deed."""

    rng: Random
    now: datetime
    at: datetime = field(init=False)
    beats: list[Beat] = field(default_factory=list)

    @property
    def today(self) -> date:
        """The Dutch calendar day of now."""
        return self.now.astimezone(AMSTERDAM).date()

    def go_to(self, day: date) -> None:
        """The next deed is on this day, or the first working day after it."""
        open_day = day if is_working_day(day) else add_working_days(day, 1)
        minutes = timedelta(minutes=self.rng.randrange(OFFICE_MINUTES))
        self.at = (datetime.combine(open_day, OPENING, AMSTERDAM) + minutes).astimezone(UTC)

    def go_back(self, working_days: int) -> None:
        """The next deed is this many working days (one or more) before today."""
        day = self.today
        while working_days:
            day -= timedelta(days=1)
            working_days -= is_working_day(day)
        self.go_to(day)

    def wait(self, least: int, most: int) -> None:
        """Let some working days pass; with none, the next deed is later on the same day."""
        days = self.rng.randint(least, most)
        if days:
            self.go_to(add_working_days(self.at.astimezone(AMSTERDAM).date(), days))

    def then(self, deed: Callable[..., object], /, **facts: object) -> None:
        """Write down the next deed; what comes after it on the same day comes some minutes later."""
        self.beats.append(Beat(self.at, partial(deed, **facts)))
        self.at += timedelta(minutes=self.rng.randint(3, 12))

    def lived(self) -> list[Beat]:
        """What has been done by now; the rest is still to come."""
        return [beat for beat in self.beats if beat.at <= self.now]
