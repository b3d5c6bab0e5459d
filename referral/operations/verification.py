"""Checking the record: whether the histories and the audit log are complete and agree with each other.

The rules find what a fault of the service or a lost row leaves behind. What somebody with write access to the database
changed with care on both sides is found by recomputing the log and holding it against what was published of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, and_, cast, exists, func, literal, or_, select, text
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from referral.core.audit import AuditEntry
from referral.core.audit.models import AuditCheckpoint, AuditLeaf, AuditUnsealed
from referral.core.audit.notary import Notary
from referral.core.audit.verifier import Report, size_of, verify_log
from referral.operations.log_export import heads_of, records_of
from referral.participants.models import Agreement, Disclosure
from referral.referrals.models import Referral, ReferralEvent
from referral.referrals.workflow import EventName

CLOCKS_APART = timedelta(minutes=5)
"""How far the clocks of two machines may differ before an instant counts as yet to come."""

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

SEALED_WITHIN = timedelta(hours=1)
"""How long an entry may wait before it counts as a fault: the sealer is a worker that must run."""

OF_THE_RUNNING = frozenset({"audit_not_sealed"})
"""What is no fault of a backup: in it nothing goes on."""

DELETED = ("referral:delete_draft", "referral:destroy")
"""The deeds that take a case and its history away: an old draft, and a case whose retention is over."""

Instant = InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]


@dataclass(frozen=True)
class Fault:
    """One row that breaks a rule: the rule, and the id of the referral, agreement, disclosure or audit row."""

    rule: str
    id: UUID


@dataclass(frozen=True)
class Verification:
    """What was looked at, and every fault found; no personal data."""

    counts: Mapping[str, int]
    faults: Sequence[Fault]
    log: Report

    @property
    def is_whole(self) -> bool:
        """Whether nothing was found."""
        return not self.faults and not self.log.findings


def verify_record(
    session: Session, *, now: datetime, notary: Notary | None = None, is_backup: bool = False
) -> Verification:
    """Hold the whole record against every rule, and the log against itself and what was published of it.

    Of a backup only what was published in its own time: that it is older than the newest checkpoint is no fault.

    Ask it in one snapshot of the database, so that a running service is no fault. What was published is read first:
    then the database is at least as new.
    """
    notes = notary.published() if notary else []
    if is_backup:
        leaves = session.scalar(select(func.count()).select_from(AuditLeaf)) or 0
        notes = [note for note in notes if size_of(note) <= leaves]
    keys = notary.public_keys() if notary and notes else {}
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL statement_timeout = 0"))
    log = verify_log(records_of(session), heads_of(session), notes, keys)
    since = _logged_since(session, log.destroyed)
    rules = {rule: query for rule, query in _rules(now, since).items() if not (is_backup and rule in OF_THE_RUNNING)}
    found = {rule: session.scalars(query).all() for rule, query in rules.items()}
    counts = {
        model.__tablename__: session.scalar(select(func.count()).select_from(model)) or 0
        for model in (Referral, ReferralEvent, Agreement, Disclosure, AuditEntry)
    }
    return Verification(counts, [Fault(rule, each) for rule, ids in found.items() for each in ids], log)


def _logged_since(session: Session, destroyed: int) -> datetime:
    """From when on every deed has its entry: the part of the log whose own term is over was destroyed."""
    sealed = select(func.min(AuditCheckpoint.signed_at)).where(AuditCheckpoint.size >= destroyed)
    return (session.scalar(sealed) if destroyed else None) or BEGINNING


def _rules(now: datetime, since: datetime) -> Mapping[str, Select[Any]]:
    """Per rule the query for the ids that break it; what must have its row in the log counts from `since` on."""
    withdrawn, ended = Agreement.withdrawal_recorded_at, Disclosure.ended_at
    return {
        "history_has_gap": _gaps(),
        "history_does_not_link": _broken_links(),
        "status_differs_from_history": _other_status(),
        "event_without_audit": _events_without_audit().where(ReferralEvent.occurred_at > since),
        "audit_without_event": _audit_without_event(),
        "agreement_without_audit": select(Agreement.id).where(~_recorded(), Agreement.recorded_at > since),
        "withdrawal_without_audit": select(Agreement.id).where(~_withdrawn(), withdrawn > since),
        "disclosure_without_audit": select(Disclosure.id).where(~_moved_at(Disclosure.started_at)),
        "end_of_disclosure_without_audit": select(Disclosure.id).where(~_ended(), ended > since),
        "audit_in_future": select(AuditEntry.id).where(AuditEntry.occurred_at > now + CLOCKS_APART),
        "audit_not_sealed": _unsealed().where(AuditEntry.occurred_at < now - SEALED_WITHIN),
        "audit_forgotten": select(AuditEntry.id).where(~_is_sealed(), ~_is_waiting()),
    }


def _is_sealed() -> ColumnElement[bool]:
    return exists().where(AuditLeaf.id == AuditEntry.id)


def _is_waiting() -> ColumnElement[bool]:
    return exists().where(AuditUnsealed.id == AuditEntry.id)


def _unsealed() -> Select[UUID]:
    return select(AuditEntry.id).join(AuditUnsealed, AuditUnsealed.id == AuditEntry.id)


def _gaps() -> Select[Any]:
    first, last, rows = (f(ReferralEvent.sequence) for f in (func.min, func.max, func.count))
    whole = and_(first == 1, last == Referral.last_sequence, rows == Referral.last_sequence)
    joined = select(Referral.id).outerjoin(ReferralEvent, ReferralEvent.referral_id == Referral.id)
    return joined.group_by(Referral.id, Referral.last_sequence).having(~func.coalesce(whole, literal(False)))


def _broken_links() -> Select[Any]:
    before = aliased(ReferralEvent)
    previous = and_(before.referral_id == ReferralEvent.referral_id, before.sequence == ReferralEvent.sequence - 1)
    is_first = ReferralEvent.sequence == 1
    begins = and_(ReferralEvent.from_status.is_(None), ReferralEvent.event == EventName.CREATE)
    differs = or_(ReferralEvent.from_status.is_(None), before.to_status != ReferralEvent.from_status)
    broken = or_(and_(is_first, ~begins), and_(~is_first, before.id.is_not(None), differs))
    return select(ReferralEvent.referral_id).outerjoin(before, previous).where(broken).distinct()


def _other_status() -> Select[Any]:
    last = and_(ReferralEvent.referral_id == Referral.id, ReferralEvent.sequence == Referral.last_sequence)
    return select(Referral.id).join(ReferralEvent, last).where(ReferralEvent.to_status != Referral.status)


def _action() -> ColumnElement[str]:
    return literal("referral:", String).concat(cast(ReferralEvent.event, String))


def _same_deed() -> ColumnElement[bool]:
    return and_(
        AuditEntry.object_type == "referral",
        AuditEntry.object_id == ReferralEvent.referral_id,
        AuditEntry.action == _action(),
        AuditEntry.occurred_at == ReferralEvent.occurred_at,
        AuditEntry.actor_id == ReferralEvent.actor_id,
    )


def _events_without_audit() -> Select[Any]:
    return select(ReferralEvent.referral_id).where(~exists().where(_same_deed())).distinct()


def _audit_without_event() -> Select[Any]:
    """Deeds in the log that no history tells; a case that was deleted took its history with it."""
    deleted = aliased(AuditEntry)
    is_deleted = exists().where(
        deleted.object_type == "referral", deleted.object_id == AuditEntry.object_id, deleted.action.in_(DELETED)
    )
    actions = [f"referral:{event.value}" for event in EventName]
    deeds = and_(AuditEntry.object_type == "referral", AuditEntry.action.in_(actions), AuditEntry.result == "done")
    return select(AuditEntry.id).where(deeds, ~exists().where(_same_deed()), ~is_deleted)


def _logged(action: str, object_id: InstrumentedAttribute[UUID], at: Instant) -> ColumnElement[bool]:
    kind = action.partition(":")[0]
    return exists().where(
        AuditEntry.object_type == kind,
        AuditEntry.object_id == object_id,
        AuditEntry.action == action,
        AuditEntry.occurred_at == at,
    )


def _recorded() -> ColumnElement[bool]:
    return _logged("agreement:record", Agreement.id, Agreement.recorded_at)


def _withdrawn() -> ColumnElement[bool]:
    at = Agreement.withdrawal_recorded_at
    every = _logged("participant:withdraw_agreement", Agreement.participant_id, at)
    return or_(_logged("agreement:withdraw", Agreement.id, at), every)


def _moved_at(at: Instant) -> ColumnElement[bool]:
    """Whether this disclosure's referral moved at this instant; the move's audit row is asked for by another rule."""
    return exists().where(ReferralEvent.referral_id == Disclosure.referral_id, ReferralEvent.occurred_at == at)


def _ended() -> ColumnElement[bool]:
    at = Disclosure.ended_at
    return or_(
        _moved_at(at),
        _logged("agreement:withdraw", Disclosure.agreement_id, at),
        _logged("participant:withdraw_agreement", Disclosure.participant_id, at),
        _logged("participant:erase", Disclosure.participant_id, at),
    )
