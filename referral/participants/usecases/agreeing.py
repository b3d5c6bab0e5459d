"""The participant's agreement: recorded, in force, withdrawn. After a withdrawal nothing is shared any more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from referral.core.errors import Invalid, NotFound
from referral.core.outbox import Event
from referral.core.policy import Actor
from referral.core.work import Work
from referral.participants.models import Agreement
from referral.participants.usecases.disclosing import end_disclosures_of, end_disclosures_under, hold_participant
from referral.participants.usecases.finding import find_participant, own_participant

WITHDRAWN = "agreement_withdrawn"


@dataclass(frozen=True, kw_only=True)
class AgreementWithdrawn(Event):
    """The participant no longer agrees to any sharing; `object_id` is the participant."""


@dataclass(frozen=True)
class WithdrawAgreement:
    """The participant said so on `heard_on`."""

    participant_id: UUID
    heard_on: date


@dataclass(frozen=True)
class Withdrawal:
    """What the withdrawal did at once: how many agreements ended, and how many disclosures."""

    participant_id: UUID
    heard_on: date
    recorded_at: datetime
    agreements_ended: int
    disclosures_ended: int


def record_agreement(
    participant_id: UUID, given_on: date, method: str, data_scope: Sequence[str], *, actor: Actor, work: Work
) -> Agreement:
    """Write down that the participant agreed: when, how and to what. Raises `NotFound`, `Erased`, `Invalid`."""
    participant = own_participant(participant_id, actor=actor, work=work)
    _refuse_future("/givenOn", given_on, work)
    agreement = Agreement(
        participant_id=participant.id,
        organisation_id=actor.organisation_id,
        given_on=given_on,
        method=method,
        data_scope=list(data_scope),
        recorded_by=actor.id,
        recorded_at=work.now,
    )
    work.session.add(agreement)
    work.session.flush()
    people = [participant.id]
    work.record(
        actor, "agreement:record", "agreement", agreement.id, subjects=people, participant_id=str(participant.id)
    )
    return agreement


def agreement_holds(work: Work, agreement_id: UUID | None) -> bool:
    """Whether there is such an agreement and it was not withdrawn."""
    agreement = work.session.get(Agreement, agreement_id) if agreement_id else None
    return agreement is not None and agreement.holds


def withdraw_agreement(command: WithdrawAgreement, *, actor: Actor, work: Work) -> Withdrawal:
    """Whoever hears it from the participant writes it down, and all sharing stops at once (AVG art. 7(3)).

    Raises `NotFound`, `Erased`, and `Invalid` for a day to come. Never refuses for any other reason.
    """
    participant = find_participant(command.participant_id, actor=actor, work=work, hold=True)
    _refuse_future("/heardOn", command.heard_on, work)
    standing = work.session.scalars(
        select(Agreement).where(Agreement.participant_id == participant.id, Agreement.withdrawn_on.is_(None))
    ).all()
    for agreement in standing:
        _withdraw(agreement, command.heard_on, actor, work)
    ended = end_disclosures_of(work, participant.id, WITHDRAWN)
    work.record(
        actor,
        "participant:withdraw_agreement",
        "participant",
        participant.id,
        agreements=len(standing),
        disclosures=ended,
    )
    work.publish(AgreementWithdrawn(object_id=participant.id, actor_id=actor.id))
    return Withdrawal(participant.id, command.heard_on, work.now, len(standing), ended)


def withdraw_one_agreement(agreement_id: UUID, heard_on: date, *, actor: Actor, work: Work) -> None:
    """End one agreement and what is shared under it; whether the actor may is for the referral to say.

    Raises `NotFound`. An agreement that was withdrawn before keeps its first day.
    """
    agreement = work.session.get(Agreement, agreement_id)
    if agreement is None:
        raise NotFound
    hold_participant(work, agreement.participant_id)
    if agreement.holds:
        _withdraw(agreement, heard_on, actor, work)
    ended = end_disclosures_under(work, agreement_id, WITHDRAWN)
    people = [agreement.participant_id]
    work.record(actor, "agreement:withdraw", "agreement", agreement_id, subjects=people, disclosures=ended)


def _withdraw(agreement: Agreement, heard_on: date, actor: Actor, work: Work) -> None:
    agreement.withdrawn_on = heard_on
    agreement.withdrawal_recorded_at = work.now
    agreement.withdrawal_recorded_by = actor.id


def _refuse_future(pointer: str, day: date, work: Work) -> None:
    if day > work.today:
        raise Invalid.one(pointer, "future", "Deze datum ligt in de toekomst.")
