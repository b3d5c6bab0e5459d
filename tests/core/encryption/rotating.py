"""What the tests of rotation share: a ring with a clock of the test, a whole rotation, and what stands under what."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from referral.core.encryption import (
    INDEX_SUBJECT,
    KeyRing,
    Progress,
    Report,
    find_sealed,
    open_reading,
    subject_key,
    wrapping_key,
)
from tests.core.encryption.people import NOW, Note, Person, Register, cell, register, session_of

METADATA = Register.metadata
PEOPLE = 20
FIELDS = ("name", "phone", "email", "client_number", "other_phone", "birth", "extra", "notes")

OLD = {
    "kek": {"keks": {"k1"}, "wrapped": {1}},
    "data": {"generations": {1}, "cells": {1}},
    "index": {"roots": {1}, "tags": {1}},
}
NEW = {
    "kek": {"keks": {"k2"}, "wrapped": {2}},
    "data": {"generations": {2}, "cells": {2}},
    "index": {"roots": {2}, "tags": {2}},
}


class Stopped(Exception):
    """The operator pressed Ctrl+C."""


class Clock:
    """The instant that the test says it is."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> Any:
        return self.now

    def move(self, **span: float) -> None:
        self.now += timedelta(**span)


def someone(number: int) -> dict[str, Any]:
    """An invented person."""
    return {
        "name": f"Wilhelmina Zoetemelk {number}",
        "phone": f"06-{10_000_000 + number}",
        "email": f"w{number}@voorbeeld.nl",
        "client_number": f"K-{number}",
        "organisation_id": UUID(int=7),
        "notes": f"Wil brief {number} lezen",
    }


def fill(ring: KeyRing, count: int) -> list[UUID]:
    """So many people, each with a note."""
    people = register(ring, *map(someone, range(count)))
    with session_of(ring) as session:
        session.add_all([Note(person_id=person_id, body=f"Notitie {person_id}") for person_id in people])
        session.commit()
    return people


def rotate(ring: KeyRing, kind: str, clock: Clock, batch: int = 7, **options: Any) -> Report:
    """A whole rotation, as an operator does it who waits where it has to wait."""
    report = ring.rotate(kind, METADATA, clock=clock, batch=batch, **options)
    changed = report.changed
    while report.until is not None:
        clock.now = report.until
        report = ring.rotate(kind, METADATA, clock=clock, batch=batch, **options)
        changed += report.changed
    return Report(kind, changed, report.errors, report.kept, None)


def read_everything(ring: KeyRing) -> dict[UUID, dict[str, Any]]:
    """Every sealed value of everybody, with the note."""
    with session_of(ring) as session, open_reading(session, "test"):
        found = {each.id: {name: getattr(each, name) for name in FIELDS} for each in session.scalars(select(Person))}
        for note in session.scalars(select(Note)):
            found[note.person_id]["note"] = note.body
        return found


def found_by_phone(ring: KeyRing, numbers: Iterable[int]) -> list[UUID | None]:
    """Who is found under the phone number of each of these invented people."""
    with session_of(ring) as session:
        asked = [Person.phone.matches(session, someone(number)["phone"]) for number in numbers]
        return [session.scalars(select(Person.id).where(condition)).one_or_none() for condition in asked]


def standing(ring: KeyRing) -> dict[str, set[Any]]:
    """The KEKs, the generations of people and of their cells, and the index versions that are in use."""
    keys = subject_key.c
    with ring.engine.connect() as connection:
        cells, tags = set(), set()
        for table in find_sealed(METADATA):
            for each in table.columns:
                heads = connection.scalars(select(func.substr(each.column, 3, 2)).where(each.column.is_not(None)))
                cells |= {int.from_bytes(bytes(head), "big") for head in heads}
            for each in table.indexed:
                tags |= {bytes(tag)[0] for tag in connection.scalars(select(each.tag).where(each.tag.is_not(None)))}
        people = select(keys.gen).where(keys.blob.is_not(None), keys.subject_id != INDEX_SUBJECT)
        return {
            "keks": set(connection.scalars(select(wrapping_key.c.kek_id))),
            "wrapped": set(connection.scalars(select(keys.wk_id))),
            "generations": set(connection.scalars(people)),
            "cells": cells,
            "roots": set(connection.scalars(select(keys.gen).where(keys.subject_id == INDEX_SUBJECT))),
            "tags": tags,
        }


def stop_at(step: str) -> Callable[[Progress, int], None]:
    """What an operator does who presses Ctrl+C after a batch of this step."""

    def heard(progress: Progress, _seen: int) -> None:
        if progress.step.startswith(step):
            raise Stopped

    return heard


def once_after(step: str, deed: Callable[[], object]) -> Callable[[Progress, int], None]:
    """Do something once, after a batch of this step."""
    waiting = [deed]

    def heard(progress: Progress, _seen: int) -> None:
        if progress.step.startswith(step) and waiting:
            waiting.pop()()

    return heard


def stored_name(ring: KeyRing, person_id: UUID) -> bytes:
    """What lies in the database as somebody's name."""
    return cell(ring.engine, Person, "name_ct", person_id)
