"""The tokens with which programs of the organisation come in: which there are, giving one out, ending one."""

from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from referral.administration.pages.people import pages
from referral.administration.schemas import SCOPES, TokenInSchema
from referral.core.http import Form, ask, current_actor, current_work, filled, submitted
from referral.core.policy import Role
from referral.identity.usecases import IssueClientToken, RevokeToken, issue_client_token, list_tokens, revoke_token

USUAL_DAYS = "90"


@pages.get("/tokens")
def show_tokens() -> str:
    """The tokens of the organisation that still work."""
    tokens = list_tokens(actor=current_actor(), work=current_work())
    return render_template("administration/tokens.html", tokens=tokens, scopes=SCOPES, ended="ended" in request.args)


@pages.get("/tokens/new")
def new_token() -> str:
    """The form for a token of a program."""
    return _show_new(filled(TokenInSchema(), {"days": USUAL_DAYS}))


@pages.post("/tokens/new")
def give_token() -> ResponseReturnValue:
    """Give the token out: it is shown now, and never again."""
    form = submitted(TokenInSchema(), _show_new)
    actor, members = current_actor(), form.load()
    command = IssueClientToken(
        members["name"],
        actor.organisation_id,
        tuple(Role(role) for role in members["roles"]),
        tuple(members["scopes"]),
        members["days"],
    )
    secret = issue_client_token(command, actor=actor, work=current_work())
    return render_template("administration/token.html", secret=secret, name=members["name"])


@pages.post("/tokens/<uuid:token_id>/end")
def end_token(token_id: UUID) -> ResponseReturnValue:
    """End a token: the program is refused from now on."""
    revoke_token(RevokeToken(token_id), actor=current_actor(), work=current_work())
    return redirect(url_for("administration.show_tokens", ended="yes"), 303)


def _show_new(form: Form) -> str:
    asked = ask(TokenInSchema(), "token")
    form.asking([each.as_kind("ticks", SCOPES) if each.name == "scopes" else each for each in asked])
    return render_template("administration/new_token.html", form=form)
