"""The rules of the instruments: what an outcome may look like. An indication, never a level.

The bounds stand in `config/instruments.toml`; here stands how an outcome is held against them. The indication itself is
the adviser's record and is never computed from the score.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from referral.core.calendar import add_months
from referral.core.codelists import Block, Instrument, Term, default_terms, instruments
from referral.core.codelists.instruments import UNKNOWN_EDUCATION
from referral.core.errors import FieldError

CONVERSATION = "conversation"


@dataclass(frozen=True)
class Outcome:
    """What was measured with an instrument. `score`: right answers in the first block."""

    instrument: str
    conducted_on: date
    score: int | None = None
    block: int | None = None
    duration_minutes: int | None = None
    education_level: str | None = None
    skills: Sequence[str] = ()


def check_outcome(outcome: Outcome, today: date) -> list[FieldError]:
    """Every way in which the outcome breaks the rules of its instrument; empty when it keeps them."""
    instrument = instruments()[outcome.instrument]
    return [
        *_check_day(outcome, today),
        *_check_score(outcome, instrument),
        *_check_block(outcome, instrument),
        *_check_duration(outcome, instrument),
        *_check_education(outcome, instrument),
        *_check_skills(outcome, instrument),
    ]


def skills_of(outcome: Outcome) -> list[str]:
    """The skills the outcome is about: those of the instrument, or those that showed signals in a conversation."""
    if outcome.instrument == CONVERSATION:
        return list(outcome.skills)
    return list(instruments()[outcome.instrument].skills)


def conversation_days(outcome: Outcome, indication: str, term: Term) -> Mapping[str, date]:
    """By when a result with an indication is to be discussed (`remind`), and when the coordinator hears that it was
    not (`escalate`): requirements L6 and L7. No days when there is no indication.
    """
    steps = term.steps() if indication == "yes" else {}
    return {step: span.after(outcome.conducted_on) for step, span in steps.items()}


def _check_day(outcome: Outcome, today: date) -> Iterator[FieldError]:
    months = default_terms().limits.screening_max_age_months
    if outcome.conducted_on > today:
        yield FieldError("/conductedOn", "future", "Deze datum ligt in de toekomst.")
    elif outcome.conducted_on < add_months(today, -months):
        yield FieldError("/conductedOn", "too_old", f"Deze screening is meer dan {months} maanden oud.")


def _check_score(outcome: Outcome, instrument: Instrument) -> Iterator[FieldError]:
    if outcome.score is None:
        return
    highest = instrument.blocks[0].max_score if instrument.blocks else None
    if highest is None:
        yield FieldError("/score", "not_applicable", "Dit instrument heeft geen score.")
    elif not 0 <= outcome.score <= highest:
        yield FieldError("/score", "range", f"De score moet van 0 tot en met {highest} zijn.")


def _check_block(outcome: Outcome, instrument: Instrument) -> Iterator[FieldError]:
    if outcome.block is None:
        return
    if not 1 <= outcome.block <= len(instrument.blocks):
        yield FieldError("/block", "not_applicable", "Dit instrument heeft geen blok met dit nummer.")
    elif outcome.block > 1:
        needed = instrument.blocks[outcome.block - 2].continue_from_score or 0
        if outcome.score is None:
            yield FieldError("/score", "required", "Vul de score van het eerste blok in.")
        elif outcome.score < needed:
            yield FieldError("/block", "not_reached", f"Blok 2 volgt pas na {needed} goede antwoorden in blok 1.")


def _check_duration(outcome: Outcome, instrument: Instrument) -> Iterator[FieldError]:
    longest = max((block.max_minutes or 0 for block in _blocks_done(outcome, instrument)), default=0)
    if outcome.duration_minutes is not None and longest and outcome.duration_minutes > longest:
        yield FieldError("/durationMinutes", "range", f"Dit instrument duurt hier hoogstens {longest} minuten.")


def _check_education(outcome: Outcome, instrument: Instrument) -> Iterator[FieldError]:
    level = outcome.education_level
    if level in (None, UNKNOWN_EDUCATION):
        return
    limits = [block.education for block in _blocks_done(outcome, instrument) if block.education is not None]
    if limits and not any(level in limit for limit in limits):
        yield FieldError("/educationLevel", "unsuitable", "Dit instrument past niet bij deze opleiding.")


def _check_skills(outcome: Outcome, instrument: Instrument) -> Iterator[FieldError]:
    if outcome.instrument == CONVERSATION and not outcome.skills:
        yield FieldError("/skills", "required", "Vul in bij welke vaardigheden u signalen zag.")
    elif not set(outcome.skills) <= set(instrument.skills):
        yield FieldError("/skills", "not_applicable", "Dit instrument gaat over iets anders.")


def _blocks_done(outcome: Outcome, instrument: Instrument) -> Sequence[Block]:
    """The blocks that set the bounds: the one that was named, those the score allows, or all when neither is known."""
    if outcome.block is not None:
        return [block for block in instrument.blocks if block.number == outcome.block] or instrument.blocks
    if outcome.score is not None and instrument.blocks:
        continue_from = instrument.blocks[0].continue_from_score
        if continue_from is not None and outcome.score < continue_from:
            return instrument.blocks[:1]
    return instrument.blocks
