"""What enters and leaves about the participant's rights: requests, decisions, disclosures, and the answer to access."""

from referral.privacy.schemas.access import AccessAnswerSchema, show_access
from referral.privacy.schemas.disclosures import DisclosurePageSchema, show_disclosure
from referral.privacy.schemas.letter import write_letter
from referral.privacy.schemas.requests import (
    AccessInSchema,
    DecisionInSchema,
    ErasureRequestInSchema,
    ListRequestsSchema,
    ObjectionInSchema,
    PrivacyRequestSchema,
    RectificationInSchema,
    RequestPageSchema,
    RestrictionInSchema,
    show_request,
    show_requests,
)

__all__ = [
    "AccessAnswerSchema",
    "AccessInSchema",
    "DecisionInSchema",
    "DisclosurePageSchema",
    "ErasureRequestInSchema",
    "ListRequestsSchema",
    "ObjectionInSchema",
    "PrivacyRequestSchema",
    "RectificationInSchema",
    "RequestPageSchema",
    "RestrictionInSchema",
    "show_access",
    "show_disclosure",
    "show_request",
    "show_requests",
    "write_letter",
]
