"""Letting go: who was kept long enough is erased, the cases become figures, and the destruction list says what and why.

A term runs from the day the case ended, never from the last edit (AVG art. 5(1)e, VNG Selectielijst 2020).
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select

from referral.core.calendar import add_months
from referral.core.codelists import retention_terms
from referral.core.policy import system_actor
from referral.core.work import AMSTERDAM, Service, Work
from referral.identity.models import LoginSession
from referral.operations.reerasing import keeper_of
from referral.participants.models import Participant
from referral.participants.usecases import EraseParticipant, complete_erasures, erase_participant
from referral.referrals.models import Referral
from referral.referrals.retention import LOGIN_SESSION, term_of
from referral.referrals.usecases.retaining import Destruction, destroy_cases, list_due
from referral.reports.usecases import make_anonymous

GROUND = "retention"
SESSION_ENDED = "ended"

Progress = Callable[[int, int], None]


def list_destructions(work: Work) -> list[Destruction]:
    """What a run would destroy now. Raises ValueError for periods that make no sense."""
    people = [line for due in list_due(work, work.today) for line in due.lines]
    return [*people, *_sessions(work)]


def run_retention(service: Service, *, progress: Progress) -> Iterator[Destruction]:
    """Let go of everybody who was kept long enough, one transaction a person; gives the lines of what is gone.

    Safe to stop and run again: what was given is done, the rest is found again.
    """
    with service.work(read_only=True) as work:
        due = [each.participant_id for each in list_due(work, work.today)]
    for done, participant_id in enumerate(due, start=1):
        with service.work() as work:
            gone = _let_go(participant_id, work)
        progress(done, len(due))
        yield from gone
    complete_erasures(service)
    with service.work() as work:
        yield from _forget_sessions(work)


def _let_go(participant_id: UUID, work: Work) -> Sequence[Destruction]:
    # Held in the order of every deed (case, then person) and looked at again: since the list was made somebody may have
    # reopened a case, begun another, or restricted the person.
    mine = Referral.participant_id == participant_id
    work.session.execute(select(Referral.id).where(mine).order_by(Referral.id).with_for_update())
    work.session.execute(select(Participant.id).where(Participant.id == participant_id).with_for_update())
    due = list_due(work, work.today, participant_id)
    if not due:
        return []
    participant = work.session.get_one(Participant, participant_id)
    keeper = keeper_of(participant, work)
    if participant.erased_at is None:
        erase_participant(EraseParticipant(participant_id, GROUND), actor=keeper, work=work)
    make_anonymous(participant_id, work)
    destroy_cases(participant_id, actor=keeper, work=work)
    return due[0].lines


def _sessions(work: Work) -> list[Destruction]:
    """The sessions of people who work here that ended long enough ago: one line a day, with their number."""
    term = term_of(LOGIN_SESSION, SESSION_ENDED, retention_terms())
    query = select(func.count(), func.max(LoginSession.last_seen_at)).where(_is_old(work))
    count, newest = work.session.execute(query).one()
    if not count:
        return []
    ended_on: date = newest.astimezone(AMSTERDAM).date()
    codes = " ".join(term.selection_list)
    return [
        Destruction(LOGIN_SESSION, f"{count}x", SESSION_ENDED, ended_on, term.code, codes, term.span.after(ended_on))
    ]


def _is_old(work: Work) -> ColumnElement[bool]:
    """A session that nobody used for the whole term; whatever its state, it ended by its own limits long before."""
    span = term_of(LOGIN_SESSION, SESSION_ENDED, retention_terms()).span
    since = add_months(work.today, -span.months) - timedelta(days=span.days)
    return LoginSession.last_seen_at < datetime.combine(since, time(), AMSTERDAM)


def _forget_sessions(work: Work) -> list[Destruction]:
    lines = _sessions(work)
    if lines:
        work.session.execute(delete(LoginSession).where(_is_old(work)))
        work.record(system_actor("cli"), "login_session:destroy", "login_session", None, count=lines[0].reference)
    return lines
