"""The members of the answer to access, by what they are of: a column that is not here or exempt fails the build.

`tests/privacy/test_completeness.py` holds these against the models.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from referral.core.fields import camel_case

AGREEMENT = (
    "given_on", "method", "data_scope", "told_on", "told", "declaration_signed_on", "declaration_form", "recorded_at",
    "withdrawn_on", "withdrawal_recorded_at",
)  # fmt: skip
DISCLOSURE = ("legal_basis", "data_scope", "started_at", "ended_at", "end_reason", "corrected_at")
PROGRESS = (
    "reference", "status", "skills", "due_on", "created_at", "submitted_at", "accepted_at", "handed_over_at",
    "intake_at", "started_at", "completed_at", "closed_at", "ended_at",
)  # fmt: skip
"""What an employer may see of its own referral."""
CASE = (
    *PROGRESS, "source_kind", "age_band", "language_background", "municipality_code", "employment", "sector",
    "occupation_code", "found_at", "no_screening", "screened_on", "conversation_held_on", "waiver", "override_reason",
    "legal_basis", "data_scope", "reason", "waitlist_kind", "hold_reason", "hold_since", "resume_on", "escalated_at",
    "offer_due_on", "follow_up_done",
)  # fmt: skip
EVENT = ("sequence", "event", "from_status", "to_status", "reason", "undoes", "occurred_at", "facts")
EVENT_PROGRESS = ("sequence", "event", "from_status", "to_status", "occurred_at")
SCREENING = (
    "code", "instrument", "conducted_on", "indication", "score", "block", "duration_minutes", "skills",
    "language_background", "employment", "age_band", "raises_children", "education_level", "municipality_code",
    "sector", "occupation_code", "found_at", "logged_at", "discussed", "referred_month",
)  # fmt: skip
CONVERSATION = ("held", "held_on", "outcome", "reason", "logged_at")
REQUEST = (
    "kind", "ground", "received_on", "recorded_at", "due_on", "extended", "status", "closed_at",
)  # fmt: skip
DECISION = ("outcome", "reason", "told_on", "decided_at")


def members(row: Any, names: Iterable[str]) -> dict[str, Any]:
    """These members of a row, in the spelling of the API."""
    return {camel_case(name): plain(getattr(row, name)) for name in names}


def plain(value: Any) -> Any:
    """The value as JSON has it: times in UTC with `Z`."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, StrEnum):
        return value.value
    return dict(value) if isinstance(value, Mapping) else value
