"""Compare and swap of some columns of one row: written only where each still holds what was read."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Column, Connection, Table, bindparam, update
from sqlalchemy.exc import IntegrityError

Values = Sequence[bytes | None]


class Swap:
    """The statement for these columns, and its parameters. Whoever edits the row in between wins."""

    def __init__(self, table: Table, columns: Sequence[Column[bytes]]) -> None:
        self._old = [f"old_{column.name}" for column in columns]
        self._new = [f"new_{column.name}" for column in columns]
        olds = [bindparam(name, type_=column.type) for name, column in zip(self._old, columns, strict=True)]
        news = [bindparam(name, type_=column.type) for name, column in zip(self._new, columns, strict=True)]
        same = [column.is_not_distinct_from(old) for column, old in zip(columns, olds, strict=True)]
        self._statement = (
            update(table)
            .where(table.c.id == bindparam("row_id"), *same)
            .values({column.name: new for column, new in zip(columns, news, strict=True)})
        )

    def parameters(self, row_id: UUID, old: Values, new: Values) -> dict[str, object]:
        """The parameters for one row."""
        before, after = zip(self._old, old, strict=True), zip(self._new, new, strict=True)
        return {"row_id": row_id, **dict(before), **dict(after)}

    def run(self, connection: Connection, rows: Sequence[dict[str, object]]) -> int:
        """Write these rows; returns how many were still as they were read."""
        return connection.execute(self._statement, rows).rowcount if rows else 0

    def run_each(self, connection: Connection, rows: Sequence[dict[str, object]]) -> tuple[int, int]:
        """Write them together, or one by one when a unique index refuses one; returns written and refused."""
        try:
            with connection.begin_nested():
                return self.run(connection, rows), 0
        except IntegrityError:
            if len(rows) == 1:
                return 0, 1
        middle = len(rows) // 2
        first, second = self.run_each(connection, rows[:middle]), self.run_each(connection, rows[middle:])
        return first[0] + second[0], first[1] + second[1]
