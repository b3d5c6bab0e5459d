"""A code of a list that the own organisation stops offering or takes up again, with what that does said first."""

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from referral.administration.pages.people import pages
from referral.administration.schemas import TITLES
from referral.core.fields import NoMembers
from referral.core.http import Form, current_actor, current_work, filled, submitted
from referral.referrals import usecases
from referral.referrals.usecases import OfferCode, RetireCode, foresee_code


@pages.get("/lists/<name>/<code>")
def show_code(name: str, code: str) -> str:
    """One code, and what it would do to stop offering it, or to offer it again."""
    return _show_code(name, code, filled(NoMembers(), {}))


@pages.post("/lists/<name>/<code>/retire")
def retire_code(name: str, code: str) -> ResponseReturnValue:
    """Stop offering the code."""
    submitted(NoMembers(), lambda form: _show_code(name, code, form))
    usecases.retire_code(RetireCode(name, code), actor=current_actor(), work=current_work())
    return redirect(url_for("administration.show_list", name=name, done="retire"), 303)


@pages.post("/lists/<name>/<code>/offer")
def offer_code(name: str, code: str) -> ResponseReturnValue:
    """Offer the code again."""
    submitted(NoMembers(), lambda form: _show_code(name, code, form))
    usecases.offer_code(OfferCode(name, code), actor=current_actor(), work=current_work())
    return redirect(url_for("administration.show_list", name=name, done="offer"), 303)


def _show_code(name: str, code: str, form: Form) -> str:
    foreseen = foresee_code(RetireCode(name, code), actor=current_actor(), work=current_work())
    return render_template(
        "administration/code.html",
        name=name,
        title=TITLES[name],
        foreseen=foreseen,
        reason=foreseen.reason,
        form=form.asking([]),
    )
