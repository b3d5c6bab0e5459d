"""What happens without anybody asking: erasures, terms, outbox, facts, sealing the audit log, digests, forgetting.

Any number of workers may run at once: row locks and unique keys keep each deed single, not this schedule.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

import structlog

from referral.core.idempotency import forget_old_keys
from referral.core.processing import forget_erased
from referral.core.work import AMSTERDAM, Service, drain
from referral.identity.usecases import forget_old_attempts
from referral.notifications.usecases import forget_told, run_terms, send_digests
from referral.operations.sealing import seal_log
from referral.participants.usecases import complete_erasures
from referral.referrals.usecases import forget_old_drafts
from referral.reports.usecases import fold_changes, freeze_due
from referral.webhooks.usecases import deliver_due, forget_delivered, tell_owners

MORNING = time(7)
RETRY = timedelta(seconds=10)
HANDFUL = 20
LATECOMERS = timedelta(days=1)

log = structlog.get_logger("referral.worker")

Stopped = Callable[[], bool]
Counts = Mapping[str, int]


@dataclass(frozen=True)
class Job:
    """One kind of work. `every` is the longest pause; a job of the day runs once, from 07:00 Dutch time on."""

    name: str
    run: Callable[[Service, Stopped], Counts]
    every: timedelta
    daily: bool = False

    def first_at(self, now: datetime) -> datetime:
        """When it may run for the first time."""
        return _morning_of(now) if self.daily else now

    def next_at(self, now: datetime, *, is_done: bool) -> datetime:
        """When it runs again after it ran; a job of the day that could not be finished comes back today."""
        return _morning_of(now + timedelta(days=1)) if self.daily and is_done else now + self.every


def run_worker(service: Service, *, stop: threading.Event, interval: float = 1.0) -> None:
    """Work until `stop` is set, looking every `interval` seconds at what is due.

    A job that fails is logged and tried again after ten seconds, so an outage of the database or the mail server ends
    nothing. Stops between two cases or two mails; what is left waits for the next worker.
    """
    due: dict[str, datetime] = {}
    while not stop.is_set():
        for job in JOBS:
            if not stop.is_set():
                due[job.name] = _turn(job, service, due.get(job.name), stop.is_set)
        stop.wait(interval)


def run_once(service: Service) -> dict[str, int]:
    """Do once what is due and say how often each thing was done; before 07:00 no digests. Raises what fails."""
    counts: dict[str, int] = {}
    for job in JOBS:
        now = service.clock()
        if job.first_at(now) <= now:
            done = job.run(service, lambda: False)
            counts |= {f"{job.name}_{name}": count for name, count in done.items()}
    return counts


def _turn(job: Job, service: Service, due: datetime | None, stopped: Stopped) -> datetime:
    """Run the job when it is due; returns when it is due next."""
    now = service.clock()
    at = job.first_at(now) if due is None else due
    if now < at:
        # A clock that was set back must not make the pause longer than it is.
        return min(at, job.next_at(now, is_done=True))
    try:
        counts = job.run(service, stopped)
    except Exception as error:
        log.error("job", job=job.name, kind=type(error).__name__)
        return now + RETRY
    if counts:
        log.info("job", job=job.name, **counts)
    return job.next_at(now, is_done="unavailable" not in counts)


def _run_terms(service: Service, stopped: Stopped) -> Counts:
    return run_terms(service, stopped=stopped).counts


def _drain(service: Service, stopped: Stopped) -> Counts:
    handled = 0
    while not stopped():
        batch = drain(service, most=HANDFUL)
        handled += batch
        if batch < HANDFUL:
            break
    return {"handled": handled} if handled else {}


def _deliver(service: Service, stopped: Stopped) -> Counts:
    return deliver_due(service, stopped=stopped)


def _send_digests(service: Service, stopped: Stopped) -> Counts:
    # The terms once more, because they may just have failed, and this job is done for the day when it ends well.
    return {**run_terms(service, stopped=stopped).counts, **send_digests(service, stopped=stopped).counts}


def _fold(service: Service, stopped: Stopped) -> Counts:
    folded = 0
    while not stopped() and (batch := fold_changes(service)):
        folded += batch
    return {"folded": folded} if folded else {}


def _freeze(service: Service, stopped: Stopped) -> Counts:
    frozen = freeze_due(service, stopped=stopped)
    return {"reports": frozen} if frozen else {}


def _seal(service: Service, stopped: Stopped) -> Counts:
    sealed = seal_log(service, stopped=stopped)
    return {"entries": sealed} if sealed else {}


def _forget(service: Service, _stopped: Stopped) -> Counts:
    with service.work() as work:
        counts = {
            "keys": forget_old_keys(work),
            "attempts": forget_old_attempts(work),
            "deliveries": forget_delivered(work),
            "notices": forget_told(work),
            "subjects": forget_erased(work.session, work.now - LATECOMERS),
            "drafts": forget_old_drafts(work),
        }
    return {name: count for name, count in counts.items() if count}


def _tell_owners(service: Service, _stopped: Stopped) -> Counts:
    return tell_owners(service)


def _complete_erasures(service: Service, stopped: Stopped) -> Counts:
    finished = complete_erasures(service, stopped=stopped)
    return {"finished": finished} if finished else {}


JOBS = (
    Job("erasures", _complete_erasures, timedelta(minutes=1)),
    Job("terms", _run_terms, timedelta(minutes=10)),
    Job("outbox", _drain, timedelta()),
    Job("facts", _fold, timedelta(minutes=1)),
    Job("reference_dates", _freeze, timedelta(hours=1)),
    Job("webhooks", _deliver, timedelta()),
    Job("resting_webhooks", _tell_owners, timedelta(minutes=10)),
    Job("digests", _send_digests, timedelta(minutes=10), daily=True),
    Job("forgotten", _forget, timedelta(hours=1)),
    Job("sealed", _seal, timedelta()),
)


def _morning_of(now: datetime) -> datetime:
    return datetime.combine(now.astimezone(AMSTERDAM).date(), MORNING, AMSTERDAM)
