"""What the figures are about: the stages and counts of the funnel, by what they can be divided, and one counted fact.

A fact is what one screening, or one referral with all that it was transferred to, adds to the figures. It holds codes
and whole days, and leads to nobody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise
from uuid import UUID


class Stage(StrEnum):
    """The stages of the funnel, in the order of the chain. The first three count screenings, the rest referrals."""

    SCREENED = "screened"
    INDICATION = "indication"
    DISCUSSED = "discussed"
    REFERRED = "referred"
    ACCEPTED = "accepted"
    HANDED_OVER = "handed_over"
    INTAKE = "intake"
    STARTED = "started"
    COMPLETED = "completed"
    CLOSED = "closed"


class Extra(StrEnum):
    """What is counted besides: answered by the partner (G7), handed over cold, started within the term (M1)."""

    ANSWERED = "answered"
    COLD = "cold_handover"
    WITHIN_TERM = "within_term"


class Span(StrEnum):
    """What is measured besides the stages: from the signal, which is the screening, to the start (V8)."""

    SIGNAL = "signal_to_start"


SCREENING_STAGES = tuple(Stage)[:3]
REFERRAL_STAGES = tuple(Stage)[3:]
COLUMNS: tuple[str, ...] = (*Stage, *Extra)
"""Everything that is counted. The place of a column is the place of its counter in a tally: add at the end only."""
TIMED: tuple[str, ...] = (*Stage, *Span)
"""Everything of which the days are measured, in the order in which a tally keeps them: add at the end only."""
PARENTS: Mapping[str, str] = {
    **{
        after.value: before.value
        for stages in (SCREENING_STAGES, REFERRAL_STAGES)
        for before, after in pairwise(stages)
    },
    Extra.ANSWERED: Stage.REFERRED,
    Extra.COLD: Stage.HANDED_OVER,
    Extra.WITHIN_TERM: Stage.STARTED,
}
"""Of which column another one counts a part."""


class GroupKey(StrEnum):
    """By what the funnel can be divided and filtered."""

    SOURCE_KIND = "sourceKind"
    ORGANISATION = "organisation"
    PARTNER = "partner"
    MUNICIPALITY = "municipality"
    REGION = "region"
    MONTH = "month"
    QUARTER = "quarter"
    LANGUAGE_BACKGROUND = "languageBackground"
    EMPLOYMENT = "employment"
    AGE_BAND = "ageBand"
    RAISES_CHILDREN = "raisesChildren"
    SECTOR = "sector"
    OCCUPATION = "occupation"
    SKILL = "skill"
    TRAJECTORY_TEMPLATE = "trajectoryTemplate"
    COURSE_KIND = "courseKind"
    FOUND_AT = "foundAt"
    TOP_LIST = "topList"
    VULNERABLE_SECTOR = "vulnerableSector"


TIME_KEYS = frozenset({GroupKey.MONTH, GroupKey.QUARTER})
DERIVED = {
    GroupKey.REGION: GroupKey.MUNICIPALITY,
    GroupKey.TOP_LIST: GroupKey.OCCUPATION,
    GroupKey.VULNERABLE_SECTOR: GroupKey.SECTOR,
}
"""A division that follows from another one: the arbeidsmarktregio from the gemeente, on which top-10 list an occupation
stands (L4), and whether a sector is vulnerable (K4)."""
TRAITS = tuple(key for key in GroupKey if key not in TIME_KEYS and key not in DERIVED)
"""The divisions that a fact holds."""

UNKNOWN = ""
"""How an unknown trait is kept; outside it is null."""

Traits = Mapping[GroupKey, str]


class Side(StrEnum):
    """Whose case a fact is: the screening's own organisation, the sender, or one that received it."""

    SCREENED = "screened"
    SENT = "sent"
    RECEIVED = "received"


@dataclass(frozen=True)
class Fact:
    """What one case adds to the figures of one organisation, in the month in which it counts ("2026-03").

    `loss` is the reason with which a referral was lost, or for which a screening was not discussed. `result` is what a
    trajectory that started ended with: the code of a certificate, or `STOPPED`; empty while it runs.
    """

    owner_id: UUID
    side: Side
    month: str
    traits: Traits
    columns: tuple[str, ...]
    days: Mapping[str, int]
    loss: str | None = None
    result: str = ""


RESULTS = "result:"
"""Before a result, among the losses of a tally: a tally counts both by name."""
STOPPED, RUNNING = "stopped", "running"
NO_CERTIFICATE = "none"


def month_of(day: date) -> str:
    """The month as it is grouped by ("2026-03")."""
    return f"{day:%Y-%m}"


def quarter_of(month: str) -> str:
    """The quarter of a month as it is grouped by ("2026-Q1")."""
    return f"{month[:4]}-Q{(int(month[5:]) + 2) // 3}"


SKILLS = ("reading", "numeracy", "digital")
OTHER_SKILL = "inclusion"


def skill_of(skills: "list[str] | tuple[str, ...]") -> str:
    """The skills of a case as one value, so that each case counts once ("reading_digital")."""
    named = [skill for skill in SKILLS if skill in skills]
    return "_".join(named) or (OTHER_SKILL if OTHER_SKILL in skills else UNKNOWN)
