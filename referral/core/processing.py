"""The processing records: for every processing of a person's data one row, as the Logboek Dataverwerkingen asks.

A row says which activity of the register (`config/processing-activities.toml`), which action, when, under which trace
and about whom; never which user. Who did it stands in the audit row with the same trace id and span id. The person is
sealed under the service's own key, with a blind index to ask for "all records of this person"; erasing the person
empties both. A deed that fails leaves no row, because row and deed share one transaction. Nothing is sampled.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from importlib.metadata import version
from typing import Final
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, Index, LargeBinary, String, bindparam, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from referral.core.audit import Trace
from referral.core.codelists import Action, actions
from referral.core.database import Base, new_id
from referral.core.encryption import SERVICE_SUBJECT, RowId, sealed_bytes, sealed_check
from referral.core.encryption.index import index_input, index_label
from referral.core.encryption.ring import ring_of

LABEL: Final = "processing_record.subject"
INDEX: Final = RowId()
SERVICE_NAME: Final = "referral"
SERVICE_VERSION: Final = version(SERVICE_NAME)


class UnknownAction(LookupError):
    """An action that stands nowhere in the register. A fault of ours: what is not in the register does not happen."""


class SubjectMissing(TypeError):
    """An action of the register that says of whom, done without saying of whom; or the other way round."""


def _id_of(data: bytes) -> str:
    return str(UUID(bytes=data))


def _indexed(subject_id: UUID) -> tuple[str, bytes]:
    """The label and the input of the tag of this person."""
    return index_label(LABEL, INDEX), index_input(INDEX, INDEX.normalise(str(subject_id)), None)


class ProcessingRecord(Base):
    """One processing of one person's data, or of figures that name nobody; without subject also after an erasure."""

    __tablename__ = "processing_record"
    __table_args__ = (
        sealed_check("subject_ct"),
        CheckConstraint("(subject_ct IS NULL) = (subject_bix IS NULL)", name="subject"),
        Index("ix_processing_record_span", "trace_id", "span_id"),
        Index("ix_processing_record_organisation", "organisation_id", "id"),
    )

    organisation_id: Mapped[UUID]
    activity: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(64))
    trace_id: Mapped[str] = mapped_column(String(32))
    span_id: Mapped[str] = mapped_column(String(16))
    parent_span_id: Mapped[str | None] = mapped_column(String(16))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    service_version: Mapped[str] = mapped_column(String(32))
    subject_ct: Mapped[bytes | None] = mapped_column(
        LargeBinary,
        info=sealed_bytes(LABEL, subject=SERVICE_SUBJECT, load=_id_of, index=INDEX, tag_column="subject_bix"),
    )
    subject_bix: Mapped[bytes | None] = mapped_column(LargeBinary(17), index=True)

    @classmethod
    def about(cls, session: Session, subject_id: UUID) -> ColumnElement[bool]:
        """SQL for "this record is about this person"."""
        return cls.subject_bix.in_(ring_of(session).index_keys(session).candidates(*_indexed(subject_id)))

    @classmethod
    def clear_indexes(cls, session: Session, subject_id: UUID) -> None:
        """Let every record of one person point nowhere (part of `KeyRing.erase_subject`)."""
        _empty(session, cls.about(session, subject_id))


_RECORDS = Base.metadata.tables[ProcessingRecord.__tablename__]


def write_records(
    session: Session,
    trace: Trace,
    organisation_id: UUID,
    action: str,
    subjects: Iterable[UUID] | None,
    *,
    ended_at: datetime,
) -> None:
    """Add what the register asks for this action: a row for each person, one row that names nobody, or none.

    Raises `UnknownAction`, and `SubjectMissing` when `subjects` is None where persons are asked, or given where not.
    """
    listed = find_action(action)
    if listed.names_persons is (subjects is None):
        raise SubjectMissing(action)
    if listed.activity is None:
        return
    about = {
        "organisation_id": organisation_id,
        "activity": listed.activity,
        "action": action,
        "trace_id": trace.id,
        "span_id": trace.span_id,
        "parent_span_id": trace.parent_span_id,
        "started_at": trace.now,
        "ended_at": ended_at,
        "service_version": SERVICE_VERSION,
    }
    people = (None,) if subjects is None else tuple(dict.fromkeys(subjects))
    if people:
        rows = [about | named for named in _named(session, people)]
        session.execute(insert(ProcessingRecord), rows)


def find_action(action: str) -> Action:
    """What the register says about an action of the audit log. Raises `UnknownAction`."""
    try:
        return actions()[action]
    except KeyError:
        raise UnknownAction(action) from None


def read_subject(session: Session, record_id: UUID, subject_ct: bytes | None) -> UUID | None:
    """The person whom this record is about; None when it names nobody, or nobody any more."""
    if subject_ct is None:
        return None
    return UUID(bytes=ring_of(session).unseal(session, LABEL, record_id, SERVICE_SUBJECT, subject_ct))


def move_records(session: Session, from_id: UUID, to_id: UUID) -> int:
    """Let the records about a draft be about the person whom it became, so that they count as this person's.

    Returns how many records that were.
    """
    ids = session.scalars(select(ProcessingRecord.id).where(ProcessingRecord.about(session, from_id))).all()
    moved = [{"record_id": each, **_sealed(session, each, to_id)} for each in ids]
    if moved:
        session.connection().execute(update(_RECORDS).where(_RECORDS.c.id == bindparam("record_id")), moved)
    return len(moved)


def forget_erased(session: Session, since: datetime) -> int:
    """Empty what still points to somebody who was erased since; returns how many records that were.

    A reading that began before an erasure may end after it, and knows nothing of it.
    """
    erased = ring_of(session).erased_since(session, since)
    return sum(_empty(session, ProcessingRecord.about(session, subject_id)) for subject_id in erased)


def _named(session: Session, people: Sequence[UUID | None]) -> Iterator[dict[str, object]]:
    """For each person the id of a row with the person sealed in it; about who was erased it does not say who it was."""
    ring = ring_of(session)
    living = ring.living(session, [each for each in people if each is not None])
    for subject_id in people:
        row_id = new_id()
        if subject_id not in living:
            yield {"id": row_id, "subject_ct": None, "subject_bix": None}
            continue
        yield {"id": row_id, **_sealed(session, row_id, subject_id)}


def _sealed(session: Session, row_id: UUID, subject_id: UUID) -> dict[str, object]:
    ring = ring_of(session)
    return {
        "subject_ct": ring.seal(session, LABEL, row_id, SERVICE_SUBJECT, subject_id.bytes),
        "subject_bix": ring.index_keys(session).tag(*_indexed(subject_id)),
    }


def _empty(session: Session, which: ColumnElement[bool]) -> int:
    result = session.execute(update(ProcessingRecord).where(which).values(subject_ct=None, subject_bix=None))
    return int(getattr(result, "rowcount", 0))
