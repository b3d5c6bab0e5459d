"""Carrying out the erasures that were decided, in steps that may each be done twice: ledger, keys, remains.

The ledger and the keys come right after the decision. The worker wipes the remains, for all erasures of a minute at
once since it writes tables anew, and finishes what was stopped halfway.
"""

from collections.abc import Callable, Sequence
from uuid import UUID

import structlog
from sqlalchemy import func, select, update

from referral.core.encryption import INDEX_SUBJECT, subject_key, wrapping_key
from referral.core.errors import KeyMissing, Unavailable
from referral.core.ledger import LedgerProblem
from referral.core.processing import ProcessingRecord
from referral.core.remains import wipe_remains
from referral.core.work import Service, Work
from referral.participants.models import ErasureRequest, Participant

FINDABLE = (Participant, ProcessingRecord)
"""What has tags by which a participant is found; they go with the key."""

log = structlog.get_logger("referral.erasure")


def complete_erasures(service: Service, *, stopped: Callable[[], bool] = lambda: False) -> int:
    """Finish every erasure that is not finished; returns how many were. What cannot be done now waits for the worker.

    Raises `Unavailable` when the ledger cannot be written: no key goes before the ledger knows.
    """
    destroy_decided(service, stopped=stopped)
    destroyed = _waiting(service, until_destroyed=False)
    if not destroyed or not wipe_remains(service.engine):
        return 0
    with service.work() as work:
        done = update(ErasureRequest).where(ErasureRequest.id.in_(destroyed)).values(wiped_at=work.now)
        work.session.execute(done)
    log.info("erased", count=len(destroyed))
    return len(destroyed)


def destroy_decided(service: Service, *, stopped: Callable[[], bool] = lambda: False) -> None:
    """Enter every decided erasure in the ledger and destroy the keys. Raises `Unavailable` without a ledger."""
    for request_id in _waiting(service, until_destroyed=True):
        if stopped():
            return
        _enter_in_ledger(service, request_id)
        _destroy_keys(service, request_id)


def _waiting(service: Service, *, until_destroyed: bool) -> Sequence[UUID]:
    is_destroyed = ErasureRequest.destroyed_at.is_not(None)
    query = select(ErasureRequest.id).where(ErasureRequest.wiped_at.is_(None)).order_by(ErasureRequest.id)
    with service.work(read_only=True) as work:
        return work.session.scalars(query.where(~is_destroyed if until_destroyed else is_destroyed)).all()


def _enter_in_ledger(service: Service, request_id: UUID) -> None:
    if service.ledger is None:
        raise Unavailable("Het register van wissingen is niet ingesteld.")
    with service.work() as work:
        request = work.session.get_one(ErasureRequest, request_id, with_for_update=True)
        if request.entered_at is None:
            try:
                service.ledger.add_erasure(request.participant_id, request.ground, request.requested_at)
            except (LedgerProblem, OSError) as error:
                log.error("ledger", kind=type(error).__name__)
                raise Unavailable("Het register van wissingen is niet te schrijven.") from None
            request.entered_at = work.now


def _destroy_keys(service: Service, request_id: UUID) -> None:
    with service.work() as work:
        request = work.session.get_one(ErasureRequest, request_id, with_for_update=True)
        if request.destroyed_at is None:
            try:
                service.key_ring.erase_subject(work.session, request.participant_id, FINDABLE, at=work.now)
            except KeyMissing:
                # Nothing was ever sealed for this person, so there is nothing to destroy.
                log.warning("erased_without_key", participant=str(request.participant_id))
            note_destroyed(request, work)


def note_destroyed(request: ErasureRequest, work: Work) -> None:
    """The person's key is gone here; from now on the backups of this time are what still leads to the person."""
    request.destroyed_at = work.now
    request.wrapping_key_id = work.session.scalar(select(func.max(wrapping_key.c.id)))
    of_index = subject_key.c.subject_id == INDEX_SUBJECT
    request.index_generation = work.session.scalar(select(func.max(subject_key.c.gen)).where(of_index))
