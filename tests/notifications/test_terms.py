"""Every row of the terms in chain.md, with a clock that moves: nothing before the day, once on it, not again after."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from referral.core.audit import AuditEntry
from referral.core.calendar import add_months, add_working_days
from referral.core.policy import SYSTEM_ID, Role
from referral.identity.models import Region
from referral.notifications.models import Kind, Notice
from referral.participants.models import Participant
from referral.referrals.models import Referral, ReferralEvent
from referral.referrals.usecases import (
    AddNote,
    AnswerQuestion,
    DecideEscalation,
    DeclineReferral,
    EscalateReferral,
    RecordFollowUp,
    RecordProgress,
    ReturnReferral,
    TransferReferral,
    add_note,
    answer_question,
    decide_escalation,
    decline_referral,
    escalate_referral,
    record_follow_up,
    record_progress,
    return_referral,
    transfer_referral,
    undo_last_event,
)
from referral.referrals.workflow import Status
from tests.notifications.chain import FIRST_DAY, Chain

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
def test_a_notice_is_given_on_its_day_and_never_again(
    chain: Chain, status: Status, kind: Kind, day: date, who: str
) -> None:
    case, actor = chain.case(status), getattr(chain, who)
    notice = (kind, actor.organisation_id, *actor.roles)
    chain.run(day - timedelta(days=1))
    assert notice not in chain.notices(case)
    assert chain.run(day)[kind.value] == 1
    assert chain.notices(case).count(notice) == 1
    assert kind.value not in chain.run(day)
    assert kind.value not in chain.run(day + timedelta(days=1))
    assert chain.notices(case).count(notice) == 1


def test_a_notice_goes_to_the_person_named_to_the_case_through_the_role_in_the_organisation(chain: Chain) -> None:
    case = chain.case(Status.ACCEPTED)
    chain.run(chain.working_days(5))
    assert chain.notices(case) == [(Kind.REMINDER, chain.coach.organisation_id, Role.COACH)]


def test_a_referral_without_an_answer_expires_and_its_coordinator_hears_it(chain: Chain) -> None:
    case = chain.case(Status.SUBMITTED)
    chain.run(chain.working_days(19))
    assert chain.read(case).status is Status.SUBMITTED
    chain.run(chain.working_days(20))
    expired = chain.read(case)
    assert (expired.status, expired.reason, expired.last_actor_id) == (Status.EXPIRED, "no_response", SYSTEM_ID)
    assert chain.notices(case)[-1] == (Kind.EXPIRED, chain.regional.organisation_id, Role.COORDINATOR)


def test_a_returned_referral_never_expires(chain: Chain) -> None:
    """Never lose a person through an office's silence."""
    case = chain.case(Status.RETURNED)
    chain.run(chain.working_days(200))
    assert chain.read(case).status is Status.RETURNED


def test_a_referral_under_a_doorbraakberaad_does_not_expire(chain: Chain) -> None:
    case = chain.case(Status.SUBMITTED)
    chain.do(escalate_referral, EscalateReferral(referral_id=case, reason="no_response"), chain.coach)
    chain.run(chain.working_days(20))
    assert chain.read(case).status is Status.SUBMITTED
    assert (Kind.REMINDER, chain.regional.organisation_id, Role.COORDINATOR) in chain.notices(case)


def test_aftercare_without_a_follow_up_closes_as_unreachable_after_six_months(chain: Chain) -> None:
    case, day = chain.case(Status.COMPLETED), add_months(FIRST_DAY, 6)
    assert "closed" not in chain.run(day - timedelta(days=1))
    assert chain.run(day)["closed"] == 1
    closed = chain.read(case)
    assert (closed.status, closed.reason, closed.last_actor_id) == (Status.CLOSED, "aftercare_unreachable", SYSTEM_ID)
    assert chain.run(day + timedelta(days=1)) == {}


def test_the_service_never_says_unreachable_of_somebody_who_was_reached(chain: Chain) -> None:
    """Wrong build: closes every completed case at six months, also after the follow-up."""
    case, day = chain.case(Status.COMPLETED), add_months(FIRST_DAY, 6)
    chain.clock.go_to(add_months(FIRST_DAY, 3))
    follow_up = RecordFollowUp(
        referral_id=case, held_on=chain.today, still_learning=True, at_work=True, outcomes={"digital": "better"}
    )
    chain.do(record_follow_up, follow_up, chain.coach)
    assert "closed" not in chain.run(day)
    assert chain.read(case).status is Status.COMPLETED


def test_a_forgotten_draft_is_deleted_with_its_history_and_leaves_its_participant_and_its_trace(chain: Chain) -> None:
    case, day = chain.draft(), FIRST_DAY + timedelta(days=90)
    participant_id = chain.read(case).participant_id
    chain.run(FIRST_DAY + timedelta(days=14))
    assert "deleted" not in chain.run(day - timedelta(days=1))
    assert chain.run(day)["deleted"] == 1
    with chain.service.work() as work:
        for rows in (select(Referral), select(ReferralEvent), select(Notice)):
            assert work.session.scalars(rows).all() == []
        assert work.session.get(Participant, participant_id) is not None
        trace = work.session.scalars(select(AuditEntry).where(AuditEntry.action == "referral:delete_draft")).one()
        assert (trace.object_id, trace.actor_id) == (case, SYSTEM_ID)


def test_a_draft_is_never_deleted_before_somebody_was_warned(chain: Chain) -> None:
    """The worker was away for 90 days. Wrong build: deletes in its first run, without a word."""
    case, day = chain.draft(), FIRST_DAY + timedelta(days=120)
    assert chain.run(day) == {"reminder": 1}
    assert chain.run(day) == {}
    assert chain.read(case).status is Status.DRAFT
    assert chain.run(day + timedelta(days=1)) == {"deleted": 1}


@pytest.mark.parametrize("status", [Status.SUBMITTED, Status.RETURNED, Status.WAITLISTED, Status.INTAKE])
def test_without_a_fitting_offer_in_three_months_a_doorbraakberaad_is_asked_once(chain: Chain, status: Status) -> None:
    """M1, M2. Wrong build: asks again in every run after the decision, because the day has still passed."""
    case = chain.case(status)
    if status is Status.SUBMITTED:
        chain.clock.go_to(FIRST_DAY + timedelta(days=80))
        chain.do(return_referral, ReturnReferral(referral_id=case, question="q_level", text="Hoe?"), chain.coach)
        chain.do(answer_question, AnswerQuestion(referral_id=case, text="Zo."), chain.referrer)
    day = add_months(FIRST_DAY, 3)
    chain.run(day - timedelta(days=1))
    assert not chain.read(case).is_escalated
    assert chain.run(day)["offer"] == 1
    escalated = chain.read(case)
    assert escalated.is_escalated
    assert (escalated.ball_party, escalated.ball_organisation_id) == ("coordinator", chain.regional.organisation_id)
    decision = DecideEscalation(
        referral_id=case, decision="Plaats erbij.", decided_by="de wethouder", due_on=day + timedelta(days=14)
    )
    chain.do(decide_escalation, decision, chain.regional)
    assert chain.run(day + timedelta(days=1)) == {}
    assert not chain.read(case).is_escalated


@pytest.mark.parametrize("status", [Status.DRAFT, Status.IN_TRAJECTORY])
def test_nothing_is_asked_for_what_was_not_sent_or_has_started(chain: Chain, status: Status) -> None:
    case = chain.case(status)
    chain.run(add_months(FIRST_DAY, 3))
    assert not chain.read(case).is_escalated


def test_nothing_is_asked_for_a_transfer_that_was_taken_back_to_a_draft(chain: Chain) -> None:
    """It keeps the clock of the case it came from. Wrong build: fails on it in every run."""
    transfer = TransferReferral(
        referral_id=chain.case(Status.SUBMITTED), trajectory_id=chain.other_trajectory, reason="level_too_low"
    )
    copy = chain.do(transfer_referral, transfer, chain.referrer).id
    chain.move(undo_last_event, copy, chain.referrer)
    assert (chain.read(copy).status, chain.read(copy).offer_due_on) == (Status.DRAFT, add_months(FIRST_DAY, 3))
    assert chain.run(add_months(FIRST_DAY, 3)) == {"reminder": 1}


def test_a_held_referral_hears_nothing_and_its_dates_move_by_the_pause(chain: Chain) -> None:
    """Wrong build: reminds on the old day, or again at the resume for the days that did not count."""
    case = chain.case(Status.ACCEPTED)
    chain.hold(case, FIRST_DAY + timedelta(days=28))
    for days in (5, 10, 15):
        assert chain.run(chain.working_days(days)) == {}
    assert chain.run(FIRST_DAY + timedelta(days=27)) == {}
    assert chain.run(FIRST_DAY + timedelta(days=28)) == {"resumed": 1}
    resumed = chain.read(case)
    assert not resumed.is_held
    assert resumed.remind_on == chain.working_days(5) + timedelta(days=28)
    assert resumed.last_actor_id == SYSTEM_ID
    assert chain.run(resumed.remind_on - timedelta(days=1)) == {}
    assert chain.run(resumed.remind_on) == {"reminder": 1}
    assert chain.run(resumed.remind_on + timedelta(days=1)) == {}


def test_the_offer_of_three_months_moves_with_a_hold(chain: Chain) -> None:
    case = chain.case(Status.ACCEPTED)
    chain.hold(case, FIRST_DAY + timedelta(days=60))
    chain.run(FIRST_DAY + timedelta(days=60))
    chain.run(add_months(FIRST_DAY, 3))
    assert not chain.read(case).is_escalated
    chain.run(add_months(FIRST_DAY, 3) + timedelta(days=62))
    assert chain.read(case).is_escalated


def test_progress_and_the_waiting_list_remind_again_after_they_were_answered(chain: Chain) -> None:
    case, day = chain.case(Status.IN_TRAJECTORY), FIRST_DAY + timedelta(days=90)
    assert chain.run(day)["reminder"] == 1
    chain.do(record_progress, RecordProgress(referral_id=case, text="Het gaat goed."), chain.coach)
    assert chain.run(day + timedelta(days=89)) == {}
    assert chain.run(day + timedelta(days=90)) == {"reminder": 1}


def test_a_task_that_an_ended_case_leaves_is_reminded_of_until_it_is_done(chain: Chain) -> None:
    done, forgotten = chain.case(Status.SUBMITTED), chain.case(Status.SUBMITTED)
    for case in (done, forgotten):
        decline = DeclineReferral(referral_id=case, reason="no_capacity", no_alternative=True)
        chain.do(decline_referral, decline, chain.coach)
    chain.do(add_note, AddNote(referral_id=done, note="Ander aanbod gevonden."), chain.referrer)
    chain.run(chain.working_days(9))
    assert [notice for notice in chain.notices() if notice[0] is not Kind.RETENTION] == []
    assert chain.run(chain.working_days(10)) == {"reminder": 1}
    assert chain.notices(forgotten) == [(Kind.REMINDER, chain.referrer.organisation_id, Role.REFERRER)]


def test_asked_advice_reminds_the_region(chain: Chain) -> None:
    case = chain.draft(submit=True, advise_me=True)
    chain.run(chain.working_days(5))
    region = chain.regional.organisation_id
    assert chain.notices(case) == [
        (Kind.ESCALATION, region, Role.COORDINATOR),
        (Kind.REMINDER, region, Role.COORDINATOR),
    ]


def test_a_region_may_tune_its_terms(chain: Chain) -> None:
    with chain.service.work() as work:
        tuned = {"submitted": {"remind": {"working_days": 4}}}
        work.session.execute(update(Region).where(Region.id == chain.region).values(terms=tuned))
    chain.case(Status.SUBMITTED)
    assert chain.run(chain.working_days(3)) == {}
    assert chain.run(chain.working_days(4)) == {"reminder": 1}


def test_everything_that_passed_while_the_worker_was_away_is_done_in_one_run(chain: Chain) -> None:
    """A case that ends today is not also reminded of."""
    ended, waiting = chain.case(Status.SUBMITTED), chain.case(Status.HANDED_OVER)
    assert chain.run(chain.working_days(20)) == {"expired": 1, "reminder": 1, "escalation": 1}
    assert [kind for kind, _, _ in chain.notices(ended)] == [Kind.EXPIRED]
    assert [kind for kind, _, _ in chain.notices(waiting)] == [Kind.ESCALATION, Kind.REMINDER]
