"""Reading a participant: only for a purpose, only what the actor may see, and never without a trace."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from referral.core.errors import NotAllowed
from referral.core.policy import Actor, Role
from referral.core.work import Work
from referral.participants.models import Disclosure, Participant, is_registrar
from referral.participants.scopes import EVERYTHING, PURPOSES, RIGHTS, members_within
from referral.participants.usecases.finding import find_participant
from referral.participants.usecases.restricting import refuse_while_restricted


@dataclass(frozen=True, kw_only=True, repr=False)
class ParticipantView:
    """What this actor may see of a participant. `shown` names the members within sight; the others stay None."""

    id: UUID
    version: int
    organisation_id: UUID
    registered_on: date
    shown: tuple[str, ...]
    name: str | None = None
    phone: str | None = None
    email: str | None = None
    preferred_channel: str | None = None
    preferred_moment: str | None = None
    contact_person: dict[str, Any] | None = None
    client_number: str | None = None
    birth_year: int | None = None
    language_background: str | None = None
    gender: str | None = None
    statistics_secret: str | None = None


def read_participant(participant_id: UUID, purpose: str, *, actor: Actor, work: Work) -> ParticipantView:
    """What the actor may see of this person for this purpose; the reading is on record (AVG art. 5(1)b and 5(2)).

    Raises `NotFound`, `Erased`, `NotAllowed` for a purpose that is not the actor's, and `GuardRefused` for another one
    than the participant's rights while the data are only kept.
    """
    participant = find_participant(participant_id, actor=actor, work=work)
    shown = _members_shown(participant, purpose, actor, work)
    if purpose != RIGHTS:
        refuse_while_restricted(participant.id, work)
    secret = ("statistics_secret",) if purpose == RIGHTS else ()
    with work.reading(actor, purpose):
        opened = {member: getattr(participant, member) for member in (*shown, *secret)}
    return ParticipantView(
        id=participant.id,
        version=participant.version,
        organisation_id=participant.organisation_id,
        registered_on=participant.registered_on,
        shown=shown,
        **opened,
    )


def _members_shown(participant: Participant, purpose: str, actor: Actor, work: Work) -> tuple[str, ...]:
    may_read = PURPOSES[purpose]
    is_own = participant.organisation_id == actor.organisation_id and is_registrar(actor)
    if is_own and actor.has_role(*may_read - {Role.COACH}):
        return EVERYTHING
    disclosures = work.session.scalars(
        select(Disclosure).where(Disclosure.participant_id == participant.id, Disclosure.open_to(actor))
    ).all()
    if not disclosures or Role.COACH not in may_read:
        raise NotAllowed("U mag deze gegevens niet voor dit doel inzien.")
    return members_within(scope for disclosure in disclosures for scope in disclosure.data_scope)
