"""When X has happened, then Y: the whole choreography on one page.

NOW runs in the transaction of the deed; LATER runs after it, from the outbox, one transaction an event.
"""

from referral.core.policy import system_actor
from referral.core.work import Reactions, Work
from referral.identity.usecases import UserDeactivated
from referral.participants.usecases import AgreementWithdrawn, ParticipantErased
from referral.referrals.usecases import ReferralMoved, return_cases_of, stop_sharing
from referral.webhooks.usecases import queue_deliveries


def return_cases(event: UserDeactivated, work: Work) -> None:
    """A colleague leaves: its cases go back to the team queue (L8)."""
    return_cases_of(event.object_id, actor=system_actor(), work=work)


def close_shared(event: AgreementWithdrawn | ParticipantErased, work: Work) -> None:
    """The participant no longer agrees, or was erased: every open referral stops sharing."""
    stop_sharing(event.object_id, actor=system_actor(), work=work)


def announce(event: ReferralMoved, work: Work) -> None:
    """A case moved: every webhook of the organisations that may know of it will hear so."""
    queue_deliveries(event.object_id, event.event_id, work=work)


NOW: Reactions = {
    ReferralMoved: [announce],
    UserDeactivated: [return_cases],
    AgreementWithdrawn: [close_shared],
    ParticipantErased: [close_shared],
}
LATER: Reactions = {}
