"""What each step asks: the members of its schema, with the choices that only the case knows."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from referral.core.codelists import labels, wording
from referral.core.http import Question, ask
from referral.core.http.pages import write_day
from referral.core.policy import Actor
from referral.core.work import AMSTERDAM, Work
from referral.identity.usecases import coaches_of
from referral.referrals.models import Referral
from referral.referrals.schemas.events import DEEDS
from referral.referrals.usecases import goals_of, list_history, offered_reasons, questions_for
from referral.referrals.workflow import EventName
from referral.trajectories.usecases import list_active

E = EventName

MOST_GOALS = 4
TICKS = frozenset({"overCapacity", "noAlternative"})
TODAY = frozenset({"heldOn", "intakeOn", "startedOn", "completedOn", "stoppedOn", "heardOn", "reconfirmedOn"})
"""Days that are usually today, and so stand there beforehand."""
NOT_PREFILLED = frozenset({E.START_INTAKE})
REASON_MEMBERS = ("reason", "question", "exception")
LAST = "note"


def event_questions(event: EventName, referral: Referral, *, actor: Actor, work: Work) -> list[Question]:
    """The questions of one step on one case, the note last."""
    schema, _ = DEEDS[event]
    choices = _choices(event, referral, {str(each.data_key) for each in schema.fields.values()}, actor, work)
    asked = ask(schema, event.value, but=("event",), options=choices)
    asked = [each.as_kind("tick") if each.name in TICKS else each for each in asked]
    first = [each for each in asked if each.name != LAST]
    rows = [*_rows(event, referral, actor, work), *_outcome_rows(event, referral, work)]
    return [*first, *rows, *(each for each in asked if each.name == LAST)]


def usual_answers(event: EventName, questions: Sequence[Question], work: Work) -> dict[str, str]:
    """What usually is so and stands there beforehand: today, and now."""
    today = write_day(work.today) if event not in NOT_PREFILLED else ""
    answers = {each.name: today for each in questions if each.name in TODAY}
    if any(each.name == "attemptedAt" for each in questions):
        now: datetime = work.now.astimezone(AMSTERDAM)
        answers |= {"attemptedAt": write_day(now), "attemptedAt/time": f"{now:%H:%M}"}
    return answers


def _choices(
    event: EventName, referral: Referral, members: set[str], actor: Actor, work: Work
) -> Mapping[str, Mapping[str, str]]:
    choices = {}
    for name in REASON_MEMBERS:
        if name in members:
            offered = offered_reasons(event, actor=actor, work=work)
            choices[name] = {reason.code: reason.label for reason in offered}
    if "coachId" in members:
        coaches = coaches_of(work.session, referral.receiver_organisation_id)
        choices["coachId"] = {str(coach.id): coach.name for coach in coaches}
    for name in ("trajectoryId", "alternativeTrajectoryId"):
        if name in members:
            choices[name] = offers(work, but=referral.trajectory_id)
    return choices


def offers(work: Work, *, but: UUID | None = None) -> dict[str, str]:
    """The trajectories on offer, by name."""
    return {str(each.id): each.name for each in list_active(work=work) if each.id != but}


def _rows(event: EventName, referral: Referral, actor: Actor, work: Work) -> list[Question]:
    """The questions of a step that asks for a list: goals, or a result per goal."""
    if event is E.START_TRAJECTORY:
        words = wording("goals")
        first = Question("goals/0/description", "text", words.label, words.hint, required=True)
        return [
            first,
            *(Question(f"goals/{row}/description", "text", f"Doel {row + 1}") for row in range(1, MOST_GOALS)),
        ]
    if event is E.COMPLETE:
        goals = goals_of(list_history(referral.id, actor=actor, work=work))
        return _paired("results", "goalId", "result", goals, labels("result"), required=True)
    return []


def _outcome_rows(event: EventName, referral: Referral, work: Work) -> list[Question]:
    """The questions of the monitor; none has to be answered to go on (K9, V6)."""
    areas = {each.code: each.label for each in questions_for(event, referral, work)}
    return _paired("outcomes", "area", "direction", areas, labels("direction"), required=False)


def _paired(
    name: str, key: str, member: str, rows: Mapping[str, str], options: Mapping[str, str], *, required: bool
) -> list[Question]:
    """One choice a row, beside the hidden code that says what the row is about."""
    questions = []
    for row, (code, label) in enumerate(rows.items()):
        questions.append(Question(f"{name}/{row}/{key}", "hidden", "", value=code))
        questions.append(Question(f"{name}/{row}/{member}", "choice", label, required=required, options=options))
    return questions
