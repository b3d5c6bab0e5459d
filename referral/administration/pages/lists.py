"""The code lists: where each comes from, what it holds, and which of its codes the own organisation offers."""

from flask import render_template, request

from referral.administration.pages.people import pages
from referral.administration.schemas import OWN, SOURCES, TITLES
from referral.core.codelists import code_lists
from referral.core.errors import NotFound
from referral.core.http import current_actor, current_work
from referral.referrals.usecases import choosable_reasons, retired_reasons
from referral.referrals.usecases.moving import REASON


@pages.get("/lists")
def show_lists() -> str:
    """Every code list, by its Dutch name."""
    rows = [(TITLES[name], name, SOURCES.get(name, OWN), each) for name, each in code_lists().items()]
    return render_template("administration/lists.html", rows=sorted(rows, key=lambda row: row[0]), chosen=REASON)


@pages.get("/lists/<name>")
def show_list(name: str) -> str:
    """One code list: every code with its label, and whether the own organisation offers it."""
    if name not in code_lists():
        raise NotFound
    is_chosen = name == REASON
    return render_template(
        "administration/list.html",
        name=name,
        title=TITLES[name],
        source=SOURCES.get(name, OWN),
        found=code_lists()[name],
        choosable=choosable_reasons() if is_chosen else {},
        retired=retired_reasons(actor=current_actor(), work=current_work()) if is_chosen else (),
        done=request.args.get("done", ""),
    )
