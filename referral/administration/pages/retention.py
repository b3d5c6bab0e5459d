"""How long the own organisation keeps records of one term: what another period would do first, then setting it."""

from typing import Any

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from referral.administration.pages.people import pages
from referral.administration.schemas import (
    UNITS,
    WHOSE,
    RetentionInSchema,
    period_of,
    retention_members,
    span_in_words,
    terms_in_use,
)
from referral.administration.usecases import weigh_retention
from referral.core.codelists import parse_period, retention_terms
from referral.core.errors import NotFound, Stale
from referral.core.http import Form, ask, current_actor, current_work, searched, submitted, typed
from referral.identity import usecases
from referral.identity.models import Organisation
from referral.identity.usecases import SetRetention, show_me


@pages.get("/organisation/retention/<term>")
def show_retention(term: str) -> str:
    """The form for one retention period, as it is now."""
    return _show_form(term, Form(RetentionInSchema(), _answers(_own(term), term)))


@pages.get("/organisation/retention/<term>/check")
def check_retention(term: str) -> str:
    """What the period would do today; nothing is done yet."""
    return _show_check(term, searched(RetentionInSchema(), lambda form: _show_form(term, form)))


@pages.post("/organisation/retention/<term>")
def set_retention(term: str) -> ResponseReturnValue:
    """Keep the records of this term that long from now on."""
    form = submitted(RetentionInSchema(), lambda form: _show_refused(term, form))
    own = _own(term)
    command = SetRetention(own.id, term, period_of(form.load()), form.version)
    usecases.set_retention(command, actor=current_actor(), work=current_work())
    return redirect(url_for("administration.show_own", done="retention"), 303)


def _own(term: str) -> Organisation:
    """The own organisation, for a term that it may set. Raises `NotFound`."""
    if term not in terms_in_use():
        raise NotFound
    return show_me(actor=current_actor(), work=current_work()).organisation


def _answers(own: Organisation, term: str) -> Any:
    return typed(RetentionInSchema(), retention_members((own.retention or {}).get(term)))


def _asked(form: Form) -> Form:
    choices = {"whose": WHOSE, "period/unit": UNITS}
    asked = ask(RetentionInSchema(), "retention", options=choices)
    return form.asking([each.as_kind("select") if each.name == "period/unit" else each for each in asked])


def _show_form(term: str, form: Form) -> str:
    own = _own(term)
    return render_template(
        "administration/retention.html", form=_asked(form), **_about(own, term), covers=terms_in_use()[term]
    )


def _show_refused(term: str, form: Form) -> str:
    """When a colleague changed the organisation meanwhile, the check with what differs; else the form."""
    return (_show_check if isinstance(form.problem, Stale) else _show_form)(term, form)


def _show_check(term: str, form: Form) -> str:
    own = _own(term)
    period = period_of(form.load())
    is_stale = isinstance(_asked(form).problem, Stale)
    return render_template(
        "administration/retention_check.html",
        form=form,
        effect=weigh_retention(SetRetention(own.id, term, period), actor=current_actor(), work=current_work()),
        then=span_in_words(parse_period(period) if period else retention_terms()[term].span),
        version=own.version,
        is_stale=is_stale,
        differences=form.differences(_answers(own, term)) if is_stale else [],
        **_about(own, term),
    )


def _about(own: Organisation, term: str) -> dict[str, Any]:
    usual = retention_terms()[term]
    period = (own.retention or {}).get(term)
    return {
        "term": usual,
        "usual": span_in_words(usual.span),
        "now": span_in_words(parse_period(period)) if period else span_in_words(usual.span),
    }
