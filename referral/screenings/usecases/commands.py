"""The words of the use cases: commands, what they answer, and the events that are published."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from referral.core.errors import FieldError
from referral.core.outbox import Event
from referral.screenings.instruments import Outcome
from referral.screenings.models import NOT_ASKED, Conversation, Screening

Progress: TypeAlias = Callable[[int, int], object]


class ScreeningLogged(Event):
    """A screening was logged; `object_id` is the screening."""


class ConversationHeld(Event):
    """The result was discussed; `object_id` is the screening."""


class ConversationMissed(Event):
    """The result was not discussed, and somebody said why; `object_id` is the screening."""


@dataclass(frozen=True)
class LogScreening:
    """An anonymous outcome, in coarse bands and codes only."""

    instrument: str
    conducted_on: date
    indication: str
    language_background: str
    employment: str
    age_band: str
    municipality_code: str
    found_at: str
    score: int | None = None
    block: int | None = None
    duration_minutes: int | None = None
    education_level: str | None = None
    sector: str | None = None
    occupation_code: str | None = None
    skills: Sequence[str] = ()
    raises_children: str = NOT_ASKED

    @property
    def outcome(self) -> Outcome:
        """What the rules of the instrument look at."""
        return Outcome(
            instrument=self.instrument,
            conducted_on=self.conducted_on,
            score=self.score,
            block=self.block,
            duration_minutes=self.duration_minutes,
            education_level=self.education_level,
            skills=self.skills,
        )


@dataclass(frozen=True)
class ImportRow:
    """One row of a file by its number there (the header is row 1): what it asks, or what is wrong with it."""

    number: int
    command: LogScreening | None
    errors: Sequence[FieldError] = ()


@dataclass(frozen=True)
class ImportScreenings:
    """The rows of a file, the good and the bad, in the order of the file."""

    rows: Sequence[ImportRow]


@dataclass(frozen=True)
class ImportResult:
    """The codes of what was logged and the rows that were refused; `imported` keeps the order of the file."""

    imported: Sequence[str]
    rejected: Sequence[ImportRow]


@dataclass(frozen=True)
class ListScreenings:
    """Which of the own screenings somebody wants to see. `conversation_due`: `overdue` or `upcoming`."""

    indication: str | None = None
    discussed: str | None = None
    conversation_due: str | None = None
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True)
class LogConversation:
    """A conversation that was held (day and outcome) or not (reason). `held` None: the other members tell."""

    code: str
    held: bool | None = None
    held_on: date | None = None
    outcome: str | None = None
    reason: str | None = None

    @property
    def was_held(self) -> bool:
        """Whether it was held, said or implied."""
        return bool(self.held_on or self.outcome) if self.held is None else self.held


@dataclass(frozen=True)
class ScreeningRecord:
    """A screening with its conversations, in the order in which they were logged."""

    screening: Screening
    conversations: Sequence[Conversation] = ()
