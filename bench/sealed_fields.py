"""What sealing costs, as ratios within one run: `python bench/sealed_fields.py`.

The same rows as an ordinary model, as a sealed one, and with sqlalchemy-utils' AesGcmEngine. Every round runs the
variants in turn; the medians of their CPU time are compared, with the garbage collector off as in `timeit`. SQLite in
a temporary folder, rows made up. Exits with 1 when a target is missed.
"""

import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from sizes import sized
from sqlalchemy import Engine, String, Text, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy_utils.types.encrypted.encrypted_type import (  # type: ignore[import-untyped]
    AesGcmEngine,
    StringEncryptedType,
)

from referral.core.database import Base, connect, new_id
from referral.core.encryption import (
    EmailAddress,
    FileKeys,
    KeyRing,
    PhoneNumber,
    Sealed,
    SealedModel,
    bind_key_ring,
    open_reading,
)
from referral.core.encryption import Text as SealedText

ROWS = sized(10_000, 20)
INSERTED = sized(1_000, 5)
SEARCHES = sized(400, 5)
ROUNDS = sized(9, 1)
FIELDS = ("name", "phone", "email", "address", "birth", "notes")
TARGETS = (
    (f"read {ROWS} people x {len(FIELDS)} fields, warm keys / plain", "read, sealed", "read, plain", "<=", 3.0),
    (f"read {ROWS} people x {len(FIELDS)} fields, cold keys / plain", "read, cold keys", "read, plain", "<=", 4.0),
    ("the same with sqlalchemy-utils' AesGcmEngine / warm keys", "read, library", "read, sealed", ">=", 3.0),
    (f"add {INSERTED} people with keys and two indexes / plain", "add, sealed", "add, plain", "<=", 2.3),
    (f"find {SEARCHES} people by phone / plain index", "find, sealed", "find, plain", "<=", 1.25),
)


class Plain(Base):
    __tablename__ = "bench_plain"

    name: Mapped[str | None] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(String(20), index=True)
    email: Mapped[str | None] = mapped_column(String(200), index=True)
    address: Mapped[str | None] = mapped_column(Text)
    birth: Mapped[str | None] = mapped_column(Text)
    notes: Mapped[str | None] = mapped_column(Text)


class Enclosed(SealedModel):
    __tablename__ = "bench_sealed"

    name = Sealed(SealedText(pad=32))
    phone = Sealed(SealedText(), index=PhoneNumber("NL"))
    email = Sealed(SealedText(), index=EmailAddress())
    address = Sealed(SealedText())
    birth = Sealed(SealedText())
    notes = Sealed(SealedText(pad=256))


def column_of_the_library() -> StringEncryptedType:
    return StringEncryptedType(Text, "a key of the bench", AesGcmEngine)


class Encrypted(Base):
    __tablename__ = "bench_encrypted"

    name: Mapped[str | None] = mapped_column(column_of_the_library())
    phone: Mapped[str | None] = mapped_column(column_of_the_library())
    email: Mapped[str | None] = mapped_column(column_of_the_library())
    address: Mapped[str | None] = mapped_column(column_of_the_library())
    birth: Mapped[str | None] = mapped_column(column_of_the_library())
    notes: Mapped[str | None] = mapped_column(column_of_the_library())


Model = type[Plain] | type[Enclosed] | type[Encrypted]


def person(number: int) -> dict[str, str]:
    return {
        "name": f"Wilhelmina Achternaam {number}",
        "phone": f"+316{10_000_000 + number}",
        "email": f"persoon{number}@voorbeeld.nl",
        "address": f"Dorpsstraat {number}, 1234 AB Ergens",
        "birth": "1971-03-04",
        "notes": f"Wil graag beter leren lezen; afspraak {number} op dinsdag",
    }


def open_session(engine: Engine, ring: KeyRing) -> Session:
    session = Session(engine, expire_on_commit=False)
    bind_key_ring(session, ring)
    return session


def fill(engine: Engine, ring: KeyRing) -> None:
    with open_session(engine, ring) as session:
        ids = [new_id() for _ in range(ROWS)]
        ring.add_subjects(session, ids)
        rows = [{"id": id_, **person(number)} for number, id_ in enumerate(ids)]
        session.execute(insert(Plain), rows)
        session.execute(insert(Encrypted), rows)
        session.execute(insert(Enclosed), [Enclosed.sealed_values(session, **row) for row in rows])
        session.commit()


def cpu_seconds(job: Callable[[], object]) -> float:
    gc.collect()
    gc.disable()
    start = time.process_time()
    job()
    seconds = time.process_time() - start
    gc.enable()
    return seconds


def read_all(engine: Engine, ring: KeyRing, model: Model) -> None:
    with open_session(engine, ring) as session, open_reading(session, "bench"):
        for row in session.scalars(select(model)):
            for field in FIELDS:
                getattr(row, field)


def add_rows(engine: Engine, ring: KeyRing, model: Model) -> None:
    with open_session(engine, ring) as session:
        session.add_all([model(**person(number)) for number in range(ROWS, ROWS + INSERTED)])
        session.flush()
        session.rollback()


def search(engine: Engine, ring: KeyRing, find: Callable[[Session, str], object]) -> None:
    with open_session(engine, ring) as session:
        for number in range(SEARCHES):
            find(session, f"06-{10_000_000 + number}")


def find_plain(session: Session, phone: str) -> object:
    return session.scalars(select(Plain.id).where(Plain.phone == "+31" + phone.replace("-", "")[1:])).one()


def find_sealed(session: Session, phone: str) -> object:
    return session.scalars(select(Enclosed.id).where(Enclosed.phone.matches(session, phone))).one()


def measure(ring: KeyRing, jobs: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(ROUNDS):
        ring.forget()
        for name, job in jobs.items():
            times[name].append(cpu_seconds(job))
    return {name: statistics.median(each) for name, each in times.items()}


def run(folder: Path) -> dict[str, float]:
    engine = connect(f"sqlite:///{folder / 'bench.db'}")
    Base.metadata.create_all(engine)
    ring = KeyRing(engine, FileKeys(folder / "keys"), ttl=3600, max_keys=2 * ROWS)
    ring.initialise()
    fill(engine, ring)
    took = measure(
        ring,
        {
            "read, plain": lambda: read_all(engine, ring, Plain),
            "read, cold keys": lambda: read_all(engine, ring, Enclosed),
            "read, sealed": lambda: read_all(engine, ring, Enclosed),
            "read, library": lambda: read_all(engine, ring, Encrypted),
            "add, plain": lambda: add_rows(engine, ring, Plain),
            "add, sealed": lambda: add_rows(engine, ring, Enclosed),
            "find, plain": lambda: search(engine, ring, find_plain),
            "find, sealed": lambda: search(engine, ring, find_sealed),
        },
    )
    engine.dispose()
    return took


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        took = run(Path(folder))
    is_met = True
    print(f"{'ratio of CPU time, medians of ' + str(ROUNDS) + ' rounds':58} {'is':>6}  target")
    for line, above, below, bound, limit in TARGETS:
        ratio = took[above] / took[below]
        is_ok = ratio <= limit if bound == "<=" else ratio >= limit
        is_met &= is_ok
        print(f"{line:58} {ratio:6.2f}  {bound} {limit:<5} {'ok' if is_ok else 'MISSED'}")
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
