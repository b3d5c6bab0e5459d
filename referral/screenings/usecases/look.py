"""Looking at screenings: the own list, and one by its code for everybody in the chain."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, func, select

from referral.core.codes import read_screening_code
from referral.core.errors import NotFound
from referral.core.paging import Page, read_page
from referral.core.policy import Actor, Role
from referral.core.work import Work
from referral.screenings.models import Conversation, Discussed, Screening
from referral.screenings.usecases.commands import ListScreenings, ScreeningRecord


def list_screenings(command: ListScreenings, *, actor: Actor, work: Work) -> Page[ScreeningRecord]:
    """One page of the screenings of the own organisation, newest first (L7: what was not discussed yet)."""
    query = select(Screening).where(Screening.organisation_id == actor.organisation_id, *_filters(command, work.today))
    page = read_page(work.session, query, Screening.id, limit=command.limit, cursor=command.cursor)
    return Page(_with_conversations(page.items, work), page.next)


def find_screening(code: str, *, actor: Actor, work: Work) -> Screening:
    """A screening by its code, however it was typed. Raises `NotFound`, also for what the actor may not see."""
    found = screenings_by_code(work, [code], actor)
    if code not in found:
        raise NotFound
    return found[code]


def show_screening(code: str, *, actor: Actor, work: Work) -> ScreeningRecord:
    """A screening with its conversations. Raises `NotFound`."""
    screening = find_screening(code, actor=actor, work=work)
    work.record(actor, "screening:show", "screening", screening.id)
    return _with_conversations([screening], work)[0]


def screenings_by_code(work: Work, codes: Collection[str], actor: Actor) -> dict[str, Screening]:
    """The screenings that the actor may see, by the code as it was given; what is not there was not found."""
    readings = {code: reading for code in codes if (reading := read_code(code)) is not None}
    found = work.session.scalars(
        select(Screening).where(Screening.code.in_(readings.values()), Screening.visible_to(actor))
    )
    by_code = {screening.code: screening for screening in found}
    return {code: by_code[reading] for code, reading in readings.items() if reading in by_code}


def screenings_of_codes(work: Work, codes: Collection[str]) -> list[ScreeningRecord]:
    """The screenings with these codes, whoever logged them: for the person who holds the codes."""
    query = select(Screening).where(Screening.code.in_(codes)).order_by(Screening.conducted_on, Screening.id)
    return _with_conversations(work.session.scalars(query).all(), work)


def read_code(code: str) -> str | None:
    """The code as it stands in the table, however it was typed; None when it can be no code."""
    try:
        return read_screening_code(code)
    except ValueError:
        return None


def list_undiscussed(*, actor: Actor, work: Work, most: int = 50) -> Sequence[Screening]:
    """The results of the own organisation that still have to be discussed, the most overdue first (L7)."""
    query = _undiscussed(actor).order_by(Screening.conversation_due_on, Screening.id).limit(most)
    return work.session.scalars(query).all()


def count_undiscussed(*, actor: Actor, work: Work) -> int:
    """How many results of the own organisation still have to be discussed."""
    return work.session.scalar(_undiscussed(actor).with_only_columns(func.count())) or 0


def _undiscussed(actor: Actor) -> Select[Screening]:
    """Only who logs conversations is waited for."""
    query = select(Screening).where(Screening.organisation_id == actor.organisation_id)
    waits = (Screening.discussed == Discussed.NONE, Screening.conversation_due_on.is_not(None))
    return query.where(*waits) if actor.has_role(Role.REFERRER) else query.where(false())


def _filters(command: ListScreenings, today: date) -> Iterable[ColumnElement[bool]]:
    if command.indication is not None:
        yield Screening.indication == command.indication
    if command.discussed is not None:
        yield Screening.discussed == Discussed(command.discussed)
    if command.conversation_due is not None:
        due, is_overdue = Screening.conversation_due_on, command.conversation_due == "overdue"
        yield Screening.discussed == Discussed.NONE
        yield due < today if is_overdue else due >= today


def _with_conversations(screenings: Sequence[Screening], work: Work) -> list[ScreeningRecord]:
    conversations: dict[UUID, list[Conversation]] = {screening.id: [] for screening in screenings}
    query = select(Conversation).where(Conversation.screening_id.in_(conversations)).order_by(Conversation.sequence)
    for conversation in work.session.scalars(query):
        conversations[conversation.screening_id].append(conversation)
    return [ScreeningRecord(screening, conversations[screening.id]) for screening in screenings]
