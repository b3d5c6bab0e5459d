"""The horizon of an erasure: the day from which no backup gives the person back either.

A backup from before an erasure still holds the person's wrapped key, and opens with the key-encryption key (KEK) of its
time; and it holds the tags by which somebody with the root of the index could still recognise a telephone number. So
after an erasure the survivors move to a new KEK and a new root of the index. A KEK is destroyed when every backup of
its time has had its own term: the life of a KEK is the term of the backups. The old root goes as soon as nothing stands
under it; the KEKs that it ever lay under count as the person's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, func, or_, select, update

from referral.core.encryption import INDEX_SUBJECT, DestroyReceipt, retired_wrapping_key, subject_key, wrapping_key
from referral.core.encryption.rotation import Heard
from referral.core.errors import KeyMissing
from referral.core.policy import system_actor
from referral.core.work import Service, Work
from referral.operations.keys import destroy_kek, rotate_keys
from referral.participants.models import ErasureRequest
from referral.participants.usecases.erasing import BACKUP_DAYS

RETIRED = retired_wrapping_key.c
OPERATOR = system_actor("cli")
BATCH = 500


@dataclass(frozen=True)
class Horizon:
    """What one run did and what still waits: `overdue` counts promises whose day has passed."""

    rewrapped: int
    retagged: int
    destroyed: Sequence[DestroyReceipt]
    unreadable: int
    waiting: int
    overdue: int


def advance_horizon(service: Service, *, heard: Heard = lambda _progress, _seen: None) -> Horizon:
    """Renew KEK and index when somebody was erased under them; destroy every KEK whose backups have had their term.

    Safe to stop and run again, beside a running service. A renewal waits two minutes halfway, until every process has
    forgotten the old key, and an old root of the index 72 hours for the last keyed digest; a later run goes on. Run it
    every hour; the promise in the receipts rests on it.
    """
    retagged = _renew(service, "index", heard) if _asks_index(service) else 0
    _note_dropped_roots(service)
    rewrapped = _renew(service, "kek", heard) if _asks_kek(service) else 0
    destroyed = [receipt for kek_id in _due(service) if (receipt := _destroy(service, kek_id))]
    return _conclude(service, rewrapped, retagged, destroyed)


def _renew(service: Service, kind: str, heard: Heard) -> int:
    return rotate_keys(service, kind, actor=OPERATOR, batch=BATCH, heard=heard).changed


def _asks_index(service: Service) -> bool:
    """Whether a renewal is under way, or somebody was erased who was found under the newest root."""
    with service.work(read_only=True) as work:
        newest = select(func.max(subject_key.c.gen)).where(subject_key.c.subject_id == INDEX_SUBJECT)
        return _is_asked(work, "index", ErasureRequest.index_generation == newest.scalar_subquery())


def _asks_kek(service: Service) -> bool:
    """Whether a renewal is under way, or something of an erased person lay under the newest wrapping key."""
    with service.work(read_only=True) as work:
        newest = select(func.max(wrapping_key.c.id)).scalar_subquery()
        return _is_asked(work, "kek", ErasureRequest.wrapping_key_id == newest)


def _is_asked(work: Work, kind: str, is_needed: ColumnElement[bool]) -> bool:
    is_running = any(job.kind == kind for job in work.service.key_ring.status(work.session).jobs)
    return is_running or bool(work.session.scalar(select(exists().where(is_needed))))


def _note_dropped_roots(service: Service) -> None:
    """Whoever's roots are gone: what still leads to them are the backups of until now, which hold those roots."""
    request = ErasureRequest
    with service.work() as work:
        oldest = select(func.min(subject_key.c.gen)).where(subject_key.c.subject_id == INDEX_SUBJECT).scalar_subquery()
        newest = select(func.max(wrapping_key.c.id)).scalar_subquery()
        gone = update(request).where(request.unreadable_at.is_(None), request.index_generation < oldest)
        work.session.execute(gone.values(index_generation=None, wrapping_key_id=newest))


def _due(service: Service) -> Sequence[str]:
    """The KEKs under which nothing lives, since longer than any backup is kept."""
    days = timedelta(days=service.settings.get("backup_retention_days", BACKUP_DAYS))
    with service.work(read_only=True) as work:
        used = select(wrapping_key.c.kek_id)
        idle = select(RETIRED.kek_id).where(RETIRED.destroyed_at.is_(None), RETIRED.kek_id.not_in(used))
        last = func.max(RETIRED.retired_at)
        return work.session.scalars(
            idle.group_by(RETIRED.kek_id).having(last <= work.now - days).order_by(last, RETIRED.kek_id)
        ).all()


def _destroy(service: Service, kek_id: str) -> DestroyReceipt | None:
    """Destroy one KEK; None when it was gone already, which is then written down."""
    try:
        return destroy_kek(service, kek_id, actor=OPERATOR)
    except KeyMissing:
        with service.work() as work:
            gone = update(retired_wrapping_key).where(RETIRED.kek_id == kek_id)
            work.session.execute(gone.values(destroyed_at=work.now))
        return None


def _conclude(service: Service, rewrapped: int, retagged: int, destroyed: Sequence[DestroyReceipt]) -> Horizon:
    with service.work() as work:
        unreadable = _close(work, work.now)
        waiting = ErasureRequest.unreadable_at.is_(None)
        late = ErasureRequest.backups_until < work.today
        count = select(func.count()).select_from(ErasureRequest)
        return Horizon(
            rewrapped,
            retagged,
            destroyed,
            unreadable,
            waiting=work.session.scalar(count.where(waiting)) or 0,
            overdue=work.session.scalar(count.where(waiting, late)) or 0,
        )


def _close(work: Work, at: datetime) -> int:
    """Note the erasures of which now the roots and every KEK of the time before are gone; returns how many."""
    request = ErasureRequest
    standing = or_(
        exists().where(wrapping_key.c.id <= request.wrapping_key_id),
        exists().where(RETIRED.id <= request.wrapping_key_id, RETIRED.destroyed_at.is_(None)),
    )
    open_ones = (
        request.unreadable_at.is_(None),
        request.wrapping_key_id.is_not(None),
        request.index_generation.is_(None),
    )
    ids = work.session.scalars(select(request.id).where(*open_ones, ~standing)).all()
    work.session.execute(update(request).where(request.id.in_(ids)).values(unreadable_at=at))
    return len(ids)
