"""A run of the terms as a whole: screenings, failures that stop nothing, workers beside each other, and a stop."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from referral.core.policy import Role
from referral.notifications.models import Kind
from referral.notifications.usecases import run_terms
from referral.notifications.usecases.terms import BATCH
from referral.referrals.models import Referral
from referral.referrals.workflow import Status
from referral.screenings.usecases import LogConversation, log_conversation
from tests.notifications.chain import FIRST_DAY, Chain, closed_to_everybody


def test_a_screening_that_nobody_discussed_reminds_the_referrers_and_later_the_coordinator(chain: Chain) -> None:
    for _ in range(2):
        chain.screening(FIRST_DAY)
    organisation = chain.referrer.organisation_id
    assert chain.run(chain.working_days(9)) == {}
    assert chain.run(chain.working_days(10)) == {"conversation": 1}
    assert chain.notices() == [(Kind.CONVERSATION, organisation, Role.REFERRER)]
    assert chain.run(chain.working_days(19)) == {}
    assert chain.run(chain.working_days(20)) == {"conversation_escalation": 1}
    assert chain.notices()[1:] == [(Kind.CONVERSATION_ESCALATION, organisation, Role.COORDINATOR)]
    assert chain.run(chain.working_days(21)) == {}


def test_a_screening_that_was_discussed_reminds_nobody(chain: Chain) -> None:
    code = chain.screening(FIRST_DAY)
    chain.do(log_conversation, LogConversation(code, held_on=FIRST_DAY, outcome="agrees"), chain.referrer)
    assert chain.run(chain.working_days(20)) == {}


def test_one_failure_never_stops_the_rest_and_is_tried_again(chain: Chain) -> None:
    """Wrong build: one transaction for all, or the first failure ends the run."""
    broken, sound = chain.case(Status.ACCEPTED), chain.case(Status.ACCEPTED)
    for case in (broken, sound):
        chain.hold(case, FIRST_DAY + timedelta(days=7))
    _set_status(chain, broken, Status.SUBMITTED)
    assert chain.run(FIRST_DAY + timedelta(days=7)) == {"failed": 1, "resumed": 1}
    assert (chain.read(broken).is_held, chain.read(sound).is_held) == (True, False)
    _set_status(chain, broken, Status.ACCEPTED)
    assert chain.run() == {"resumed": 1}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_an_outage_ends_the_run_and_is_no_failure_of_every_case(chain: Chain, postgresql_url: str) -> None:
    """Wrong build: counts (and waits for) every case that is left, one by one."""
    for _ in range(3):
        chain.case(Status.SUBMITTED)
    chain.clock.go_to(chain.working_days(3))
    with ExitStack() as outage, capture_logs() as lines, pytest.raises(OperationalError):
        run_terms(chain.service, progress=lambda _: outage.enter_context(closed_to_everybody(postgresql_url)))
    assert lines == []
    assert chain.run() == {"reminder": 2}


def test_a_failure_is_logged_by_id_and_kind_only(chain: Chain) -> None:
    broken = chain.case(Status.ACCEPTED)
    chain.hold(broken, FIRST_DAY + timedelta(days=7))
    _set_status(chain, broken, Status.SUBMITTED)
    with capture_logs() as lines:
        chain.run(FIRST_DAY + timedelta(days=7))
    assert lines == [
        {"event": "term", "log_level": "error", "clock": "resume", "subject": str(broken), "kind": "EventRefused"}
    ]


def test_two_workers_at_once_do_everything_once(chain: Chain) -> None:
    """Wrong build: looks at the date before it holds the row, so that the second worker meets the unique key."""
    for status in (Status.SUBMITTED, Status.ACCEPTED, Status.HANDED_OVER, Status.INTAKE) * 3:
        chain.case(status)
    chain.screening(FIRST_DAY)
    chain.clock.go_to(chain.working_days(20))
    with ThreadPoolExecutor(3) as pool:
        runs = [run.result().counts for run in [pool.submit(run_terms, chain.service) for _ in range(3)]]
    done = sum((Counter(run) for run in runs), Counter())
    assert done == {
        "expired": 3, "escalation": 9, "reminder": 9, "conversation": 1, "conversation_escalation": 1,
    }  # fmt: skip
    assert len(chain.notices()) == sum(done.values())


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_run_goes_on_after_a_batch_and_never_looks_twice(chain: Chain) -> None:
    """201 drafts that may not be deleted yet stay due. Wrong build: asks for the first 200 for ever."""
    for _ in range(BATCH + 1):
        chain.draft()
    chain.clock.go_to(FIRST_DAY + timedelta(days=91))
    heard: list[int] = []
    assert run_terms(chain.service, progress=heard.append).counts == {"reminder": BATCH + 1}
    assert heard == list(range(1, 2 * (BATCH + 1) + 1))


def test_a_run_that_is_stopped_leaves_the_rest_for_the_next(chain: Chain) -> None:
    for _ in range(3):
        chain.case(Status.SUBMITTED)
    chain.clock.go_to(chain.working_days(3))
    answers = iter([False, True])
    assert run_terms(chain.service, stopped=lambda: next(answers)).counts == {"reminder": 1}
    assert chain.run() == {"reminder": 2}


def _set_status(chain: Chain, case: UUID, status: Status) -> None:
    """What no event makes: a hold over a status that has none, from which nothing can resume."""
    with chain.service.work() as work:
        work.session.execute(update(Referral).where(Referral.id == case).values(status=status))
