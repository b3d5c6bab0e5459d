"""The participant's agreement: recorded, in force, withdrawn. After a withdrawal nothing is shared any more."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from referral.core.errors import FieldError, Invalid, NotFound
from referral.core.outbox import Event
from referral.core.policy import Actor
from referral.core.work import Work
from referral.identity.usecases import works_at
from referral.participants.models import Agreement
from referral.participants.usecases.disclosing import end_disclosures_of, end_disclosures_under, hold_participant
from referral.participants.usecases.finding import find_participant, own_participant

WITHDRAWN = "agreement_withdrawn"


TOLD = ("purpose", "receiver", "data_scope")
"""What somebody who agrees to sharing was told at the least: without it there is nothing to agree to."""


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """The participant's written declaration of no objection, which lifts the duty of secrecy of the sector's law."""

    signed_on: date
    form: str


@dataclass(frozen=True, kw_only=True)
class Informed:
    """That the participant was told about the sharing: on which day, by whom, and what (codes of `told`)."""

    on: date
    by: UUID | None = None
    told: tuple[str, ...] = TOLD


@dataclass(frozen=True, kw_only=True)
class AgreementGiven:
    """That the participant agreed: when, how, to which data being shared; what it was told before; what it signed."""

    given_on: date
    method: str
    data_scope: tuple[str, ...]
    informed: Informed | None = None
    declaration: Declaration | None = None


@dataclass(frozen=True, kw_only=True)
class AgreementWithdrawn(Event):
    """The participant no longer agrees to any sharing; `object_id` is the participant."""


@dataclass(frozen=True, kw_only=True)
class SharingRevoked(Event):
    """The participant no longer agrees to one way of sharing; `object_id` is the participant."""


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
    participant_id: UUID, given: AgreementGiven, *, actor: Actor, work: Work, pointer: str = ""
) -> Agreement:
    """Write down that the participant agreed: when, how, to what, and what it was told and signed.

    `pointer` is where the agreement stands in the caller's body. Raises `NotFound`, `Erased`, `Invalid`.
    """
    participant = own_participant(participant_id, actor=actor, work=work)
    if errors := wrong_in_agreement(given, actor=actor, work=work, pointer=pointer):
        raise Invalid(errors=errors)
    informed, declaration = given.informed or Informed(on=given.given_on), given.declaration
    agreement = Agreement(
        participant_id=participant.id,
        organisation_id=actor.organisation_id,
        given_on=given.given_on,
        method=given.method,
        data_scope=list(given.data_scope),
        told_by=informed.by or actor.id,
        told_on=informed.on,
        told=list(informed.told),
        declaration_signed_on=declaration.signed_on if declaration else None,
        declaration_form=declaration.form if declaration else None,
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


def wrong_in_agreement(given: AgreementGiven, *, actor: Actor, work: Work, pointer: str = "") -> list[FieldError]:
    """Whether its days are past and whoever told the participant works here; all that is wrong."""
    days = {"/givenOn": given.given_on}
    if given.informed is not None:
        days["/informed/on"] = given.informed.on
    if given.declaration is not None:
        days["/declaration/signedOn"] = given.declaration.signed_on
    errors = [
        FieldError(f"{pointer}{member}", "future", "Deze datum ligt in de toekomst.")
        for member, day in days.items()
        if day > work.today
    ]
    teller = given.informed.by if given.informed else None
    if teller is not None and not works_at(work.session, actor.organisation_id, teller):
        errors.append(FieldError(f"{pointer}/informed/by", "not_found", "Deze collega is niet gevonden."))
    return errors


def agreement_holds(work: Work, agreement_id: UUID | None) -> bool:
    """Whether there is such an agreement and it was not withdrawn."""
    agreement = work.session.get(Agreement, agreement_id) if agreement_id else None
    return agreement is not None and agreement.holds


def has_declaration(work: Work, agreement_id: UUID | None) -> bool:
    """Whether the participant signed the declaration that lifts the duty of secrecy."""
    agreement = work.session.get(Agreement, agreement_id) if agreement_id else None
    return agreement is not None and agreement.declaration_signed_on is not None


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
    if ended:
        work.publish(SharingRevoked(object_id=agreement.participant_id, actor_id=actor.id))


def _withdraw(agreement: Agreement, heard_on: date, actor: Actor, work: Work) -> None:
    agreement.withdrawn_on = heard_on
    agreement.withdrawal_recorded_at = work.now
    agreement.withdrawal_recorded_by = actor.id


def _refuse_future(pointer: str, day: date, work: Work) -> None:
    if day > work.today:
        raise Invalid.one(pointer, "future", "Deze datum ligt in de toekomst.")
