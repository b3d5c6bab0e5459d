"""The worker: what is due, when; that it outlives an outage, and that it stops when it is told to."""

import threading
import time as wall
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from referral.core.idempotency import IdempotencyRecord
from referral.core.outbox import OutboxMessage
from referral.core.work import AMSTERDAM, Service
from referral.identity.models import SignInAttempt
from referral.identity.usecases import SignIn, sign_in
from referral.notifications.mail import SmtpMailSink
from referral.referrals.usecases import WaitlistReferral, waitlist_referral
from referral.referrals.workflow import Status
from referral.worker import JOBS, Job, run_once, run_worker
from tests.notifications.chain import FIRST_DAY, Chain, closed_to_everybody
from tests.notifications.smtp_server import Server, running

ERASURES, TERMS, OUTBOX, DIGESTS, FORGOTTEN, SEALED = (
    next(job for job in JOBS if job.name == name)
    for name in ("erasures", "terms", "outbox", "digests", "forgotten", "sealed")
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=AMSTERDAM)


def test_one_round_does_everything_that_is_due_and_says_how_often(chain: Chain) -> None:
    chain.case(Status.ACCEPTED)
    with chain.service.work() as work:
        assert sign_in(SignIn("niemand@voorbeeld.example", "onbekend"), work=work) is None
    chain.clock.go_to(chain.working_days(5), at=time(7))
    counts = run_once(chain.service)
    assert counts.pop("outbox_handled") > 1
    assert counts == {"terms_reminder": 1, "digests_sent": 1, "forgotten_attempts": 1}
    assert run_once(chain.service) == {}


def test_nothing_waits_in_the_outbox_after_a_round(chain: Chain) -> None:
    for _ in range(15):
        chain.case(Status.ACCEPTED)
    run_once(chain.service)
    with chain.service.work() as work:
        assert work.session.scalars(select(OutboxMessage.id).where(OutboxMessage.handled_at.is_(None))).all() == []


def test_no_digest_goes_out_before_seven(chain: Chain) -> None:
    """Wrong build: sends in the first round after midnight, or at seven in UTC."""
    chain.case(Status.ACCEPTED)
    chain.clock.go_to(chain.working_days(5), at=time(6, 59))
    assert "digests_sent" not in run_once(chain.service)
    chain.clock.go_to(chain.working_days(5), at=time(7))
    assert run_once(chain.service)["digests_sent"] == 1


def test_what_was_kept_long_enough_is_forgotten(chain: Chain) -> None:
    with chain.service.work() as work:
        record = IdempotencyRecord(
            client_id=chain.referrer.id,
            organisation_id=chain.referrer.organisation_id,
            route="referrals.create_referral /v1/referrals",
            key_hash=b"k" * 32,
            fingerprint=b"f" * 32,
            created_at=work.now,
        )
        work.session.add(record)
        sign_in(SignIn("niemand@voorbeeld.example", "onbekend"), work=work)
    assert run_once(chain.service).keys().isdisjoint({"forgotten_keys", "forgotten_attempts"})
    chain.clock.now += timedelta(hours=73)
    assert run_once(chain.service)["forgotten_keys"] == 1
    with chain.service.work() as work:
        assert work.session.scalars(select(SignInAttempt)).all() == []


@pytest.mark.parametrize(
    ("job", "now", "first", "after"),
    [
        (TERMS, "2026-11-03T03:00", "2026-11-03T03:00", "2026-11-03T03:10"),
        (OUTBOX, "2026-11-03T03:00", "2026-11-03T03:00", "2026-11-03T03:00"),
        (FORGOTTEN, "2026-11-03T03:00", "2026-11-03T03:00", "2026-11-03T04:00"),
        (DIGESTS, "2026-11-03T03:00", "2026-11-03T07:00", "2026-11-04T07:00"),
        (DIGESTS, "2026-11-03T23:30", "2026-11-03T07:00", "2026-11-04T07:00"),
        (DIGESTS, "2026-10-24T09:00", "2026-10-24T07:00", "2026-10-25T07:00"),
        (DIGESTS, "2026-03-28T09:00", "2026-03-28T07:00", "2026-03-29T07:00"),
    ],
)
def test_every_job_has_its_pause_and_the_digest_its_hour_in_summer_and_winter(
    job: Job, now: str, first: str, after: str
) -> None:
    assert job.first_at(at(now)) == at(first)
    assert job.next_at(at(now).astimezone(UTC), is_done=True) == at(after)


def test_a_digest_that_could_not_be_sent_is_tried_again_the_same_day(chain: Chain) -> None:
    now = at("2026-11-03T07:00")
    assert DIGESTS.next_at(now, is_done=False) == now + timedelta(minutes=10)


def test_the_worker_does_its_work_and_stops_within_a_second(chain: Chain) -> None:
    chain.case(Status.ACCEPTED)
    chain.clock.go_to(chain.working_days(5))
    with working(chain.service, interval=60):
        eventually(lambda: len(chain.mails()) == 1 and not waiting(chain))


def test_the_worker_runs_the_terms_every_ten_minutes_and_the_outbox_at_once(chain: Chain) -> None:
    """Wrong build: a digest in every round, or terms in every round."""
    with capture_logs() as lines, working(chain.service):
        chain.case(Status.ACCEPTED)
        eventually(lambda: not waiting(chain))
        chain.clock.go_to(chain.working_days(5), at=time(9))
        eventually(lambda: len(chain.mails()) == 1)
        late = chain.case(Status.SUBMITTED)
        eventually(lambda: not waiting(chain))
        chain.do(
            waitlist_referral, WaitlistReferral(referral_id=late, kind="capacity", review_on=chain.today), chain.coach
        )
        chain.clock.now += timedelta(minutes=9)
        eventually(lambda: not waiting(chain))
        assert chain.notices(late) == []
        chain.clock.now += timedelta(minutes=2)
        eventually(lambda: len(chain.notices(late)) == 1)
    assert [sum(line.get(what, 0) for line in lines) for what in ("reminder", "sent")] == [2, 1]


def test_a_clock_that_was_set_back_does_not_stop_the_worker(chain: Chain) -> None:
    """Wrong build: waits until the clock is again where it was."""
    chain.clock.go_to(chain.working_days(30))
    case = chain.case(Status.ACCEPTED)
    with working(chain.service):
        eventually(lambda: not waiting(chain))
        chain.clock.go_to(FIRST_DAY)
        chain.case(Status.DRAFT)
        eventually(lambda: not waiting(chain))
    assert chain.notices(case) == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_worker_outlives_an_outage_of_the_database(chain: Chain, postgresql_url: str) -> None:
    """Wrong build: the first refused connection ends the worker, and nobody notices."""
    with capture_logs() as lines, working(chain.service):
        eventually(lambda: not waiting(chain))
        with closed_to_everybody(postgresql_url):
            eventually(lambda: any(line["event"] == "job" and "kind" in line for line in lines))
        case = chain.case(Status.ACCEPTED)
        chain.clock.go_to(chain.working_days(5))
        eventually(lambda: len(chain.notices(case)) == 1 and len(chain.mails()) == 1)
    assert {line["kind"] for line in lines if "kind" in line} == {"OperationalError"}
    assert all(set(line) <= {"event", "log_level", "job", "kind"} for line in lines if "kind" in line)


def test_the_worker_outlives_an_outage_of_the_mail_server(chain: Chain) -> None:
    chain.case(Status.ACCEPTED)
    chain.clock.go_to(chain.working_days(5))
    with running(Server()) as server:
        chain.service.settings["mail_sink"] = SmtpMailSink(f"smtp://127.0.0.1:{server.port}")  # type: ignore[index]
    with capture_logs() as lines, working(chain.service):
        eventually(lambda: any(line.get("unavailable") for line in lines))
        with running(server):
            chain.clock.now += timedelta(minutes=11)
            eventually(lambda: len(server.mails) == 1)
            eventually(lambda: any(line.get("sent") for line in lines))


def test_two_workers_do_everything_once(chain: Chain) -> None:
    for _ in range(4):
        chain.case(Status.SUBMITTED)
    chain.clock.go_to(chain.working_days(10))
    with capture_logs() as lines, working(chain.service), working(chain.service):
        eventually(lambda: len(chain.mails()) == 4 and not waiting(chain))
    assert len(chain.notices()) == 12
    assert sum(line.get("sent", 0) for line in lines) == 4
    assert not any("failed" in line for line in lines)


@contextmanager
def working(service: Service, interval: float = 0.02) -> Iterator[None]:
    """A worker in a thread of its own, which must stop within a second."""
    stop = threading.Event()
    worker = threading.Thread(target=run_worker, args=(service,), kwargs={"stop": stop, "interval": interval})
    worker.start()
    try:
        yield
    finally:
        stop.set()
        worker.join(1)
        late = worker.is_alive()
        worker.join()
    assert not late


def eventually(holds: Callable[[], bool], seconds: float = 20) -> None:
    deadline = wall.monotonic() + seconds
    while not holds():
        assert wall.monotonic() < deadline
        wall.sleep(0.02)


def waiting(chain: Chain) -> int:
    """How many events wait in the outbox."""
    with chain.service.work(read_only=True) as work:
        return len(work.session.scalars(select(OutboxMessage.id).where(OutboxMessage.handled_at.is_(None))).all())
