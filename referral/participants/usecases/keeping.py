"""What forbids destroying somebody's data for now: the one place where that is asked, by erasure and by retention."""

from sqlalchemy import ColumnElement, false, select

from referral.core.errors import GuardRefused
from referral.core.work import Work
from referral.participants.models import Participant


def must_be_kept() -> ColumnElement[bool]:
    """Whether the participant of this row must be kept, although its term is over or somebody asks to erase it.

    A restriction (AVG art. 18) belongs here. Nothing restricts yet.
    """
    return false()


def refuse_if_kept(participant: Participant, work: Work) -> None:
    """Raises `GuardRefused` for a participant that must be kept."""
    if work.session.scalar(select(Participant.id).where(Participant.id == participant.id, must_be_kept())) is not None:
        raise GuardRefused("De gegevens van deze deelnemer mogen nu niet worden vernietigd.", code="must_be_kept")
