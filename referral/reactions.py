"""When X has happened, then Y: the whole choreography on one page.

NOW runs in the transaction of the deed; LATER runs after it, from the outbox, one transaction an event.
"""

from referral.core.policy import system_actor
from referral.core.work import Reactions, Work
from referral.identity.usecases import RoleRemoved, UserDeactivated
from referral.notifications.usecases import (
    tell_of_correction,
    tell_of_erasure,
    tell_of_lifting,
    tell_of_restriction,
    tell_of_revocation,
)
from referral.participants.usecases import (
    AgreementWithdrawn,
    ObjectionUpheld,
    ParticipantCorrected,
    ParticipantErased,
    ParticipantRestricted,
    RestrictionLifted,
    SharingRevoked,
    lapse_requests,
)
from referral.referrals.usecases import ReferralMoved, release_cases, restrict_cases, return_cases_of, stop_sharing
from referral.reports.usecases import blur_erased, note_conversation, note_referral, note_screening
from referral.screenings.usecases import ConversationHeld, ConversationMissed, ScreeningLogged
from referral.webhooks.usecases import queue_deliveries

Revoked = AgreementWithdrawn | ObjectionUpheld | SharingRevoked


def return_cases(event: UserDeactivated | RoleRemoved, work: Work) -> None:
    """A colleague leaves, or loses a role: the cases that it may no longer hold go back to the team queue (L8)."""
    return_cases_of(event.object_id, actor=system_actor(), work=work)


def close_shared(event: AgreementWithdrawn | ObjectionUpheld | ParticipantErased, work: Work) -> None:
    """The participant no longer agrees, objected, or was erased: every open referral stops sharing."""
    stop_sharing(event.object_id, actor=system_actor(), work=work)


def announce(event: ReferralMoved, work: Work) -> None:
    """A case moved: every webhook of the organisations that may know of it will hear so."""
    queue_deliveries(event.object_id, event.event_id, work=work)


def warn_receivers(event: Revoked, work: Work) -> None:
    """Whoever had the data stops and destroys them; the referrers hear why their case ended (AVG art. 19)."""
    tell_of_revocation(event.object_id, work)


def warn_of_erasure(event: ParticipantErased, work: Work) -> None:
    """Whoever ever received the data destroys them too, also whose sight ended long before (AVG art. 19)."""
    tell_of_erasure(event.object_id, work)


def warn_of_correction(event: ParticipantCorrected, work: Work) -> None:
    """Whoever received what was corrected hears of it, without the value (AVG art. 19)."""
    tell_of_correction(event.object_id, work)


def stand_still(event: ParticipantRestricted, work: Work) -> None:
    """The data are only kept: the cases stand still, and the receivers hear of it (AVG art. 18 and 19)."""
    restrict_cases(event.object_id, work)
    tell_of_restriction(event.object_id, work)


def go_on(event: RestrictionLifted, work: Work) -> None:
    """The data may be used again: the cases go on, and the receivers hear of it."""
    release_cases(event.object_id, work)
    tell_of_lifting(event.object_id, work)


def close_requests(event: ParticipantErased, work: Work) -> None:
    """Nothing is left to decide on."""
    lapse_requests(event.object_id, work)


NOW: Reactions = {
    ReferralMoved: [note_referral, announce],
    UserDeactivated: [return_cases],
    RoleRemoved: [return_cases],
    AgreementWithdrawn: [close_shared, warn_receivers],
    SharingRevoked: [warn_receivers],
    ObjectionUpheld: [close_shared, warn_receivers],
    ParticipantErased: [close_shared, warn_of_erasure, close_requests, blur_erased],
    ParticipantCorrected: [warn_of_correction],
    ParticipantRestricted: [stand_still],
    RestrictionLifted: [go_on],
    ScreeningLogged: [note_screening],
    ConversationHeld: [note_conversation],
    ConversationMissed: [note_conversation],
}
LATER: Reactions = {}
