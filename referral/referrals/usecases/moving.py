"""The engine of the table: the only code that sets a status. Guard, deed, then everything that follows from it.

`taking` holds the row, checks who, whence and which version, lets the deed record its facts, and then moves the
referral: ball and dates, places, sight of the person's data, history, audit and outbox, all in one transaction.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from referral.core.codelists import Terms
from referral.core.encryption import open_reading
from referral.core.errors import EventRefused, FieldError, GuardRefused, NotFound, Stale
from referral.core.outbox import Event
from referral.core.policy import Actor, Grant, Relation, Role, permits
from referral.core.work import Work
from referral.identity.usecases import retired_codes, terms_for
from referral.participants.usecases import assign_disclosure, end_disclosure, open_disclosure
from referral.referrals import guards
from referral.referrals.deadlines import ball_of, due_on, start_clock
from referral.referrals.models import Referral, ReferralEvent
from referral.referrals.usecases.state import plain, snapshot
from referral.referrals.workflow import (
    FINAL,
    MILESTONES,
    NAMED_COACH,
    SHARED,
    STEPS,
    TAKES_PLACE,
    EventName,
    Status,
)
from referral.trajectories.usecases import occupy

REASON = "reason"
_RECEIVING_COACH: tuple[Grant, ...] = ((Role.COACH, Relation.RECEIVER),)


@dataclass(frozen=True, kw_only=True)
class ReferralMoved(Event):
    """An event happened to a referral; the history row says which."""

    event_id: UUID


@dataclass(frozen=True, kw_only=True)
class Move:
    """What every event on a referral names: which referral, the version the actor saw, and perhaps a note."""

    referral_id: UUID
    expected_version: int | None = None
    note: str | None = None


@dataclass
class Deed:
    """An event being recorded: its referral, and the facts, words and next status that it leaves behind."""

    referral: Referral
    event: EventName
    actor: Actor
    work: Work
    terms: Terms
    reason: str | None = None
    target: Status | None = None
    undoes: int | None = None
    due_on: date | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    words: dict[str, Any] = field(default_factory=dict)

    def note_facts(self, **facts: Any) -> None:
        """Keep codes, dates, numbers and ids of this event, in clear; never a word about the person."""
        self.facts |= {name: plain(value) for name, value in facts.items() if value is not None}

    def note_words(self, **words: Any) -> None:
        """Keep free text of this event, sealed under the participant."""
        self.words |= {name: value for name, value in words.items() if value is not None}

    def check_reason(self, code: str, note: str | None, pointer: str = "/reason") -> list[FieldError]:
        """Whether the reason fits this event, and the actor's organisation still offers it."""
        retired = retired_codes(self.work.session, self.actor.organisation_id, REASON)
        return guards.check_reason(self.event, code, note, pointer, but=retired)

    def restart_clock(self) -> None:
        """Start the term of the present step again from today."""
        start_clock(self.referral, self.terms, self.work.today)


@contextmanager
def taking(event: EventName, command: Move, *, actor: Actor, work: Work) -> Iterator[Deed]:
    """Check who and whence; let the block record its facts; then move, leave the trace and announce.

    Raises `NotFound`, `Stale` (412), `EventRefused` (409 with `allowedEvents`), and what the guards raise.
    """
    referral, terms = require_open(event, command.referral_id, command.expected_version, actor=actor, work=work)
    deed = Deed(referral, event, actor, work, terms)
    deed.note_words(note=command.note)
    before = snapshot(referral)
    yield deed
    finish(deed, before)


def require_open(
    event: EventName, referral_id: UUID, expected_version: int | None, *, actor: Actor, work: Work
) -> tuple[Referral, Terms]:
    """The referral, held, and its terms, when this event can happen now; else 404, then 412, then 409."""
    referral = hold_referral(referral_id, actor=actor, work=work)
    check_version(referral, expected_version, actor=actor, work=work)
    terms = terms_for(work.session, referral.source_organisation_id)
    if event not in guards.open_steps(referral, actor, work.now, terms):
        raise refusal(referral, actor, work)
    return referral, terms


def hold_referral(referral_id: UUID, *, actor: Actor, work: Work) -> Referral:
    """The referral, held so that rivals wait their turn. Raises `NotFound` for what this actor may not see."""
    query = Referral.visible_to(actor).where(Referral.id == referral_id).with_for_update(of=Referral)
    referral = work.session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if referral is None:
        raise NotFound
    return referral


def check_version(referral: Referral, expected: int | None, *, actor: Actor, work: Work) -> None:
    """Refuse a change based on an older version. Raises `Stale` with the current status, version and allowed events."""
    if expected is not None and expected != referral.version:
        raise Stale(**_state_members(referral, actor, work))


def refusal(referral: Referral, actor: Actor, work: Work) -> EventRefused:
    """Why this event cannot happen now: the status, and what can."""
    return EventRefused(**_state_members(referral, actor, work))


def _state_members(referral: Referral, actor: Actor, work: Work) -> dict[str, Any]:
    terms = terms_for(work.session, referral.source_organisation_id)
    return {
        "currentStatus": referral.status.value,
        "currentVersion": referral.version,
        "allowedEvents": [event.value for event in guards.open_steps(referral, actor, work.now, terms)],
    }


def person_of(actor: Actor) -> UUID | None:
    """The user who acts, with or without a token; None for a program of the organisation itself."""
    return None if actor.client_id == actor.id else actor.id


def finish(deed: Deed, before: dict[str, Any]) -> None:
    """Move the referral and let everything follow: ball, dates, places, sight, history, audit, outbox."""
    referral = deed.referral
    step = STEPS[deed.event]
    origin = Status(before["status"])
    target = deed.target or step.leads_to(origin) or origin
    if target is not origin:
        _arrive(deed, target)
    if deed.reason and target in FINAL:
        referral.reason = deed.reason
    if deed.due_on is not None:
        referral.remind_on = deed.due_on
    settle(referral, deed.terms, deed.work)
    referral.version += 1
    _sync_places(deed, before)
    _sync_disclosure(deed)
    _write_history(deed, before)


def _arrive(deed: Deed, target: Status) -> None:
    """Set the status and what always comes with it: milestones, the end, a fresh clock, no overlay on a final one."""
    referral, now = deed.referral, deed.work.now
    referral.status = target
    milestone = MILESTONES.get(target)
    if milestone and getattr(referral, milestone) is None:
        setattr(referral, milestone, now)
    referral.ended_at = now if target in FINAL else None
    if target in NAMED_COACH and referral.coach_id is None and permits(deed.actor, _RECEIVING_COACH, referral):
        referral.coach_id = person_of(deed.actor)
    if target in FINAL:
        referral.hold_reason = referral.hold_since = referral.resume_on = referral.escalated_at = None
        referral.follow_up_done = False
    else:
        referral.reason = None
    start_clock(referral, deed.terms, deed.work.today)


def settle(referral: Referral, terms: Terms, work: Work) -> None:
    """Derive ball and due date from the state, so that there is always exactly one of each."""
    ball = ball_of(referral)
    referral.ball_party, referral.ball_organisation_id, referral.ball_user_id = ball
    if referral.is_open and referral.remind_on is None:
        start_clock(referral, terms, work.today)
    referral.due_on = due_on(referral)
    referral.changed_at = work.now


def _sync_places(deed: Deed, before: dict[str, Any]) -> None:
    """Give back the place or the waiting spot that the case had, and take the one it needs now."""
    referral = deed.referral
    had = _spot(Status(before["status"]), before["trajectory_id"] and UUID(before["trajectory_id"]))
    needs = _spot(referral.status, referral.trajectory_id)
    if had == needs:
        return
    over = bool(deed.facts.get("overCapacity")) or deed.event in (EventName.UNDO, EventName.REOPEN)
    if had:
        occupy(deed.work, had.trajectory_id, -had.taken, -had.waiting, allow_over=True)
    if needs and not occupy(deed.work, needs.trajectory_id, needs.taken, needs.waiting, allow_over=over):
        hint = " Zet de deelnemer op de wachtlijst of stuur overCapacity mee." if deed.event is EventName.ACCEPT else ""
        raise GuardRefused(f"Er is geen plaats vrij.{hint}", code="no_free_place")


class _Spot(NamedTuple):
    """What a case takes of a trajectory: a place, or a spot on the waiting list."""

    trajectory_id: UUID
    taken: int
    waiting: int


def _spot(status: Status, trajectory_id: UUID | None) -> _Spot | None:
    taken, waiting = int(status in TAKES_PLACE), int(status is Status.WAITLISTED)
    return _Spot(trajectory_id, taken, waiting) if trajectory_id and (taken or waiting) else None


def _sync_disclosure(deed: Deed) -> None:
    """The receiver sees the person exactly while the case is shared, and once a coach is named only that coach."""
    referral = deed.referral
    if referral.status in SHARED and referral.receiver_organisation_id is not None:
        open_disclosure(
            deed.work,
            participant_id=referral.participant_id,
            organisation_id=referral.receiver_organisation_id,
            referral_id=referral.id,
            legal_basis=referral.legal_basis or "",
            data_scope=referral.data_scope,
            agreement_id=referral.agreement_id,
            purpose=lambda: _purpose_of(deed),
        )
        assign_disclosure(deed.work, referral.id, referral.coach_id)
    else:
        end_disclosure(deed.work, referral.id, deed.reason or deed.event.value)


def _purpose_of(deed: Deed) -> str | None:
    """From one seal to the other: nobody reads it, so no reading is on record."""
    with open_reading(deed.work.session, "rights"):
        return deed.referral.purpose


def _write_history(deed: Deed, before: dict[str, Any] | None) -> ReferralEvent:
    referral, work, actor = deed.referral, deed.work, deed.actor
    referral.last_sequence += 1
    referral.last_event, referral.last_event_at, referral.last_actor_id = deed.event, work.now, actor.id
    row = ReferralEvent(
        referral_id=referral.id,
        participant_id=referral.participant_id,
        sequence=referral.last_sequence,
        event=deed.event,
        from_status=Status(before["status"]) if before else None,
        to_status=referral.status,
        reason=deed.reason,
        undoes=deed.undoes,
        actor_id=actor.id,
        client_id=actor.client_id,
        organisation_id=actor.organisation_id,
        occurred_at=work.now,
        facts=deed.facts,
        before=before,
    )
    if deed.words:
        row.words = deed.words
    work.session.add(row)
    work.session.flush()
    work.record(
        actor,
        f"referral:{deed.event.value}",
        "referral",
        referral.id,
        subjects=[referral.participant_id],
        controller=referral.source_organisation_id,
        status=referral.status.value,
    )
    work.publish(ReferralMoved(object_id=referral.id, actor_id=actor.id, event_id=row.id))
    return row


def begin(referral: Referral, *, actor: Actor, work: Work, terms: Terms, words: dict[str, Any]) -> ReferralEvent:
    """Put a new draft into the world, with the first row of its history."""
    start_clock(referral, terms, work.today)
    settle(referral, terms, work)
    work.session.add(referral)
    deed = Deed(referral, EventName.CREATE, actor, work, terms)
    deed.note_words(**words)
    return _write_history(deed, None)
