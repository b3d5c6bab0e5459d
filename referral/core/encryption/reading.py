"""Reading with a purpose: sealed values open only inside a block that names why (AVG art. 5(1)b)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session, object_session

_READINGS: Final = "referral.readings"
_PERMIT: Final = "referral.permit"


class PurposeMissing(PermissionError):
    """A sealed value was asked for outside a reading; nothing was decrypted."""


@dataclass(eq=False)
class Reading:
    """One reading: its purpose, and per person (subject id) the names of the fields that were opened."""

    purpose: str
    opened: dict[UUID, set[str]] = field(default_factory=dict)


class Permit:
    """What an opened row holds to open its next value: void once the reading ends, yields, or a person is erased."""

    __slots__ = ("is_valid", "reading")

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.is_valid = True


@contextmanager
def open_reading(session: Session, purpose: str) -> Iterator[Reading]:
    """Open the session's sealed values for one purpose; a block inside this one counts for its own purpose only."""
    if not purpose.strip():
        raise PurposeMissing("a reading needs a purpose")
    readings: list[Reading] = session.info.setdefault(_READINGS, [])
    reading = Reading(purpose)
    readings.append(reading)
    renew_permit(session)
    try:
        yield reading
    finally:
        readings.remove(reading)
        renew_permit(session)


def find_permit(row: object) -> tuple[Session, Permit]:
    """The row's session and the permit of its innermost open reading; `PurposeMissing` when there is none."""
    session = object_session(row)
    permit: Permit | None = None if session is None else session.info.get(_PERMIT)
    if session is None or permit is None:
        raise PurposeMissing("sealed values are read inside open_reading(session, purpose)")
    return session, permit


def renew_permit(session: Session) -> None:
    """Void what opened rows of this session hold, so that each has to ask for its key and its reading again."""
    if permit := session.info.pop(_PERMIT, None):
        permit.is_valid = False
    if readings := session.info.get(_READINGS):
        session.info[_PERMIT] = Permit(readings[-1])
