"""What the coach does with an accepted case: warm handover, intake, trajectory, completion and aftercare."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from referral.core.database import new_id
from referral.core.errors import FieldError, GuardRefused
from referral.core.policy import Actor
from referral.core.work import AMSTERDAM, Work
from referral.participants.usecases import agreement_holds
from referral.referrals import guards
from referral.referrals.deadlines import next_working_day, repeat_reminder
from referral.referrals.models import Referral
from referral.referrals.usecases.moving import Deed, Move, taking
from referral.referrals.usecases.reading import last_facts
from referral.referrals.usecases.tallying import check_areas, count_outcomes
from referral.referrals.workflow import EventName, Status
from referral.trajectories.models import Trajectory

NO_FOLLOW_UP_NEEDED = frozenset({"aftercare_refused", "aftercare_unreachable", "client_deceased"})


@dataclass(frozen=True, kw_only=True)
class PlanHandover(Move):
    """When and how the warm handover will be."""

    planned_at: datetime
    mode: str


@dataclass(frozen=True, kw_only=True)
class ConfirmHandover(Move):
    """The handover as it was held, or why it was not."""

    held_on: date | None = None
    mode: str | None = None
    participant_present: bool | None = None
    exception: str | None = None


@dataclass(frozen=True, kw_only=True)
class StartIntake(Move):
    """The day of the intake."""

    intake_on: date


@dataclass(frozen=True, kw_only=True)
class StartTrajectory(Move):
    """The first day, and what the participant wants to reach, in its own words."""

    started_on: date
    goals: tuple[str, ...]
    outcomes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RecordContact(Move):
    """One attempt to reach the participant."""

    attempted_at: datetime
    channel: str
    outcome: str


@dataclass(frozen=True, kw_only=True)
class RecordProgress(Move):
    """How it goes, for the referrer."""

    text: str


@dataclass(frozen=True, kw_only=True)
class CompleteTrajectory(Move):
    """The end of the trajectory: report, result per goal, certificate."""

    completed_on: date
    report: str
    results: Mapping[str, str]
    certificate: str
    outcomes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RecordFollowUp(Move):
    """The aftercare conversation, three months later."""

    held_on: date
    still_learning: bool
    at_work: bool
    outcomes: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class CloseReferral(Move):
    """The end of the aftercare."""

    reason: str


def plan_handover(command: PlanHandover, *, actor: Actor, work: Work) -> Referral:
    """Coach or referrer plans the warm handover; its day becomes the day by which the coach must act."""
    with taking(EventName.PLAN_HANDOVER, command, actor=actor, work=work) as deed:
        day = command.planned_at.astimezone(AMSTERDAM).date()
        guards.refuse_if_any(guards.check_not_past("/plannedAt", day, work.today))
        deed.note_facts(plannedAt=command.planned_at, mode=command.mode)
        deed.referral.remind_on = next_working_day(day)
    return deed.referral


def confirm_handover(command: ConfirmHandover, *, actor: Actor, work: Work) -> Referral:
    """The receiver confirms the handover; a cold one is counted apart."""
    with taking(EventName.CONFIRM_HANDOVER, command, actor=actor, work=work) as deed:
        errors = guards.check_handover(command.held_on, command.mode, command.participant_present, command.exception)
        errors += guards.check_not_future("/heldOn", command.held_on, work.today)
        if command.exception is not None:
            errors += deed.check_reason(command.exception, None, "/exception")
        guards.refuse_if_any(errors)
        deed.note_facts(
            heldOn=command.held_on,
            mode=command.mode,
            participantPresent=command.participant_present,
            exception=command.exception,
        )
    return deed.referral


def start_intake(command: StartIntake, *, actor: Actor, work: Work) -> Referral:
    """The coach starts the intake, on a day that may still have to come."""
    with taking(EventName.START_INTAKE, command, actor=actor, work=work) as deed:
        deed.note_facts(intakeOn=command.intake_on)
    return deed.referral


def start_trajectory(command: StartTrajectory, *, actor: Actor, work: Work) -> Referral:
    """The participant starts: the intake was held, there is at least one goal, and the agreement still holds."""
    with taking(EventName.START_TRAJECTORY, command, actor=actor, work=work) as deed:
        intake_on = _day(last_facts(work, deed.referral, EventName.START_INTAKE), "intakeOn")
        sentence = "Het traject kan niet starten voor de intake is gehouden."
        errors = guards.check_not_future("/startedOn", command.started_on, work.today)
        guards.refuse_if_any(errors + guards.check_not_before("/startedOn", command.started_on, intake_on, sentence))
        _require_agreement(deed)
        goals = {str(new_id()): description for description in command.goals}
        deed.note_facts(startedOn=command.started_on, goalIds=list(goals))
        deed.note_words(goals=goals)
        _note_outcomes(deed, command.outcomes)
    return deed.referral


def record_contact(command: RecordContact, *, actor: Actor, work: Work) -> Referral:
    """Somebody tried to reach the participant; on the waiting list this counts as the review."""
    with taking(EventName.RECORD_CONTACT, command, actor=actor, work=work) as deed:
        day = command.attempted_at.astimezone(AMSTERDAM).date()
        guards.refuse_if_any(guards.check_not_future("/attemptedAt", day, work.today))
        deed.note_facts(attemptedAt=command.attempted_at, channel=command.channel, outcome=command.outcome)
        if deed.referral.status is Status.WAITLISTED and command.outcome == "reached":
            repeat_reminder(deed.referral, deed.terms, work.today)
    return deed.referral


def record_progress(command: RecordProgress, *, actor: Actor, work: Work) -> Referral:
    """The coach tells the referrer how it goes; the next report is due in 90 days."""
    with taking(EventName.RECORD_PROGRESS, command, actor=actor, work=work) as deed:
        deed.note_words(text=command.text)
        repeat_reminder(deed.referral, deed.terms, work.today)
    return deed.referral


def complete_trajectory(command: CompleteTrajectory, *, actor: Actor, work: Work) -> Referral:
    """The trajectory is finished; aftercare starts and lasts until the follow-up after three months."""
    with taking(EventName.COMPLETE, command, actor=actor, work=work) as deed:
        start = last_facts(work, deed.referral, EventName.START_TRAJECTORY)
        trajectory = work.session.get_one(Trajectory, deed.referral.trajectory_id)
        errors = guards.check_not_future("/completedOn", command.completed_on, work.today)
        sentence = "Afronden kan niet voor de startdatum."
        errors += guards.check_not_before("/completedOn", command.completed_on, _day(start, "startedOn"), sentence)
        errors += guards.check_results(command.results, list(start.get("goalIds", [])))
        errors += guards.check_certificate(command.certificate, trajectory.course_kind)
        guards.refuse_if_any(errors)
        deed.note_facts(
            completedOn=command.completed_on, results=dict(command.results), certificate=command.certificate
        )
        deed.note_words(report=command.report)
        _note_outcomes(deed, command.outcomes)
    return deed.referral


def record_follow_up(command: RecordFollowUp, *, actor: Actor, work: Work) -> Referral:
    """The coach records the aftercare conversation: still learning, at work, and what changed per area."""
    with taking(EventName.RECORD_FOLLOW_UP, command, actor=actor, work=work) as deed:
        guards.refuse_if_any(guards.check_not_future("/heldOn", command.held_on, work.today))
        deed.note_facts(
            heldOn=command.held_on,
            stillLearning=command.still_learning,
            atWork=command.at_work,
        )
        _note_outcomes(deed, command.outcomes)
    return deed.referral


def close_referral(command: CloseReferral, *, actor: Actor, work: Work) -> Referral:
    """The case is closed after the follow-up, or when the participant cannot be reached or wants no aftercare."""
    with taking(EventName.CLOSE, command, actor=actor, work=work) as deed:
        guards.refuse_if_any(deed.check_reason(command.reason, command.note))
        followed_up = last_facts(work, deed.referral, EventName.RECORD_FOLLOW_UP)
        if not followed_up and command.reason not in NO_FOLLOW_UP_NEEDED:
            raise GuardRefused(
                "Leg eerst het nazorggesprek vast (record_follow_up), of sluit met aftercare_refused of "
                "aftercare_unreachable.",
                code="follow_up_missing",
            )
        deed.reason = command.reason
    return deed.referral


def _note_outcomes(deed: Deed, outcomes: Mapping[str, str]) -> None:
    """Keep the answers to the questionnaire (K9).

    They are about health too (AVG art. 9), so they are sealed; what is counted leads to nobody.
    """
    guards.refuse_if_any(list(check_areas(outcomes, deed.referral, deed.work)))
    if outcomes:
        deed.note_words(outcomes=dict(outcomes))
        count_outcomes(deed.work, deed.referral, deed.event, outcomes, on=deed.work.today)


def _day(facts: Mapping[str, object], name: str) -> date | None:
    value = facts.get(name)
    return date.fromisoformat(str(value)) if value else None


def _require_agreement(deed: Deed) -> None:
    if not agreement_holds(deed.work, deed.referral.agreement_id):
        sentence = "De instemming van de deelnemer geldt niet meer."
        guards.refuse_if_any([FieldError("/agreement", "agreement_missing", sentence)])
