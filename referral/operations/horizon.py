"""The horizon of an erasure: the day from which no backup gives the person back either.

A backup from before an erasure still holds the person's wrapped key, and opens with the key-encryption key (KEK) of its
time. So the survivors move to a new KEK soon after an erasure, and the old one is destroyed when every backup of its
time has had its own term: the life of a KEK is the term of the backups.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, func, or_, select, update

from referral.core.encryption import DestroyReceipt, retired_wrapping_key, wrapping_key
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
    destroyed: Sequence[DestroyReceipt]
    unreadable: int
    waiting: int
    overdue: int


def advance_horizon(service: Service, *, heard: Heard = lambda _progress, _seen: None) -> Horizon:
    """Renew the KEK when somebody was erased under it, and destroy every KEK whose backups have had their term.

    Safe to stop and run again, beside a running service. A renewal waits two minutes halfway, until every process has
    forgotten the old key; the next run ends it. Run it every hour; the promise in the receipts rests on it.
    """
    rewrapped = rotate_keys(service, "kek", actor=OPERATOR, batch=BATCH, heard=heard).changed if _asks(service) else 0
    destroyed = [receipt for kek_id in _due(service) if (receipt := _destroy(service, kek_id))]
    return _conclude(service, rewrapped, destroyed)


def _asks(service: Service) -> bool:
    """Whether a renewal is under way, or somebody was erased under the newest wrapping key."""
    with service.work(read_only=True) as work:
        newest = select(func.max(wrapping_key.c.id)).scalar_subquery()
        is_needed = bool(work.session.scalar(select(exists().where(ErasureRequest.wrapping_key_id == newest))))
        return is_needed or any(job.kind == "kek" for job in service.key_ring.status(work.session).jobs)


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
    request = ErasureRequest
    standing = or_(
        exists().where(wrapping_key.c.id <= request.wrapping_key_id),
        exists().where(RETIRED.id <= request.wrapping_key_id, RETIRED.destroyed_at.is_(None)),
    )
    open_ones = (request.unreadable_at.is_(None), request.wrapping_key_id.is_not(None))
    ids = work.session.scalars(select(request.id).where(*open_ones, ~standing)).all()
    work.session.execute(update(request).where(request.id.in_(ids)).values(unreadable_at=at))
    return len(ids)
