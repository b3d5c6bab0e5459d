"""Deciding on a participant's request: which outcomes a request knows, what each asks, and what follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from referral.core.calendar import Span
from referral.core.codelists import default_terms
from referral.core.errors import FieldError, GuardRefused, Invalid, Stale
from referral.core.outbox import Event
from referral.core.policy import Actor
from referral.core.work import Work
from referral.participants.models import (
    Participant,
    PrivacyDecision,
    PrivacyRequest,
    RequestKind,
    RequestStatus,
)
from referral.participants.usecases.disclosing import end_disclosures_of
from referral.participants.usecases.erasing import EraseParticipant, erase_participant
from referral.participants.usecases.finding import own_participant
from referral.participants.usecases.requesting import find_request
from referral.participants.usecases.restricting import settle_restriction

OBJECTED = "objection_upheld"


class Outcome(StrEnum):
    """What the privacy officer may decide."""

    GRANTED = "granted"
    PARTLY_GRANTED = "partly_granted"
    REFUSED = "refused"
    EXTENDED = "extended"
    LIFTED = "lifted"


STATUS_AFTER: Mapping[Outcome, RequestStatus] = {
    Outcome.GRANTED: RequestStatus.GRANTED,
    Outcome.PARTLY_GRANTED: RequestStatus.PARTLY_GRANTED,
    Outcome.REFUSED: RequestStatus.REFUSED,
    Outcome.EXTENDED: RequestStatus.OPEN,
    Outcome.LIFTED: RequestStatus.LIFTED,
}
ASKS_EXPLANATION = frozenset({Outcome.PARTLY_GRANTED, Outcome.REFUSED, Outcome.EXTENDED})
"""The participant must be told why (AVG art. 12(3) and 12(4))."""


@dataclass(frozen=True, kw_only=True)
class ObjectionUpheld(Event):
    """The participant (`object_id`) objected and was right: the sharing stops (AVG art. 21(1))."""


@dataclass(frozen=True, kw_only=True)
class DecideRequest:
    """The outcome, why, and on which day the participant was told."""

    request_id: UUID
    expected_version: int
    outcome: Outcome
    told_on: date
    reason: str | None = None
    explanation: str | None = None


def outcomes_of(request: PrivacyRequest) -> list[Outcome]:
    """What can be decided on this request now: a request is decided once, its term extended once."""
    if request.status is RequestStatus.OPEN:
        decisions = [Outcome.GRANTED, Outcome.PARTLY_GRANTED, Outcome.REFUSED]
        return decisions if request.extended else [*decisions, Outcome.EXTENDED]
    stands = request.status in (RequestStatus.GRANTED, RequestStatus.PARTLY_GRANTED)
    return [Outcome.LIFTED] if stands and request.kind is RequestKind.RESTRICTION else []


def decide_request(command: DecideRequest, *, actor: Actor, work: Work) -> PrivacyRequest:
    """The privacy officer decides, and what follows happens at once: erased, stopped, restricted or free again.

    Raises `NotFound`, `Stale`, `GuardRefused` for what cannot be decided now, `Erased` and `Invalid`.
    """
    request = find_request(command.request_id, actor=actor, work=work, hold=True)
    if request.version != command.expected_version:
        raise Stale(currentVersion=request.version, currentStatus=request.status.value)
    _check(command, request, work)
    participant = own_participant(request.participant_id, actor=actor, work=work, hold=True)
    _write(command, request, actor, work)
    _follow(request, participant, actor, work)
    return request


def _check(command: DecideRequest, request: PrivacyRequest, work: Work) -> None:
    if command.outcome not in outcomes_of(request):
        raise GuardRefused("Dit kan bij dit verzoek nu niet meer worden besloten.", code="not_open")
    outcome, refused = command.outcome, command.outcome is Outcome.REFUSED
    is_late = outcome is Outcome.EXTENDED and command.told_on > request.due_on
    rules = (
        (command.told_on > work.today, FieldError("/toldOn", "future", "Deze datum ligt in de toekomst.")),
        (
            command.told_on < request.received_on,
            FieldError("/toldOn", "before_request", "Deze datum ligt voor het verzoek."),
        ),
        (is_late, FieldError("/toldOn", "too_late", "Uitstel hoort de deelnemer voor de eerste termijn voorbij is.")),
        (refused and not command.reason, FieldError("/reason", "required", "Geef bij een afwijzing de reden.")),
        (
            not refused and command.reason is not None,
            FieldError("/reason", "not_for_outcome", "Een reden hoort alleen bij een afwijzing."),
        ),
        (
            outcome in ASKS_EXPLANATION and command.explanation is None,
            FieldError("/explanation", "required", "Schrijf op waarom, zoals u het de deelnemer vertelde."),
        ),
    )
    if errors := [error for holds, error in rules if holds]:
        raise Invalid(errors=errors)


def _write(command: DecideRequest, request: PrivacyRequest, actor: Actor, work: Work) -> None:
    decision = PrivacyDecision(
        request_id=request.id,
        participant_id=request.participant_id,
        outcome=command.outcome.value,
        reason=command.reason,
        told_on=command.told_on,
        decided_by=actor.id,
        decided_at=work.now,
    )
    decision.explanation = command.explanation
    work.session.add(decision)
    request.status = STATUS_AFTER[command.outcome]
    if command.outcome is Outcome.EXTENDED:
        _extend(request)
    else:
        request.closed_at = work.now
    work.session.flush()
    work.record(
        actor,
        "privacy_request:decide",
        "privacy_request",
        request.id,
        subjects=[request.participant_id],
        kind=request.kind.value,
        outcome=command.outcome.value,
    )


def _extend(request: PrivacyRequest) -> None:
    """The law counts the extension from the end of the first term; the officer is reminded as long before it."""
    terms = default_terms().rights
    longer = Span(months=terms.answer.months + terms.extension.months, days=terms.answer.days + terms.extension.days)
    request.remind_on = request.due_on
    request.due_on = longer.after(request.received_on)
    request.extended = True


def _follow(request: PrivacyRequest, participant: Participant, actor: Actor, work: Work) -> None:
    is_granted = request.status is RequestStatus.GRANTED
    if is_granted and request.kind is RequestKind.OBJECTION:
        end_disclosures_of(work, participant.id, OBJECTED)
        work.publish(ObjectionUpheld(object_id=participant.id, actor_id=actor.id))
    settle_restriction(participant, actor=actor, work=work)
    if is_granted and request.kind is RequestKind.ERASURE:
        erase_participant(EraseParticipant(participant.id, "request"), actor=actor, work=work)
