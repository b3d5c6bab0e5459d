"""Who saw this person: every reading in the audit log that has a processing record about the person.

The two logs join on trace id and span id. So also who saw the person in a list, or found it by searching, is there.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, exists, or_, select

from referral.core.audit import AuditEntry
from referral.core.codelists import processing_register
from referral.core.errors import Erased, NotFound
from referral.core.paging import Page, read_page
from referral.core.policy import Actor, Role
from referral.core.processing import ProcessingRecord
from referral.core.work import Work
from referral.identity.usecases import names_of
from referral.participants.models import Participant
from referral.participants.usecases import own_participant
from referral.referrals.models import Referral
from referral.referrals.usecases import find_referral

THE_SERVICE = "de dienst zelf"
A_PROGRAM = "een programma"


@dataclass(frozen=True)
class SeenBy:
    """One reading: who, of which organisation, when, what kind of reading, and for which purpose where one was stated.

    `fields` are the sealed attributes that were opened; none when only the pseudonymised case was seen.
    """

    occurred_at: datetime
    organisation: str
    name: str
    reading: str
    purpose: str | None
    fields: Sequence[str]


def list_access_of_participant(
    participant_id: UUID, limit: int, cursor: str | None, *, actor: Actor, work: Work
) -> Page[SeenBy]:
    """Everybody who saw this person, in whatever organisation, for the privacy officer who has to answer for it.

    Raises `NotFound`, and `Erased` for a person whose records point nowhere any more.
    """
    participant = own_participant(participant_id, actor=actor, work=work)
    work.record(actor, "participant:access_log", "participant", participant.id)
    return _page(_readings(participant.id, work), limit, cursor, work)


def list_access_of_referral(
    referral_id: UUID, limit: int, cursor: str | None, *, actor: Actor, work: Work
) -> Page[SeenBy]:
    """Who of the organisations that share this case saw it, or its person; other cases of the person stay out.

    For a coordinator or privacy officer of those organisations. Raises `NotFound` and `Erased`.
    """
    return list_access_of_case(find_case(referral_id, actor=actor, work=work), limit, cursor, actor=actor, work=work)


def list_access_of_case(
    referral: Referral, limit: int, cursor: str | None, *, actor: Actor, work: Work
) -> Page[SeenBy]:
    """The same, of a case that was found."""
    if work.session.get_one(Participant, referral.participant_id).erased_at is not None:
        raise Erased
    work.record(actor, "referral:access_log", "referral", referral.id, subjects=[referral.participant_id])
    about_case = or_(AuditEntry.object_id.is_(None), AuditEntry.object_id.in_((referral.id, referral.participant_id)))
    readings = _readings(referral.participant_id, work)
    return _page(readings.where(about_case, AuditEntry.organisation_id.in_(_parties(referral))), limit, cursor, work)


def find_case_by_reference(reference: str, *, actor: Actor, work: Work) -> Referral:
    """The case with this number ("V-2026-7K3Q9"), for whoever may know who saw it. Raises `NotFound`."""
    query = select(Referral.id).where(Referral.reference == reference.strip().upper())
    referral_id = work.session.scalars(query).one_or_none()
    if referral_id is None:
        raise NotFound
    return find_case(referral_id, actor=actor, work=work)


def find_case(referral_id: UUID, *, actor: Actor, work: Work) -> Referral:
    """A case for whoever may know who saw it: no officer works on it, yet must answer for it. Raises `NotFound`."""
    if not actor.has_role(Role.PRIVACY_OFFICER):
        return find_referral(referral_id, actor=actor, work=work)
    referral = work.session.get(Referral, referral_id)
    if referral is None or actor.organisation_id not in _parties(referral):
        raise NotFound
    return referral


def _parties(referral: Referral) -> Collection[UUID]:
    """Who shares the case: who sent it, who received it, and the region while it must act."""
    receiver = referral.receiver_organisation_id if referral.submitted_at else None
    region = referral.escalation_organisation_id if referral.waits_for_region else None
    return {each for each in (referral.source_organisation_id, receiver, region) if each is not None}


def _readings(participant_id: UUID, work: Work) -> Select[AuditEntry]:
    same_deed = exists().where(
        ProcessingRecord.trace_id == AuditEntry.trace_id,
        ProcessingRecord.span_id == AuditEntry.span_id,
        ProcessingRecord.about(work.session, participant_id),
    )
    return select(AuditEntry).where(AuditEntry.action.in_(processing_register().readings), same_deed)


def _page(rows: Select[AuditEntry], limit: int, cursor: str | None, work: Work) -> Page[SeenBy]:
    page = read_page(work.session, rows, AuditEntry.id, limit=limit, cursor=cursor)
    names = names_of(
        work.session, [entry.actor_id for entry in page.items], [entry.organisation_id for entry in page.items]
    )

    def show(entry: AuditEntry) -> SeenBy:
        return SeenBy(
            occurred_at=entry.occurred_at,
            organisation=names.organisation(entry.organisation_id) or THE_SERVICE,
            name=names.user(entry.actor_id) or A_PROGRAM,
            reading=entry.action,
            purpose=entry.details.get("purpose"),
            fields=entry.details.get("fields", []),
        )

    return page.showing(show)
