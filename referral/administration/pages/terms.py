"""The terms and limits: which hold for the own organisation, and how its region changes them, foreseen first."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from referral.administration.pages.people import pages
from referral.administration.schemas import (
    LIMITS,
    STEPS,
    LimitsInSchema,
    span_in_words,
    spans_of,
    step_answers,
    step_questions,
    term_in_schema,
)
from referral.core.codelists import Term, default_terms
from referral.core.errors import NotFound
from referral.core.fields import camel_case
from referral.core.http import Form, Question, current_actor, current_work, filled, searched, submitted
from referral.identity import usecases
from referral.identity.usecases import (
    LIMIT_BOUNDS,
    TuneLimits,
    TuneTerm,
    find_tunable,
    labour_markets_of,
    list_tunable,
    rule_of,
)
from referral.referrals.usecases import Foreseen, foresee_limits, foresee_term

Row = tuple[str, str, str]
_TERM = "/regions/<uuid:region_id>/terms/<term>"
FIELDS = ("steps/", "limits/", "usual")
_LIMITS = "/regions/<uuid:region_id>/limits"


@pages.get("/terms")
def show_terms() -> str:
    """The terms, limits and retention periods that hold for the own organisation, and who gave them."""
    actor, work = current_actor(), current_work()
    ruled = rule_of(work.session, [actor.organisation_id])[actor.organisation_id]
    regions = labour_markets_of(work.session, actor.organisation_id)
    return render_template(
        "administration/terms.html",
        terms=ruled.terms,
        ruler=regions.get(ruled.region_id, ""),
        regions=list(regions.values()),
        tunable=list_tunable(actor=actor, work=work),
        done=request.args.get("done", ""),
        usual=default_terms(),
        steps=STEPS,
        limits=LIMITS,
        retention=usecases.retention_for(work.session, actor.organisation_id),
        span=span_in_words,
    )


@pages.get(_TERM)
def edit_term(region_id: UUID, term: str) -> str:
    """The form of one term of the region, with the lengths of now."""
    now = _terms_of(region_id).table.get(term)
    if now is None:
        raise NotFound
    return _show_term(region_id, now, filled(term_in_schema(now), step_answers(now)))


@pages.get(f"{_TERM}/check")
def check_term(region_id: UUID, term: str) -> str:
    """What the change would do, before it is done."""
    form = searched(term_in_schema(_usual(term)), lambda form: _show_term(region_id, _usual(term), form))
    foreseen = foresee_term(_term_command(region_id, term, form), actor=current_actor(), work=current_work())
    before, after = foreseen.before[term], foreseen.after[term]
    rows = [
        (STEPS[step], span_in_words(span), span_in_words(after.steps()[step])) for step, span in before.steps().items()
    ]
    return _show_check(foreseen, before.label, rows, form, {"region_id": region_id, "term": term}, "term")


@pages.post(f"{_TERM}/check")
def tune_term(region_id: UUID, term: str) -> ResponseReturnValue:
    """Change the term."""
    form = submitted(term_in_schema(_usual(term)), lambda form: _show_term(region_id, _usual(term), form))
    command = _term_command(region_id, term, form, form.version)
    usecases.tune_term(command, actor=current_actor(), work=current_work())
    return redirect(url_for("administration.show_terms", done="term"), 303)


@pages.get(_LIMITS)
def edit_limits(region_id: UUID) -> str:
    """The form of the limits of the region, with the numbers of now."""
    now = asdict(_terms_of(region_id).limits)
    answers = {f"limits/{camel_case(name)}": str(number) for name, number in now.items()}
    return _show_limits(region_id, filled(LimitsInSchema(), answers))


@pages.get(f"{_LIMITS}/check")
def check_limits(region_id: UUID) -> str:
    """What the change would do, before it is done."""
    form = searched(LimitsInSchema(), lambda form: _show_limits(region_id, form))
    foreseen = foresee_limits(_limits_command(region_id, form), actor=current_actor(), work=current_work())
    before, after = asdict(foreseen.before.limits), asdict(foreseen.after.limits)
    rows = [(LIMITS[name], str(number), str(after[name])) for name, number in before.items()]
    return _show_check(foreseen, "Grenzen", rows, form, {"region_id": region_id}, "limits")


@pages.post(f"{_LIMITS}/check")
def tune_limits(region_id: UUID) -> ResponseReturnValue:
    """Change the limits."""
    form = submitted(LimitsInSchema(), lambda form: _show_limits(region_id, form))
    command = _limits_command(region_id, form, form.version)
    usecases.tune_limits(command, actor=current_actor(), work=current_work())
    return redirect(url_for("administration.show_terms", done="limits"), 303)


def _terms_of(region_id: UUID) -> Any:
    region = find_tunable(region_id, actor=current_actor(), work=current_work())
    return default_terms().merged(region.terms or {})


def _usual(term: str) -> Term:
    usual = default_terms().table.get(term)
    if usual is None:
        raise NotFound
    return usual


def _term_command(region_id: UUID, term: str, form: Form, version: int | None = None) -> TuneTerm:
    members = form.load()
    return TuneTerm(region_id, term, None if members["usual"] else spans_of(members["steps"]), version)


def _limits_command(region_id: UUID, form: Form, version: int | None = None) -> TuneLimits:
    members = form.load()
    return TuneLimits(region_id, None if members["usual"] else members["limits"], version)


def _show_term(region_id: UUID, term: Term, form: Form) -> str:
    now, usual = _terms_of(region_id)[term.code], _usual(term.code)
    return _show_form(
        region_id,
        term.label,
        form.asking(list(step_questions(now, usual))),
        url_for("administration.check_term", region_id=region_id, term=term.code),
        is_own=now != usual,
    )


def _show_limits(region_id: UUID, form: Form) -> str:
    now = _terms_of(region_id).limits
    questions = [
        Question(f"limits/{camel_case(name)}", "number", LIMITS[name], f"Van {low} tot en met {high}. Leeg: blijft zo.")
        for name, (low, high) in LIMIT_BOUNDS.items()
    ]
    check = url_for("administration.check_limits", region_id=region_id)
    return _show_form(region_id, "Grenzen", form.asking(questions), check, is_own=now != default_terms().limits)


def _show_form(region_id: UUID, title: str, form: Form, check: str, *, is_own: bool) -> str:
    region = find_tunable(region_id, actor=current_actor(), work=current_work())
    return render_template(
        "administration/tune.html", region=region, title=title, form=form, check=check, is_own=is_own
    )


def _show_check(
    foreseen: Foreseen, title: str, rows: Sequence[Row], form: Form, place: Mapping[str, Any], kind: str
) -> str:
    return render_template(
        "administration/tune_check.html",
        foreseen=foreseen,
        title=title,
        rows=[row for row in rows if row[1] != row[2]],
        given=[(name, value) for name, value in form.data.items() if value and name.startswith(FIELDS)],
        kind=kind,
        term=place.get("term", ""),
        kept=span_in_words(default_terms()["draft"].end),
        do=url_for(f"administration.tune_{kind}", **place),
        back=url_for(f"administration.edit_{kind}", **place),
    )
