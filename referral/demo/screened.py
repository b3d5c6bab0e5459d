"""Screenings of the demo: what comes out of an instrument, and logging it with the conversation about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from referral.demo.diary import Stage
from referral.demo.organisations import KIND_OF, Account
from referral.demo.people import Background
from referral.screenings.usecases import LogConversation, LogScreening, log_conversation, log_screening
from referral.trajectories.matching import age_band

FOUND_AT = {
    "municipality": ("benefit_intake", "benefit_intake", "re_integration", "youth_family"),
    "uwv": ("benefit_intake", "re_integration"),
    "werkcentrum": ("re_integration", "other"),
    "taalhuis": ("taalhuis", "library", "health"),
    "employer": ("workplace",),
}
SCORES: dict[str, dict[str, tuple[int, int]]] = {
    "taalmeter": {"yes": (2, 10), "no": (11, 14)},
    "taalverkenner": {"yes": (0, 3), "no": (4, 6)},
    "rekenmeter": {"yes": (3, 9), "no": (10, 16)},
    "digimeter": {"yes": (0, 2), "no": (3, 4)},
}
MINUTES = {"taalmeter": (6, 12), "taalverkenner": (3, 6), "rekenmeter": (5, 12), "digimeter": (4, 9)}


@dataclass
class Screened:
    """One anonymous screening: who did it, of what background, what came out; and its code once it is logged."""

    by: Account
    background: Background
    instrument: str
    indication: str
    outcome: dict[str, Any]
    code: str = ""

    def log(self, stage: Stage) -> None:
        """The screening is logged on the day it was done."""
        someone, today = self.background, stage.work.today
        command = LogScreening(
            instrument=self.instrument,
            conducted_on=today,
            indication=self.indication,
            language_background=someone.language,
            employment=someone.employment,
            age_band=age_band(someone.birth_year, today.year) or "18-24",
            raises_children=someone.raises_children,
            municipality_code=someone.municipality_code,
            sector=someone.sector,
            occupation_code=someone.occupation,
            **self.outcome,
        )
        self.code = log_screening(command, actor=stage.actor(self.by), work=stage.work).code

    def discuss(self, stage: Stage, outcome: str) -> None:
        """The result was discussed."""
        command = LogConversation(code=self.code, held=True, held_on=stage.work.today, outcome=outcome)
        log_conversation(command, actor=stage.actor(self.by), work=stage.work)

    def leave(self, stage: Stage, reason: str) -> None:
        """The result was not discussed, for this reason (L7)."""
        command = LogConversation(code=self.code, held=False, reason=reason)
        log_conversation(command, actor=stage.actor(self.by), work=stage.work)


def screen(rng: Random, by: Account, someone: Background, skills: Sequence[str], indication: str = "yes") -> Screened:
    """A screening about these skills, with an outcome that the instrument allows."""
    instrument = _instrument(rng, someone, skills)
    outcome: dict[str, Any] = {
        "education_level": someone.education,
        "found_at": rng.choice(FOUND_AT[KIND_OF[by.organisation]]),
    }
    if instrument == "conversation":
        outcome["skills"] = tuple(skills)
    elif instrument in SCORES and indication in SCORES[instrument]:
        outcome |= _measured(rng, instrument, indication)
    return Screened(by, someone, instrument, indication, outcome)


def _instrument(rng: Random, someone: Background, skills: Sequence[str]) -> str:
    if len(skills) > 1 or rng.random() < 0.08:
        return "conversation"
    if skills[0] == "reading":
        return "taalverkenner" if someone.language == "nt2" else "taalmeter"
    return {"numeracy": "rekenmeter", "digital": "digimeter", "inclusion": "sociale_inclusiemeter"}[skills[0]]


def _measured(rng: Random, instrument: str, indication: str) -> dict[str, Any]:
    """Score and minutes; a Taalmeter without an indication went on to its second block."""
    outcome: dict[str, Any] = {
        "score": rng.randint(*SCORES[instrument][indication]),
        "block": 1,
        "duration_minutes": rng.randint(*MINUTES[instrument]),
    }
    if instrument == "taalmeter" and indication == "no":
        outcome |= {"block": 2, "duration_minutes": rng.randint(12, 17)}
    return outcome
