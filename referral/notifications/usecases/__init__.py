"""What happens when a date has passed, and what people hear of it."""

from referral.notifications.usecases.rights import (
    forget_told,
    tell_of_correction,
    tell_of_erasure,
    tell_of_lifting,
    tell_of_restriction,
    tell_of_revocation,
)
from referral.notifications.usecases.sending import DigestsResult, send_digests
from referral.notifications.usecases.terms import TermsResult, run_terms

__all__ = [
    "DigestsResult",
    "TermsResult",
    "forget_told",
    "run_terms",
    "send_digests",
    "tell_of_correction",
    "tell_of_erasure",
    "tell_of_lifting",
    "tell_of_restriction",
    "tell_of_revocation",
]
