"""Whom a data breach touches: a stolen key, a stolen account or a bad period, answered as people, cases and counts.

To be able to tell the supervisor within 72 hours, and the people themselves (AVG art. 33 and 34).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, or_, select, true

from referral.core.audit import AuditEntry
from referral.core.codelists import processing_register
from referral.core.encryption import subjects_under
from referral.core.errors import FieldError, Invalid
from referral.core.policy import SYSTEM_ID, Actor
from referral.core.processing import ProcessingRecord, find_action, read_subject
from referral.core.work import Work
from referral.identity.models import Organisation, User
from referral.participants.models import Participant
from referral.referrals.models import Referral, ReferralDraft

CASE = "case"
BATCH = 900


@dataclass(frozen=True, kw_only=True)
class FindAffected:
    """What leaked: a key (KEK or wrapping key), what one account did, or a period; together they narrow each other.

    `since` is included, `until` is not.
    """

    key_id: str | None = None
    user_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def names_deeds(self) -> bool:
        """Whether it asks for deeds in the audit log, and not only for keys."""
        return self.user_id is not None or self.since is not None or self.until is not None


@dataclass
class Touched:
    """What was done to one person: how often read and changed, and which categories of data were read."""

    readings: int = 0
    changes: int = 0
    categories: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class AffectedPerson:
    """One person whom the breach touches, and who registered it.

    `draft_by` names the writer of a draft that was not sent: only the writer knows whom it is about.
    """

    participant_id: UUID
    organisation_id: UUID
    touched: Touched
    draft_by: str | None = None


@dataclass(frozen=True)
class Affected:
    """Everybody whom it touches. `erased` counts deeds on people who were erased since and can no longer be named."""

    people: Sequence[AffectedPerson]
    referrals: Sequence[UUID]
    organisations: Mapping[UUID, str]
    erased: int

    @property
    def readings(self) -> int:
        """How many readings of people there were."""
        return sum(person.touched.readings for person in self.people)

    @property
    def changes(self) -> int:
        """How many other deeds on people there were."""
        return sum(person.touched.changes for person in self.people)

    @property
    def categories(self) -> Sequence[str]:
        """The categories of data that were read of anybody, in the order of the register."""
        seen = {category for person in self.people for category in person.touched.categories}
        return [category for category in processing_register().categories if category in seen]


def find_affected(command: FindAffected, *, actor: Actor, work: Work) -> Affected:
    """The people registered with the actor's organisation, and those whom its own staff touched.

    The service itself asks for everybody. Raises `Invalid` for a question without anything in it, a period that ends
    before it begins, and a key that is not there.
    """
    under_key = _check(command, work)
    own = _registrations(_registered_with(actor), work) | _organisations_of(_unsent(actor), work)
    if command.names_deeds:
        touched, erased = _touched_by(command, own, actor, work)
        touched = {each: done for each, done in touched.items() if under_key is None or each in under_key}
    else:
        everything = set(processing_register().categories)
        touched, erased = {each: Touched(categories=everything) for each in own.keys() & set(under_key or ())}, 0
    affected = _describe(touched, own, erased, actor, work)
    work.record(actor, "audit:affected", "audit_entry", None, subjects=touched, count=len(touched), **_asked(command))
    return affected


def _check(command: FindAffected, work: Work) -> Collection[UUID] | None:
    """Whose data key was ever wrapped under the key; None when no key is asked about."""
    errors = []
    if command.key_id is None and not command.names_deeds:
        errors.append(FieldError("/", "at_least_one", "Geef keyId, userId, of een periode met from of until."))
    if command.since and command.until and command.until <= command.since:
        errors.append(FieldError("/until", "before_start", "Het einde ligt niet na het begin."))
    found = subjects_under(work.session, command.key_id) if command.key_id is not None else None
    if found is None and command.key_id is not None:
        errors.append(FieldError("/keyId", "unknown_code", "Deze sleutel is hier niet bekend."))
    if errors:
        raise Invalid(errors=errors)
    return found


def _touched_by(
    command: FindAffected, own: Collection[UUID], actor: Actor, work: Work
) -> tuple[dict[UUID, Touched], int]:
    """What was done to whom, by person; and how many deeds were on people who were erased since."""
    touched: dict[UUID, Touched] = {}
    erased = 0
    for deed in work.session.execute(_deeds(command)):
        is_ours = actor.organisation_id in (deed.organisation_id, SYSTEM_ID)
        subject_id = read_subject(work.session, deed.id, deed.subject_ct)
        if subject_id is None:
            erased += is_ours and find_action(deed.action).names_persons
        elif is_ours or subject_id in own:
            _count(touched.setdefault(subject_id, Touched()), deed)
    return touched, erased


def _deeds(command: FindAffected) -> Select[Any]:
    """The deeds in the audit log that are asked about, each once for every person that it touched."""
    record = ProcessingRecord
    same_deed = and_(record.trace_id == AuditEntry.trace_id, record.span_id == AuditEntry.span_id)
    deeds = select(
        AuditEntry.organisation_id, AuditEntry.action, AuditEntry.details, record.id, record.subject_ct
    ).join(record, same_deed)
    if command.user_id is not None:
        deeds = deeds.where(AuditEntry.actor_id == command.user_id)
    if command.since is not None:
        deeds = deeds.where(AuditEntry.occurred_at >= command.since)
    if command.until is not None:
        deeds = deeds.where(AuditEntry.occurred_at < command.until)
    return deeds


def _count(person: Touched, deed: Row[Any]) -> None:
    if deed.action in processing_register().readings:
        person.readings += 1
        person.categories |= _categories_of(deed.details)
    else:
        person.changes += 1


def _categories_of(details: Mapping[str, Any]) -> set[str]:
    """The categories of the attributes that were opened or searched on; else only the case was seen."""
    opened = details.get("fields") or [details.get("matched_on")]
    categories = processing_register().categories.items()
    return {code for code, category in categories if not set(opened).isdisjoint(category.fields)} or {CASE}


def _describe(
    touched: Mapping[UUID, Touched], own: Mapping[UUID, UUID], erased: int, actor: Actor, work: Work
) -> Affected:
    registered = {each: own[each] for each in touched if each in own}
    cases = list[Row[Any]]()
    for ids in _batches(touched):
        cases += work.session.execute(_cases(ids, actor))
    for ids in _batches(touched.keys() - own.keys()):
        registered |= _registrations(Participant.id.in_(ids), work)
    writers = dict[UUID, str]()
    for ids in _batches(touched):
        writers |= _writers(ids, work)
    sides = {side for row in cases for side in (row.source_organisation_id, row.receiver_organisation_id)}
    parties = {*sides, *registered.values()} - {None}
    names = select(Organisation.id, Organisation.name).where(Organisation.id.in_(parties)).order_by(Organisation.name)
    known = sorted(touched.keys() & registered.keys())
    return Affected(
        people=[AffectedPerson(each, registered[each], touched[each], writers.get(each)) for each in known],
        referrals=sorted(row.id for row in cases),
        organisations={row.id: row.name for row in work.session.execute(names)},
        # Erased while a reading went on: its record is emptied by the worker a moment later.
        erased=erased + sum(touched[each].readings + touched[each].changes for each in touched.keys() - registered),
    )


def _cases(participant_ids: Collection[UUID], actor: Actor) -> Select[Any]:
    """The cases of these people to which the actor's organisation is a party."""
    columns = (Referral.id, Referral.source_organisation_id, Referral.receiver_organisation_id)
    cases: Select[*tuple[Any, ...]] = select(*columns).where(Referral.participant_id.in_(participant_ids))
    if actor.organisation_id == SYSTEM_ID:
        return cases
    return cases.where(
        or_(
            Referral.source_organisation_id == actor.organisation_id,
            Referral.receiver_organisation_id == actor.organisation_id,
        )
    )


def _registrations(which: ColumnElement[bool], work: Work) -> dict[UUID, UUID]:
    """Who registered each of these people."""
    return dict(work.session.execute(select(Participant.id, Participant.organisation_id).where(which)).all())


def _organisations_of(which: ColumnElement[bool], work: Work) -> dict[UUID, UUID]:
    """Of which organisation each of these drafts is."""
    return dict(work.session.execute(select(ReferralDraft.id, ReferralDraft.organisation_id).where(which)).all())


def _writers(ids: Collection[UUID], work: Work) -> dict[UUID, str]:
    """Who writes each of these drafts."""
    query = select(ReferralDraft.id, User.name).join(User, User.id == ReferralDraft.user_id)
    return dict(work.session.execute(query.where(ReferralDraft.id.in_(ids))).all())


def _unsent(actor: Actor) -> ColumnElement[bool]:
    """The drafts that are about somebody who is not registered yet."""
    draft = ReferralDraft
    ours = true() if actor.organisation_id == SYSTEM_ID else draft.organisation_id == actor.organisation_id
    return ours & draft.referral_id.is_(None)


def _registered_with(actor: Actor) -> ColumnElement[bool]:
    return true() if actor.organisation_id == SYSTEM_ID else Participant.organisation_id == actor.organisation_id


def _batches(ids: Iterable[UUID]) -> Iterator[list[UUID]]:
    """At most 900 ids a query, because a database takes only so many parameters."""
    waiting = iter(ids)
    while batch := list(islice(waiting, BATCH)):
        yield batch


def _asked(command: FindAffected) -> dict[str, Any]:
    """The question as the audit log keeps it."""
    return {name: str(value) for name, value in vars(command).items() if value is not None}
