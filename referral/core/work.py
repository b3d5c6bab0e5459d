"""The service and its unit of work: the only place that opens a session, commits, or asks the clock.

Return commits, raise rolls back. Key ring, reactions, clock and settings belong to one `Service`, so that two
applications can live in one process.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from time import perf_counter
from typing import Any, TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from referral.core.audit import DONE, Draft, Trace, standing_for, write_entries
from referral.core.audit.notary import Notary
from referral.core.database import READ_ONLY
from referral.core.encryption import KeyRing, Reading, bind_key_ring, open_reading
from referral.core.errors import Unavailable
from referral.core.ledger import ErasureLedger
from referral.core.outbox import Event, OutboxMessage
from referral.core.policy import SYSTEM_ID, Actor
from referral.core.processing import write_records
from referral.core.tracing import Span, continue_trace, new_span_id

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(hours=6)

log = structlog.get_logger("referral.work")

Reaction: TypeAlias = "Callable[[Any, Work], object]"
Reactions: TypeAlias = Mapping[type[Event], Sequence[Reaction]]


def utc_now() -> datetime:
    """The wall clock, in UTC."""
    return datetime.now(UTC)


class Work:
    """One unit of work: a session, an instant, a trace, and what a use case may ask of the service."""

    def __init__(self, service: "Service", session: Session, trace: Trace) -> None:
        self.service = service
        self.session = session
        self.trace = trace
        self._began = perf_counter()
        self.following: list[Callable[[Service], object]] = []
        self.drafts: list[Draft] = []

    @property
    def now(self) -> datetime:
        """The one instant of this work, in UTC."""
        return self.trace.now

    @property
    def today(self) -> date:
        """The Dutch calendar day of this work."""
        return self.trace.now.astimezone(AMSTERDAM).date()

    @property
    def traceparent(self) -> str:
        """The header that hands this work's trace on to whoever it calls (W3C Trace Context)."""
        return Span(self.trace.id, self.trace.span_id).traceparent

    def follow_with(self, step: "Callable[[Service], object]") -> None:
        """Do this once, right after the commit and before anybody hears the answer; not when the work is rolled back.

        For what may only begin when this work is durable. Whoever stops in between leaves it to the worker.
        """
        if step not in self.following:
            self.following.append(step)

    def publish(self, event: Event) -> None:
        """Write the event to the outbox and run the reactions that must share this transaction."""
        self.session.add(
            OutboxMessage(
                event=type(event).__name__,
                object_id=event.object_id,
                payload=event.to_payload(),
                published_at=self.now,
                traceparent=self.traceparent,
                attempts=0,
            )
        )
        for react in self.service.now_reactions.get(type(event), ()):
            react(event, self)

    def record(
        self,
        actor: Actor,
        action: str,
        object_type: str,
        object_id: UUID | None,
        *,
        subjects: Iterable[UUID] | None = None,
        controller: UUID | None = None,
        result: str = DONE,
        **details: object,
    ) -> None:
        """Leave the audit row of this deed or reading, and the processing records it asks for, in this transaction.

        The audit row is written when this work ends. `subjects` are the participants whose data it touches; a
        participant that is the object need not be named again. `controller` is the organisation for which the service
        itself acts. A refusal processed nothing. Raises `UnknownAction` and `SubjectMissing` (see `core.processing`).
        """
        trace = replace(self.trace, span_id=new_span_id())
        self.drafts.append(Draft(trace, actor, action, object_type, object_id, result, details))
        if result != DONE:
            return
        if subjects is None and object_type == "participant" and object_id is not None:
            subjects = (object_id,)
        organisation_id = controller if actor.organisation_id == SYSTEM_ID and controller else actor.organisation_id
        ended_at = self.now + timedelta(seconds=perf_counter() - self._began)
        write_records(self.session, trace, organisation_id, action, subjects, ended_at=ended_at)

    def note_request(
        self, actor: Actor, action: str, object_type: str, object_id: UUID | None, *, result: str = DONE
    ) -> None:
        """Leave the audit row of a request that left none of its own: nobody's data were touched."""
        trace = replace(self.trace, span_id=new_span_id())
        self.drafts.append(Draft(trace, actor, action, object_type, object_id, result))

    def stand_for(self, operation: str) -> None:
        """Say that one of the rows of this work stands for a whole request of that name."""
        self.drafts = standing_for(operation, self.drafts)

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Something that may fail without ending this work: when it raises, its changes and its rows are undone."""
        before = list(self.drafts)
        try:
            with self.session.begin_nested():
                yield
        except BaseException:
            self.drafts = before
            raise

    def finish(self) -> None:
        """Write the audit rows, just before the commit. Raises `Unavailable` when the database refuses a row."""
        self.session.flush()
        if self.drafts:
            try:
                write_entries(self.session, self.drafts)
            except OperationalError:
                raise
            except DBAPIError:
                raise Unavailable from None

    @contextmanager
    def reading(self, actor: Actor, purpose: str) -> Iterator[Reading]:
        """Open sealed values for a named actor and purpose; leaves one audit row per participant read (AVG art. 5(1)b).

        Outside this block a sealed attribute raises `PurposeMissing` before anything is decrypted.
        """
        with open_reading(self.session, purpose) as reading:
            yield reading
        for subject_id, fields in reading.opened.items():
            self.record(actor, "participant:read", "participant", subject_id, purpose=purpose, fields=sorted(fields))


@dataclass(frozen=True)
class Service:
    """One running application without its doors: database, keys, reactions, clock, settings and erasure ledger."""

    engine: Engine
    key_ring: KeyRing
    now_reactions: Reactions = field(default_factory=dict)
    later_reactions: Reactions = field(default_factory=dict)
    clock: Callable[[], datetime] = utc_now
    settings: Mapping[str, Any] = field(default_factory=dict)
    ledger: ErasureLedger | None = None
    notary: Notary | None = None

    @contextmanager
    def work(self, *, now: datetime | None = None, span: Span | None = None, read_only: bool = False) -> Iterator[Work]:
        """All or nothing: commit when the block ends well, roll back when it does not. `span` joins a trace."""
        trace = _trace_at(now or self.clock(), span or Span())
        engine = self.engine.execution_options(**{READ_ONLY: True}) if read_only else self.engine
        session = Session(engine, expire_on_commit=False)
        bind_key_ring(session, self.key_ring)
        work = Work(self, session, trace)
        try:
            yield work
            work.finish()
            session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            session.close()
        for step in work.following:
            step(self)


def drain(service: Service, *, most: int = 500) -> int:
    """Run what must happen after the commit, one transaction an event; returns how many events were handled.

    Safe to run twice: a reaction may see an event again. An event whose reaction fails is tried again later, with
    growing pauses, and is never dropped.
    """
    kinds = {kind.__name__: kind for kind in service.later_reactions}
    handled = 0
    for _ in range(most):
        with service.work() as work:
            message = _next_message(work)
            if message is None:
                return handled
            kind = kinds.get(message.event)
            work.trace = _trace_at(work.now, continue_trace(message.traceparent))
            try:
                with work.attempt():
                    for react in service.later_reactions[kind] if kind else ():
                        react(kind.from_payload(message.payload) if kind else None, work)
                message.handled_at = work.now
                message.feed_index = (work.session.scalar(select(func.max(OutboxMessage.feed_index))) or 0) + 1
                handled += 1
            except Exception as error:
                message.attempts += 1
                message.retry_at = work.now + min(LONGEST_PAUSE, FIRST_PAUSE * 2**message.attempts)
                log.error("reaction", kind=type(error).__name__, outbox_event=message.event, attempts=message.attempts)
    return handled


def _trace_at(now: datetime, span: Span) -> Trace:
    return Trace(span.trace_id, now, span.span_id, span.parent_span_id)


def _next_message(work: Work) -> OutboxMessage | None:
    """The oldest event that waits, held so that a second worker waits and the feed keeps one order."""
    due = OutboxMessage.retry_at.is_(None) | (OutboxMessage.retry_at <= work.now)
    query = select(OutboxMessage).where(OutboxMessage.handled_at.is_(None), due).order_by(OutboxMessage.id).limit(1)
    return work.session.scalars(query.with_for_update()).one_or_none()
