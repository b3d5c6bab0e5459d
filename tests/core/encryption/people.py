"""An invented register for the tests of the sealed fields: people, and notes about them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, ForeignKey, MetaData, text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from referral.core.database import READ_ONLY, Base
from referral.core.encryption import (
    ClientNumber,
    Date,
    EmailAddress,
    Json,
    KeyRing,
    PhoneNumber,
    Sealed,
    SealedModel,
    Text,
    bind_key_ring,
)

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
WILHELMINA: dict[str, Any] = {
    "name": "Wilhelmina Zoetemelk",
    "phone": "06-1234 5678",
    "email": "W.Zoetemelk@Voorbeeld.NL",
    "other_phone": "+31698765432",
    "birth": date(1951, 3, 4),
    "extra": {"taal": "Drents", "kinderen": 3},
    "notes": "Wil graag brieven van de gemeente lezen",
}


class Register(SealedModel):
    """Tables of the tests only: in a metadata of their own, so that the migrations do not see them."""

    __abstract__ = True
    metadata = MetaData(naming_convention=Base.metadata.naming_convention)


class Person(Register):
    __tablename__ = "test_person"

    status: Mapped[str] = mapped_column(default="new")
    organisation_id: Mapped[UUID | None]
    name = Sealed(Text(pad=32))
    phone = Sealed(Text(), index=PhoneNumber("NL"))
    email = Sealed(Text(), index=EmailAddress())
    client_number = Sealed(Text(), index=ClientNumber(scope="organisation_id"))
    other_phone = Sealed(Text())
    birth = Sealed(Date())
    extra = Sealed(Json())
    notes = Sealed(Text(pad=256))


class Note(Register):
    __tablename__ = "test_note"
    __subject__ = "person_id"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("test_person.id"))
    person: Mapped[Person] = relationship(lazy="raise")
    body = Sealed(Text())


@contextmanager
def session_of(ring: KeyRing, *, read_only: bool = False) -> Iterator[Session]:
    """A session as `Service.work` opens it."""
    engine = ring.engine.execution_options(**{READ_ONLY: True}) if read_only else ring.engine
    with Session(engine, expire_on_commit=False) as session:
        bind_key_ring(session, ring)
        yield session


def register(ring: KeyRing, *values: dict[str, Any]) -> list[UUID]:
    """Store one person for each of these values."""
    with session_of(ring) as session:
        people = [Person(**each) for each in values]
        session.add_all(people)
        session.commit()
        return [person.id for person in people]


def find(session: Session, person_id: UUID) -> Person:
    return session.get_one(Person, person_id)


def cell(engine: Engine, model: type[Register], column: str, row_id: UUID) -> bytes:
    """What lies in the database."""
    stored = model.__table__.c[column]
    with engine.connect() as connection:
        return bytes(
            connection.execute(stored.table.select().with_only_columns(stored).where(model.id == row_id)).scalar_one()
        )


def overwrite(engine: Engine, model: type[Register], column: str, row_id: UUID, value: bytes) -> None:
    """What somebody does who can write to the database."""
    statement = text(f"UPDATE {model.__tablename__} SET {column} = :value WHERE id = :id")
    row = row_id.hex if engine.dialect.name == "sqlite" else row_id
    with engine.begin() as connection:
        assert connection.execute(statement, {"value": value, "id": row}).rowcount == 1
