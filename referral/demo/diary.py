"""A diary: the deeds of one case with their moments, planned before anything is done, in Dutch office hours."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from random import Random
from typing import NamedTuple

from referral.core.calendar import add_working_days, is_working_day
from referral.core.work import AMSTERDAM, Work
from referral.demo.organisations import Cast


@dataclass
class Stage:
    """Where a deed happens: the cast, the ids of the catalogue by key, and the work of its own moment."""

    work: Work
    cast: Cast
    trajectories: dict[str, UUID]


Deed = Callable[[Stage], object]


class Beat(NamedTuple):
    """One deed at one moment."""

    at: datetime
    deed: Deed
