"""Screening instruments: what each one measures, for whom, and between which bounds. An indication, never a level."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from referral.core.codelists.files import Entry, open_list, read_list

UNKNOWN_EDUCATION = "unknown"


@dataclass(frozen=True)
class Block:
    """One part of an instrument with a score of its own.

    `max_score` counts right answers, `max_minutes` is the time in all until the end of this block,
    `continue_from_score` the score from which the next block follows. None: not published, so not checked.
    """

    number: int
    level: str | None
    max_score: int | None
    max_minutes: int | None
    continue_from_score: int | None
    education: frozenset[str] | None


@dataclass(frozen=True)
class Instrument:
    """One screening instrument; without blocks it has no score."""

    code: str
    label: str
    skills: tuple[str, ...]
    blocks: tuple[Block, ...]
    versions: int | None
    needs_spoken_dutch: bool

    def suits(self, education_level: str) -> bool:
        """Whether the instrument is made for somebody with this schooling; unknown schooling is no objection.

        One suitable block is enough: an adaptive instrument starts everybody in its first block.
        """
        limits = [block.education for block in self.blocks if block.education is not None]
        return not limits or education_level == UNKNOWN_EDUCATION or any(education_level in limit for limit in limits)


@cache
def instruments() -> Mapping[str, Instrument]:
    """The instruments of `config/instruments.toml`."""
    return read_instruments(open_list("instruments.toml"))


def read_instruments(source: Entry) -> Mapping[str, Instrument]:
    """The instruments in a list file. Raises ValueError naming file and key."""
    return read_list(source, _instrument)


def _instrument(code: str, entry: Entry) -> Instrument:
    entry.only("label", "skills", "needs_spoken_dutch", "versions", "blocks")
    blocks = tuple(_block(block) for block in entry.tables("blocks"))
    if [block.number for block in blocks] != list(range(1, len(blocks) + 1)):
        raise entry.wrong("blocks", "must be numbered 1, 2, ...")
    return Instrument(
        code=code,
        label=entry.text("label"),
        skills=entry.texts("skills"),
        blocks=blocks,
        versions=entry.optional_number("versions"),
        needs_spoken_dutch=entry.has("needs_spoken_dutch") and entry.flag("needs_spoken_dutch"),
    )


def _block(entry: Entry) -> Block:
    entry.only("number", "level", "max_score", "max_minutes", "continue_from_score", "education")
    return Block(
        number=entry.number("number"),
        level=entry.text("level") if entry.has("level") else None,
        max_score=entry.optional_number("max_score"),
        max_minutes=entry.optional_number("max_minutes"),
        continue_from_score=entry.optional_number("continue_from_score"),
        education=frozenset(entry.texts("education")) if entry.has("education") else None,
    )
