"""Everything that is held about one person, gathered across the areas for the person itself (AVG art. 15)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from referral.core.audit import AuditEntry
from referral.core.policy import Actor
from referral.core.work import Work
from referral.identity.models import Organisation, User
from referral.participants.models import Agreement, Disclosure
from referral.participants.usecases import ParticipantView, read_participant
from referral.referrals.models import Referral, ReferralEvent


@dataclass(frozen=True)
class Told:
    """One row of the history, with its words."""

    row: ReferralEvent
    words: dict[str, Any] | None


@dataclass(frozen=True)
class HeldReferral:
    """One referral with everything in it, and its history."""

    referral: Referral
    learning_wish: str | None
    barriers: Sequence[str] | None
    purpose: str | None
    screening_codes: Sequence[str] | None
    history: Sequence[Told]


@dataclass(frozen=True)
class Recipient:
    """Another organisation that received data: which, on what ground, since and until when (art. 15(1)c)."""

    organisation: str
    legal_basis: str
    data_scope: Sequence[str]
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class SeenBy:
    """One reading: who, of which organisation, when and for what."""

    organisation: str
    name: str
    occurred_at: datetime
    purpose: str


@dataclass(frozen=True)
class AccessAnswer:
    """The whole answer to an access request."""

    made_on: date
    participant: ParticipantView
    agreements: Sequence[Agreement]
    referrals: Sequence[HeldReferral]
    recipients: Sequence[Recipient]
    readings: Sequence[SeenBy]


def answer_access_request(participant_id: UUID, *, actor: Actor, work: Work) -> AccessAnswer:
    """Gather what is held about this person, who received it and who saw it. Raises `NotFound` and `Erased`."""
    participant = read_participant(participant_id, "rights", actor=actor, work=work)
    work.record(actor, "participant:access_request", "participant", participant_id)
    return AccessAnswer(
        made_on=work.today,
        participant=participant,
        agreements=work.session.scalars(select(Agreement).where(Agreement.participant_id == participant_id)).all(),
        referrals=_referrals(participant_id, actor, work),
        recipients=_recipients(participant_id, work),
        readings=_readings(participant_id, work),
    )


def _referrals(participant_id: UUID, actor: Actor, work: Work) -> list[HeldReferral]:
    """Every referral of the person, opened for the person."""
    referrals = work.session.scalars(
        select(Referral).where(Referral.participant_id == participant_id).order_by(Referral.id)
    ).all()
    rows = work.session.scalars(
        select(ReferralEvent).where(ReferralEvent.participant_id == participant_id).order_by(ReferralEvent.sequence)
    ).all()
    with work.reading(actor, "rights"):
        told = [Told(row, row.words) for row in rows]
        return [
            HeldReferral(
                referral,
                referral.learning_wish,
                referral.barriers,
                referral.purpose,
                referral.screening_codes,
                [each for each in told if each.row.referral_id == referral.id],
            )
            for referral in referrals
        ]


def _recipients(participant_id: UUID, work: Work) -> list[Recipient]:
    query = (
        select(Disclosure, Organisation.name)
        .join(Organisation, Organisation.id == Disclosure.organisation_id)
        .where(Disclosure.participant_id == participant_id)
        .order_by(Disclosure.started_at)
    )
    return [
        Recipient(name, each.legal_basis, each.data_scope, each.started_at, each.ended_at)
        for each, name in work.session.execute(query)
    ]


def _readings(participant_id: UUID, work: Work) -> list[SeenBy]:
    """Who opened the data, from the audit log; the request itself stands last."""
    query = (
        select(AuditEntry, Organisation.name, User.name)
        .outerjoin(Organisation, Organisation.id == AuditEntry.organisation_id)
        .outerjoin(User, User.id == AuditEntry.actor_id)
        .where(AuditEntry.object_id == participant_id, AuditEntry.action == "participant:read")
        .order_by(AuditEntry.occurred_at, AuditEntry.id)
    )
    return [
        SeenBy(organisation or "de dienst zelf", name or "een programma", entry.occurred_at, entry.details["purpose"])
        for entry, organisation, name in work.session.execute(query)
    ]
