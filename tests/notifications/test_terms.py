"""Every row of the terms in chain.md, with a clock that moves: nothing before the day, once on it, not again after."""

from datetime import timedelta

import pytest

from referral.core.calendar import add_months, add_working_days
from referral.core.policy import Role
from referral.notifications.models import Kind
from referral.referrals.workflow import Status
from tests.notifications.conftest import FIRST_DAY, Chain

NOTICES = [
    (Status.DRAFT, Kind.REMINDER, FIRST_DAY + timedelta(days=14), "referrer"),
    (Status.SUBMITTED, Kind.REMINDER, add_working_days(FIRST_DAY, 3), "coach"),
    (Status.SUBMITTED, Kind.ESCALATION, add_working_days(FIRST_DAY, 5), "coordinator"),
    (Status.SUBMITTED, Kind.REGION, add_working_days(FIRST_DAY, 10), "regional"),
    (Status.SUBMITTED, Kind.EXPIRED, add_working_days(FIRST_DAY, 20), "regional"),
    (Status.RETURNED, Kind.REMINDER, add_working_days(FIRST_DAY, 3), "referrer"),
    (Status.RETURNED, Kind.ESCALATION, add_working_days(FIRST_DAY, 10), "source_coordinator"),
    (Status.ACCEPTED, Kind.REMINDER, add_working_days(FIRST_DAY, 5), "coach"),
    (Status.ACCEPTED, Kind.ESCALATION, add_working_days(FIRST_DAY, 10), "coordinator"),
    (Status.HANDED_OVER, Kind.REMINDER, add_working_days(FIRST_DAY, 10), "coach"),
    (Status.HANDED_OVER, Kind.ESCALATION, add_working_days(FIRST_DAY, 15), "coordinator"),
    (Status.INTAKE, Kind.REMINDER, add_working_days(FIRST_DAY, 10), "coach"),
    (Status.INTAKE, Kind.ESCALATION, add_working_days(FIRST_DAY, 20), "coordinator"),
    (Status.WAITLISTED, Kind.REMINDER, FIRST_DAY + timedelta(days=30), "coach"),
    (Status.WAITLISTED, Kind.ESCALATION, FIRST_DAY + timedelta(days=90), "coordinator"),
    (Status.IN_TRAJECTORY, Kind.REMINDER, FIRST_DAY + timedelta(days=90), "coach"),
    (Status.IN_TRAJECTORY, Kind.ESCALATION, add_working_days(FIRST_DAY + timedelta(days=90), 10), "coordinator"),
    (Status.COMPLETED, Kind.REMINDER, add_months(FIRST_DAY, 3), "coach"),
    (Status.COMPLETED, Kind.ESCALATION, add_working_days(add_months(FIRST_DAY, 3), 15), "coordinator"),
    (Status.ACCEPTED, Kind.OFFER, add_months(FIRST_DAY, 3), "regional"),
]


@pytest.mark.parametrize(("status", "kind", "day", "who"), NOTICES)
def test_a_notice_is_given_on_its_day_and_never_again(chain: Chain, status: Status, kind: Kind, day, who: str) -> None:
    case, actor = chain.case(status), getattr(chain, who)
    notice = (kind, actor.organisation_id, *actor.roles)
    chain.run(day - timedelta(days=1))
    assert notice not in chain.notices(case)
    assert chain.run(day)[kind.value] == 1
    assert chain.notices(case).count(notice) == 1
    assert kind.value not in chain.run(day)
    assert kind.value not in chain.run(day + timedelta(days=1))
    assert chain.notices(case).count(notice) == 1
