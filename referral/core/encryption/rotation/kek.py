"""A new key-encryption key: every wrapped key is opened and wrapped anew, under a wrapping key of the new KEK."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, bindparam, delete, exists, func, insert, literal, select, update

from referral.core.database import UtcDateTime
from referral.core.encryption.keys import retired_wrapping_key, subject_key, wrapping_key
from referral.core.encryption.rotation.jobs import Plan, Settle, Tally, Walk
from referral.core.encryption.store import KeyStore

_keys = subject_key.c

# Compare and swap: a key that was erased meanwhile stays erased.
_SWAP = (
    update(subject_key)
    .where(
        _keys.subject_id == bindparam("subject"), _keys.gen == bindparam("generation"), _keys.blob == bindparam("old")
    )
    .values(wk_id=bindparam("target"), blob=bindparam("new"))
)


def kek_plan(store: KeyStore, target: int, at: datetime) -> Plan:
    """Wrap anew; wait for who still makes keys under the old wrapping key; wrap those too; drop the old ones."""
    rewrapping = Rewrapping(store, target)
    return Plan(
        "kek",
        (
            Walk("rewrap:1", rewrapping, begins_round=True),
            Settle("settle"),
            Walk("rewrap:2", rewrapping, begins_round=True),
            Walk("drop", DropWrappingKeys(target, at)),
        ),
    )


def begin_kek(connection: Connection, store: KeyStore) -> int:
    """A wrapping key under a new KEK; under the provider's newest one, when no wrapping key has used it yet.

    That one was made by a command that was stopped before it could write down its job, or by hand.
    """
    kek_id = store.provider.current()
    if connection.scalar(select(exists().where(wrapping_key.c.kek_id == kek_id))):
        kek_id = store.provider.create()
    return store.create_wrapping_key(connection, kek_id)


class Rewrapping:
    """Walks over the wrapped keys by person; tombstones move along, so that nothing keeps the old wrapping key."""

    def __init__(self, store: KeyStore, target: int) -> None:
        self.store = store
        self.target = target
        self._is_old = _keys.wk_id != target

    def count(self, connection: Connection) -> int:
        """The keys under another wrapping key."""
        return connection.scalar(select(func.count()).select_from(subject_key).where(self._is_old)) or 0

    def run(self, connection: Connection, after: UUID | None, limit: int) -> Tally:
        """The keys of the next people; `KeyMissing` when the new wrapping key itself does not open."""
        self.store.wrapping_key(connection, self.target)
        people = _next_people(connection, self._is_old, after, limit)
        if not people:
            return Tally(last=None)
        here = _keys.subject_id.between(people[0], people[-1]) & self._is_old
        columns = (_keys.subject_id, _keys.gen, _keys.wk_id, _keys.blob)
        alive = [tuple(row) for row in connection.execute(select(*columns).where(here, _keys.blob.is_not(None)))]
        blobs = self.store.rewrap_all(connection, alive, self.target)
        swaps = [self._swap(row, blob) for row, blob in zip(alive, blobs, strict=True) if blob is not None]
        swapped = connection.execute(_SWAP, swaps).rowcount if swaps else 0
        dead = connection.execute(update(subject_key).where(here, _keys.blob.is_(None)).values(wk_id=self.target))
        return Tally(
            last=people[-1] if len(people) == limit else None,
            seen=len(alive) + dead.rowcount,
            changed=swapped,
            refused=len(swaps) - swapped,
            errors=len(alive) - len(swaps),
        )

    def _swap(self, row: tuple[UUID, int, int, bytes], blob: bytes) -> dict[str, object]:
        return {"subject": row[0], "generation": row[1], "old": row[3], "target": self.target, "new": blob}


class DropWrappingKeys:
    """Retires the older wrapping keys under which nothing stands any more; the foreign key refuses any other.

    Which KEK they lay under is remembered: the backups of their time open with it until it is destroyed.
    """

    def __init__(self, target: int, at: datetime) -> None:
        self._at = at
        self._is_old = wrapping_key.c.id < target

    def count(self, connection: Connection) -> int:
        """The older wrapping keys."""
        return connection.scalar(select(func.count()).select_from(wrapping_key).where(self._is_old)) or 0

    def run(self, connection: Connection, after: UUID | None, limit: int) -> Tally:  # noqa: ARG002
        """All of them at once: there are few."""
        seen = self.count(connection)
        unused = self._is_old & ~exists().where(_keys.wk_id == wrapping_key.c.id)
        remembered = select(wrapping_key.c.id, wrapping_key.c.kek_id, literal(self._at, UtcDateTime)).where(unused)
        connection.execute(insert(retired_wrapping_key).from_select(["id", "kek_id", "retired_at"], remembered))
        dropped = connection.execute(delete(wrapping_key).where(unused)).rowcount
        return Tally(last=None, seen=seen, changed=dropped, kept=seen - dropped)


def _next_people(connection: Connection, condition: ColumnElement[bool], after: UUID | None, limit: int) -> list[UUID]:
    query = select(_keys.subject_id).where(condition).group_by(_keys.subject_id).order_by(_keys.subject_id).limit(limit)
    if after is not None:
        query = query.where(_keys.subject_id > after)
    return list(connection.scalars(query))
