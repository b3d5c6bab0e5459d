"""The life of a referral: its statuses, its events, who may cause them, and who has the ball. Read this page first.

draft → submitted ⇄ returned
        submitted → accepted → handed_over → intake → in_trajectory → completed → closed
        submitted, accepted ⇄ waitlisted
        … → declined, withdrawn, expired, not_started, stopped_early, void (final)

One fixed table, the same for every organisation. `guards.py` says what an event needs besides; `STEPS` says whence,
whither and who. `hold` and `escalate` are overlays: they change who acts and by when, never the status.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from referral.core.policy import Grant, Relation, Role


class Status(StrEnum):
    """The only stored state of a referral."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    ACCEPTED = "accepted"
    WAITLISTED = "waitlisted"
    HANDED_OVER = "handed_over"
    INTAKE = "intake"
    IN_TRAJECTORY = "in_trajectory"
    COMPLETED = "completed"
    CLOSED = "closed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    NOT_STARTED = "not_started"
    STOPPED_EARLY = "stopped_early"
    VOID = "void"


class Party(StrEnum):
    """Who must act now: at every moment exactly one."""

    REFERRER = "referrer"
    RECEIVER = "receiver"
    COACH = "coach"
    COORDINATOR = "coordinator"
    NOBODY = "nobody"


class EventName(StrEnum):
    """Everything that can happen to a referral."""

    CREATE = "create"
    SUBMIT = "submit"
    RETURN_WITH_QUESTION = "return_with_question"
    ANSWER = "answer"
    ACCEPT = "accept"
    WAITLIST = "waitlist"
    OFFER_PLACE = "offer_place"
    DECLINE = "decline"
    PLAN_HANDOVER = "plan_handover"
    CONFIRM_HANDOVER = "confirm_handover"
    START_INTAKE = "start_intake"
    START_TRAJECTORY = "start_trajectory"
    NOT_START = "not_start"
    STOP = "stop"
    COMPLETE = "complete"
    CLOSE = "close"
    WITHDRAW = "withdraw"
    WITHDRAW_AGREEMENT = "withdraw_agreement"
    EXPIRE = "expire"
    REOPEN = "reopen"
    VOID = "void"
    UNDO = "undo"
    ASSIGN = "assign"
    RECORD_CONTACT = "record_contact"
    RECORD_PROGRESS = "record_progress"
    RECORD_FOLLOW_UP = "record_follow_up"
    HOLD = "hold"
    RESUME = "resume"
    ESCALATE = "escalate"
    DECIDE_ESCALATION = "decide_escalation"
    ADD_NOTE = "add_note"
    TRANSFER = "transfer"


S, E = Status, EventName

LABELS: Mapping[Status, str] = {
    S.DRAFT: "Concept",
    S.SUBMITTED: "Aangemeld",
    S.RETURNED: "Terug met vraag",
    S.ACCEPTED: "Geaccepteerd",
    S.WAITLISTED: "Op wachtlijst",
    S.HANDED_OVER: "Warm overgedragen",
    S.INTAKE: "Intake",
    S.IN_TRAJECTORY: "In traject",
    S.COMPLETED: "Afgerond, nazorg loopt",
    S.CLOSED: "Gesloten",
    S.DECLINED: "Afgewezen door aanbieder",
    S.WITHDRAWN: "Ingetrokken",
    S.EXPIRED: "Verlopen zonder antwoord",
    S.NOT_STARTED: "Niet gestart",
    S.STOPPED_EARLY: "Voortijdig gestopt",
    S.VOID: "Abusievelijk geregistreerd",
}

EVENT_LABELS: Mapping[EventName, str] = {
    E.CREATE: "Verwijzing maken",
    E.SUBMIT: "Aanmelden",
    E.RETURN_WITH_QUESTION: "Terugsturen met een vraag",
    E.ANSWER: "Vraag beantwoorden",
    E.ACCEPT: "Accepteren",
    E.WAITLIST: "Op de wachtlijst zetten",
    E.OFFER_PLACE: "Plaats aanbieden",
    E.DECLINE: "Afwijzen",
    E.PLAN_HANDOVER: "Warme overdracht plannen",
    E.CONFIRM_HANDOVER: "Warme overdracht bevestigen",
    E.START_INTAKE: "Intake starten",
    E.START_TRAJECTORY: "Traject starten",
    E.NOT_START: "Niet gestart melden",
    E.STOP: "Voortijdig stoppen",
    E.COMPLETE: "Traject afronden",
    E.CLOSE: "Sluiten",
    E.WITHDRAW: "Intrekken",
    E.WITHDRAW_AGREEMENT: "Instemming ingetrokken",
    E.EXPIRE: "Verlopen zonder antwoord",
    E.REOPEN: "Heropenen",
    E.VOID: "Als fout markeren",
    E.UNDO: "Laatste stap terugdraaien",
    E.ASSIGN: "Toewijzen aan een trajectbegeleider",
    E.RECORD_CONTACT: "Contactpoging vastleggen",
    E.RECORD_PROGRESS: "Voortgang melden",
    E.RECORD_FOLLOW_UP: "Nazorggesprek vastleggen",
    E.HOLD: "Opschorten",
    E.RESUME: "Hervatten",
    E.ESCALATE: "Doorbraakberaad vragen",
    E.DECIDE_ESCALATION: "Besluit van het doorbraakberaad",
    E.ADD_NOTE: "Notitie toevoegen",
    E.TRANSFER: "Overzetten naar een ander traject",
}

BALL: Mapping[Status, Party] = {
    S.DRAFT: Party.REFERRER,
    S.SUBMITTED: Party.RECEIVER,
    S.RETURNED: Party.REFERRER,
    S.ACCEPTED: Party.COACH,
    S.WAITLISTED: Party.RECEIVER,
    S.HANDED_OVER: Party.COACH,
    S.INTAKE: Party.COACH,
    S.IN_TRAJECTORY: Party.COACH,
    S.COMPLETED: Party.COACH,
    S.CLOSED: Party.NOBODY,
    S.DECLINED: Party.REFERRER,
    S.WITHDRAWN: Party.NOBODY,
    S.EXPIRED: Party.COORDINATOR,
    S.NOT_STARTED: Party.REFERRER,
    S.STOPPED_EARLY: Party.REFERRER,
    S.VOID: Party.NOBODY,
}

ROLE_OF: Mapping[Party, Role] = {
    Party.REFERRER: Role.REFERRER,
    Party.RECEIVER: Role.COACH,
    Party.COACH: Role.COACH,
    Party.COORDINATOR: Role.COORDINATOR,
}
"""In which role somebody has the ball."""

FINAL = frozenset({S.CLOSED, S.DECLINED, S.WITHDRAWN, S.EXPIRED, S.NOT_STARTED, S.STOPPED_EARLY, S.VOID})
OPEN = frozenset(S) - FINAL
FROM_ACCEPTED = frozenset({S.ACCEPTED, S.WAITLISTED, S.HANDED_OVER, S.INTAKE, S.IN_TRAJECTORY, S.COMPLETED})
SHARED = FROM_ACCEPTED | {S.SUBMITTED, S.RETURNED}
"""Open statuses in which the receiver sees the person, within the data scope."""
TAKES_PLACE = frozenset({S.ACCEPTED, S.HANDED_OVER, S.INTAKE, S.IN_TRAJECTORY})
NAMED_COACH = TAKES_PLACE | {S.COMPLETED}
FOLLOW_UP = frozenset({S.DECLINED, S.EXPIRED, S.NOT_STARTED, S.STOPPED_EARLY})
"""Final statuses that leave somebody a task: nobody is let go because a case ended badly."""

_REFERRER: Grant = (Role.REFERRER, Relation.SOURCE)
_COACH: Grant = (Role.COACH, Relation.RECEIVER)
_SOURCE_COORDINATOR: Grant = (Role.COORDINATOR, Relation.SOURCE)
_RECEIVING_COORDINATOR: Grant = (Role.COORDINATOR, Relation.RECEIVER)
_REGION: Grant = (Role.COORDINATOR, Relation.REGION)
_SYSTEM: Grant = (Role.SYSTEM, Relation.ANYONE)
_COORDINATORS = (_SOURCE_COORDINATOR, _RECEIVING_COORDINATOR, _REGION)
_ANYBODY = (_REFERRER, _COACH, *_COORDINATORS)


@dataclass(frozen=True)
class Step:
    """One row of the table: the statuses it starts from, where it leads, who may, and what it leaves behind.

    `target` None keeps the status. `while_held` says whether it can happen during a hold. `undoable` is False for
    what has consequences that cannot be called back.
    """

    sources: frozenset[Status]
    target: Status | None
    grants: tuple[Grant, ...]
    has_reason: bool = False
    while_held: bool = True
    undoable: bool = True
    targets: Mapping[Status, Status] = field(default_factory=dict)

    def leads_to(self, status: Status) -> Status | None:
        """The status after this event from the given one; None keeps it (or, for undo and reopen, history says)."""
        return self.targets.get(status, self.target)


def _from(*statuses: Status) -> frozenset[Status]:
    return frozenset(statuses)


_BEFORE_START = _from(S.SUBMITTED, S.RETURNED, S.ACCEPTED, S.WAITLISTED, S.HANDED_OVER, S.INTAKE)
_AFTER_START = _from(S.IN_TRAJECTORY, S.COMPLETED)

STEPS: Mapping[EventName, Step] = {
    E.CREATE: Step(_from(), S.DRAFT, ((Role.REFERRER, Relation.ANYONE),), undoable=False),
    E.SUBMIT: Step(_from(S.DRAFT), S.SUBMITTED, (_REFERRER,)),
    E.RETURN_WITH_QUESTION: Step(_from(S.SUBMITTED), S.RETURNED, (_COACH,), has_reason=True),
    E.ANSWER: Step(_from(S.RETURNED), S.SUBMITTED, (_REFERRER,)),
    E.ACCEPT: Step(_from(S.SUBMITTED), S.ACCEPTED, (_COACH,)),
    E.WAITLIST: Step(_from(S.SUBMITTED, S.ACCEPTED), S.WAITLISTED, (_COACH,), while_held=False),
    E.OFFER_PLACE: Step(_from(S.WAITLISTED), S.ACCEPTED, (_COACH,), while_held=False),
    E.DECLINE: Step(_from(S.SUBMITTED, S.WAITLISTED), S.DECLINED, (_COACH,), has_reason=True),
    E.PLAN_HANDOVER: Step(_from(S.ACCEPTED), None, (_COACH, _REFERRER), while_held=False),
    E.CONFIRM_HANDOVER: Step(_from(S.ACCEPTED), S.HANDED_OVER, (_COACH,), while_held=False),
    E.START_INTAKE: Step(_from(S.HANDED_OVER), S.INTAKE, (_COACH,), while_held=False),
    E.START_TRAJECTORY: Step(_from(S.INTAKE), S.IN_TRAJECTORY, (_COACH,), while_held=False),
    E.NOT_START: Step(
        _from(S.ACCEPTED, S.WAITLISTED, S.HANDED_OVER, S.INTAKE), S.NOT_STARTED, (_COACH, _REFERRER), has_reason=True
    ),
    E.STOP: Step(_from(S.IN_TRAJECTORY), S.STOPPED_EARLY, (_COACH,), has_reason=True),
    E.COMPLETE: Step(_from(S.IN_TRAJECTORY), S.COMPLETED, (_COACH,), while_held=False),
    E.CLOSE: Step(
        _from(S.COMPLETED),
        S.CLOSED,
        (_COACH, _SOURCE_COORDINATOR, _RECEIVING_COORDINATOR, _SYSTEM),
        has_reason=True,
        while_held=False,
    ),
    E.WITHDRAW: Step(_BEFORE_START | {S.DRAFT}, S.WITHDRAWN, (_REFERRER, _SOURCE_COORDINATOR), has_reason=True),
    E.WITHDRAW_AGREEMENT: Step(
        OPEN,
        S.WITHDRAWN,
        (_REFERRER, _COACH, _SOURCE_COORDINATOR, _RECEIVING_COORDINATOR, _SYSTEM),
        undoable=False,
        targets=dict.fromkeys(_AFTER_START, S.STOPPED_EARLY),
    ),
    E.EXPIRE: Step(_from(S.SUBMITTED), S.EXPIRED, (_SYSTEM,), undoable=False),
    E.REOPEN: Step(FINAL - {S.VOID}, None, _COORDINATORS, has_reason=True),
    E.VOID: Step(frozenset(S) - {S.VOID}, S.VOID, (_REFERRER, _SOURCE_COORDINATOR), has_reason=True),
    E.UNDO: Step(frozenset(S), None, _ANYBODY, undoable=False),
    E.ASSIGN: Step(FROM_ACCEPTED, None, (_COACH, _RECEIVING_COORDINATOR)),
    E.RECORD_CONTACT: Step(OPEN - {S.DRAFT}, None, (_COACH, _REFERRER)),
    E.RECORD_PROGRESS: Step(_from(S.IN_TRAJECTORY), None, (_COACH,), while_held=False),
    E.RECORD_FOLLOW_UP: Step(_from(S.COMPLETED), None, (_COACH,)),
    E.HOLD: Step(FROM_ACCEPTED, None, (_COACH, _RECEIVING_COORDINATOR), has_reason=True, while_held=False),
    E.RESUME: Step(FROM_ACCEPTED, None, (_COACH, _RECEIVING_COORDINATOR, _SYSTEM)),
    E.ESCALATE: Step(OPEN - {S.DRAFT}, None, (*_ANYBODY, _SYSTEM), has_reason=True),
    E.DECIDE_ESCALATION: Step(OPEN - {S.DRAFT}, None, _COORDINATORS),
    E.ADD_NOTE: Step(frozenset(S) - {S.VOID}, None, _ANYBODY),
    E.TRANSFER: Step(_BEFORE_START, S.WITHDRAWN, (_REFERRER, _SOURCE_COORDINATOR), has_reason=True, undoable=False),
}

MILESTONES: Mapping[Status, str] = {
    S.SUBMITTED: "submitted_at",
    S.ACCEPTED: "accepted_at",
    S.HANDED_OVER: "handed_over_at",
    S.INTAKE: "intake_at",
    S.IN_TRAJECTORY: "started_at",
    S.COMPLETED: "completed_at",
    S.CLOSED: "closed_at",
}
"""The first time that a referral came this far; a pause or a question does not move it."""

MAIN_EVENTS: Mapping[Status, tuple[EventName, ...]] = {
    S.DRAFT: (E.SUBMIT,),
    S.SUBMITTED: (E.ACCEPT,),
    S.RETURNED: (E.ANSWER,),
    S.ACCEPTED: (E.CONFIRM_HANDOVER,),
    S.WAITLISTED: (E.OFFER_PLACE,),
    S.HANDED_OVER: (E.START_INTAKE,),
    S.INTAKE: (E.START_TRAJECTORY,),
    S.IN_TRAJECTORY: (E.RECORD_PROGRESS,),
    S.COMPLETED: (E.RECORD_FOLLOW_UP, E.CLOSE),
    S.DECLINED: (E.ADD_NOTE,),
    S.EXPIRED: (E.ADD_NOTE,),
    S.NOT_STARTED: (E.ADD_NOTE,),
    S.STOPPED_EARLY: (E.ADD_NOTE,),
}
"""The one next step of each status: the first of these that is open. All that may be done: `guards.open_steps`."""


def main_event(status: Status, allowed: Collection[EventName]) -> EventName | None:
    """The step that brings a case further, of those allowed; deciding an escalation and resuming come first."""
    first = (E.DECIDE_ESCALATION, E.RESUME, *MAIN_EVENTS.get(status, ()))
    return next((event for event in first if event in allowed), None)
