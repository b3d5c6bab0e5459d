"""Everything that is held about one person, gathered across the areas for the person itself (AVG art. 15)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from referral.core.audit import AuditEntry
from referral.core.policy import Actor
from referral.core.work import Work
from referral.identity.models import Organisation, Region, User, organisation_region
from referral.notifications.models import Kind, Notice
from referral.participants.models import Agreement, Participant, PrivacyRequest
from referral.participants.usecases import (
    DisclosureView,
    ParticipantView,
    RequestView,
    administration_number,
    disclosures_of,
    read_participant,
    view_request,
)
from referral.referrals.models import Referral, ReferralEvent
from referral.screenings.usecases import ScreeningRecord, screenings_of_codes
from referral.trajectories.models import Trajectory

READ = "participant:read"


@dataclass(frozen=True, repr=False)
class Told:
    """One row of the history, with its words and the organisation that did it."""

    row: ReferralEvent
    organisation: str
    words: dict[str, Any] | None


@dataclass(frozen=True, repr=False)
class HeldReferral:
    """One referral with everything in it, its parties by name, and its history."""

    referral: Referral
    source: str
    receiver: str | None
    trajectory: str | None
    alternative: str | None
    learning_wish: str | None
    barriers: Sequence[str] | None
    purpose: str | None
    screening_codes: Sequence[str] | None
    history: Sequence[Told]


@dataclass(frozen=True)
class Message:
    """A mail of the service to people who work on a case: about what, to which organisation, when."""

    kind: Kind
    reference: str
    organisation: str
    given_at: datetime


@dataclass(frozen=True)
class SeenBy:
    """One reading: who, of which organisation, when, for what and which members."""

    organisation: str
    name: str
    occurred_at: datetime
    purpose: str
    fields: Sequence[str]


@dataclass(frozen=True)
class Done:
    """One deed with the person's data that is no reading: what, by whom, when."""

    action: str
    organisation: str
    name: str
    occurred_at: datetime


@dataclass(frozen=True, repr=False)
class AccessAnswer:
    """The whole answer. `narrow`: for an employer, who may see the progress of its own referral and no more."""

    request: PrivacyRequest
    made_on: date
    made_at: datetime
    narrow: bool
    organisation: str
    restricted_at: datetime | None
    participant: ParticipantView
    administration_numbers: Mapping[str, str]
    agreements: Sequence[Agreement]
    screenings: Sequence[ScreeningRecord]
    referrals: Sequence[HeldReferral]
    recipients: Sequence[DisclosureView]
    requests: Sequence[RequestView]
    messages: Sequence[Message]
    readings: Sequence[SeenBy]
    deeds: Sequence[Done]


def gather(request: PrivacyRequest, *, actor: Actor, work: Work) -> AccessAnswer:
    """Everything of the person of this request. Raises `NotFound` and `Erased`."""
    person = request.participant_id
    participant = read_participant(person, "rights", actor=actor, work=work)
    names = dict(work.session.execute(select(Organisation.id, Organisation.name)).all())
    referrals = _referrals(person, names, actor, work)
    agreements = _all(Agreement, person, work)
    requests = _all(PrivacyRequest, person, work)
    objects = {person, *(each.referral.id for each in referrals), *(each.id for each in (*agreements, *requests))}
    entries = _entries(objects, names, work)
    codes = {code for each in referrals for code in each.screening_codes or ()}
    return AccessAnswer(
        request=request,
        made_on=work.today,
        made_at=work.now,
        narrow=actor.has_narrow_view,
        organisation=names[request.organisation_id],
        restricted_at=work.session.get_one(Participant, person).restricted_at,
        participant=participant,
        administration_numbers=_numbers(participant, work),
        agreements=agreements,
        screenings=screenings_of_codes(work, codes),
        referrals=referrals,
        recipients=disclosures_of(person, actor=actor, work=work),
        requests=[view_request(each, actor=actor, work=work) for each in requests],
        messages=_messages(referrals, names, work),
        readings=[_seen(*entry) for entry in entries if entry[0].action == READ],
        deeds=[_done(*entry) for entry in entries if entry[0].action != READ],
    )


def _numbers(participant: ParticipantView, work: Work) -> Mapping[str, str]:
    """Under which number national statistics know the person, by the name of the region."""
    secret = participant.statistics_secret
    if secret is None:
        return {}
    regions = (
        select(Region.id, Region.name)
        .join(organisation_region, organisation_region.c.region_id == Region.id)
        .where(organisation_region.c.organisation_id == participant.organisation_id)
        .order_by(Region.name)
    )
    return {row.name: administration_number(secret, row.id) for row in work.session.execute(regions)}


def _all(model: type[Any], participant_id: UUID, work: Work) -> Sequence[Any]:
    return work.session.scalars(select(model).where(model.participant_id == participant_id).order_by(model.id)).all()


def _referrals(participant_id: UUID, names: dict[UUID, str], actor: Actor, work: Work) -> list[HeldReferral]:
    """Every referral of the person, opened for the person."""
    rows = work.session.scalars(
        select(ReferralEvent)
        .where(ReferralEvent.participant_id == participant_id)
        .order_by(ReferralEvent.referral_id, ReferralEvent.sequence)
    ).all()
    offers = dict(work.session.execute(select(Trajectory.id, Trajectory.name)).all())
    with work.reading(actor, "rights"):
        told = [Told(row, names.get(row.organisation_id, "de dienst zelf"), row.words) for row in rows]
        return [
            HeldReferral(
                referral=each,
                source=names[each.source_organisation_id],
                receiver=names.get(each.receiver_organisation_id) if each.receiver_organisation_id else None,
                trajectory=offers.get(each.trajectory_id) if each.trajectory_id else None,
                alternative=offers.get(each.alternative_trajectory_id) if each.alternative_trajectory_id else None,
                learning_wish=each.learning_wish,
                barriers=each.barriers,
                purpose=each.purpose,
                screening_codes=each.screening_codes,
                history=[one for one in told if one.row.referral_id == each.id],
            )
            for each in _all(Referral, participant_id, work)
        ]


def _messages(referrals: Sequence[HeldReferral], names: dict[UUID, str], work: Work) -> list[Message]:
    numbers = {each.referral.id: each.referral.reference for each in referrals}
    query = select(Notice).where(Notice.referral_id.in_(numbers)).order_by(Notice.given_at, Notice.id)
    return [
        Message(each.kind, numbers[each.referral_id], names[each.organisation_id], each.given_at)
        for each in work.session.scalars(query)
        if each.referral_id is not None
    ]


Entry = tuple[AuditEntry, str, str]


def _entries(objects: Collection[UUID], names: dict[UUID, str], work: Work) -> list[Entry]:
    """Who did or read what, from the audit log, in the order of time; the request itself stands last."""
    query = (
        select(AuditEntry, User.name)
        .outerjoin(User, User.id == AuditEntry.actor_id)
        .where(AuditEntry.object_id.in_(objects))
        .order_by(AuditEntry.occurred_at, AuditEntry.id)
    )
    return [
        (entry, names.get(entry.organisation_id, "de dienst zelf"), name or "een programma")
        for entry, name in work.session.execute(query)
    ]


def _seen(entry: AuditEntry, organisation: str, name: str) -> SeenBy:
    return SeenBy(organisation, name, entry.occurred_at, entry.details["purpose"], entry.details.get("fields", []))


def _done(entry: AuditEntry, organisation: str, name: str) -> Done:
    return Done(entry.action, organisation, name, entry.occurred_at)
