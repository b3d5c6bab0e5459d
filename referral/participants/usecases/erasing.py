"""Erasing a participant: decided in one transaction, and from then on carried out, whatever stops in between.

The decision is durable first; from its commit on nobody finds or reads this person any more. Only then follow the
ledger, the keys and the remains (`completing`), so that no erasure is ever half done and forgotten.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from referral.core.errors import NotAllowed
from referral.core.outbox import Event
from referral.core.policy import Actor, Role
from referral.core.work import Work
from referral.participants.models import ErasureRequest, Participant
from referral.participants.usecases.completing import destroy_decided
from referral.participants.usecases.disclosing import end_disclosures_of
from referral.participants.usecases.finding import own_participant
from referral.participants.usecases.restricting import refuse_while_restricted

ERASED = "erased"
ON_REQUEST = "request"
BACKUP_DAYS = 30
RENEWAL = timedelta(days=7)
"""Within a week after an erasure keys and index are renewed; from then on the old ones only serve older backups.

A root of the index goes when the last keyed digest under it is 72 hours old. A renewal that runs already ends first, so
it may take two of those, and an hour for each step.
"""


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
    """What was done, and what was not yet: backups end when the key of their time is destroyed, on the day promised."""

    participant_id: UUID
    erased_at: datetime
    ground: str
    backups_unreadable_from: date
    live: str = "done"
    backups: str = "readable_until_key_destroyed"

    @property
    def explanation(self) -> str:
        """The same for people."""
        return (
            f"Live: gewist op {self.erased_at:%d-%m-%Y}. Reservekopieën: onleesbaar vanaf"
            f" {self.backups_unreadable_from:%d-%m-%Y}; dan is de hoofdsleutel van voor dit moment vernietigd. Wordt er"
            " eerder een reservekopie teruggezet, dan wordt deze deelnemer daarin meteen weer gewist. Dat de deelnemer"
            " was aangemeld en of er instemming was, blijft zonder naam bewaard tot de bewaartermijn voorbij is."
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
    request = decide_erasure(participant, command.ground, actor=actor, work=work)
    work.follow_with(destroy_decided)
    return ErasureReceipt(participant.id, work.now, command.ground, request.backups_until)


def decide_erasure(participant: Participant, ground: str, *, actor: Actor, work: Work) -> ErasureRequest:
    """Write the decision down and close the person off: no tag to be found by, nothing shared, nothing to be read."""
    ended = end_disclosures_of(work, participant.id, ERASED)
    work.session.flush()
    Participant.clear_indexes(work.session, participant.id)
    participant.erased_at = work.now
    days = timedelta(days=work.service.settings.get("backup_retention_days", BACKUP_DAYS))
    request = ErasureRequest(
        participant_id=participant.id,
        ground=ground,
        requested_at=work.now,
        backups_until=work.today + RENEWAL + days,
    )
    work.session.add(request)
    work.session.flush()
    work.record(actor, "participant:erase", "participant", participant.id, ground=ground, disclosures=ended)
    work.publish(ParticipantErased(object_id=participant.id, actor_id=actor.id))
    return request
