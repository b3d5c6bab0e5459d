"""Refusals of somebody who proved no identity: the first of a minute leaves its entry, the others are counted.

So a flood of them costs a few rows a minute instead of filling the disk, and none of them goes unrecorded: the count
is written as an entry when the minute is over (`docs/decisions/0017-anonymous-refusals-are-counted.md`).
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from referral.core.audit.models import AnonymousRefusal
from referral.core.audit.writing import Draft, Trace
from referral.core.database import new_id
from referral.core.policy import Actor, OrganisationKind

NOBODY: Final = UUID(int=(1 << 128) - 1)
MOST_ORIGINS: Final = 100
OTHER_ORIGINS: Final = "other"
MINUTE: Final = timedelta(minutes=1)


def anonymous_actor(origin: str) -> Actor:
    """Somebody who proved no identity; known by an address only."""
    return Actor(
        id=NOBODY,
        organisation_id=NOBODY,
        organisation_kind=OrganisationKind.REGION,
        roles=frozenset(),
        origin=origin,
    )


def count_refusal(session: Session, origin: str, action: str, result: str, *, now: datetime) -> str | None:
    """Count one refusal. Gives the origin to write an entry about when it is the first of its kind this minute.

    After a hundred origins in one minute the rest of them share one name, so that forged addresses cost nothing either.
    """
    minute = now.replace(second=0, microsecond=0)
    if not _has_room(session, minute, origin):
        origin = OTHER_ORIGINS
    row = {"minute": minute, "origin": origin, "action": action, "result": result}
    insert_into = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    ask = insert_into(AnonymousRefusal).values(id=new_id(), count=0, **row)
    counted = ask.on_conflict_do_update(index_elements=[*row], set_={"count": AnonymousRefusal.count + 1})
    return None if session.scalar(counted.returning(AnonymousRefusal.count)) else origin


def has_counted(session: Session, *, now: datetime) -> bool:
    """Whether there are counters of minutes that are over."""
    return bool(session.scalar(select(exists().where(_is_over(now)))))


def take_counted(session: Session, trace: Trace) -> list[Draft]:
    """The entries of the minutes that are over: how many more there were. Their counters end here."""
    taken = session.scalars(delete(AnonymousRefusal).where(_is_over(trace.now)).returning(AnonymousRefusal)).all()
    return [
        Draft(
            trace,
            anonymous_actor(row.origin),
            row.action,
            "refusal",
            None,
            result=row.result,
            details={"count": row.count, "minute": row.minute.isoformat(timespec="minutes")},
        )
        for row in sorted(taken, key=lambda each: (each.minute, each.origin))
        if row.count
    ]


def _is_over(now: datetime) -> ColumnElement[bool]:
    return AnonymousRefusal.minute <= now - 2 * MINUTE


def _has_room(session: Session, minute: datetime, origin: str) -> bool:
    of_minute = AnonymousRefusal.minute == minute
    if session.scalar(select(exists().where(of_minute, AnonymousRefusal.origin == origin))):
        return True
    count = select(func.count(AnonymousRefusal.origin.distinct())).where(of_minute)
    return (session.scalar(count) or 0) < MOST_ORIGINS
