"""What happens to sealed rows in a flush: keys for new people first, all at once; then row by row the sealing."""

from typing import Any, Final

from sqlalchemy import Connection, event, inspect
from sqlalchemy.orm import Mapper, Session, UOWTransaction, object_session

from referral.core.database import new_id
from referral.core.encryption.fields import SealedModel, seal_row
from referral.core.encryption.ring import ring_of

_SEALED_WITH: Final = "_sealed_with"
_NEWBORN: Final = "_sealed_newborn"


@event.listens_for(SealedModel, "init", propagate=True)
def give_id(row: SealedModel, _args: tuple[Any, ...], values: dict[str, Any]) -> None:
    """A sealed row has its id from birth, because its values are bound to it."""
    if values.get("id") is None:
        values["id"] = new_id()
        row.__dict__[_NEWBORN] = True


@event.listens_for(Session, "before_flush")
def prepare_keys(session: Session, _context: UOWTransaction, _instances: object) -> None:
    """Make the keys of new people with one statement, and load those of everybody else with as few as possible."""
    new = [row for row in session.new if isinstance(row, SealedModel)]
    changed = [row for row in session.dirty if isinstance(row, SealedModel)]
    if not new and not changed:
        return
    ring = ring_of(session)
    people = [row for row in new if row.__subject__ == "id"]
    newborn = [row for row in people if row.__dict__.pop(_NEWBORN, False)]
    ring.add_subjects(session, [row.id for row in newborn], are_new=True)
    if len(newborn) < len(people):
        ring.add_subjects(session, [row.id for row in people])
    children = [row for row in new if row.__subject__ != "id"]
    ring.prefetch(session, [found for row in children + changed if (found := row.__dict__.get(row.__subject__))])


@event.listens_for(SealedModel, "before_insert", propagate=True)
def seal_new_row(_mapper: Mapper[Any], _connection: Connection, row: SealedModel) -> None:
    """Seal what waits; the person of a child row is known by now, also when set through a relationship.

    A row that was rolled back and added again is sealed again as well: its old key may never have existed.
    """
    session = object_session(row)
    if session is None:
        return
    if sealed_before := row.__dict__.get(_SEALED_WITH):
        key, place = sealed_before
        for field in row.__sealed__:
            field.unseal_again(row, place, key)
    row.__dict__[_SEALED_WITH] = seal_row(row, session)


@event.listens_for(SealedModel, "before_update", propagate=True)
def seal_changed_row(_mapper: Mapper[Any], _connection: Connection, row: SealedModel) -> None:
    """Seal what waits; ValueError when a stored value would be left behind under another person, row or scope."""
    changed = {name for name in inspect(row).committed_state if inspect(row).attrs[name].history.has_changes()}
    for field in row.__sealed__:
        bound = {"id", row.__subject__, field.index.scope if field.index else None}
        if bound & changed and not field.is_reassigned(row):
            raise ValueError(f"{field.label} is bound to its row, person and scope: assign the value again")
        if field.index and field.is_waiting(row):
            setattr(row, field.tag_column, None)
    if session := object_session(row):
        seal_row(row, session)
