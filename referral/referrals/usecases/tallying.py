"""Counting what changed for people, so that figures need nobody's sealed words: by month, kind of sender and area."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from referral.core.policy import OrganisationKind
from referral.core.work import Work
from referral.referrals.models import OutcomeTally


def count_outcomes(
    work: Work, source_kind: OrganisationKind, outcomes: Mapping[str, str], *, on: date, by: int = 1
) -> None:
    """Count a follow-up recorded on this day, or take an undone one out with `by=-1`. `outcomes`: direction by area."""
    for area, direction in sorted(outcomes.items()):
        key = {"month": f"{on:%Y-%m}", "source_kind": source_kind, "area": area, "direction": direction}
        if _raise(work, key, by):
            continue
        try:
            with work.session.begin_nested():
                work.session.add(OutcomeTally(**key, count=by))
        except IntegrityError:
            _raise(work, key, by)


def _raise(work: Work, key: Mapping[str, Any], by: int) -> bool:
    """Add to the count that is there; whether there was one."""
    same = (getattr(OutcomeTally, name) == value for name, value in key.items())
    statement = update(OutcomeTally).where(*same).values(count=OutcomeTally.count + by).returning(OutcomeTally.id)
    return work.session.execute(statement).first() is not None
