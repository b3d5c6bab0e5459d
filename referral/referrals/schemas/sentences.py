"""The history of a case in sentences: who did what, with the facts that go with it. For pages; the API gives codes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from referral.core.codelists import labels, reasons
from referral.core.policy import SYSTEM_ID
from referral.core.work import AMSTERDAM
from referral.identity.usecases import Names
from referral.referrals.usecases import HistoryView
from referral.referrals.workflow import EventName

E = EventName

DONE: Mapping[EventName, str] = {
    E.CREATE: "heeft deze verwijzing gemaakt",
    E.SUBMIT: "heeft de verwijzing aangemeld",
    E.RETURN_WITH_QUESTION: "heeft de verwijzing teruggestuurd met een vraag",
    E.ANSWER: "heeft de vraag beantwoord",
    E.ACCEPT: "heeft de verwijzing geaccepteerd",
    E.WAITLIST: "heeft de deelnemer op de wachtlijst gezet",
    E.OFFER_PLACE: "heeft een plaats aangeboden",
    E.DECLINE: "heeft de verwijzing afgewezen",
    E.PLAN_HANDOVER: "heeft de warme overdracht gepland",
    E.CONFIRM_HANDOVER: "heeft de warme overdracht bevestigd",
    E.START_INTAKE: "is de intake gestart",
    E.START_TRAJECTORY: "is het traject gestart",
    E.NOT_START: "heeft gemeld dat het traject niet start",
    E.STOP: "heeft gemeld dat de deelnemer eerder is gestopt",
    E.COMPLETE: "heeft het traject afgerond",
    E.CLOSE: "heeft de zaak gesloten",
    E.WITHDRAW: "heeft de verwijzing ingetrokken",
    E.WITHDRAW_AGREEMENT: "heeft vastgelegd dat de deelnemer de instemming introk",
    E.EXPIRE: "heeft de verwijzing laten verlopen: er kwam geen antwoord",
    E.REOPEN: "heeft de zaak heropend",
    E.VOID: "heeft de verwijzing als fout gemarkeerd",
    E.UNDO: "heeft de laatste stap teruggedraaid",
    E.ASSIGN: "heeft de zaak toegewezen",
    E.RECORD_CONTACT: "heeft een contactpoging vastgelegd",
    E.RECORD_PROGRESS: "heeft de voortgang gemeld",
    E.RECORD_FOLLOW_UP: "heeft het nazorggesprek vastgelegd",
    E.HOLD: "heeft de zaak opgeschort",
    E.RESUME: "heeft de zaak hervat",
    E.ESCALATE: "heeft een doorbraakberaad gevraagd",
    E.DECIDE_ESCALATION: "heeft het besluit van het doorbraakberaad vastgelegd",
    E.ADD_NOTE: "heeft een notitie toegevoegd",
    E.TRANSFER: "heeft de deelnemer naar een ander traject overgezet",
}
"""What somebody did, after the name of who did it."""

FACTS: Mapping[str, tuple[str, str]] = {
    "heldOn": ("Gehouden op", "day"),
    "mode": ("Hoe", "mode"),
    "participantPresent": ("Deelnemer erbij", "flag"),
    "exception": ("Geen gesprek, omdat", "reason"),
    "plannedAt": ("Gepland op", "moment"),
    "intakeOn": ("Intake op", "day"),
    "startedOn": ("Gestart op", "day"),
    "stoppedOn": ("Gestopt op", "day"),
    "completedOn": ("Afgerond op", "day"),
    "certificate": ("Bewijs", "certificate"),
    "kind": ("Waarop", "waitlistKind"),
    "expectedStartOn": ("Verwachte start", "day"),
    "reviewOn": ("Opnieuw kijken op", "day"),
    "reconfirmedOn": ("Deelnemer wil nog, op", "day"),
    "attemptedAt": ("Wanneer", "moment"),
    "channel": ("Hoe", "channel"),
    "outcome": ("Uitkomst", "contactOutcome"),
    "stillLearning": ("Leert nog", "flag"),
    "atWork": ("Heeft werk", "flag"),
    "resumeOn": ("Gaat verder op", "day"),
    "heldSince": ("Lag stil sinds", "day"),
    "dueOn": ("Uiterlijk", "day"),
    "heardOn": ("Gehoord op", "day"),
    "why": ("Reden", "reason"),
    "overrideReason": ("Toch dit traject, omdat", "overrideReason"),
    "overCapacity": ("Boven het aantal plaatsen", "flag"),
    "noAlternative": ("Geen ander traject", "flag"),
    "coachId": ("Trajectbegeleider", "user"),
}
"""How each fact of an event is told: its label, and a code list or a kind of value. What is not here is not shown."""

WORDS: Mapping[str, str] = {
    "text": "Tekst",
    "note": "Notitie",
    "report": "Verslag",
    "decision": "Besluit",
    "decidedBy": "Wie beslist",
    "goals": "Doelen",
}


@dataclass(frozen=True)
class Told:
    """One row of the history for people: who did what, when; and the facts and words that go with it."""

    sequence: int
    sentence: str
    occurred_at: datetime
    facts: tuple[tuple[str, str], ...]
    words: tuple[tuple[str, str], ...]
    is_undone: bool


def tell(history: list[HistoryView], names: Names) -> list[Told]:
    """The history, the newest first; what an employer may not know is left out, as in the API."""
    undone = {view.row.undoes for view in history if view.row.undoes is not None}
    return [
        Told(
            sequence=view.row.sequence,
            sentence=f"{_who(view, names)} {DONE[view.row.event]}.",
            occurred_at=view.row.occurred_at,
            facts=() if view.narrow else tuple(_facts(view, names)),
            words=tuple(_words(view.words or {})),
            is_undone=view.row.sequence in undone,
        )
        for view in reversed(history)
    ]


def _who(view: HistoryView, names: Names) -> str:
    row = view.row
    if row.actor_id == SYSTEM_ID:
        return "De dienst"
    person, place = names.user(row.actor_id), names.organisation(row.organisation_id)
    if view.narrow or not person:
        return place or "Een programma"
    return f"{person} van {place}"


def _facts(view: HistoryView, names: Names) -> Iterator[tuple[str, str]]:
    if view.row.reason:
        yield "Reden", _reason(view.row.reason)
    for name, value in view.row.facts.items():
        if name in FACTS:
            label, kind = FACTS[name]
            yield label, _value(kind, value, names)
    for area, direction in view.row.facts.get("outcomes", {}).items():
        yield labels("area")[area], labels("direction")[direction]


def _value(kind: str, value: Any, names: Names) -> str:
    if kind == "day":
        return f"{date.fromisoformat(value):%d-%m-%Y}"
    if kind == "moment":
        return f"{datetime.fromisoformat(value).astimezone(AMSTERDAM):%d-%m-%Y %H:%M}"
    if kind == "flag":
        return "Ja" if value else "Nee"
    if kind == "user":
        return names.user(UUID(value)) or "Een collega"
    return _reason(value) if kind == "reason" else labels(kind)[value]


def _reason(code: str) -> str:
    reason = reasons().get(code)
    return reason.label if reason else code


def _words(words: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, text in words.items():
        value = "; ".join(text.values()) if isinstance(text, Mapping) else str(text)
        yield WORDS.get(name, "Tekst"), value
