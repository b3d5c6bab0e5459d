"""Restriction: the data of a participant are kept and not used, from the request until it is refused or lifted.

Source: AVG art. 18, and art. 21(1) for as long as an objection stands.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from referral.core.errors import GuardRefused
from referral.core.outbox import Event
from referral.core.policy import Actor
from referral.core.work import Work
from referral.participants.models import Participant, PrivacyRequest


@dataclass(frozen=True, kw_only=True)
class ParticipantRestricted(Event):
    """From now on the data of this participant (`object_id`) are only kept."""


@dataclass(frozen=True, kw_only=True)
class RestrictionLifted(Event):
    """The data of this participant (`object_id`) may be used again."""


def is_restricted(participant_id: UUID, work: Work) -> bool:
    """Whether the data of this person are only kept: no use, and no destruction by a term (AVG art. 18(2))."""
    query = select(Participant.restricted_at).where(Participant.id == participant_id)
    return work.session.scalar(query) is not None


def refuse_while_restricted(participant_id: UUID, work: Work) -> None:
    """Refuse a use of the data while they are only kept. Raises `GuardRefused`."""
    if is_restricted(participant_id, work):
        raise GuardRefused(
            "Het gebruik van deze gegevens is beperkt op verzoek van de deelnemer. Vraag de privacy officer.",
            code="restricted",
        )


def settle_restriction(participant: Participant, *, actor: Actor, work: Work) -> None:
    """Restrict the person, or lift it, as the requests of this person now say; announces it when it changed."""
    requests = work.session.scalars(select(PrivacyRequest).where(PrivacyRequest.participant_id == participant.id))
    stands = any(request.restricts for request in requests)
    if stands == (participant.restricted_at is not None):
        return
    participant.restricted_at = work.now if stands else None
    work.session.flush()
    event = ParticipantRestricted if stands else RestrictionLifted
    work.publish(event(object_id=participant.id, actor_id=actor.id))
