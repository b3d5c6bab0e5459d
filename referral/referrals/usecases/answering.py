"""What the receiving team answers, and what the referrer answers back: question, accept, waiting list, decline."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from referral.core.errors import FieldError, Invalid, NotFound
from referral.core.policy import Actor
from referral.core.work import Work
from referral.identity.usecases import find_coach
from referral.referrals import guards
from referral.referrals.models import Referral
from referral.referrals.usecases.moving import Deed, Move, taking
from referral.referrals.workflow import EventName
from referral.trajectories.usecases import find_trajectory

REVIEW = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class ReturnReferral(Move):
    """The receiver needs to know something first."""

    question: str
    text: str


@dataclass(frozen=True, kw_only=True)
class AnswerQuestion(Move):
    """The referrer's answer."""

    text: str


@dataclass(frozen=True, kw_only=True)
class AcceptReferral(Move):
    """The receiver takes the referral on, under a coach."""

    coach_id: UUID | None = None
    over_capacity: bool = False


@dataclass(frozen=True, kw_only=True)
class WaitlistReferral(Move):
    """There is no place yet: no capacity, or the group is not full."""

    kind: str
    expected_start_on: date | None = None
    review_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class OfferPlace(Move):
    """A place came free for somebody on the waiting list who still wants to."""

    reconfirmed_on: date


@dataclass(frozen=True, kw_only=True)
class DeclineReferral(Move):
    """The receiver cannot take this person, says why and names something better."""

    reason: str
    alternative_trajectory_id: UUID | None = None
    no_alternative: bool = False


def return_referral(command: ReturnReferral, *, actor: Actor, work: Work) -> Referral:
    """The receiver sends the referral back with a question; "incomplete" is never a reason to decline."""
    with taking(EventName.RETURN_WITH_QUESTION, command, actor=actor, work=work) as deed:
        errors = deed.check_reason(command.question, command.note or command.text, "/question")
        guards.refuse_if_any(errors)
        deed.reason = command.question
        deed.note_words(text=command.text)
    return deed.referral


def answer_question(command: AnswerQuestion, *, actor: Actor, work: Work) -> Referral:
    """The referrer answers; the receiver's clock starts again, the clock of the fitting offer runs on."""
    with taking(EventName.ANSWER, command, actor=actor, work=work) as deed:
        deed.note_words(text=command.text)
    return deed.referral


def accept_referral(command: AcceptReferral, *, actor: Actor, work: Work) -> Referral:
    """The receiving trajectbegeleider takes the referral on; from now on only that coach sees the person."""
    with taking(EventName.ACCEPT, command, actor=actor, work=work) as deed:
        name_coach(deed, command.coach_id or actor.id)
        deed.note_facts(overCapacity=command.over_capacity or None)
    return deed.referral


def waitlist_referral(command: WaitlistReferral, *, actor: Actor, work: Work) -> Referral:
    """The receiver puts the participant on the waiting list, with a date on which somebody looks at it again."""
    with taking(EventName.WAITLIST, command, actor=actor, work=work) as deed:
        guards.refuse_if_any(_check_waitlist(command, work.today))
        deed.referral.waitlist_kind = command.kind
        deed.note_facts(kind=command.kind, expectedStartOn=command.expected_start_on, reviewOn=command.review_on)
        deed.due_on = command.review_on or min(command.expected_start_on or date.max, work.today + REVIEW)
    return deed.referral


def offer_place(command: OfferPlace, *, actor: Actor, work: Work) -> Referral:
    """The receiver offers the place that came free; the coach is whoever had the case, else whoever offers it."""
    with taking(EventName.OFFER_PLACE, command, actor=actor, work=work) as deed:
        guards.refuse_if_any(guards.check_reconfirmed(command.reconfirmed_on, work.today, deed.terms.limits))
        name_coach(deed, deed.referral.coach_id or actor.id)
        deed.note_facts(reconfirmedOn=command.reconfirmed_on)
    return deed.referral


def decline_referral(command: DeclineReferral, *, actor: Actor, work: Work) -> Referral:
    """The receiver declines with a reason and an alternative; the referrer gets the task to follow up."""
    with taking(EventName.DECLINE, command, actor=actor, work=work) as deed:
        errors = deed.check_reason(command.reason, command.note)
        guards.refuse_if_any(errors + _check_alternative(command, work))
        deed.reason = command.reason
        deed.referral.alternative_trajectory_id = command.alternative_trajectory_id
        deed.note_facts(
            alternativeTrajectoryId=command.alternative_trajectory_id, noAlternative=command.no_alternative or None
        )
    return deed.referral


def name_coach(deed: Deed, coach_id: UUID) -> None:
    """Put the case under a named, active coach of the receiving organisation. Raises `Invalid`."""
    try:
        coach = find_coach(deed.work, coach_id, deed.referral.receiver_organisation_id)
    except NotFound:
        sentence = "Kies een actieve trajectbegeleider van de ontvangende organisatie."
        raise Invalid.one("/coachId", "not_a_coach", sentence) from None
    deed.referral.coach_id = coach.id
    deed.note_facts(coachId=coach.id)


def _check_waitlist(command: WaitlistReferral, today: date) -> list[FieldError]:
    errors = guards.check_not_past("/expectedStartOn", command.expected_start_on, today)
    errors += guards.check_not_past("/reviewOn", command.review_on, today)
    if command.expected_start_on is None and command.review_on is None:
        errors.append(
            FieldError("/reviewOn", "required", "Geef de verwachte startdatum of een datum om opnieuw te kijken.")
        )
    return errors


def _check_alternative(command: DeclineReferral, work: Work) -> list[FieldError]:
    pointer = "/alternativeTrajectoryId"
    if (command.alternative_trajectory_id is None) != command.no_alternative:
        return [FieldError(pointer, "one_of", "Noem een ander traject, of zeg met noAlternative dat er geen is.")]
    if command.alternative_trajectory_id is not None:
        try:
            find_trajectory(command.alternative_trajectory_id, work=work)
        except NotFound:
            return [FieldError(pointer, "not_found", "Dit traject staat niet in de catalogus.")]
    return []
