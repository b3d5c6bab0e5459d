"""What forbids destroying somebody's data for now, in SQL, for retention; `restricting` says it of one person."""

from sqlalchemy import ColumnElement

from referral.participants.models import Participant


def must_be_kept() -> ColumnElement[bool]:
    """Whether the participant of this row must be kept, although its term is over or somebody asks to erase it.

    A restriction forbids it (AVG art. 18(2)).
    """
    return Participant.restricted_at.is_not(None)
