"""Where an invitation leads: somebody new chooses a password, and signs in with it."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from referral.core.errors import Invalid, NotFound
from referral.core.http import current_work, proves_to_be
from referral.core.http.bodies import check_text
from referral.identity.pages.sign_in import origin
from referral.identity.usecases import AcceptInvitation, accept_invitation, find_invited

welcome = Blueprint("welcome", __name__, url_prefix="/welcome")


@welcome.get("")
def show() -> ResponseReturnValue:
    """The form for a password, or that the link holds no more."""
    return _show(request.args.get("invitation", ""))


@welcome.post("")
def accept() -> ResponseReturnValue:
    """Set the password; from here on somebody signs in."""
    text, password = request.form.get("invitation", ""), request.form.get("password", "")
    check_text(password)
    if password != request.form.get("again", ""):
        return _show(text, wrong="De twee wachtwoorden zijn niet hetzelfde.")
    try:
        colleague = accept_invitation(AcceptInvitation(text, password), origin=origin(), work=current_work())
    except Invalid as refusal:
        return _show(text, wrong=refusal.errors[0].detail)
    except NotFound:
        return _show(text)
    proves_to_be(colleague)
    return render_template("identity/welcome_done.html", name=colleague.name)


def _show(text: str, wrong: str = "") -> ResponseReturnValue:
    try:
        invited = find_invited(text, work=current_work())
    except NotFound:
        return render_template("identity/welcome.html", invited=None), NotFound.status
    page = render_template("identity/welcome.html", invited=invited, invitation=text, wrong=wrong)
    return page, Invalid.status if wrong else 200
