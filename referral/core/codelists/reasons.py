"""Reason codes: why something happened, on whose side the cause lies, and what the service does next (M5)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from referral.core.codelists.files import Entry, open_list, read_list


class Party(StrEnum):
    """The side on which the cause lies."""

    CLIENT = "client"
    PROVIDER = "provider"
    REFERRER = "referrer"
    SYSTEM = "system"


class Effect(StrEnum):
    """What the service does after this reason."""

    SUGGEST_ALTERNATIVES = "suggest_alternatives"
    COOL_OFF_DAYS = "cool_off_days"
    RESCREEN = "rescreen"
    NONE = "none"


@dataclass(frozen=True)
class Reason:
    """One reason code; `cool_off_days` is the number of days nobody approaches the participant, else None."""

    code: str
    label: str
    party: Party
    events: frozenset[str]
    note_required: bool
    effect: Effect
    cool_off_days: int | None
    retired: bool


@cache
def reasons() -> Mapping[str, Reason]:
    """All reason codes, retired ones included: an old case keeps its meaning."""
    return read_reasons(open_list("reasons.toml"))


def reasons_for(event: str, but: Collection[str] = ()) -> tuple[Reason, ...]:
    """The reasons that may be given now with this event, in the order of the list; `but` are no longer offered."""
    return tuple(
        reason
        for reason in reasons().values()
        if event in reason.events and not reason.retired and reason.code not in but
    )


def read_reasons(source: Entry) -> Mapping[str, Reason]:
    """The reasons in a list file. Raises ValueError naming file and key."""
    return read_list(source, _reason)


def _reason(code: str, entry: Entry) -> Reason:
    entry.only("label", "party", "events", "note", "effect", "days", "retired")
    effect = entry.word("effect", Effect)
    if entry.has("days") != (effect is Effect.COOL_OFF_DAYS):
        raise entry.wrong("days", "belongs to cool_off_days, and only there")
    return Reason(
        code=code,
        label=entry.text("label"),
        party=entry.word("party", Party),
        events=frozenset(entry.texts("events")),
        note_required=entry.flag("note"),
        effect=effect,
        cool_off_days=entry.optional_number("days"),
        retired=entry.flag("retired"),
    )
