"""Keyset pagination: newest first by the id that carries its own time (UUIDv7), or by a column of the list's own."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from referral.core.errors import Invalid

Row = TypeVar("Row")
Shown = TypeVar("Shown")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows and the cursor of the rest, or None at the end."""

    items: Sequence[Row]
    next: str | None

    def showing(self, show: Callable[[Row], Shown]) -> "Page[Shown]":
        """The same page with every row turned into what the caller may see of it."""
        return Page([show(item) for item in self.items], self.next)


def read_page(
    session: Session,
    query: Select[Row],
    key: InstrumentedAttribute[UUID],
    *,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Row]:
    """At most `limit` rows after the cursor, newest first. Raises `Invalid` for a cursor that is not ours."""
    if cursor is not None:
        query = query.where(key < _read_cursor(cursor))
    rows = session.scalars(query.order_by(key.desc()).limit(limit + 1)).all()
    items: Any = rows[:limit]
    return Page(items, _write_cursor(items[-1].id) if len(rows) > limit else None)


def read_page_by(
    session: Session,
    query: Select[Row],
    order: InstrumentedAttribute[Any],
    key: InstrumentedAttribute[UUID],
    *,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Row]:
    """At most `limit` rows after the cursor, the lowest of this column first. Raises `Invalid` for a strange cursor."""
    if cursor is not None:
        last = _read_cursor(cursor)
        place = select(order).where(key == last).scalar_subquery()
        query = query.where(or_(order > place, and_(order == place, key > last)))
    rows = session.scalars(query.order_by(order, key).limit(limit + 1)).all()
    items: Any = rows[:limit]
    return Page(items, _write_cursor(items[-1].id) if len(rows) > limit else None)


def _write_cursor(key: UUID) -> str:
    return base64.urlsafe_b64encode(key.bytes).rstrip(b"=").decode()


def _read_cursor(cursor: str) -> UUID:
    try:
        return UUID(bytes=base64.urlsafe_b64decode(cursor.encode("ascii") + b"=="))
    except (ValueError, binascii.Error):
        raise Invalid.one("/cursor", "cursor", "Deze cursor is niet van ons.") from None
