"""The page of one case: where it stands, who has the ball, what happened, and each step with its small form."""

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from referral.core.codelists import labels
from referral.core.errors import EventRefused, NotFound, Stale
from referral.core.fields import ApiSchema, Id
from referral.core.http import Form, Question, ask, current_actor, current_work, filled, submitted
from referral.core.policy import Actor
from referral.participants.schemas import PurposeQuery
from referral.participants.scopes import PURPOSES
from referral.referrals import usecases
from referral.referrals.models import Referral
from referral.referrals.pages.questions import event_questions, offers, usual_answers
from referral.referrals.phase import Phase, phase_of
from referral.referrals.schemas.events import DEEDS, perform
from referral.referrals.schemas.sentences import tell
from referral.referrals.usecases import CaseFile, ChangeReferral
from referral.referrals.workflow import EVENT_LABELS, LABELS, EventName, Status, main_event

pages = Blueprint("cases", __name__, url_prefix="/referrals")


class AdviceSchema(ApiSchema):
    """The trajectory that the region's coordinator picks."""

    trajectory_id = Id(required=True)


@pages.get("/<uuid:referral_id>")
def show(referral_id: UUID) -> str:
    """The case, with the data about the person closed."""
    return _show_case(usecases.show_case(referral_id, actor=current_actor(), work=current_work()))


@pages.post("/<uuid:referral_id>/person")
def open_person(referral_id: UUID) -> str:
    """The case with the person's data and all words open, for the purpose that was chosen; this is on record."""

    def again(form: Form) -> str:
        file = usecases.show_case(referral_id, actor=current_actor(), work=current_work())
        return _show_case(file, form)

    form = submitted(PurposeQuery(), again)
    purpose = form.load()["purpose"]
    return _show_case(usecases.open_case(referral_id, purpose, actor=current_actor(), work=current_work()))


@pages.get("/<uuid:referral_id>/steps/<event>")
def show_event(referral_id: UUID, event: str) -> str:
    """The small form of one step."""
    name = _event(event)
    referral, questions = _asked(name, referral_id)
    form = filled(DEEDS[name][0], usual_answers(name, questions, current_work()))
    return _show_event(name, referral, form.asking(questions))


@pages.post("/<uuid:referral_id>/steps/<event>")
def record_event(referral_id: UUID, event: str) -> ResponseReturnValue:
    """Take the step: the same deed as in the API."""
    name = _event(event)

    def again(form: Form) -> str:
        file = usecases.show_case(referral_id, actor=current_actor(), work=current_work())
        asked = event_questions(name, file.referral, actor=current_actor(), work=current_work())
        return _show_event(name, file.referral, form.asking(asked), file)

    form = submitted(DEEDS[name][0], again)
    if name in usecases.MOMENTS:  # Of the questions of the monitor, a row without an answer is no answer.
        form.without_rows("outcomes", "direction")
    body = form.members | {"event": name.value}
    referral = perform(name, body, referral_id, form.version, actor=current_actor(), work=current_work())
    return redirect(url_for("cases.show", referral_id=referral.id, done=name.value), 303)


@pages.get("/<uuid:referral_id>/trajectory")
def show_advice(referral_id: UUID) -> str:
    """The form with which the region's coordinator picks the trajectory that was asked advice about."""
    referral = usecases.find_referral(referral_id, actor=current_actor(), work=current_work())
    return _show_advice(referral, filled(AdviceSchema(), {}))


@pages.post("/<uuid:referral_id>/trajectory")
def pick_trajectory(referral_id: UUID) -> ResponseReturnValue:
    """Give the advice: the chosen receiver gets the ball."""

    def again(form: Form) -> str:
        referral = usecases.find_referral(referral_id, actor=current_actor(), work=current_work())
        return _show_advice(referral, form)

    form = submitted(AdviceSchema(), again)
    command = ChangeReferral(referral_id=referral_id, expected_version=form.version, changes=form.load())
    usecases.change_referral(command, actor=current_actor(), work=current_work())
    return redirect(url_for("cases.show", referral_id=referral_id), 303)


@pages.get("/<uuid:referral_id>/sent")
def sent(referral_id: UUID) -> str:
    """What happens now with a referral that was just sent, and when the referrer hears again."""
    return render_template(
        "referrals/sent.html", file=usecases.show_case(referral_id, actor=current_actor(), work=current_work())
    )


def _event(name: str) -> EventName:
    if name not in set(EventName) or EventName(name) not in DEEDS:
        raise NotFound
    return EventName(name)


def _asked(event: EventName, referral_id: UUID) -> tuple[Referral, list[Question]]:
    """The case and the questions of this step. Raises `EventRefused` when it cannot be taken now."""
    actor, work = current_actor(), current_work()
    referral = usecases.find_referral(referral_id, actor=actor, work=work)
    if event not in usecases.view_of(referral, actor=actor, work=work).allowed_events:
        raise EventRefused("Deze stap kan nu niet. Kijk in de zaak welke stappen wel kunnen.")
    return referral, event_questions(event, referral, actor=actor, work=work)


def _show_case(file: CaseFile, form: Form | None = None) -> str:
    actor, referral = current_actor(), file.referral
    done = request.args.get("done", "")
    return render_template(
        "referrals/case.html",
        file=file,
        referral=referral,
        form=(form or filled(PurposeQuery(), {})).asking(_purposes(actor)),
        history=tell(file.history, file.names),
        phases=[(phase, labels("phase")[phase]) for phase in Phase],
        phase=phase_of(referral),
        status_label=LABELS[referral.status],
        event_labels=EVENT_LABELS,
        main=main_event(referral.status, file.view.allowed_events),
        picks=referral.trajectory_id is None and referral.status is Status.SUBMITTED and _is_region(referral, actor),
        done=EVENT_LABELS[EventName(done)] if done in set(EventName) else None,
        today=current_work().today,
    )


def _is_region(referral: Referral, actor: Actor) -> bool:
    return "region" in referral.relations_to(actor) and "coordinator" in actor.roles


def _purposes(actor: Actor) -> list[Question]:
    """The purposes that this actor may have, and no others."""
    mine = {code: labels("purpose")[code] for code, roles in PURPOSES.items() if actor.has_role(*roles)}
    return ask(PurposeQuery(), "read_participant", options={"purpose": mine})


def _show_event(event: EventName, referral: Referral, form: Form, file: CaseFile | None = None) -> str:
    """The form; when somebody else changed the case meanwhile, with what happened since beside it."""
    stale = isinstance(form.problem, Stale)
    behind = referral.version - form.version if stale else 0
    return render_template(
        "referrals/event.html",
        form=form,
        event=event,
        label=EVENT_LABELS[event],
        referral=referral,
        status_label=LABELS[referral.status],
        version=_version_to_send(form, referral),
        is_stale=stale,
        can_still=file is None or event in file.view.allowed_events,
        since=tell(file.history[-behind:], file.names) if file and behind > 0 else [],
    )


def _show_advice(referral: Referral, form: Form) -> str:
    form.asking(ask(AdviceSchema(), "transfer", options={"trajectoryId": offers(current_work())}))
    return render_template(
        "referrals/advice.html", form=form, referral=referral, version=_version_to_send(form, referral)
    )


def _version_to_send(form: Form, referral: Referral) -> str:
    """The version that somebody read; a newer one only once it was shown what changed meanwhile."""
    was_shown = isinstance(form.problem, Stale)
    return str(referral.version) if was_shown or not form.value("version") else form.value("version")
