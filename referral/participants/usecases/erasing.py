"""Erasing a participant: the key is destroyed, so that every sealed word about this person is unreadable everywhere."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from referral.core.errors import NotAllowed
from referral.core.outbox import Event
from referral.core.policy import Actor, Role
from referral.core.work import Work
from referral.participants.models import Participant
from referral.participants.usecases.disclosing import end_disclosures_of
from referral.participants.usecases.finding import own_participant
from referral.participants.usecases.restricting import refuse_while_restricted

ERASED = "erased"
ON_REQUEST = "request"


@dataclass(frozen=True, kw_only=True)
class ParticipantErased(Event):
    """The person's key is gone: nothing can be sealed or opened for this participant (`object_id`) any more."""


@dataclass(frozen=True)
class EraseParticipant:
    """On which ground: `request`, `retention` or `error`."""

    participant_id: UUID
    ground: str


@dataclass(frozen=True)
class ErasureReceipt:
    """What was done, and what was not. `backups` end later: when the key version of their time is destroyed."""

    participant_id: UUID
    erased_at: datetime
    ground: str
    live: str = "done"
    backups: str = "readable_until_key_destroyed"
    explanation: str = (
        "De gegevens zijn nu nergens in de dienst meer leesbaar. Een reservekopie van voor dit moment blijft leesbaar"
        " tot de hoofdsleutel van die tijd is vernietigd. Dat de deelnemer was aangemeld en of er instemming was,"
        " blijft zonder naam bewaard tot de bewaartermijn voorbij is."
    )


def erase_participant(command: EraseParticipant, *, actor: Actor, work: Work) -> ErasureReceipt:
    """The privacy officer of the registering organisation erases the person for good (AVG art. 17).

    Raises `NotFound`, `Erased` when it was done before, `NotAllowed` for another role, and `GuardRefused` while the
    data are to be kept (AVG art. 18), unless the person itself asks.
    """
    participant = own_participant(command.participant_id, actor=actor, work=work, hold=True)
    if not actor.has_role(Role.PRIVACY_OFFICER):
        raise NotAllowed
    if command.ground != ON_REQUEST:
        refuse_while_restricted(participant.id, work)
    ended = end_disclosures_of(work, participant.id, ERASED)
    work.service.key_ring.erase_subject(work.session, participant.id, [Participant], at=work.now)
    participant.erased_at = work.now
    work.session.flush()
    work.record(actor, "participant:erase", "participant", participant.id, ground=command.ground, disclosures=ended)
    work.publish(ParticipantErased(object_id=participant.id, actor_id=actor.id))
    return ErasureReceipt(participant.id, work.now, command.ground)
