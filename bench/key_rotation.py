"""How fast keys rotate: `python bench/key_rotation.py`.

One rotation of each kind over made-up people, in SQLite in a temporary folder, with the batches of the command. Printed
for each: items a second of CPU time and of the clock. CPU time is compared with the target, because other work on the
machine does not change it; the best of the rounds counts. Exits with 1 when a target is missed.
"""

import gc
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from sizes import sized
from sqlalchemy import Engine, MetaData, insert
from sqlalchemy.orm import Session

from referral.core.database import Base, connect, new_id
from referral.core.encryption import (
    EmailAddress,
    FileKeys,
    KeyRing,
    PhoneNumber,
    Progress,
    Sealed,
    SealedModel,
    bind_key_ring,
)
from referral.core.encryption import Text as SealedText
from referral.core.encryption.keys import CryptoJob, retired_wrapping_key, subject_key, wrapping_key

PEOPLE = sized(20_000, 20)
BATCH = 500
ROUNDS = sized(3, 1)
TAGS = 2
TARGETS = {
    # Kind of rotation: the step that is measured, what it is counted in, how many of those a row has, the target.
    "kek": ("rewrap:1", "keys wrapped anew", 1, 40_000),
    "data": ("reseal:1", "rows of 6 values sealed anew", 1, 3_000),
    "index": ("retag:1", "tags made anew", TAGS, 30_000),
}


class Bench(SealedModel):
    __abstract__ = True
    metadata = MetaData(naming_convention=Base.metadata.naming_convention)


class Person(Bench):
    __tablename__ = "bench_person"

    name = Sealed(SealedText(pad=32))
    phone = Sealed(SealedText(), index=PhoneNumber("NL"))
    email = Sealed(SealedText(), index=EmailAddress())
    address = Sealed(SealedText())
    birth = Sealed(SealedText())
    notes = Sealed(SealedText(pad=256))


def person(number: int) -> dict[str, str]:
    return {
        "name": f"Wilhelmina Achternaam {number}",
        "phone": f"+316{10_000_000 + number}",
        "email": f"persoon{number}@voorbeeld.nl",
        "address": f"Dorpsstraat {number}, 1234 AB Ergens",
        "birth": "1971-03-04",
        "notes": f"Wil graag beter leren lezen; afspraak {number} op dinsdag",
    }


def fill(engine: Engine, ring: KeyRing) -> None:
    with Session(engine) as session:
        bind_key_ring(session, ring)
        ids = [new_id() for _ in range(PEOPLE)]
        ring.add_subjects(session, ids)
        rows = [Person.sealed_values(session, id=id_, **person(number)) for number, id_ in enumerate(ids)]
        session.execute(insert(Person), rows)
        session.commit()


class Meter:
    """The CPU time and the time of the clock that one step takes, and the items that it saw."""

    def __init__(self, step: str) -> None:
        self.step = step
        self.cpu = self.clock = 0.0
        self.items = 0
        self.restart()

    def restart(self) -> None:
        self.at = time.process_time(), time.perf_counter()

    def heard(self, progress: Progress, seen: int) -> None:
        if progress.step.startswith(self.step):
            self.cpu += time.process_time() - self.at[0]
            self.clock += time.perf_counter() - self.at[1]
            self.items += seen
        self.restart()


class Clock:
    """Time that passes when it is told to, so that nothing has to be waited for."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


def rotate(ring: KeyRing, kind: str, clock: Clock) -> Meter:
    """One whole rotation."""
    meter = Meter(TARGETS[kind][0])
    gc.collect()
    gc.disable()
    report = ring.rotate(kind, Bench.metadata, clock=clock, batch=BATCH, heard=meter.heard)
    while report.until is not None:
        clock.now = report.until
        meter.restart()
        report = ring.rotate(kind, Bench.metadata, clock=clock, batch=BATCH, heard=meter.heard)
    gc.enable()
    assert report.is_done
    return meter


def measure(folder: Path) -> Iterator[tuple[str, Meter]]:
    engine = connect(f"sqlite:///{folder / 'bench.db'}")
    Base.metadata.create_all(engine, tables=[wrapping_key, retired_wrapping_key, subject_key, CryptoJob.__table__])
    Bench.metadata.create_all(engine)
    ring = KeyRing(engine, FileKeys(folder / "keys"), ttl=3600, max_keys=2 * PEOPLE)
    ring.initialise()
    fill(engine, ring)
    clock = Clock()
    for kind in TARGETS:
        meters = [rotate(ring, kind, clock) for _ in range(ROUNDS)]
        yield kind, min(meters, key=lambda meter: meter.cpu / meter.items)
    engine.dispose()


def main() -> int:
    is_met = True
    print(f"{f'{PEOPLE} people, batches of {BATCH}, best of {ROUNDS} rounds':44} {'CPU':>9} {'clock':>9}  target")
    with tempfile.TemporaryDirectory() as folder:
        for kind, meter in measure(Path(folder)):
            _, unit, many, target = TARGETS[kind]
            by_cpu, by_clock = many * meter.items / meter.cpu, many * meter.items / meter.clock
            is_ok = by_cpu >= target
            is_met &= is_ok
            verdict = "ok" if is_ok else "MISSED"
            print(f"{kind + ': ' + unit + ' a second':44} {by_cpu:9,.0f} {by_clock:9,.0f}  >= {target:,} {verdict}")
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
