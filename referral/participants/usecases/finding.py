"""Finding a participant: by id for whoever may see the person, or by an exact number or address in the own register."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from uuid import UUID

from sqlalchemy import ColumnElement, select

from referral.core.audit import AuditEntry
from referral.core.errors import Erased, Invalid, NotFound, TooManyRequests
from referral.core.policy import Actor
from referral.core.work import Work
from referral.participants.models import Participant

SEARCHES = 60
WINDOW = timedelta(minutes=10)
SEARCH = "participant:search"
MEMBERS = {"phone": "phone", "email": "email", "client_number": "clientNumber"}


@dataclass(frozen=True, kw_only=True, repr=False)
class SearchParticipants:
    """Exactly one of the three, in any notation."""

    phone: str | None = None
    email: str | None = None
    client_number: str | None = None

    @property
    def member(self) -> str:
        """Which of the three was given. Raises `Invalid` for none or more than one."""
        given = [name for name in MEMBERS if getattr(self, name) is not None]
        if len(given) != 1:
            raise Invalid.one("/", "exactly_one", "Geef een telefoonnummer, een e-mailadres of een cliëntnummer.")
        return given[0]


@dataclass(frozen=True)
class Match:
    """A participant that was found, and on which member."""

    id: UUID
    matched_on: str


def find_participant(participant_id: UUID, *, actor: Actor, work: Work, hold: bool = False) -> Participant:
    """The participant, for the registering organisation or a coach to whom the person is disclosed.

    `hold` keeps rivals waiting until this work ends. Raises `NotFound`, and `Erased` for who could have seen it.
    """
    return _find(participant_id, Participant.visible_to(actor), work, hold=hold)


def own_participant(participant_id: UUID | None, *, actor: Actor, work: Work, hold: bool = False) -> Participant:
    """The participant, for the registering organisation only. Raises `NotFound` and `Erased`."""
    return _find(participant_id, Participant.own_to(actor), work, hold=hold)


def search_participants(command: SearchParticipants, *, actor: Actor, work: Work) -> Sequence[Match]:
    """Who of the own register has this phone number, e-mail address or client number, compared exactly.

    At most 60 searches in 10 minutes per actor, so that nobody tries all numbers. Raises `Invalid`, `TooManyRequests`.
    """
    member = command.member
    _refuse_haste(actor, work)
    query = select(Participant.id).where(Participant.own_to(actor), _holds(command, member, actor, work))
    found = work.session.scalars(query.order_by(Participant.id)).all()
    work.record(actor, SEARCH, "participant", None, subjects=found, matched_on=member, found=len(found))
    return [Match(participant_id, MEMBERS[member]) for participant_id in found]


def reachable(_work: Work, participant: Participant) -> bool:
    """Whether there is a phone number, an e-mail address or an agreed third; says so without opening any."""
    return any(getattr(participant, f"{member}_ct") is not None for member in ("phone", "email", "contact_person"))


def _find(participant_id: UUID | None, visible: ColumnElement[bool], work: Work, *, hold: bool) -> Participant:
    query = select(Participant).where(Participant.id == participant_id, visible)
    if hold:
        query = query.with_for_update().execution_options(populate_existing=True)
    participant = work.session.scalars(query).one_or_none()
    if participant is None:
        raise NotFound
    if participant.erased_at is not None:
        raise Erased
    return participant


def _holds(command: SearchParticipants, member: str, actor: Actor, work: Work) -> ColumnElement[bool]:
    field = getattr(Participant, member)
    scope = actor.organisation_id if field.index.scope else None
    try:
        matches: ColumnElement[bool] = field.matches(work.session, getattr(command, member), scope)
    except ValueError:
        raise Invalid.one(f"/{MEMBERS[member]}", member, "Dit is niet te lezen. Kijk de schrijfwijze na.") from None
    return matches


def _refuse_haste(actor: Actor, work: Work) -> None:
    recent = work.session.scalars(
        select(AuditEntry.occurred_at)
        .where(
            AuditEntry.actor_id == actor.id,
            AuditEntry.action == SEARCH,
            AuditEntry.result == "done",
            AuditEntry.occurred_at > work.now - WINDOW,
        )
        .order_by(AuditEntry.occurred_at.desc())
        .limit(SEARCHES)
    ).all()
    if len(recent) == SEARCHES:
        refusal = TooManyRequests("U zocht te vaak. Wacht even en zoek dan opnieuw.")
        refusal.headers["Retry-After"] = str(ceil((recent[-1] + WINDOW - work.now).total_seconds()))
        raise refusal
