"""The doctor finds a planted fault of every kind, names no value, and finds nothing in good health."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, text, update

from referral.core.encryption import INDEX_SUBJECT, FileKeys, KeyRing, subject_key, wrapping_key
from referral.core.encryption.doctor import FAULTS, Finding
from tests.core.encryption.people import NOW, Person, overwrite, session_of
from tests.core.encryption.rotating import METADATA, Clock, fill, rotate, someone, standing, stored_name

PEOPLE = 5
keys = subject_key.c


def examine(ring: KeyRing) -> list[Finding]:
    with session_of(ring, read_only=True) as session:
        return ring.examine(session, METADATA)


def run(ring: KeyRing, statement: Any, values: Any = None) -> None:
    with ring.engine.begin() as connection:
        connection.execute(statement, values)


def hide_keys(ring: KeyRing, _person: UUID) -> None:
    for file in FileKeys(ring.provider.directory).directory.glob("*.key"):  # type: ignore[attr-defined]
        file.unlink()


def swap_kek(ring: KeyRing, _person: UUID) -> None:
    run(ring, update(wrapping_key).values(kek_id="k9"))


def spare_wrapping_key(ring: KeyRing, _person: UUID) -> None:
    with ring.engine.begin() as connection:
        ring._store.create_wrapping_key(connection, "k1")
        ring._store.create_wrapping_key(connection, "k1")


def spoil_key(ring: KeyRing, person: UUID) -> None:
    run(ring, update(subject_key).where(keys.subject_id == person).values(blob=bytes(60)))


def new_generation(ring: KeyRing, subject: UUID, generation: int) -> None:
    with ring.engine.begin() as connection:
        ring._store.create(connection, {subject: generation})


def half_erase(ring: KeyRing, person: UUID) -> None:
    with session_of(ring) as session:
        ring.erase_subject(session, person, [Person], at=NOW)
        session.commit()
    new_generation(ring, person, 2)


def lose_key(ring: KeyRing, person: UUID) -> None:
    run(ring, delete(subject_key).where(keys.subject_id == person))


def old_generation(ring: KeyRing, person: UUID) -> None:
    new_generation(ring, person, 2)
    new_generation(ring, person, 3)


def spoil_cell(ring: KeyRing, person: UUID) -> None:
    good = stored_name(ring, person)
    overwrite(ring.engine, Person, "name_ct", person, good[:-1] + bytes([good[-1] ^ 1]))


def lose_tag(ring: KeyRing, person: UUID) -> None:
    run(ring, text("UPDATE test_person SET phone_bix = NULL WHERE id = :id"), {"id": _id(ring, person)})


def other_tag(ring: KeyRing, person: UUID) -> None:
    overwrite(ring.engine, Person, "phone_bix", person, b"\x01" + bytes(16))


def stray_tag(ring: KeyRing, person: UUID) -> None:
    run(ring, text("UPDATE test_person SET phone_ct = NULL WHERE id = :id"), {"id": _id(ring, person)})


def spare_root(ring: KeyRing, _person: UUID) -> None:
    new_generation(ring, INDEX_SUBJECT, 2)
    new_generation(ring, INDEX_SUBJECT, 3)


def fail_job(ring: KeyRing, person: UUID) -> None:
    good = stored_name(ring, person)
    overwrite(ring.engine, Person, "name_ct", person, good[:-1] + bytes([good[-1] ^ 1]))
    rotate(ring, "data", Clock())
    overwrite(ring.engine, Person, "name_ct", person, good)


def _id(ring: KeyRing, person: UUID) -> Any:
    return person.hex if ring.engine.dialect.name == "sqlite" else person


PLANTED: dict[str, tuple[Callable[[KeyRing, UUID], None], str, int]] = {
    "provider": (hide_keys, "FileKeys", 1),
    "wrapping-key": (swap_kek, "k9", 1),
    "wrapping-key-unused": (spare_wrapping_key, "k1", 1),
    "subject-key": (spoil_key, "subject_key", 1),
    "half-erased": (half_erase, "subject_key", 1),
    "no-key": (lose_key, "test_person", 1),
    "generation-unused": (old_generation, "subject_key", 1),
    "cell": (spoil_cell, "test_person.name_ct", 1),
    "tag-missing": (lose_tag, "test_person.phone_ct", 1),
    "tag-wrong": (other_tag, "test_person.phone_ct", 1),
    "tag-stray": (stray_tag, "test_person.phone_ct", 1),
    "root-unused": (spare_root, "subject_key", 1),
    "job": (fail_job, "data", 1),
}


def test_good_health_is_said_to_be_good(ring: KeyRing) -> None:
    people = fill(ring, PEOPLE)
    assert examine(ring) == []
    with session_of(ring) as session:
        ring.erase_subject(session, people[0], [Person], at=NOW)
        session.commit()
    assert examine(ring) == [], "who was erased is no fault"
    for kind in ("kek", "data", "index"):
        ring.rotate(kind, METADATA, clock=Clock())
    assert examine(ring) == [], "nor is a rotation that runs"


def test_every_kind_of_fault_is_planted_here() -> None:
    assert list(PLANTED) == list(FAULTS)


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_found(ring: KeyRing, fault: str) -> None:
    people = fill(ring, PEOPLE)
    plant, place, count = PLANTED[fault]
    plant(ring, people[2])
    ring.forget()
    before = standing(ring)
    found = {(each.fault, each.place): each for each in examine(ring)}
    assert found[fault, place].count == count
    shown = str(list(found.values()))
    values = [str(value) for number in range(PEOPLE) for value in someone(number).values()]
    assert not [value for value in values if value in shown and value != str(UUID(int=7))]
    assert standing(ring) == before, "it changes nothing"
