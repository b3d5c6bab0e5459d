"""A new data key for every person, and every sealed value sealed anew under it."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, delete, func, or_, select

from referral.core.encryption.cells import SealedTable
from referral.core.encryption.envelope import HEADER_SIZE, DataKey, WrongKey, generation_of
from referral.core.encryption.keys import INDEX_SUBJECT, subject_key
from referral.core.encryption.rotation.jobs import Plan, Settle, Tally, Walk
from referral.core.encryption.rotation.swap import Swap
from referral.core.encryption.store import KeyStore
from referral.core.errors import Tampered

_keys = subject_key.c


def data_plan(store: KeyStore, tables: Sequence[SealedTable]) -> Plan:
    """A generation more for everybody; seal anew; wait for who still seals under the old; again; drop the old."""
    return Plan(
        "data",
        (
            Walk("grow", Growing(store)),
            *_round(store, tables, 1),
            Settle("settle"),
            *_round(store, tables, 2),
            Walk("drop", DropGenerations(tables)),
        ),
    )


def _round(store: KeyStore, tables: Sequence[SealedTable], number: int) -> Iterable[Walk]:
    for place, table in enumerate(tables):
        yield Walk(f"reseal:{number}:{table.table.name}", Resealing(store, table), begins_round=place == 0)


class Growing:
    """Gives the next people a new generation of their key. Who was erased stays erased."""

    def __init__(self, store: KeyStore) -> None:
        self.store = store

    def count(self, connection: Connection) -> int:
        """The people with a key."""
        return connection.scalar(select(func.count(_keys.subject_id.distinct())).where(_is_alive())) or 0

    def run(self, connection: Connection, after: UUID | None, limit: int) -> Tally:
        """The keys of the next people, held so that an erasure waits, and then finds the new generation too."""
        query = select(_keys.subject_id).where(_is_alive()).distinct().order_by(_keys.subject_id).limit(limit)
        people = connection.scalars(query if after is None else query.where(_keys.subject_id > after)).all()
        if not people:
            return Tally(last=None)
        between = _keys.subject_id.between(people[0], people[-1])
        held = select(_keys.subject_id, _keys.gen, _keys.blob).where(between, _keys.subject_id != INDEX_SUBJECT)
        newest: dict[UUID, int] = {}
        erased: set[UUID] = set()
        for subject_id, generation, blob in connection.execute(held.order_by(_keys.gen).with_for_update()):
            newest[subject_id] = generation
            erased |= {subject_id} if blob is None else set()
        alive = {each: newest[each] for each in newest.keys() - erased}
        self.store.create(connection, {each: generation + 1 for each, generation in alive.items()})
        return Tally(last=people[-1] if len(people) == limit else None, seen=len(people), changed=len(alive))


class Resealing:
    """Walks over one table and seals anew what stands under an older generation than the person's newest."""

    def __init__(self, store: KeyStore, table: SealedTable) -> None:
        self.store = store
        self.table = table
        self._columns = [each.column for each in table.columns]
        self._swap = Swap(table.table, self._columns)

    def count(self, connection: Connection) -> int:
        """The rows with a sealed value."""
        return connection.scalar(select(func.count()).select_from(self.table.table).where(self._is_sealed)) or 0

    @property
    def _is_sealed(self) -> ColumnElement[bool]:
        return or_(*(column.is_not(None) for column in self._columns))

    def run(self, connection: Connection, after: UUID | None, limit: int) -> Tally:
        """The next rows. A row that somebody changed meanwhile is left as it is; the next round sees it again."""
        id_ = self.table.table.c.id
        query = select(id_, self.table.subject, *self._columns).where(self._is_sealed).order_by(id_).limit(limit)
        rows = connection.execute(query if after is None else query.where(id_ > after)).all()
        if not rows:
            return Tally(last=None)
        keys = self.store.load_openable(connection, {row[1] for row in rows if row[1]})
        tally = Tally(last=rows[-1][0] if len(rows) == limit else None, seen=len(rows))
        swaps = [swap for row in rows if (swap := self._reseal(row, keys, tally))]
        tally.changed = self._swap.run(connection, swaps)
        tally.refused = len(swaps) - tally.changed
        return tally

    def _reseal(self, row: Row[Any], keys: dict[int, DataKey | None], tally: Tally) -> dict[str, object] | None:
        """The parameters of the swap; None when nothing is old, nothing opens, or the person was erased."""
        row_id, subject_id, *envelopes = tuple(row)
        if subject_id is None or subject_id.int not in keys:
            tally.errors += 1
            return None
        key = keys[subject_id.int]
        if key is None or not any(each is not None and each[:HEADER_SIZE] != key.header for each in envelopes):
            return None
        place = row_id.bytes + subject_id.bytes
        fresh: list[bytes | None] = []
        for column, envelope in zip(self.table.columns, envelopes, strict=True):
            try:
                fresh.append(_reseal(key, column.prefix + place, envelope))
            except Tampered:
                tally.errors += 1
                fresh.append(envelope)
        return None if fresh == envelopes else self._swap.parameters(row_id, envelopes, fresh)


class DropGenerations:
    """Deletes the older generations that no value of the person needs; the newest never.

    Looks itself, in the transaction that deletes: a generation with one value left stays, and is counted as kept.
    """

    def __init__(self, tables: Sequence[SealedTable]) -> None:
        self.tables = tables

    def count(self, connection: Connection) -> int:
        """The people with more than one generation."""
        return connection.scalar(select(func.count()).select_from(_with_more().subquery())) or 0

    def run(self, connection: Connection, after: UUID | None, limit: int) -> Tally:
        """The next people."""
        query = _with_more().order_by(_keys.subject_id).limit(limit)
        people = connection.scalars(query if after is None else query.where(_keys.subject_id > after)).all()
        if not people:
            return Tally(last=None)
        rows = select(_keys.subject_id, _keys.gen).where(_keys.subject_id.in_(people), _keys.blob.is_not(None))
        standing = {(subject_id, generation) for subject_id, generation in connection.execute(rows)}
        newest = {subject_id: generation for subject_id, generation in sorted(standing)}
        old = {(subject_id, generation) for subject_id, generation in standing if generation < newest[subject_id]}
        unused = old - used_generations(connection, self.tables, people)
        dropped = _drop(connection, unused)
        last = people[-1] if len(people) == limit else None
        return Tally(last=last, seen=len(people), changed=dropped, kept=len(old) - len(unused))


def used_generations(
    connection: Connection, tables: Sequence[SealedTable], people: Sequence[UUID]
) -> set[tuple[UUID, int]]:
    """Which generations of these people still hold a value somewhere."""
    used: set[tuple[UUID, int]] = set()
    for table in tables:
        heads = [func.substr(each.column, 3, 2) for each in table.columns]
        for row in connection.execute(select(table.subject, *heads).where(table.subject.in_(people))):
            used |= {(row[0], int.from_bytes(bytes(head), "big")) for head in row[1:] if head is not None}
    return used


def _reseal(key: DataKey, place: bytes, envelope: bytes | None) -> bytes | None:
    """The same value under this key; `Tampered` when it does not open."""
    if envelope is None or envelope[:HEADER_SIZE] == key.header:
        return envelope
    old = key.of_generation(generation_of(envelope))
    if old is None:
        raise WrongKey
    return key.seal(place, old.unseal(place, envelope))


def _is_alive() -> ColumnElement[bool]:
    return _keys.blob.is_not(None) & (_keys.subject_id != INDEX_SUBJECT)


def _with_more() -> Select[UUID]:
    """The people with more than one generation."""
    return select(_keys.subject_id).where(_is_alive()).group_by(_keys.subject_id).having(func.count() > 1)


def _drop(connection: Connection, generations: Iterable[tuple[UUID, int]]) -> int:
    this = (_keys.subject_id == bindparam("subject")) & (_keys.gen == bindparam("generation")) & _keys.blob.is_not(None)
    rows = [{"subject": subject_id, "generation": generation} for subject_id, generation in generations]
    return connection.execute(delete(subject_key).where(this), rows).rowcount if rows else 0
