"""Terms: after how long the ball holder is reminded, who is told next, and what the service does in the end.

Source: the terms of the chain; the fitting offer within three months is requirement M1.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from itertools import pairwise

from referral.core.calendar import Span
from referral.core.codelists.files import Entry, frozen, open_list, read_list
from referral.core.policy import Relation

STEPS = ("remind", "escalate", "escalate_region", "end")
WORKING_DAYS_A_WEEK = 5


@dataclass(frozen=True)
class Term:
    """The steps of one term, each counted from the same day, and who or what answers them."""

    code: str
    label: str
    remind: Span | None
    escalate: Span | None
    escalate_region: Span | None
    end: Span | None
    repeats: bool
    escalate_to: Relation | None
    end_by: str | None

    def steps(self) -> Mapping[str, Span]:
        """The steps this term has, in the order in which they fall."""
        return {step: span for step in STEPS if (span := getattr(self, step))}


@dataclass(frozen=True)
class Limits:
    """Numbers that guards hold a step against; the unit is the end of each name."""

    hold_max_days: int
    undo_minutes: int
    screening_max_age_months: int
    reconfirmation_max_age_days: int
    unreachable_attempts: int
    unreachable_channels: int
    unreachable_working_days: int
    void_by_referrer_hours: int


@dataclass(frozen=True)
class RightsTerms:
    """How long an answer to a participant may take, by how much that may be extended, and when the officer is reminded.

    Source: AVG art. 12(3).
    """

    answer: Span
    extension: Span
    remind: Span


@dataclass(frozen=True)
class Terms:
    """All terms and limits, as the service gives them or as a region has tuned them; `rights` are the law's."""

    table: Mapping[str, Term]
    limits: Limits
    rights: RightsTerms

    def __getitem__(self, code: str) -> Term:
        """The term that starts with this status or moment (`submitted`, `screening`, `fitting_offer`, ...)."""
        return self.table[code]

    def merged(self, overrides: Mapping[str, object]) -> "Terms":
        """These terms with a region's own: `{"submitted": {"remind": {"working_days": 4}}, "limits": {...}}`.

        A region tunes steps that exist and adds none. Raises ValueError, naming the key, for unknown keys, for numbers
        that are not above zero, and for steps that would fall in the wrong order.
        """
        wishes = Entry("overrides", overrides).only("limits", *self.table)
        tuned = {code: _tuned(term, wishes.table(code)) for code, term in self.table.items() if wishes.has(code)}
        limits = _tuned_limits(self.limits, wishes.table("limits")) if wishes.has("limits") else self.limits
        return Terms(frozen({**self.table, **tuned}.items()), limits, self.rights)


@cache
def default_terms() -> Terms:
    """The terms of `config/terms.toml`."""
    return read_terms(open_list("terms.toml"))


def read_terms(source: Entry) -> Terms:
    """The terms in a list file. Raises ValueError naming file and key."""
    table = read_list(source, _term, "limits", "rights")
    limits = source.table("limits").only(*_limit_names())
    rights = source.table("rights").only("answer", "extension", "remind")
    return Terms(
        table,
        Limits(**{name: limits.number(name) for name in _limit_names()}),
        RightsTerms(**{name: _span(rights.table(name)) for name in ("answer", "extension", "remind")}),
    )


def _term(code: str, entry: Entry) -> Term:
    entry.only("label", "repeats", "escalate_to", "end_by", *STEPS)
    for answer, step in (("escalate_to", "escalate"), ("end_by", "end")):
        if entry.has(answer) and not entry.has(step):
            raise entry.wrong(step, "is missing")
    term = Term(
        code=code,
        label=entry.text("label"),
        **{step: _span(entry.table(step)) if entry.has(step) else None for step in STEPS},
        repeats=entry.has("repeats") and entry.flag("repeats"),
        escalate_to=entry.word("escalate_to", Relation) if entry.has("escalate") else None,
        end_by=entry.text("end_by") if entry.has("end") else None,
    )
    return _in_order(term, entry)


def _tuned(term: Term, wishes: Entry) -> Term:
    wishes.only(*term.steps())
    steps = {**term.steps(), **{step: _span(wishes.table(step)) for step in wishes.members}}
    tuned = replace(
        term,
        remind=steps.get("remind"),
        escalate=steps.get("escalate"),
        escalate_region=steps.get("escalate_region"),
        end=steps.get("end"),
    )
    return _in_order(tuned, wishes)


def _tuned_limits(limits: Limits, wishes: Entry) -> Limits:
    wishes.only(*_limit_names())
    return replace(limits, **{name: wishes.number(name) for name in wishes.members})


def _limit_names() -> tuple[str, ...]:
    return tuple(field.name for field in fields(Limits))


def _span(entry: Entry) -> Span:
    entry.only("months", "days", "working_days")
    return Span(**{unit: entry.number(unit) for unit in entry.members})


def _in_order(term: Term, entry: Entry) -> Term:
    for (_, earlier), (step, later) in pairwise(term.steps().items()):
        if rough_days(later) <= rough_days(earlier):
            raise entry.wrong(step, "must fall after the step before it")
    return term


def rough_days(span: Span) -> float:
    """About how many calendar days a length is: enough to say which of two comes first."""
    return span.months * 30 + span.days + span.working_days * 7 / WORKING_DAYS_A_WEEK
