"""A repeated request changes nothing and gets the first answer again (72 hours, per client and route).

The row is written first in the deed's own transaction, so that a concurrent double waits for the winner. The stored
answer is sealed under the person it is about, so that erasing that person ends it too. It is let go when the
organisation that got it loses sight of that person (`withhold`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, LargeBinary, String, UniqueConstraint, delete, not_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from referral.core.database import Base
from referral.core.encryption import SERVICE_SUBJECT, keyed_digest, sealed_bytes
from referral.core.errors import IdempotencyConflict, Invalid, NotFound
from referral.core.policy import Actor
from referral.core.work import Work

KEPT = timedelta(hours=72)
LONGEST_KEY = 255
LABEL = "idempotency_record.answer"


class IdempotencyRecord(Base):
    """One key of one client on one route, with the sealed answer that it led to."""

    __tablename__ = "idempotency_record"
    __table_args__ = (UniqueConstraint("client_id", "organisation_id", "route", "key_hash"),)

    client_id: Mapped[UUID]
    organisation_id: Mapped[UUID]
    route: Mapped[str] = mapped_column(String(300))
    key_hash: Mapped[bytes] = mapped_column(LargeBinary(33), info=keyed_digest())
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary(33), info=keyed_digest())
    created_at: Mapped[datetime] = mapped_column(index=True)
    subject_id: Mapped[UUID | None] = mapped_column(index=True)
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    answer: Mapped[bytes | None] = mapped_column(LargeBinary, info=sealed_bytes(LABEL, subject="subject_id"))

    @property
    def person_id(self) -> UUID | None:
        """The participant whose data the answer holds; None when it is about nobody."""
        return None if self.subject_id == SERVICE_SUBJECT else self.subject_id


@dataclass(frozen=True)
class Answer:
    """What was answered: status, the headers that belong to it, and the body as sent."""

    status: int
    headers: dict[str, str]
    body: bytes


def read_key(header: str | None, rule: str) -> str | None:
    """The caller's key, quoted or bare; None when there is none to heed. Raises `Invalid` when one is needed."""
    if not rule:
        return None
    key = (header or "").strip().strip('"').strip()
    if not key:
        if rule == "required":
            raise Invalid.one("/Idempotency-Key", "required", "De kop Idempotency-Key is verplicht bij dit verzoek.")
        return None
    if len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise Invalid.one("/Idempotency-Key", "invalid", "De kop Idempotency-Key mag hoogstens 255 tekens hebben.")
    return key


def claim(
    work: Work, actor: Actor, endpoint: str, path: str, key: str, body: bytes
) -> tuple[IdempotencyRecord, Answer | None]:
    """Take the key for this request, or find the answer that it already led to.

    Raises `IdempotencyConflict` when the key came before with another body, and `NotFound` when the answer was let go.
    """
    ring, session = work.service.key_ring, work.session
    # The path goes into the digest: what somebody typed into it may be anything. While the root of the digests is
    # being renewed, the first request may lie under the old one.
    keys = ring.fingerprints(session, "idempotency.key", f"{path} {key}".encode())
    bodies = ring.fingerprints(session, "idempotency.body", body)
    record = IdempotencyRecord(
        client_id=actor.client_id or actor.id,
        organisation_id=actor.organisation_id,
        route=endpoint,
        key_hash=keys[0],
        fingerprint=bodies[0],
        created_at=work.now,
    )
    earlier = _find(work, record, keys)
    if earlier is None:
        try:
            with session.begin_nested():
                session.execute(delete(IdempotencyRecord).where(*_same(record, keys), _is_old(work)))
                session.add(record)
            return record, None
        except IntegrityError:
            earlier = _find(work, record, keys)
    if earlier is None or earlier.fingerprint not in bodies:
        raise IdempotencyConflict
    if earlier.answer is None:
        raise NotFound
    return earlier, _open(work, earlier)


def keep(work: Work, record: IdempotencyRecord, answer: Answer, subject_id: UUID | None) -> None:
    """Seal the answer into the row, in the deed's own transaction."""
    record.subject_id = subject_id or SERVICE_SUBJECT
    record.status, record.headers = answer.status, answer.headers
    record.answer = work.service.key_ring.seal(work.session, LABEL, record.id, record.subject_id, answer.body)


def withhold(work: Work, subject_id: UUID, organisation_id: UUID) -> None:
    """Let go of the answers about this person that this organisation got; a repeat still does nothing, and gets 404."""
    kept = (IdempotencyRecord.subject_id == subject_id, IdempotencyRecord.organisation_id == organisation_id)
    work.session.execute(update(IdempotencyRecord).where(*kept).values(answer=None))


def forget_old_keys(work: Work) -> int:
    """Delete the keys older than 72 hours; returns how many."""
    result = work.session.execute(delete(IdempotencyRecord).where(_is_old(work)))
    return int(getattr(result, "rowcount", 0))


def _find(work: Work, record: IdempotencyRecord, keys: Sequence[bytes]) -> IdempotencyRecord | None:
    live = select(IdempotencyRecord).where(*_same(record, keys), not_(_is_old(work)))
    return work.session.scalars(live).one_or_none()


def _same(record: IdempotencyRecord, keys: Sequence[bytes]) -> tuple[ColumnElement[bool], ...]:
    return (
        IdempotencyRecord.client_id == record.client_id,
        IdempotencyRecord.organisation_id == record.organisation_id,
        IdempotencyRecord.route == record.route,
        IdempotencyRecord.key_hash.in_(keys),
    )


def _is_old(work: Work) -> ColumnElement[bool]:
    return IdempotencyRecord.created_at < work.now - KEPT


def _open(work: Work, record: IdempotencyRecord) -> Answer:
    body = work.service.key_ring.unseal(
        work.session, LABEL, record.id, record.subject_id or SERVICE_SUBJECT, record.answer or b""
    )
    return Answer(record.status or 200, dict(record.headers or {}), bytes(body))
