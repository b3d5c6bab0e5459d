"""What keeps a case moving without changing its status: assign, hold, resume, escalate, note, a leaving colleague."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select

from referral.core.codelists import Terms
from referral.core.errors import Conflict
from referral.core.policy import Actor, Relation, Role
from referral.core.work import Work
from referral.identity.usecases import has_other_colleague, holds_role, terms_of
from referral.referrals import guards
from referral.referrals.deadlines import shift_clock
from referral.referrals.models import Referral
from referral.referrals.usecases.answering import name_coach
from referral.referrals.usecases.moving import Deed, Move, finish, settle, taking
from referral.referrals.usecases.state import snapshot
from referral.referrals.workflow import OPEN, EventName


@dataclass(frozen=True, kw_only=True)
class AssignCoach(Move):
    """Another coach takes the case."""

    coach_id: UUID


@dataclass(frozen=True, kw_only=True)
class HoldReferral(Move):
    """The case pauses, at most 90 days."""

    reason: str
    resume_on: date


@dataclass(frozen=True, kw_only=True)
class EscalateReferral(Move):
    """Somebody asks for a doorbraakberaad."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class DecideEscalation(Move):
    """What the doorbraakberaad decided, who has doorzettingsmacht, and by when it must be done."""

    decision: str
    decided_by: str
    due_on: date


@dataclass(frozen=True, kw_only=True)
class AddNote(Move):
    """A note for the two organisations that share the case."""


Place = tuple[UUID, Role]


@dataclass(frozen=True)
class Leaving:
    """How many cases would go back to the team, also for each organisation and role in which they are held.

    `stuck` are those in which nobody else can take them over.
    """

    cases: int
    held: Mapping[Place, int]
    stuck: frozenset[Place]

    @property
    def is_stuck(self) -> bool:
        """Whether a case would be left without anybody."""
        return bool(self.stuck)


class _Side(NamedTuple):
    relation: Relation
    place: Place


def assign_coach(command: AssignCoach, *, actor: Actor, work: Work) -> Referral:
    """A named coach of the receiving organisation takes the case over; the history keeps who had it."""
    with taking(EventName.ASSIGN, command, actor=actor, work=work) as deed:
        deed.note_facts(fromCoachId=deed.referral.coach_id)
        name_coach(deed, command.coach_id)
    return deed.referral


def hold_referral_case(command: HoldReferral, *, actor: Actor, work: Work) -> Referral:
    """The case pauses until a date; it resumes by itself and every deadline moves by the time paused."""
    with taking(EventName.HOLD, command, actor=actor, work=work) as deed:
        errors = deed.check_reason(command.reason, command.note)
        guards.refuse_if_any(errors + guards.check_hold(command.resume_on, work.today, deed.terms.limits))
        deed.reason = deed.referral.hold_reason = command.reason
        deed.referral.hold_since, deed.referral.resume_on = work.today, command.resume_on
        deed.note_facts(resumeOn=command.resume_on)
    return deed.referral


def resume_referral(command: Move, *, actor: Actor, work: Work) -> Referral:
    """The pause is over; every deadline moved by the days it lasted."""
    with taking(EventName.RESUME, command, actor=actor, work=work) as deed:
        shift_clock(deed.referral, work.today)
        deed.note_facts(heldSince=deed.referral.hold_since)
        deed.referral.hold_reason = deed.referral.hold_since = deed.referral.resume_on = None
    return deed.referral


def escalate_referral(command: EscalateReferral, *, actor: Actor, work: Work) -> Referral:
    """Somebody asks the region for a doorbraakberaad (M2): its coordinator has the ball until it decides."""
    with taking(EventName.ESCALATE, command, actor=actor, work=work) as deed:
        guards.refuse_if_any(deed.check_reason(command.reason, command.note))
        deed.reason = command.reason
        deed.referral.escalated_at = work.now
        deed.restart_clock()
    return deed.referral


def decide_escalation(command: DecideEscalation, *, actor: Actor, work: Work) -> Referral:
    """The doorbraakberaad decides, with doorzettingsmacht; the ball goes back with the date that it set."""
    with taking(EventName.DECIDE_ESCALATION, command, actor=actor, work=work) as deed:
        guards.refuse_if_any(guards.check_not_past("/dueOn", command.due_on, work.today))
        deed.referral.escalated_at = None
        deed.restart_clock()
        deed.due_on = command.due_on
        deed.note_facts(dueOn=command.due_on)
        deed.note_words(decision=command.decision, decidedBy=command.decided_by)
    return deed.referral


def add_note(command: AddNote, *, actor: Actor, work: Work) -> Referral:
    """A note; on an ended case, the note of whoever had the task says that the follow-up was done."""
    with taking(EventName.ADD_NOTE, command, actor=actor, work=work) as deed:
        referral = deed.referral
        if referral.has_follow_up_task and referral.ball_organisation_id == actor.organisation_id:
            referral.follow_up_done = True
    return deed.referral


def return_cases_of(user_id: UUID, *, actor: Actor, work: Work) -> int:
    """An employee left or lost a role: the cases of each role that it no longer has go back to the team queue in this
    transaction (L8); returns how many.

    Raises `Conflict` when a case would be left without anybody in the organisation who can take it.
    """
    held = work.session.scalars(select(Referral).where(_held_by(user_id)).order_by(Referral.id).with_for_update()).all()
    named = [(referral, side) for referral in held for side in _sides(referral, user_id)]
    lost = [place for place in _places(named) if not holds_role(work.session, *place, user_id)]
    stuck = {place for place in lost if not has_other_colleague(work.session, *place, user_id)}
    returned = [(referral, side) for referral, side in named if side.place in lost]
    terms = terms_of(work.session, {referral.source_organisation_id for referral, _ in returned})
    for referral, side in returned:
        if side.place in stuck:
            raise Conflict(
                "Deze medewerker heeft nog zaken die niemand anders kan overnemen. Voeg eerst een collega toe.",
                reference=referral.reference,
            )
        _return_to_team(referral, side.relation, terms[referral.source_organisation_id], actor=actor, work=work)
    return len({referral.id for referral, _ in returned})


def leaving(user_id: UUID, *, work: Work) -> Leaving:
    """What the leaving of this employee would do, and the loss of one role; nothing is done yet."""
    held = work.session.scalars(select(Referral).where(_held_by(user_id))).all()
    named = [(referral, side) for referral in held for side in _sides(referral, user_id)]
    stuck = {place for place in _places(named) if not has_other_colleague(work.session, *place, user_id)}
    return Leaving(len(held), Counter(side.place for _, side in named), frozenset(stuck))


def _held_by(user_id: UUID) -> ColumnElement[bool]:
    named = or_(Referral.coach_id == user_id, Referral.referrer_id == user_id)
    return or_(Referral.ball_user_id == user_id, and_(Referral.status.in_(OPEN), named))


def _sides(referral: Referral, user_id: UUID) -> Iterator[_Side]:
    if referral.referrer_id == user_id:
        yield _Side(Relation.SOURCE, (referral.source_organisation_id, Role.REFERRER))
    if referral.coach_id == user_id and referral.is_open and referral.receiver_organisation_id is not None:
        yield _Side(Relation.RECEIVER, (referral.receiver_organisation_id, Role.COACH))


def _places(named: Iterable[tuple[Referral, _Side]]) -> Iterable[Place]:
    # In the order of the cases, so that two who leave at once take their locks in one order.
    return dict.fromkeys(side.place for _, side in named)


def _return_to_team(referral: Referral, relation: Relation, terms: Terms, *, actor: Actor, work: Work) -> None:
    if relation is Relation.SOURCE:
        referral.referrer_id = None
        referral.version += 1
        settle(referral, terms, work)
        return
    deed = Deed(referral, EventName.ASSIGN, actor, work, terms)
    before = snapshot(referral)
    deed.note_facts(fromCoachId=referral.coach_id)
    referral.coach_id = None
    finish(deed, before)
