"""Sealed attributes of a model: `phone = Sealed(Text(), index=PhoneNumber())` adds `phone_ct` and `phone_bix`.

What is assigned waits in the column's own place as plaintext that no statement can carry, and is sealed by the flush
(`flush.py`). What is stored stays sealed until the attribute is read inside `open_reading`; no plaintext is kept.
"""

from functools import partial
from typing import Any, ClassVar, Final, Generic, TypeVar, overload
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Column, LargeBinary, Table, event, update
from sqlalchemy.orm import Session, mapped_column
from sqlalchemy.orm.attributes import instance_state

from referral.core.database import Base
from referral.core.encryption.cache import held_keys
from referral.core.encryption.cells import CELL, Cell
from referral.core.encryption.codecs import Codec
from referral.core.encryption.envelope import BODY_START, HEADER_SIZE, DataKey, label_prefix
from referral.core.encryption.guard import sealed_check
from referral.core.encryption.index import TAG_SIZE, BlindIndex, IndexKeys, index_input, index_label
from referral.core.encryption.reading import Permit, find_permit
from referral.core.encryption.ring import ring_of
from referral.core.encryption.search import SealedExpression
from referral.core.errors import Tampered

T = TypeVar("T")
Opener = tuple[Permit, AESGCM, bytes, bytes, set[str]]

_OPENER: Final = "_sealed_opener"


class Pending(bytes):
    """A value that was assigned and waits for the flush. As bytes it is empty, so no column would take it."""

    data: bytes
    normalised: str | None = None


class Sealed(Generic[T]):
    """One sealed attribute. `label` is what the value is bound to: give it by hand before renaming a column."""

    def __init__(self, codec: Codec[T], *, index: BlindIndex | None = None, label: str | None = None) -> None:
        self.codec = codec
        self.index = index
        self.label = label or ""

    def __set_name__(self, owner: Any, name: str) -> None:
        self.name = name
        self.column, self.tag_column = f"{name}_ct", f"{name}_bix"
        self.label = self.label or f"{owner.__tablename__}.{name}"
        self.prefix = label_prefix(self.label)
        self.dump, self.load = self.codec.dump, self.codec.load
        subject = getattr(owner, "__subject__", "id")
        cell = Cell(self.label, subject, self.load, self.index, self.tag_column if self.index else "")
        sealed = mapped_column(self.column, LargeBinary, nullable=True, info={CELL: cell})
        event.listen(sealed.column, "after_parent_attach", _add_check)
        setattr(owner, self.column, sealed)
        if self.index:
            self.index_label = index_label(self.label, self.index)
            tag = mapped_column(self.tag_column, LargeBinary(TAG_SIZE), index=True, nullable=True)
            setattr(owner, self.tag_column, tag)
        self.expression = SealedExpression(owner, self.label, self.index, self.tag_column)

    @overload
    def __get__(self, row: None, owner: Any) -> SealedExpression: ...
    @overload
    def __get__(self, row: "SealedModel", owner: Any) -> T | None: ...
    def __get__(self, row: "SealedModel | None", owner: Any = None) -> SealedExpression | T | None:
        """The value, opened for the reading at hand; `PurposeMissing`, `Erased`, `KeyMissing` or `Tampered`."""
        if row is None:
            return self.expression
        state = row.__dict__
        try:
            envelope: bytes | None = state[self.column]
        except KeyError:
            envelope = getattr(row, self.column)
        if envelope is None:
            return None
        opener: Opener | None = state.get(_OPENER)
        if opener is not None:
            permit, aead, header, tail, opened = opener
            if permit.is_valid and envelope[:HEADER_SIZE] == header:
                try:
                    data = aead.decrypt(envelope[HEADER_SIZE:BODY_START], envelope[BODY_START:], self.prefix + tail)
                except (InvalidTag, ValueError):
                    raise Tampered from None
                opened.add(self.name)
                return self.load(data)
        return self._open_first(row, envelope)

    def __set__(self, row: "SealedModel", value: T | None) -> None:
        """Keep the value until the flush; TypeError or ValueError at once when it has no bytes or no normal form."""
        if value is None:
            setattr(row, self.column, None)
            if self.index:
                setattr(row, self.tag_column, None)
            return
        pending = Pending()
        pending.data = self.dump(value)
        if self.index and isinstance(value, str):
            pending.normalised = self.index.normalise(value)
        if instance_state(row).key is None:  # An insert takes what it finds; only an update needs the history.
            row.__dict__[self.column] = pending
        else:
            setattr(row, self.column, pending)

    def is_waiting(self, row: "SealedModel") -> bool:
        """Whether a value was assigned that is not sealed yet."""
        return type(row.__dict__.get(self.column)) is Pending

    def store(self, row: "SealedModel", envelope: bytes, keys: IndexKeys) -> None:
        """Put the envelope, and the tag that goes with it, where a value waits."""
        state = row.__dict__
        pending: Pending = state[self.column]
        state[self.column] = envelope
        if self.index and pending.normalised is not None:
            scope_id = getattr(row, self.index.scope) if self.index.scope else None
            state[self.tag_column] = keys.tag(self.index_label, index_input(self.index, pending.normalised, scope_id))

    def unseal_again(self, row: "SealedModel", place: bytes, key: DataKey) -> None:
        """Make a value that was sealed in vain wait once more; its tag stays."""
        envelope = row.__dict__.get(self.column)
        if envelope is not None and not self.is_waiting(row):
            pending = row.__dict__[self.column] = Pending()
            pending.data = key.unseal(self.prefix + place, envelope)

    def is_reassigned(self, row: "SealedModel") -> bool:
        """Whether nothing that is stored would keep its old place: the value is new, or there is none."""
        return isinstance(row.__dict__.get(self.column, b""), Pending | None)

    def _open_first(self, row: "SealedModel", envelope: bytes) -> T:
        """The slow road: the first value of a row in this reading. Leaves an opener for the others."""
        if isinstance(envelope, Pending):
            return self.load(envelope.data)
        session, permit = find_permit(row)
        subject_id = subject_of(row)
        key = held_keys(session).get(subject_id)
        if key is None or key.header != envelope[:HEADER_SIZE]:
            key = ring_of(session).key_for(session, subject_id, envelope, partial(_subjects_in, session))
        ids = row.id.bytes + subject_id.bytes
        value = self.load(key.unseal(self.prefix + ids, envelope))
        opened = permit.reading.opened.setdefault(subject_id, set())
        opened.add(self.name)
        row.__dict__[_OPENER] = permit, key.aead, key.header, ids + key.header, opened
        return value


class SealedModel(Base):
    """A row with sealed attributes. `__subject__` names the attribute with the id of the person the row is about."""

    __abstract__ = True
    __subject__: ClassVar[str] = "id"
    __sealed__: ClassVar[tuple[Sealed[Any], ...]] = ()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.__sealed__ = tuple(each for kind in cls.__mro__ for each in vars(kind).values() if isinstance(each, Sealed))

    @classmethod
    def clear_indexes(cls, session: Session, subject_id: UUID) -> None:
        """Empty every index tag of one person (part of `KeyRing.erase_subject`)."""
        empty = {field.tag_column: None for field in cls.__sealed__ if field.index}
        if empty:
            session.execute(update(cls).where(getattr(cls, cls.__subject__) == subject_id).values(empty))

    @classmethod
    def sealed_values(cls, session: Session, **values: Any) -> dict[str, Any]:
        """One row for a bulk insert, sealed as a flush would; the person's key must exist (`KeyRing.add_subjects`)."""
        row = cls(**values)
        seal_row(row, session)
        names = [name for field in cls.__sealed__ for name in (field.name, field.column, field.tag_column)]
        plain = {name: value for name, value in values.items() if name not in names}
        sealed = {
            column.name: row.__dict__.get(column.name) for column in cls.__table__.columns if column.name in names
        }
        return {"id": row.id, **plain, **sealed}


def subject_of(row: SealedModel) -> UUID:
    """The id of the person a row is about; ValueError while it has none."""
    subject_id: UUID | None = getattr(row, row.__subject__)
    if subject_id is None:
        raise ValueError(f"{type(row).__name__}: nothing can be sealed before {row.__subject__} is known")
    return subject_id


def seal_row(row: SealedModel, session: Session) -> tuple[DataKey, bytes] | None:
    """Seal everything that waits in this row; returns the key and the place (row, person), None if nothing waited."""
    state = row.__dict__
    waiting = [field for field in row.__sealed__ if type(state.get(field.column)) is Pending]
    if not waiting:
        return None
    subject_id = subject_of(row)
    ring = ring_of(session)
    key, index_keys = ring.newest_key(session, subject_id), ring.index_keys(session)
    place = row.id.bytes + subject_id.bytes
    envelopes = key.seal_all([(field.prefix + place, state[field.column].data) for field in waiting])
    for field, envelope in zip(waiting, envelopes, strict=True):
        field.store(row, envelope, index_keys)
    return key, place


def _subjects_in(session: Session) -> list[UUID]:
    rows = (row for row in session.identity_map.values() if isinstance(row, SealedModel))
    return [subject_id for row in rows if (subject_id := row.__dict__.get(row.__subject__))]


def _add_check(column: Column[bytes], table: Table) -> None:
    table.append_constraint(sealed_check(column.name))
