"""Registering a participant once, and changing what was registered. Nothing personal is answered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select

from referral.core.encryption import normalise_email, normalise_phone
from referral.core.errors import DuplicateParticipant, Invalid, Stale
from referral.core.outbox import Event
from referral.core.policy import Actor
from referral.core.work import Work
from referral.identity.models import Organisation
from referral.participants.models import Participant
from referral.participants.usecases.disclosing import mark_corrected
from referral.participants.usecases.finding import own_participant
from referral.participants.usecases.numbering import new_secret

YOUNGEST = 14
EARLIEST_YEAR = 1900

_SAME: Mapping[str, Callable[[str], str]] = {
    "name": lambda name: " ".join(name.casefold().split()),
    "phone": normalise_phone,
    "email": normalise_email,
}


@dataclass(frozen=True, kw_only=True, repr=False)
class RegisterParticipant:
    """A person with what is known. `allow_duplicate`: another person with the same phone, such as a family's."""

    name: str
    phone: str | None = None
    email: str | None = None
    client_number: str | None = None
    contact_person: Mapping[str, Any] | None = None
    preferred_channel: str | None = None
    preferred_moment: str | None = None
    birth_year: int | None = None
    language_background: str | None = None
    gender: str | None = None
    allow_duplicate: bool = False

    @property
    def members(self) -> dict[str, Any]:
        """What is known of the person, by the name of the sealed attribute."""
        return {name: value for name, value in vars(self).items() if name != "allow_duplicate" and value is not None}


@dataclass(frozen=True, kw_only=True)
class ParticipantCorrected(Event):
    """Something of this participant (`object_id`) that others received was corrected or completed."""


@dataclass(frozen=True, kw_only=True)
class ChangeParticipant:
    """New values of some members; None empties one."""

    participant_id: UUID
    expected_version: int
    changes: Mapping[str, Any] = field(repr=False)
    allow_duplicate: bool = False


def register_participant(command: RegisterParticipant, *, actor: Actor, work: Work, pointer: str = "") -> Participant:
    """Register somebody with the actor's organisation. `pointer` is where the person stands in the caller's body.

    Raises `Invalid`, and `DuplicateParticipant` naming the one that is already there.
    """
    _check_birth_year(command.birth_year, work, pointer)
    double = _find_double(command.members, command.allow_duplicate, actor, work)
    if double is not None:
        raise _duplicate(*double)
    participant = Participant(
        organisation_id=actor.organisation_id,
        registered_at=work.now,
        statistics_secret=new_secret(),
        **command.members,
    )
    work.session.add(participant)
    work.session.flush()
    work.record(actor, "participant:register", "participant", participant.id)
    return participant


def offer_or_register(
    command: RegisterParticipant, *, actor: Actor, work: Work, pointer: str = "/participant"
) -> Participant:
    """The one who is already registered with exactly these particulars, or else a new registration.

    So a second referral of one person leads to one participant. Raises `Invalid`, and `DuplicateParticipant` when the
    phone or client number is known with other particulars: the referrer chooses, the service never merges people.
    """
    double = _find_double(command.members, command.allow_duplicate, actor, work)
    if double is not None and _is_same_person(double[0], command, actor, work):
        return double[0]
    return register_participant(command, actor=actor, work=work, pointer=pointer)


def change_participant(command: ChangeParticipant, *, actor: Actor, work: Work) -> Participant:
    """Correct or complete what is registered; only the registering organisation does (AVG art. 16).

    Every organisation that received a changed member hears of it, without the value (AVG art. 19).
    Raises `NotFound`, `Erased`, `Stale`, `Invalid` and `DuplicateParticipant`.
    """
    participant = own_participant(command.participant_id, actor=actor, work=work, hold=True)
    if participant.version != command.expected_version:
        raise Stale(version=participant.version)
    _check_birth_year(command.changes.get("birth_year"), work)
    double = _find_double(command.changes, command.allow_duplicate, actor, work, but=participant.id)
    if double is not None:
        raise _duplicate(*double)
    for member, value in command.changes.items():
        setattr(participant, member, value)
    work.session.flush()
    work.record(actor, "participant:change", "participant", participant.id, members=sorted(command.changes))
    if mark_corrected(work, participant.id, command.changes):
        work.publish(ParticipantCorrected(object_id=participant.id, actor_id=actor.id))
    return participant


def _check_birth_year(year: int | None, work: Work, pointer: str = "") -> None:
    latest = work.today.year - YOUNGEST
    if year is not None and not EARLIEST_YEAR <= year <= latest:
        raise Invalid.one(
            f"{pointer}/birthYear", "range", f"Dit jaar moet van {EARLIEST_YEAR} tot en met {latest} zijn."
        )


def _find_double(
    members: Mapping[str, Any], allow_duplicate: bool, actor: Actor, work: Work, but: UUID | None = None
) -> tuple[Participant, str] | None:
    """Who of the own register has this client number, or else this phone; and on which of the two."""
    number, phone = members.get("client_number"), members.get("phone")
    if number is not None or phone is not None:
        _take_turn(actor, work)
    if number is not None:
        found = _first(Participant.client_number.matches(work.session, number, actor.organisation_id), actor, work, but)
        if found is not None:
            return found, "clientNumber"
    if phone is not None and not allow_duplicate:
        found = _first(Participant.phone.matches(work.session, phone), actor, work, but)
        if found is not None:
            return found, "phone"
    return None


def _take_turn(actor: Actor, work: Work) -> None:
    """One registration at a time within an organisation, or two at once would each see no double."""
    work.session.get(Organisation, actor.organisation_id, with_for_update={"key_share": True})


def _first(matches: ColumnElement[bool], actor: Actor, work: Work, but: UUID | None) -> Participant | None:
    query = select(Participant).where(Participant.organisation_id == actor.organisation_id, matches)
    if but is not None:
        query = query.where(Participant.id != but)
    return work.session.scalars(query.order_by(Participant.id).limit(1)).one_or_none()


def _is_same_person(known: Participant, command: RegisterParticipant, actor: Actor, work: Work) -> bool:
    with work.reading(actor, "intake"):
        return all(
            _comparable(name, getattr(known, name)) == _comparable(name, value)
            for name, value in command.members.items()
            if value is not None
        )


def _comparable(member: str, value: Any) -> Any:
    return _SAME[member](value) if member in _SAME and value is not None else value


def _duplicate(known: Participant, matched_on: str) -> DuplicateParticipant:
    advice = {
        "phone": "Kies deze deelnemer, of stuur allowDuplicate mee als het iemand anders is.",
        "clientNumber": "Kies deze deelnemer: een cliëntnummer hoort bij één persoon.",
    }
    return DuplicateParticipant(advice[matched_on], participantId=str(known.id), matchedOn=matched_on)
