"""That figures left the service as a file, and in which shape."""

from referral.core.policy import Actor
from referral.core.work import Work


def note_export(name: str, media_type: str, *, actor: Actor, work: Work) -> None:
    """Leave the row of an export of the report with this name; what was asked stands in the row of the report."""
    work.record(actor, "report:export", "report", None, report=name, mediaType=media_type)
