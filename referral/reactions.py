"""When X has happened, then Y: the whole choreography on one page.

NOW runs in the transaction of the deed; LATER runs after it, from the outbox, one transaction an event.
"""

from referral.core.policy import system_actor
from referral.core.work import Reactions, Work
from referral.identity.usecases import UserDeactivated
from referral.participants.usecases import AgreementWithdrawn, ParticipantErased
from referral.referrals.usecases import ReferralMoved, return_cases_of, stop_sharing
from referral.reports.usecases import blur_erased, note_conversation, note_referral, note_screening
from referral.screenings.usecases import ConversationHeld, ScreeningLogged


def return_cases(event: UserDeactivated, work: Work) -> None:
    """A colleague leaves: its cases go back to the team queue (L8)."""
    return_cases_of(event.object_id, actor=system_actor(), work=work)


def close_shared(event: AgreementWithdrawn | ParticipantErased, work: Work) -> None:
    """The participant no longer agrees, or was erased: every open referral stops sharing."""
    stop_sharing(event.object_id, actor=system_actor(), work=work)


NOW: Reactions = {
    UserDeactivated: [return_cases],
    AgreementWithdrawn: [close_shared],
    ParticipantErased: [close_shared, blur_erased],
    ReferralMoved: [note_referral],
    ScreeningLogged: [note_screening],
    ConversationHeld: [note_conversation],
}
LATER: Reactions = {}
