"""What is wrong with keys, sealed values and index tags: everything is opened, nothing is shown or changed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, MetaData, RowMapping, or_, select

from referral.core.encryption.cells import SealedColumn, SealedTable, find_digests, find_sealed
from referral.core.encryption.envelope import DataKey
from referral.core.encryption.index import IndexKeys, tag_version
from referral.core.encryption.keys import INDEX_SUBJECT, CryptoJob, subject_key, wrapping_key
from referral.core.encryption.rotation.data import used_generations
from referral.core.encryption.rotation.index import count_versions, make_tag, open_value
from referral.core.encryption.store import KeyStore
from referral.core.errors import KeyMissing, Tampered

BATCH: Final = 500
MOST_EXAMPLES: Final = 3
_keys = subject_key.c

FAULTS: Final = {
    "provider": "De sleutelbewaarder is niet bereikbaar",
    "wrapping-key": "Een verpaksleutel gaat niet open",
    "wrapping-key-unused": "Een oude verpaksleutel wordt niet meer gebruikt",
    "subject-key": "Een sleutel van een persoon gaat niet open",
    "half-erased": "Een gewiste persoon heeft nog een sleutel",
    "no-key": "Er staan gegevens zonder sleutel",
    "generation-unused": "Een oude sleutel van een persoon wordt niet meer gebruikt",
    "cell": "Een gegeven gaat niet open",
    "tag-missing": "Een gegeven is niet te vinden: het zoekkenmerk ontbreekt",
    "tag-wrong": "Een zoekkenmerk hoort niet bij het gegeven",
    "tag-stray": "Een zoekkenmerk staat er zonder leesbaar gegeven",
    "root-unused": "Een oude versie van de index wordt niet meer gebruikt",
    "job": "Een rotatie is niet goed gegaan",
}


@dataclass
class Finding:
    """One kind of fault in one place, how often, and a few ids to begin with. Never a value."""

    fault: str
    place: str
    count: int = 0
    examples: list[str] = field(default_factory=list)


OWNER = "owner_of_row"


class Doctor:
    """Examines one database with its keys; `findings` holds what is wrong."""

    def __init__(self, connection: Connection, store: KeyStore, metadata: MetaData) -> None:
        self._connection = connection
        self._store = store
        self._tables = find_sealed(metadata)
        self._digests = find_digests(metadata)
        self._index_keys: IndexKeys | None = None
        self._found: dict[tuple[str, str], Finding] = {}
        running = select(CryptoJob.kind, CryptoJob.errors).where(CryptoJob.ended_at.is_(None))
        self._jobs = {row.kind: row.errors for row in connection.execute(running)}

    @property
    def findings(self) -> list[Finding]:
        """What was found, in the order of the list of faults."""
        return sorted(self._found.values(), key=lambda each: (list(FAULTS).index(each.fault), each.place))

    def examine(self) -> list[Finding]:
        """Everything. Without the provider nothing opens, so then that is all there is to say."""
        for kind, errors in self._jobs.items():
            if errors:
                self._note("job", kind, f"{errors} fouten")
        if self._reach_provider():
            self._examine_wrapping_keys()
            self._examine_subjects()
            for table in self._tables:
                self._examine_table(table)
            self._examine_roots()
        return self.findings

    def _note(self, fault: str, place: str, example: object) -> None:
        finding = self._found.setdefault((fault, place), Finding(fault, place))
        finding.count += 1
        if len(finding.examples) < MOST_EXAMPLES:
            finding.examples.append(str(example))

    def _reach_provider(self) -> bool:
        try:
            self._store.provider.current()
        except KeyMissing:
            self._note("provider", type(self._store.provider).__name__, "-")
            return False
        return True

    def _examine_wrapping_keys(self) -> None:
        self._store.forget()
        query = select(wrapping_key.c.id, wrapping_key.c.kek_id).order_by(wrapping_key.c.id)
        rows = self._connection.execute(query).all()
        used = set(self._connection.scalars(select(_keys.wk_id).distinct()))
        for row in rows:
            try:
                self._store.wrapping_key(self._connection, row.id)
            except (KeyMissing, Tampered):
                self._note("wrapping-key", row.kek_id, row.id)
            if row.id not in used and row.id < rows[-1].id and "kek" not in self._jobs:
                self._note("wrapping-key-unused", row.kek_id, row.id)

    def _examine_subjects(self) -> None:
        ids = select(_keys.subject_id).distinct().order_by(_keys.subject_id).limit(BATCH)
        people = self._connection.scalars(ids).all()
        while people:
            used = used_generations(self._connection, self._tables, people)
            known = self._store.load_openable(self._connection, people)
            for subject_id, (live, dead) in self._generations(people).items():
                if subject_id.int not in known:
                    self._note("subject-key", "subject_key", subject_id)
                if live and dead:
                    self._note("half-erased", "subject_key", subject_id)
                self._examine_generations(subject_id, live, used)
            people = self._connection.scalars(ids.where(_keys.subject_id > people[-1])).all()

    def _generations(self, people: Sequence[UUID]) -> dict[UUID, tuple[list[int], list[int]]]:
        """The live and the destroyed generations of these people."""
        rows = select(_keys.subject_id, _keys.gen, _keys.blob).where(_keys.subject_id.in_(people)).order_by(_keys.gen)
        sorted_out: dict[UUID, tuple[list[int], list[int]]] = {}
        for row in self._connection.execute(rows):
            sorted_out.setdefault(row.subject_id, ([], []))[row.blob is None].append(row.gen)
        return sorted_out

    def _examine_generations(self, subject_id: UUID, live: list[int], used: set[tuple[UUID, int]]) -> None:
        if subject_id == INDEX_SUBJECT or "data" in self._jobs:
            return
        for generation in live[:-1]:
            if (subject_id, generation) not in used:
                self._note("generation-unused", "subject_key", f"{subject_id}/{generation}")

    def _examine_roots(self) -> None:
        roots = select(_keys.gen).where(_keys.subject_id == INDEX_SUBJECT).order_by(_keys.gen)
        columns = [each.tag for table in self._tables for each in table.indexed if each.tag is not None]
        counted = [count_versions(self._connection, column) for column in (*columns, *self._digests)]
        used = {version for versions in counted for version in versions}
        older = [] if "index" in self._jobs else self._connection.scalars(roots).all()[:-1]
        for generation in older:
            if tag_version(generation) not in used:
                self._note("root-unused", "subject_key", generation)

    def _examine_table(self, table: SealedTable) -> None:
        id_ = table.table.c.id
        query = select(table.table, table.subject.label(OWNER)).where(_holds_any(table)).order_by(id_).limit(BATCH)
        rows = self._connection.execute(query).mappings().all()
        while rows:
            people = {row[OWNER] for row in rows if row[OWNER]}
            keys = self._store.load_openable(self._connection, people)
            for row in rows:
                self._examine_row(table, row, keys)
            rows = self._connection.execute(query.where(id_ > rows[-1][id_])).mappings().all()

    def _examine_row(self, table: SealedTable, row: RowMapping, keys: dict[int, DataKey | None]) -> None:
        row_id, subject_id = row[table.table.c.id], row[OWNER]
        if subject_id is None or subject_id.int not in keys:
            self._note("no-key", table.table.name, row_id)
            return
        key = keys[subject_id.int]
        for column in table.columns:
            data = None
            if key is not None and row[column.column] is not None:
                try:
                    data = open_value(key, column.prefix + row_id.bytes + subject_id.bytes, row[column.column])
                except Tampered:
                    self._note("cell", column.name, row_id)
                    continue
            if column.tag is not None:
                index = column.cell.index
                scope_id = row[table.table.c[index.scope]] if index and index.scope else None
                self._examine_tag(column, row_id, data, row[column.tag], scope_id)

    def _examine_tag(
        self, column: SealedColumn, row_id: UUID, data: bytes | None, tag: bytes | None, scope_id: UUID | None
    ) -> None:
        if data is None and tag is not None:
            self._note("tag-stray", column.name, row_id)
        elif data is not None and tag is None:
            self._note("tag-missing", column.name, row_id)
        elif data is not None and tag is not None and not self._fits(column, data, tag, scope_id):
            self._note("tag-wrong", column.name, row_id)

    def _fits(self, column: SealedColumn, data: bytes, tag: bytes, scope_id: UUID | None) -> bool:
        self._index_keys = self._index_keys or self._store.load_index_keys(self._connection)
        try:
            return make_tag(self._index_keys, tag[0], column, data, scope_id) == tag
        except (KeyError, ValueError, TypeError):
            return False


def _holds_any(table: SealedTable) -> ColumnElement[bool]:
    """SQL: the row has a sealed value or a tag."""
    tags = [each.tag for each in table.indexed if each.tag is not None]
    return or_(*(column.is_not(None) for column in (*(each.column for each in table.columns), *tags)))
