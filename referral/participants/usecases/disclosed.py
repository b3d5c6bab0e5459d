"""What was disclosed of a participant: to whom, on what ground, for what, and what the participant was told."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from referral.core.errors import NotAllowed
from referral.core.paging import Page, read_page
from referral.core.policy import Actor
from referral.core.work import Work
from referral.identity.models import Organisation, User
from referral.participants.models import Agreement, Disclosure
from referral.participants.usecases.finding import own_participant


@dataclass(frozen=True, repr=False)
class DisclosureView:
    """One disclosure with the agreement it rests on, who received it, its purpose, and who told the participant."""

    disclosure: Disclosure
    agreement: Agreement
    organisation: Organisation
    purpose: str | None
    told_by: str


def list_disclosures(
    participant_id: UUID, *, limit: int, cursor: str | None, actor: Actor, work: Work
) -> Page[DisclosureView]:
    """A page of everything that was disclosed of an own participant, newest first (AVG art. 15(1)c, art. 5(2)).

    Raises `NotFound`, `Erased`, and `NotAllowed` for an employer, who sees the progress only.
    """
    participant = own_participant(participant_id, actor=actor, work=work)
    if actor.has_narrow_view:
        raise NotAllowed
    query = select(Disclosure).where(Disclosure.participant_id == participant.id)
    page = read_page(work.session, query, Disclosure.id, limit=limit, cursor=cursor)
    work.record(actor, "disclosure:list", "participant", participant.id, count=len(page.items))
    return Page(_with_their_ground(page.items, actor, work), page.next)


def disclosures_of(participant_id: UUID, *, actor: Actor, work: Work) -> Sequence[DisclosureView]:
    """Everything that was disclosed of this person, in the order of time; whether the actor may is for the caller."""
    query = select(Disclosure).where(Disclosure.participant_id == participant_id).order_by(Disclosure.started_at)
    return _with_their_ground(work.session.scalars(query).all(), actor, work)


def _with_their_ground(disclosures: Sequence[Disclosure], actor: Actor, work: Work) -> list[DisclosureView]:
    session = work.session
    wanted = Agreement.id.in_([each.agreement_id for each in disclosures])
    agreements = {each.id: each for each in session.scalars(select(Agreement).where(wanted))}
    theirs = Organisation.id.in_([each.organisation_id for each in disclosures])
    places = {each.id: each for each in session.scalars(select(Organisation).where(theirs))}
    names = dict(
        session.execute(
            select(User.id, User.name).where(User.id.in_([each.told_by for each in agreements.values()]))
        ).all()
    )
    with work.reading(actor, "rights"):
        return [
            DisclosureView(
                each,
                agreements[each.agreement_id],
                places[each.organisation_id],
                each.purpose,
                names.get(agreements[each.agreement_id].told_by, "een programma"),
            )
            for each in disclosures
        ]
