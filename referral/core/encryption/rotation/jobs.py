"""The one engine of every rotation: batches in order of id, beside a running service, to be stopped at any moment.

    a plan      the steps of one kind of rotation, in order
    a walk      one step over one table, batch after batch
    a settle    a pause of twice the time to live, until no process works with what it remembered from before

The cursor is stored in the transaction of its batch (`crypto_job`). So a job that was killed goes on where the last
batch was committed, and two commands at once take turns.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from sqlalchemy import Connection, Engine, select
from sqlalchemy.orm import Session

from referral.core.encryption.keys import CryptoJob


@dataclass
class Tally:
    """What one batch came to: where it ended (None: the step is done), what it saw and what it did.

    `refused` counts rows that somebody else changed meanwhile, `kept` old keys that are still needed. `is_over` says
    that the command has to stop here: the job has ended, or has to wait.
    """

    last: UUID | None
    seen: int = 0
    changed: int = 0
    refused: int = 0
    errors: int = 0
    kept: int = 0
    is_over: bool = False


class Work(Protocol):
    """What a walk does with a table."""

    def count(self, connection: Connection) -> int:
        """How many items there are, for the progress bar."""
        ...

    def run(self, connection: Connection, after: UUID | None, limit: int) -> Tally:
        """The next batch."""
        ...


@dataclass(frozen=True)
class Walk:
    """A step that does work. One that begins a round sets the counts of what went wrong to nought."""

    name: str
    work: Work
    begins_round: bool = False


@dataclass(frozen=True)
class Settle:
    """A step that only waits: twice the time to live."""

    name: str


Step = Walk | Settle


@dataclass(frozen=True)
class Plan:
    """The steps of one kind of rotation."""

    kind: str
    steps: tuple[Step, ...]

    def step(self, name: str) -> Step:
        """The step of that name; the first round when this version of the service does not know it."""
        return next((step for step in self.steps if step.name == name), self.rounds[0])

    def after(self, step: Step) -> Step | None:
        """The step behind it; None at the end."""
        return next(iter(self.steps[self.steps.index(step) + 1 :]), None)

    @property
    def rounds(self) -> tuple[Walk, ...]:
        """Where each round over everything begins; after the last no process works with old keys any more."""
        return tuple(step for step in self.steps if isinstance(step, Walk) and step.begins_round)


@dataclass(frozen=True)
class Progress:
    """Where a job is now."""

    step: str
    done: int
    total: int


@dataclass(frozen=True)
class Report:
    """How far one call has come.

    `until` is set while the job waits for caches to forget; `kept` counts old keys that are still needed.
    """

    kind: str
    changed: int
    errors: int
    kept: int
    until: datetime | None

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do."""
        return self.until is None and not self.errors and not self.kept


def find_job(session: Session, kind: str) -> CryptoJob | None:
    """The running job of this kind, held for this transaction."""
    query = select(CryptoJob).where(CryptoJob.kind == kind, CryptoJob.ended_at.is_(None))
    return session.scalars(query.with_for_update()).one_or_none()


@dataclass(frozen=True)
class Runner:
    """Runs the job of a plan. `ttl` is the time to live of keys in memory, in seconds; `batch` is in items.

    `heard` learns of every batch, and may wait before it returns: no transaction is open then.
    """

    engine: Engine
    plan: Plan
    ttl: float
    clock: Callable[[], datetime]
    batch: int = 500
    heard: Callable[[Progress, int], object] = lambda _progress, _seen: None

    def run(self) -> Report:
        """Batch after batch, until the job is done or has to wait."""
        changed = 0
        while True:
            with Session(self.engine, expire_on_commit=False) as session, session.begin():
                job = find_job(session, self.plan.kind)
                if job is None:
                    return Report(self.plan.kind, changed, 0, 0, None)
                step = self.plan.step(job.step)
                tally = self._go_on(session, job, step)
                changed += tally.changed
                progress = Progress(step.name, job.done, job.total)
            self.heard(progress, tally.seen)
            if tally.is_over:
                return Report(self.plan.kind, changed, job.errors, job.kept, job.not_before)

    def _go_on(self, session: Session, job: CryptoJob, step: Step) -> Tally:
        if step.name != job.step:
            self._enter(job, step)
        job.moved_at = self.clock()
        if isinstance(step, Settle):
            return self._wait(job, step)
        return self._walk(session.connection(), job, step)

    def _wait(self, job: CryptoJob, step: Settle) -> Tally:
        now = self.clock()
        job.not_before = job.not_before or now + timedelta(seconds=2 * self.ttl)
        if job.not_before > now:
            return Tally(last=None, is_over=True)
        return Tally(last=None, is_over=self._enter(job, self.plan.after(step)))

    def _walk(self, connection: Connection, job: CryptoJob, step: Walk) -> Tally:
        if job.cursor is None:
            self._begin(connection, job, step)
        tally = step.work.run(connection, job.cursor, self.batch)
        job.cursor = tally.last
        job.done += tally.seen
        job.changed += tally.changed
        job.refused += tally.refused
        job.errors += tally.errors
        job.kept += tally.kept
        if tally.last is None:
            tally.is_over = self._enter(job, self.plan.after(step))
        return tally

    def _begin(self, connection: Connection, job: CryptoJob, step: Walk) -> None:
        job.done, job.total = 0, step.work.count(connection)
        if step.begins_round:
            job.refused = job.errors = job.kept = 0

    def _enter(self, job: CryptoJob, step: Step | None) -> bool:
        """Stand before the next step; True when there is none. What is left over is for another last round."""
        job.cursor = job.not_before = None
        if step is None and (job.errors or job.kept):
            job.step = self.plan.rounds[-1].name
        elif step is None:
            job.ended_at = self.clock()
        else:
            job.step = step.name
        return step is None
