"""What a sealed attribute is on the class: searchable by equality through its blind index, and nothing else."""

from typing import Any, NoReturn
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.orm.util import AliasedInsp

from referral.core.encryption.index import BlindIndex, index_input, index_label
from referral.core.encryption.ring import ring_of


class SealedExpression:
    """`Participant.phone`. Comparing or ordering by it would compare ciphertext, so that raises TypeError at once."""

    def __init__(self, owner: Any, label: str, index: BlindIndex | None, tag_column: str) -> None:
        self.owner = owner
        self.label = label
        self.index = index
        self.tag_column = tag_column

    def matches(self, session: Session, value: str, scope: UUID | None = None) -> ColumnElement[bool]:
        """SQL for "holds this value", in whatever notation; `scope` is the id that a scoped index belongs to.

        ValueError when the value has no normal form; TypeError without an index, or with the wrong kind of scope.
        """
        index = self.index
        if index is None:
            raise TypeError(f"{self.label} has no blind index")
        keys = ring_of(session).index_keys(session)
        tags = keys.candidates(index_label(self.label, index), index_input(index, index.normalise(value), scope))
        column: InstrumentedAttribute[bytes | None] = getattr(self.owner, self.tag_column)
        return column == tags[0] if len(tags) == 1 else column.in_(tags)

    def adapt_to_entity(self, alias: AliasedInsp[Any]) -> "SealedExpression":
        """The same attribute of an alias."""
        return SealedExpression(alias.entity, self.label, self.index, self.tag_column)

    def _refuse(self, *_operands: object) -> NoReturn:
        raise TypeError(f"{self.label} is sealed: search it with matches(session, value)")

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    like = ilike = contains = startswith = endswith = between = in_ = is_ = is_not = asc = desc = _refuse
    __clause_element__ = _refuse
    __hash__ = None  # type: ignore[assignment]
