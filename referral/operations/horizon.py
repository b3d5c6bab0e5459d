"""The horizon of an erasure: the day from which no backup gives the person back either.

A backup from before an erasure still holds the person's wrapped key, and opens with the key-encryption key (KEK) of its
time. So the survivors move to a new KEK soon after an erasure, and the old one is destroyed when every backup of its
time has had its own term: the life of a KEK is the term of the backups.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, exists, func, insert, select, update

from referral.core.encryption import DestroyReceipt, KeyStatus, key_retirement, wrapping_key
from referral.core.errors import KeyMissing
from referral.core.policy import system_actor
from referral.core.work import Service, Work
from referral.operations.backup import ledger_of
from referral.participants.models import ErasureRequest
from referral.participants.usecases.erasing import BACKUP_DAYS

RETIRED = key_retirement.c
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Horizon:
    """What one run did and what still waits: `overdue` counts promises whose day has passed."""

    rewrapped: int
    destroyed: Sequence[DestroyReceipt]
    unreadable: int
    waiting: int
    overdue: int


def advance_horizon(service: Service, *, progress: Progress | None = None) -> Horizon:
    """Renew the KEK when somebody was erased under it, and destroy every KEK whose backups have had their term.

    Safe to stop and run again, beside a running service. Run it every day; the promise in the receipts rests on it.
    """
    rewrapped = _renew(service, progress)
    _note_retired(service)
    destroyed = [receipt for kek_id in _due(service) if (receipt := _destroy(service, kek_id))]
    return _conclude(service, rewrapped, destroyed)


def _renew(service: Service, progress: Progress | None) -> int:
    ring = service.key_ring
    with service.work(read_only=True) as work:
        newest = select(func.max(wrapping_key.c.id)).scalar_subquery()
        under_newest = exists().where(ErasureRequest.wrapping_key_id == newest)
        is_needed = work.session.scalar(select(under_newest))
    return ring.renew_kek(progress=progress) if is_needed else ring.rotate_kek(progress=progress)


def _note_retired(service: Service) -> None:
    """From now on these keys wrap nothing that lives; one that came into use again has to wait anew."""
    with service.work() as work:
        status, current = service.key_ring.status(work.session), service.key_ring.provider.current()
        known = set(work.session.scalars(select(RETIRED.kek_id)))
        idle = {kek_id for kek_id in _kek_ids(status) if kek_id != current and not status.live_keys_under(kek_id)}
        in_use = [kek_id for kek_id in known & _kek_ids(status) if kek_id not in idle]
        work.session.execute(delete(key_retirement).where(RETIRED.kek_id.in_(in_use), RETIRED.destroyed_at.is_(None)))
        for kek_id in sorted(idle - known):
            work.session.execute(insert(key_retirement).values(kek_id=kek_id, retired_at=work.now))


def _kek_ids(status: KeyStatus) -> set[str]:
    return {each.kek_id for each in status.wrapping_keys}


def _due(service: Service) -> Sequence[str]:
    days = timedelta(days=service.settings.get("backup_retention_days", BACKUP_DAYS))
    with service.work(read_only=True) as work:
        query = select(RETIRED.kek_id).where(RETIRED.destroyed_at.is_(None), RETIRED.retired_at <= work.now - days)
        return work.session.scalars(query.order_by(RETIRED.retired_at, RETIRED.kek_id)).all()


def _destroy(service: Service, kek_id: str) -> DestroyReceipt | None:
    """Destroy one KEK, looked at once more; the ledger knows first, so that no key backup brings it back."""
    with service.work() as work:
        if service.key_ring.status(work.session).live_keys_under(kek_id):
            return None
        ledger_of(service).add_destroyed_key(kek_id, work.now)
        try:
            receipt = service.key_ring.provider.destroy(kek_id)
        except KeyMissing:
            receipt = DestroyReceipt(kek_id, is_certain=True)
        done = update(key_retirement).where(RETIRED.kek_id == kek_id).values(destroyed_at=work.now)
        work.session.execute(done)
        work.record(system_actor("cli"), "key:destroy", "key", None, kek=kek_id, certain=receipt.is_certain)
        return receipt


def _conclude(service: Service, rewrapped: int, destroyed: Sequence[DestroyReceipt]) -> Horizon:
    with service.work() as work:
        unreadable = _close(work, work.now)
        waiting = ErasureRequest.unreadable_at.is_(None)
        late = ErasureRequest.backups_until < work.today
        count = select(func.count()).select_from(ErasureRequest)
        return Horizon(
            rewrapped,
            destroyed,
            unreadable,
            waiting=work.session.scalar(count.where(waiting)) or 0,
            overdue=work.session.scalar(count.where(waiting, late)) or 0,
        )


def _close(work: Work, at: datetime) -> int:
    """Note the erasures of which now every KEK of the time before is gone; returns how many."""
    gone = select(RETIRED.kek_id).where(RETIRED.destroyed_at.is_not(None))
    standing = exists().where(wrapping_key.c.id <= ErasureRequest.wrapping_key_id, wrapping_key.c.kek_id.not_in(gone))
    open_ones = (ErasureRequest.unreadable_at.is_(None), ErasureRequest.wrapping_key_id.is_not(None))
    ids = work.session.scalars(select(ErasureRequest.id).where(*open_ones, ~standing)).all()
    work.session.execute(update(ErasureRequest).where(ErasureRequest.id.in_(ids)).values(unreadable_at=at))
    return len(ids)
