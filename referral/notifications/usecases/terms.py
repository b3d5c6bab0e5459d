"""Running the terms: each date that passed is answered in a transaction of its own, so that no failure stops others."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError

from referral.core.work import Service, Work
from referral.notifications.usecases.clocks import CLOCKS, Clock
from referral.notifications.usecases.conversations import organisations_with_overdue, remind_of_conversations
from referral.notifications.usecases.expiring import organisations_with_retention, tell_of_retention
from referral.notifications.usecases.rights import organisations_with_requests, remind_of_requests
from referral.referrals.models import Referral

BATCH = 200
FAILED = "failed"
OUTAGES = ("08", "57P")

log = structlog.get_logger("referral.terms")

Progress = Callable[[int], object]


@dataclass(frozen=True)
class TermsResult:
    """How often each thing was done: a kind of notice, `resumed`, `closed`, `deleted`, and `failed`."""

    counts: Mapping[str, int]


def run_terms(
    service: Service, *, progress: Progress | None = None, stopped: Callable[[], bool] = lambda: False
) -> TermsResult:
    """Answer every date that has passed; what fails is logged by id and kind, and tried again in the next run.

    `progress` hears how many cases were looked at. `stopped` is asked before each: what is left waits for the next run.
    Raises when the database itself cannot be reached.
    """
    counts: Counter[str] = Counter()
    for seen, (name, subject_id, strike) in enumerate(_strokes(service), start=1):
        if stopped():
            break
        counts.update(_attempt(service, name, subject_id, strike))
        if progress is not None:
            progress(seen)
    return TermsResult(dict(counts))


Stroke = Callable[[UUID, Work], list[str]]


def _strokes(service: Service) -> Iterator[tuple[str, UUID, Stroke]]:
    """Everything that is due, found as the run proceeds: the clocks in their order, then the organisations."""
    for clock in CLOCKS:
        for referral_id in _due(service, clock):
            yield clock.name, referral_id, _striking(clock)
    with service.work(read_only=True) as work:
        organisations = organisations_with_overdue(work)
        retaining = organisations_with_retention(work)
        responsible = organisations_with_requests(work)
    for organisation_id in organisations:
        yield "conversation", organisation_id, remind_of_conversations
    for organisation_id in retaining:
        yield "retention", organisation_id, tell_of_retention
    for organisation_id in responsible:
        yield "privacy_request", organisation_id, remind_of_requests


def _striking(clock: Clock) -> Stroke:
    def strike(referral_id: UUID, work: Work) -> list[str]:
        done = clock.strike(referral_id, work)
        return [done] if done else []

    return strike


def _due(service: Service, clock: Clock) -> Iterator[UUID]:
    """The referrals on which the clock has to strike, in batches by id; what fails does not come back in this run."""
    last: UUID | None = None
    while True:
        with service.work(read_only=True) as work:
            query = clock.due(work.today).limit(BATCH)
            ids = work.session.scalars(query if last is None else query.where(Referral.id > last)).all()
        yield from ids
        if len(ids) < BATCH:
            return
        last = ids[-1]


def _attempt(service: Service, name: str, subject_id: UUID, strike: Stroke) -> list[str]:
    try:
        with service.work() as work:
            return strike(subject_id, work)
    except Exception as error:
        if is_outage(error):
            raise
        log.error("term", clock=name, subject=str(subject_id), kind=type(error).__name__)
        return [FAILED]


def is_outage(error: Exception) -> bool:
    """Whether the database as a whole is away, and not one row locked or one statement refused."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    return state is None or state.startswith(OUTAGES)
