"""A new root of the blind indexes: every tag made anew, while searches look for the old and the new one."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Connection, Row, delete, func, null, or_, select

from referral.core.encryption.cells import SealedColumn, SealedTable
from referral.core.encryption.envelope import DataKey, WrongKey, generation_of
from referral.core.encryption.index import VERSIONS, IndexKeys, index_input, index_label, tag_version
from referral.core.encryption.keys import ANNOUNCED, INDEX_SUBJECT, subject_key
from referral.core.encryption.rotation.jobs import Plan, Settle, Tally, Walk
from referral.core.encryption.rotation.swap import Swap
from referral.core.encryption.store import KeyStore
from referral.core.errors import Conflict, Tampered

_keys = subject_key.c


def index_plan(store: KeyStore, tables: Sequence[SealedTable], digests: Sequence[Column[bytes]], target: int) -> Plan:
    """Announce; wait until all know it; tag anew; wait for who still writes the old; again; drop the old roots."""
    indexed = [table for table in tables if table.indexed]
    return Plan(
        "index",
        (
            Settle(ANNOUNCED),
            *_round(store, indexed, target, 1),
            Settle("settle"),
            *_round(store, indexed, target, 2),
            Walk("drop", DropRoots(indexed, digests, target)),
        ),
    )


def begin_index(connection: Connection, store: KeyStore) -> int:
    """A new generation of the root; `Conflict` while one is in use with the same first byte in its tags."""
    of_root = select(_keys.gen).where(_keys.subject_id == INDEX_SUBJECT)
    newest = connection.scalar(select(func.max(of_root.subquery().c.gen))) or 0
    if connection.scalar(of_root.where(_keys.gen == newest + 1 - VERSIONS)) is not None:
        raise Conflict("Er is geen volgende versie van de index: de oudste is nog in gebruik.")
    store.create(connection, {INDEX_SUBJECT: newest + 1})
    return newest + 1


def _round(store: KeyStore, tables: Sequence[SealedTable], target: int, number: int) -> Iterable[Walk]:
    for place, table in enumerate(tables):
        yield Walk(f"retag:{number}:{table.table.name}", Retagging(store, table, target), begins_round=place == 0)


class Retagging:
    """Walks over one table and makes anew what is tagged under another version."""

    def __init__(self, store: KeyStore, table: SealedTable, target: int) -> None:
        self.store = store
        self.table = table
        self.target = tag_version(target)
        self._tags = [each.tag for each in table.indexed if each.tag is not None]
        self._scopes = [scope_column(table, each) for each in table.indexed]
        self._swap = Swap(table.table, self._tags)
        self._is_old = or_(*(version_of(tag) != bytes((self.target,)) for tag in self._tags))

    def count(self, connection: Connection) -> int:
        """The rows with an old tag."""
        return connection.scalar(select(func.count()).select_from(self.table.table).where(self._is_old)) or 0

    def run(self, connection: Connection, after: UUID | None, limit: int) -> Tally:
        """The next rows. A row that somebody changed meanwhile is left as it is; the next round sees it again."""
        id_, envelopes = self.table.table.c.id, [each.column for each in self.table.indexed]
        columns = (id_, self.table.subject, *envelopes, *self._tags, *self._scopes)
        query = select(*columns).where(self._is_old).order_by(id_).limit(limit)
        rows = connection.execute(query if after is None else query.where(id_ > after)).all()
        if not rows:
            return Tally(last=None)
        index_keys = self.store.load_index_keys(connection)
        keys = self.store.load_openable(connection, {row[1] for row in rows})
        tally = Tally(last=rows[-1][0] if len(rows) == limit else None, seen=len(rows))
        swaps = [swap for row in rows if (swap := self._retag(row, keys, index_keys, tally))]
        tally.changed, doubles = self._swap.run_each(connection, swaps) if swaps else (0, 0)
        tally.refused, tally.errors = len(swaps) - tally.changed - doubles, tally.errors + doubles
        return tally

    def _retag(
        self, row: Row[Any], keys: dict[int, DataKey | None], index_keys: IndexKeys, tally: Tally
    ) -> dict[str, object] | None:
        """The parameters of the swap; None when no tag could be made, or the person was erased."""
        row_id, subject_id, *rest = tuple(row)
        count = len(self._tags)
        envelopes, tags, scopes = rest[:count], rest[count : 2 * count], rest[2 * count :]
        if subject_id.int not in keys:
            tally.errors += 1
            return None
        if (key := keys[subject_id.int]) is None:
            return None
        fresh = list(tags)
        for place, field in enumerate(self.table.indexed):
            if tags[place] is not None and tags[place][0] != self.target:
                try:
                    data = open_value(key, field.prefix + row_id.bytes + subject_id.bytes, envelopes[place])
                    fresh[place] = make_tag(index_keys, self.target, field, data, scopes[place])
                except (Tampered, ValueError, TypeError):
                    tally.errors += 1
        return None if fresh == tags else self._swap.parameters(row_id, tags, fresh)


class DropRoots:
    """Deletes the older roots under which no tag and no keyed digest stands any more; the newest never."""

    def __init__(self, tables: Sequence[SealedTable], digests: Sequence[Column[bytes]], target: int) -> None:
        self._columns = [each.tag for table in tables for each in table.indexed if each.tag is not None] + list(digests)
        self._is_old = (_keys.subject_id == INDEX_SUBJECT) & (_keys.gen < target)

    def count(self, connection: Connection) -> int:
        """The older roots."""
        return connection.scalar(select(func.count()).select_from(subject_key).where(self._is_old)) or 0

    def run(self, connection: Connection, after: UUID | None, limit: int) -> Tally:  # noqa: ARG002
        """All of them at once: there are few."""
        old = set(connection.scalars(select(_keys.gen).where(self._is_old)))
        used = {version for column in self._columns for version in count_versions(connection, column)}
        unused = {generation for generation in old if tag_version(generation) not in used}
        if unused:
            connection.execute(delete(subject_key).where(self._is_old, _keys.gen.in_(unused)))
        return Tally(last=None, seen=len(old), changed=len(unused), kept=len(old - unused))


def version_of(tag: Column[bytes]) -> ColumnElement[bytes]:
    """SQL: the first byte, which is the version."""
    return func.substr(tag, 1, 1, type_=tag.type)


def count_versions(connection: Connection, column: Column[bytes]) -> dict[int, int]:
    """How many tags or digests of this column stand under which version."""
    version = version_of(column)
    rows = connection.execute(select(version, func.count()).where(column.is_not(None)).group_by(version))
    return {bytes(row[0])[0]: row[1] for row in rows}


def scope_column(table: SealedTable, field: SealedColumn) -> ColumnElement[Any]:
    """The column with the id within which equal values of this field are recognised, or NULL."""
    scope = field.cell.index.scope if field.cell.index else None
    return table.table.c[scope] if scope else null().label(f"scope_{field.column.name}")


def open_value(key: DataKey, place: bytes, envelope: bytes | None) -> bytes:
    """The bytes of a value; `Tampered` when there are none to open."""
    of_generation = key.of_generation(generation_of(envelope or b""))
    if envelope is None or of_generation is None:
        raise WrongKey
    return of_generation.unseal(place, envelope)


def make_tag(keys: IndexKeys, version: int, field: SealedColumn, data: bytes, scope_id: UUID | None) -> bytes:
    """The tag of opened bytes; ValueError when they have no normal form."""
    index = field.cell.index
    if index is None:
        raise TypeError(f"{field.name} has no blind index")
    normalised = index.normalise(field.cell.load(data))
    return keys.tag_of(version, index_label(field.cell.label, index), index_input(index, normalised, scope_id))
