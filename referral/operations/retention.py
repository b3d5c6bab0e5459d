"""Letting go: who was kept long enough is erased, and the destruction list says of which cases and why.

A term runs from the day the case ended, never from the last edit (AVG art. 5(1)e, VNG Selectielijst 2020).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import aliased

from referral.core.errors import Erased
from referral.core.policy import SYSTEM_ID, Actor, Role
from referral.core.work import AMSTERDAM, Service, Work
from referral.identity.models import Organisation
from referral.participants.models import Participant
from referral.participants.usecases import EraseParticipant, erase_participant, is_restricted
from referral.referrals.models import Referral
from referral.referrals.retention import kept_until, terms_by_status
from referral.referrals.workflow import OPEN, Status

GROUND = "retention"

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Destruction:
    """One line of the destruction list: a case, how and when it ended, its term, and the day that the term was over."""

    reference: str
    status: Status
    ended_on: date
    term: str
    selection_list: str
    due_on: date


def list_due(work: Work) -> Mapping[UUID, Sequence[Destruction]]:
    """Per participant the cases that are to be let go: only when every case of this person is past its term.

    Who never had a case has no term that runs, and is not in it.
    """
    running = aliased(Referral)
    without_open = ~exists().where(running.participant_id == Participant.id, running.status.in_(OPEN))
    query = (
        _cases()
        .join(Participant)
        .where(Participant.erased_at.is_(None), Participant.restricted_at.is_(None), without_open)
    )
    people = groupby(work.session.execute(query), key=lambda row: row[0])
    read = ((person, [_destruction(*row) for _, *row in rows]) for person, rows in people)
    return {person: cases for person, cases in read if _is_over(cases, work.today)}


def run_retention(service: Service, *, progress: Progress) -> Iterator[Destruction]:
    """Erase everybody who was kept long enough, one transaction a person; gives the lines of those who are gone.

    Safe to stop and run again: what was given is done, the rest is found again.
    """
    with service.work(read_only=True) as work:
        due = list(list_due(work))
    for done, participant_id in enumerate(due, start=1):
        with service.work() as work:
            gone = _let_go(participant_id, work)
        progress(done, len(due))
        yield from gone


def _let_go(participant_id: UUID, work: Work) -> Sequence[Destruction]:
    # Held in the order of every deed (case, then person) and looked at again: since the list was made somebody may have
    # reopened a case, or begun another.
    mine = Referral.participant_id == participant_id
    work.session.execute(select(Referral.id).where(mine).order_by(Referral.id).with_for_update())
    work.session.execute(select(Participant.id).where(Participant.id == participant_id).with_for_update())
    found = work.session.execute(_cases().where(mine)).all()
    if any(status in OPEN for _, _, status, _ in found):
        return []
    cases = [_destruction(*row) for _, *row in found]
    if not _is_over(cases, work.today) or is_restricted(participant_id, work):
        return []
    try:
        erase_participant(EraseParticipant(participant_id, GROUND), actor=_keeper_of(participant_id, work), work=work)
    except Erased:
        return []
    return cases


def _cases() -> Select[UUID, str, Status, Any]:
    return select(Referral.participant_id, Referral.reference, Referral.status, Referral.ended_at).order_by(
        Referral.participant_id, Referral.ended_at, Referral.id
    )


def _destruction(reference: str, status: Status, ended_at: datetime) -> Destruction:
    term, ended_on = terms_by_status()[status], ended_at.astimezone(AMSTERDAM).date()
    selection_list = " ".join(term.selection_list)
    return Destruction(reference, status, ended_on, term.code, selection_list, kept_until(status, ended_at))


def _is_over(cases: Sequence[Destruction], today: date) -> bool:
    return bool(cases) and all(case.due_on <= today for case in cases)


def _keeper_of(participant_id: UUID, work: Work) -> Actor:
    """The service itself, acting for the organisation that registered the person."""
    query = select(Organisation).join(Participant, Participant.organisation_id == Organisation.id)
    organisation = work.session.scalars(query.where(Participant.id == participant_id)).one()
    return Actor(
        id=SYSTEM_ID,
        organisation_id=organisation.id,
        organisation_kind=organisation.kind,
        roles=frozenset({Role.SYSTEM, Role.PRIVACY_OFFICER}),
        origin="cli",
    )
