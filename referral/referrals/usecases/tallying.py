"""Counting what changed for people, so that figures need nobody's sealed words: by month, moment and area (K8)."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from referral.core.codelists import Question, questionnaire
from referral.core.errors import FieldError
from referral.core.work import Work
from referral.identity.models import Region, organisation_region
from referral.referrals.models import OutcomeTally, Referral
from referral.referrals.workflow import EventName

MOMENTS = {
    EventName.START_TRAJECTORY: "start",
    EventName.COMPLETE: "end",
    EventName.RECORD_FOLLOW_UP: "after_3_months",
}
"""At which moment the questions are asked in which event."""


def questions_for(event: EventName, referral: Referral, work: Work) -> list[Question]:
    """The questions of the monitor that this event asks about this case: the national ones and its region's."""
    moment = MOMENTS.get(event)
    asked = [each for each in questionnaire().values() if moment in each.moments]
    if all(each.is_mandatory for each in asked):
        return asked
    codes = _region_codes(referral, work)
    return [each for each in asked if each.is_mandatory or each.region in codes]


def check_areas(outcomes: Mapping[str, str], referral: Referral, work: Work) -> Iterator[FieldError]:
    """A question of a region's own is only for who was referred by an organisation of that region (K9)."""
    own = {region for area in outcomes if (region := questionnaire()[area].region)}
    if own and not own <= _region_codes(referral, work):
        yield FieldError("/outcomes", "unknown_code", "Deze vraag hoort bij een andere regio.")


def count_outcomes(
    work: Work, referral: Referral, event: EventName, outcomes: Mapping[str, str], *, on: date, by: int = 1
) -> None:
    """Count answers given on this day, or take them out with `by=-1`. `outcomes`: direction by area."""
    whose = {
        "month": f"{on:%Y-%m}",
        "source_id": referral.source_organisation_id,
        "receiver_id": referral.receiver_organisation_id,
        "moment": MOMENTS[event],
    }
    for area, direction in sorted(outcomes.items()):
        key = whose | {"area": area, "direction": direction}
        if _raise(work, key, by):
            continue
        try:
            with work.session.begin_nested():
                work.session.add(OutcomeTally(**key, count=by))
        except IntegrityError:
            _raise(work, key, by)


def _region_codes(referral: Referral, work: Work) -> set[str | None]:
    mine = select(organisation_region.c.region_id).where(
        organisation_region.c.organisation_id == referral.source_organisation_id
    )
    return set(work.session.scalars(select(Region.code).where(Region.id.in_(mine))))


def _raise(work: Work, key: Mapping[str, Any], by: int) -> bool:
    """Add to the count that is there; whether there was one."""
    same = (getattr(OutcomeTally, name) == value for name, value in key.items())
    statement = update(OutcomeTally).where(*same).values(count=OutcomeTally.count + by).returning(OutcomeTally.id)
    return work.session.execute(statement).first() is not None
