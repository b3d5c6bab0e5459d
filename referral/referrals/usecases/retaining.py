"""Who falls due: the people whose cases were all kept long enough, and what goes with such a case."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Column, ColumnElement, delete, exists, func, or_, select, true, update
from sqlalchemy.orm import aliased

from referral.core.database import Base
from referral.core.policy import Actor
from referral.core.work import AMSTERDAM, Work
from referral.identity.usecases import Retention, retention_of
from referral.participants.models import Agreement, Disclosure, Participant
from referral.participants.usecases import must_be_kept
from referral.referrals.models import Referral
from referral.referrals.retention import PARTICIPANT, REFERRAL, term_of
from referral.referrals.workflow import OPEN

WITHOUT_CASE: Final = "without_case"


@dataclass(frozen=True)
class Destruction:
    """One line of the destruction list (vernietigingslijst): codes and references, nothing personal.

    A case has its reference; a participant without a case has only its id. `due_on` is when the term is over.
    """

    record: str
    reference: str
    result: str
    ended_on: date
    term: str
    selection_list: str
    due_on: date


@dataclass(frozen=True)
class Due:
    """A person with everything that falls due with this person; `organisation_id` is responsible."""

    participant_id: UUID
    organisation_id: UUID
    lines: Sequence[Destruction]

    @property
    def due_on(self) -> date:
        """The day on which the last of the terms is over."""
        return max(line.due_on for line in self.lines)


def list_due(work: Work, by: date, participant_id: UUID | None = None) -> list[Due]:
    """Who is due by this day: every case ended and past its term, or no case at all; never who must be kept.

    Whether a follow-up task was done makes no difference: a case ended when it ended. Raises ValueError for periods of
    organisations that make no sense.
    """
    meant = true() if participant_id is None else Participant.id == participant_id
    return _list_due(work, by, retention_of(work.session), meant)


def list_due_under(work: Work, by: date, organisation_id: UUID, retention: Retention) -> list[Due]:
    """Who is due by this day, of those with a record of this organisation, if these were its terms."""
    sent = aliased(Referral)
    theirs = exists().where(sent.participant_id == Participant.id, sent.source_organisation_id == organisation_id)
    terms = {**retention_of(work.session), organisation_id: retention}
    return _list_due(work, by, terms, or_(Participant.organisation_id == organisation_id, theirs))


def destroy_cases(participant_id: UUID, *, actor: Actor, work: Work) -> None:
    """Destroy the person's cases; the person must have been erased, and the figures kept, before.

    Everything that points at a case goes with it, tables that are made later included, and so do the agreements.
    """
    cases = work.session.scalars(
        select(Referral).where(Referral.participant_id == participant_id).order_by(Referral.id)
    ).all()
    for case in cases:
        work.record(
            actor,
            "referral:destroy",
            "referral",
            case.id,
            subjects=[case.participant_id],
            controller=case.source_organisation_id,
            status=case.status.value,
        )
    ids = [case.id for case in cases]
    work.session.flush()
    work.session.execute(update(Referral).where(Referral.id.in_(ids)).values(previous_id=None, origin_id=None))
    for column in _columns_pointing_at_cases():
        work.session.execute(delete(column.table).where(column.in_(ids)))
    work.session.execute(delete(Referral).where(Referral.id.in_(ids)))
    work.session.execute(delete(Disclosure).where(Disclosure.participant_id == participant_id))
    work.session.execute(delete(Agreement).where(Agreement.participant_id == participant_id))


def _list_due(work: Work, by: date, terms: Mapping[UUID, Retention], meant: ColumnElement[bool]) -> list[Due]:
    people = [*_with_cases(work, terms, meant), *_without_case(work, terms, meant)]
    return [each for each in people if each.due_on <= by]


def _with_cases(work: Work, terms: Mapping[UUID, Retention], meant: ColumnElement[bool]) -> Iterator[Due]:
    running = aliased(Referral)
    is_open = exists().where(running.participant_id == Participant.id, running.status.in_(OPEN))
    query = (
        select(
            Participant.id,
            Participant.organisation_id,
            Referral.source_organisation_id,
            Referral.reference,
            Referral.status,
            Referral.ended_at,
        )
        .join(Referral, Referral.participant_id == Participant.id)
        .where(~is_open, ~must_be_kept(), meant)
        .order_by(Participant.id, Referral.ended_at, Referral.id)
    )
    rows = work.session.execute(query).all()
    for (person, organisation_id), cases in groupby(rows, key=lambda row: (row[0], row[1])):
        lines = [
            _line(REFERRAL, reference, status.value, ended_at or work.now, terms[source])
            for _, _, source, reference, status, ended_at in cases
        ]
        yield Due(person, organisation_id, lines)


def _without_case(work: Work, terms: Mapping[UUID, Retention], meant: ColumnElement[bool]) -> Iterator[Due]:
    last_agreement = select(func.max(Agreement.recorded_at)).where(Agreement.participant_id == Participant.id)
    query = (
        select(Participant.id, Participant.organisation_id, Participant.registered_at, last_agreement.scalar_subquery())
        .where(Participant.erased_at.is_(None), ~exists().where(Referral.participant_id == Participant.id))
        .where(~must_be_kept(), meant)
        .order_by(Participant.id)
    )
    for person, organisation_id, registered_at, agreed_at in work.session.execute(query).all():
        last = max(registered_at, agreed_at or registered_at)
        yield Due(
            person, organisation_id, [_line(PARTICIPANT, str(person), WITHOUT_CASE, last, terms[organisation_id])]
        )


def _line(record: str, reference: str, result: str, ended_at: datetime, terms: Retention) -> Destruction:
    term, ended_on = term_of(record, result, terms), ended_at.astimezone(AMSTERDAM).date()
    return Destruction(
        record, reference, result, ended_on, term.code, " ".join(term.selection_list), term.span.after(ended_on)
    )


def _columns_pointing_at_cases() -> list[Column[Any]]:
    tables = [table for table in reversed(Base.metadata.sorted_tables) if table is not Referral.__table__]
    return [key.parent for table in tables for key in table.foreign_keys if key.column.table is Referral.__table__]
