"""The code lists and the terms, to look at: where each comes from and what it holds. They are changed in `config/`."""

from flask import render_template

from referral.administration.pages.people import pages
from referral.administration.schemas import LIMITS, OWN, SOURCES, STEPS, TITLES, span_in_words
from referral.core.codelists import code_lists, default_terms
from referral.core.errors import NotFound
from referral.core.http import current_actor, current_work
from referral.identity.usecases import retention_for, terms_for


@pages.get("/lists")
def show_lists() -> str:
    """Every code list, by its Dutch name."""
    rows = [(TITLES[name], name, SOURCES.get(name, OWN), each) for name, each in code_lists().items()]
    return render_template("administration/lists.html", rows=sorted(rows, key=lambda row: row[0]))


@pages.get("/lists/<name>")
def show_list(name: str) -> str:
    """One code list: every code with its label."""
    if name not in code_lists():
        raise NotFound
    return render_template(
        "administration/list.html",
        name=name,
        title=TITLES[name],
        source=SOURCES.get(name, OWN),
        found=code_lists()[name],
    )


@pages.get("/terms")
def show_terms() -> str:
    """The terms, limits and retention periods that hold for the own organisation."""
    actor, work = current_actor(), current_work()
    terms = terms_for(work.session, actor.organisation_id)
    return render_template(
        "administration/terms.html",
        terms=terms,
        usual=default_terms(),
        steps=STEPS,
        limits=LIMITS,
        retention=retention_for(work.session, actor.organisation_id),
        span=span_in_words,
    )
