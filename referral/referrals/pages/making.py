"""Making a referral, in one guided flow: who, what to learn, which offer, what may be shared, the warm handover.

Each page keeps what was typed in a sealed draft, also what is not right yet, but never a BSN (UAVG art. 46); the last
page sends it, once.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from referral.core.bsn import find_bsn
from referral.core.errors import DuplicateParticipant, Invalid, NotFound
from referral.core.fields import ApiSchema
from referral.core.http import Form, current_actor, current_work, submitted
from referral.core.http.bodies import check_text
from referral.identity.usecases import show_me
from referral.referrals import usecases
from referral.referrals.pages.steps import (
    FIRST,
    SCHEMA,
    STEPS,
    Step,
    first_answers,
    is_answered,
    judged,
    person_members,
    profile_of,
    step_questions,
    summary,
)
from referral.referrals.usecases import SaveDraft, SendDraft
from referral.screenings.usecases import find_screening
from referral.trajectories.matching import ADVICE
from referral.trajectories.usecases import MatchTrajectories, match_trajectories

pages = Blueprint("making", __name__, url_prefix="/referrals/new")

BEST, MOST_OFFERS = 5, 50


@pages.get("")
def start() -> str:
    """Where a referral begins: with the code of a card, or without."""
    return _show_start(Form(ApiSchema()))


@pages.post("")
def begin() -> ResponseReturnValue:
    """Begin a draft with what is known of the screening, and go to the first page."""
    form = submitted(ApiSchema(), _show_start)
    actor, work = current_actor(), current_work()
    code = form.value("code").strip()
    try:
        screening = find_screening(code, actor=actor, work=work) if code else None
    except NotFound:
        raise Invalid.one("/code", "not_found", "Bij deze code is geen screening gevonden.") from None
    place = show_me(actor=actor, work=work).organisation.municipality_code
    draft = usecases.begin_draft(first_answers(screening, place, actor, work), actor=actor, work=work)
    return redirect(url_for("making.show_step", draft_id=draft.id, step=FIRST), 303)


@pages.get("/<uuid:draft_id>")
def resume(draft_id: UUID) -> ResponseReturnValue:
    """Go on where somebody left: the first page that is not answered, or the check."""
    if sent := _sent(draft_id):
        return sent
    form = _form(draft_id)
    missing = next((step for step in STEPS if not is_answered(step, form)), None)
    if missing is None:
        return redirect(url_for("making.check", draft_id=draft_id), 303)
    return redirect(url_for("making.show_step", draft_id=draft_id, step=missing), 303)


@pages.get("/<uuid:draft_id>/<step>")
def show_step(draft_id: UUID, step: str) -> ResponseReturnValue:
    """One page of the flow, with what was typed before."""
    return _sent(draft_id) or _show_step(draft_id, _step(step), _form(draft_id))


@pages.post("/<uuid:draft_id>/<step>")
def save_step(draft_id: UUID, step: str) -> ResponseReturnValue:
    """Keep the answers, right or not; then go on, or say what is not right."""
    here = _step(step)
    if sent := _sent(draft_id):
        return sent
    given = submitted(SCHEMA, lambda form: _show_step(draft_id, here, form))
    asked = step_questions(here, current_actor())
    names = [name for each in asked for name in (each.name, f"{each.name}/time")]
    answers = {name: given.values(name) for name in names if any(given.values(name))}
    withheld = {name: answers.pop(name) for name in _holding_a_bsn(answers, names)}
    kept = usecases.save_draft(SaveDraft(draft_id, names, answers), actor=current_actor(), work=current_work())
    form = Form(SCHEMA, MultiDict(kept | withheld))
    form.problem = _wrong_here(form, here)
    if form.problem:
        return _show_step(draft_id, here, form), form.problem.status
    return redirect(_next(draft_id, here), 303)


@pages.get("/<uuid:draft_id>/check")
def check(draft_id: UUID) -> ResponseReturnValue:
    """Everything on one page, before it is sent."""
    return _sent(draft_id) or _show_check(draft_id, judged(_form(draft_id)))


@pages.post("/<uuid:draft_id>/check")
def send(draft_id: UUID) -> ResponseReturnValue:
    """Send it: the same deed as in the API. A second time leads to what the first one made."""
    if sent := _sent(draft_id):
        return sent

    def again(form: Form) -> ResponseReturnValue:
        kept = judged(_form(draft_id))
        kept.problem = form.problem
        return _show_check(draft_id, kept)

    submitted(SCHEMA, again)
    command = SendDraft(draft_id, judged(_form(draft_id)).load(submit=True))
    referral = usecases.send_draft(command, actor=current_actor(), work=current_work())
    return redirect(url_for("cases.sent", referral_id=referral.id), 303)


@pages.post("/<uuid:draft_id>/known")
def choose_known(draft_id: UUID) -> ResponseReturnValue:
    """Somebody with this number is registered: the same person, or another one of the family."""
    choice, known = request.form.get("choice", ""), request.form.get("participant", "")
    check_text(choice + known)
    if choice == "same":
        answers: Mapping[str, Any] = {"participantId": [known]}
    else:
        answers = {"participant/allowDuplicate": ["true"]}
    replaced = person_members() if choice == "same" else []
    command = SaveDraft(draft_id, ("participantId", "participant/allowDuplicate", *replaced), answers)
    usecases.save_draft(command, actor=current_actor(), work=current_work())
    return redirect(url_for("making.check", draft_id=draft_id), 303)


@pages.post("/<uuid:draft_id>/drop")
def drop(draft_id: UUID) -> ResponseReturnValue:
    """Throw the draft away."""
    usecases.drop_draft(draft_id, actor=current_actor(), work=current_work())
    return redirect(url_for("home.show"), 303)


def _sent(draft_id: UUID) -> ResponseReturnValue | None:
    """The way to the confirmation, when this draft was sent before."""
    referral = usecases.sent_referral(draft_id, actor=current_actor(), work=current_work())
    return redirect(url_for("cases.sent", referral_id=referral.id), 303) if referral else None


def _form(draft_id: UUID) -> Form:
    return Form(SCHEMA, MultiDict(usecases.read_draft(draft_id, actor=current_actor(), work=current_work())))


def _step(name: str) -> Step:
    if name not in set(Step):
        raise NotFound
    return Step(name)


def _next(draft_id: UUID, step: Step) -> str:
    order = list(Step)
    if step is order[-1]:
        return url_for("making.check", draft_id=draft_id)
    return url_for("making.show_step", draft_id=draft_id, step=order[order.index(step) + 1])


def _wrong_here(form: Form, step: Step) -> Invalid | None:
    """What the schema says about the fields of this page; the other pages have their own turn."""
    try:
        judged(form).load()
    except Invalid as refusal:
        names = [question.name for question in step_questions(step, current_actor())]
        here = [error for error in refusal.errors if form.field_of(error, names)]
        return Invalid(errors=here) if here else None
    return None


def _holding_a_bsn(answers: Mapping[str, list[str]], names: Sequence[str]) -> set[str]:
    """The fields that are refused and in which a BSN may stand: drawn again for who typed it, and kept nowhere."""
    form = judged(Form(SCHEMA, MultiDict(answers)))
    try:
        form.load()
    except Invalid as refusal:
        refused = {form.field_of(error, names) for error in refusal.errors}
        both = {name for each in refused if each for name in (each, f"{each}/time")}
        return {name for name in both & answers.keys() if any(map(find_bsn, answers[name]))}
    return set()


def _show_start(form: Form) -> str:
    drafts = usecases.list_drafts(actor=current_actor(), work=current_work())
    code = form.problem.errors[0].detail if form.problem and form.problem.errors else ""
    return render_template("referrals/start.html", form=form, drafts=drafts, wrong=code)


def _show_step(draft_id: UUID, step: Step, form: Form) -> str:
    form.asking(step_questions(step, current_actor()))
    offered = (
        match_trajectories(MatchTrajectories(profile_of(form), 50), work=current_work()) if step is Step.OFFER else []
    )
    fitting = [each for each in offered if each.match.eligible]
    return render_template(
        "referrals/step.html",
        form=form,
        draft_id=draft_id,
        step=step,
        steps=STEPS,
        best=fitting[:BEST],
        others=fitting[BEST:],
        unfit=[each for each in offered if not each.match.eligible],
        advice=ADVICE,
    )


def _show_check(draft_id: UUID, form: Form) -> str:
    known = form.problem.members if isinstance(form.problem, DuplicateParticipant) else None
    pages_of = {question.name: step for step in Step for question in step_questions(step, current_actor())}
    questions = [question for step in Step for question in step_questions(step, current_actor())]
    form.asking(questions)
    return render_template(
        "referrals/check.html",
        form=form,
        draft_id=draft_id,
        steps=STEPS,
        parts=summary(form, current_actor(), work=current_work()),
        pages_of=pages_of,
        known=known,
    )
