"""How long an ended case is kept, by the way it ended: the area's table over `config/retention.toml`.

A term runs from the day the case ended, never from the last edit (AVG art. 5(1)e, VNG Selectielijst 2020).
"""

from collections.abc import Mapping
from datetime import date, datetime

from referral.core.codelists import RetentionTerm, retention_terms
from referral.core.work import AMSTERDAM
from referral.referrals.workflow import FINAL, Status

TERM_OF_STATUS: Mapping[Status, str] = {
    Status.CLOSED: "municipal_trajectory",
    Status.DECLINED: "broken_off_social",
    Status.WITHDRAWN: "broken_off_social",
    Status.EXPIRED: "broken_off_social",
    Status.NOT_STARTED: "broken_off_social",
    Status.STOPPED_EARLY: "broken_off_social",
    Status.VOID: "broken_off_other",
}
"""Which term of `config/retention.toml` a case has, by the way it ended."""


def terms_by_status(table: Mapping[Status, str] = TERM_OF_STATUS) -> Mapping[Status, RetentionTerm]:
    """The term of each final status. Raises ValueError naming a status that is open or left out, or an unknown term."""
    if wrong := sorted(FINAL.symmetric_difference(table)):
        raise ValueError(f"bewaartermijnen: elke eindstatus en geen andere; niet goed: {', '.join(wrong)}")
    known = retention_terms()
    if unknown := sorted(set(table.values()) - set(known)):
        raise ValueError(f"bewaartermijnen: onbekend in retention.toml: {', '.join(unknown)}")
    return {status: known[code] for status, code in table.items()}


def kept_until(status: Status, ended_at: datetime) -> date:
    """The day on which the term of a case that ended this way, at this instant, is over."""
    return terms_by_status()[status].span.after(ended_at.astimezone(AMSTERDAM).date())
