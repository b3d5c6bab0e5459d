"""The own account: who I am, my second factor, and my sessions; and setting up an app before a session opens."""

from collections.abc import Sequence
from uuid import UUID

import segno
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_user

from referral.core.errors import Invalid, NotSignedIn
from referral.core.http import current_actor, current_work, proves_to_be
from referral.core.http.bodies import check_text
from referral.core.policy import Actor
from referral.identity.models import Awaits
from referral.identity.pages.sign_in import PageUser, cookie_token, origin, page_actor
from referral.identity.usecases import (
    EndSession,
    GiveCode,
    SignedIn,
    SwitchOrganisation,
    authenticate_session,
    confirm_app,
    count_recovery_codes,
    end_own_session,
    give_code,
    has_app,
    list_sessions,
    list_workplaces,
    offer_app,
    remove_app,
    renew_recovery_codes,
    switch_organisation,
)

account = Blueprint("account", __name__, url_prefix="/account")


@account.get("")
def show() -> str:
    """Who I am here, how I sign in, and where I am signed in."""
    return _show()


@account.get("/stay")
def stay() -> tuple[str, int]:
    """Nothing but a sign of life, which counts as use of the session."""
    return "", 204


@account.post("/sessions/<uuid:session_id>/end")
def end_session(session_id: UUID) -> ResponseReturnValue:
    """End one of the own sessions."""
    end_own_session(EndSession(session_id), actor=current_actor(), work=current_work())
    return redirect(url_for("account.show"), 303)


@account.post("/organisation")
def switch() -> ResponseReturnValue:
    """Act for another of the own organisations."""
    try:
        command = SwitchOrganisation(cookie_token(), UUID(request.form.get("organisation", "")))
    except ValueError:
        raise Invalid.one("/organisation", "id", "Kies een van uw organisaties.") from None
    _carry(switch_organisation(command, actor=current_actor(), work=current_work()))
    return redirect(url_for("home.show"), 303)


@account.get("/app")
def show_app() -> str:
    """The QR code and the secret of an app that is to be set up, before or after signing in."""
    return _show_app(_newcomer())


@account.post("/app")
def submit_app() -> ResponseReturnValue:
    """The first code of the app: from now on it is asked for. Shows the codes for on paper, this once."""
    actor, code = _newcomer(), _code()
    try:
        signed_in, codes = confirm_app(GiveCode(cookie_token(), code), actor=actor, work=current_work())
    except Invalid as refusal:
        return _show_app(actor, wrong=refusal.errors[0].detail), refusal.status
    _carry(signed_in)
    return _show_codes(codes)


@account.post("/recovery-codes")
def renew_codes() -> ResponseReturnValue:
    """Ten new codes for on paper, after a code of the app."""
    if not _proves():
        return _show(wrong="codes"), 401
    return _show_codes(renew_recovery_codes(actor=current_actor(), work=current_work()))


@account.post("/app/remove")
def remove() -> ResponseReturnValue:
    """Take the app away, after a code of it; signs out everywhere."""
    if not _proves():
        return _show(wrong="remove"), 401
    remove_app(current_actor().id, actor=current_actor(), work=current_work())
    return redirect(url_for("sign_in.show"), 303)


def _newcomer() -> Actor:
    """Whoever may set up an app: somebody signed in, or somebody who must have one before going on."""
    work = current_work()
    actor = page_actor(work) or authenticate_session(work, cookie_token(), origin(), awaits=Awaits.ENROLMENT)
    if actor is None:
        raise NotSignedIn
    return proves_to_be(actor)


def _code() -> str:
    code = request.form.get("code", "")[:64]
    check_text(code)
    return code


def _proves() -> bool:
    """Whether the code that came along is right; the session goes on under a new secret."""
    signed_in = give_code(GiveCode(cookie_token(), _code()), actor=current_actor(), work=current_work())
    if signed_in is not None:
        _carry(signed_in)
    return signed_in is not None


def _carry(signed_in: SignedIn) -> None:
    login_user(PageUser(signed_in.token, signed_in.actor))


def _show(wrong: str = "") -> str:
    actor, work = current_actor(), current_work()
    return render_template(
        "identity/account.html",
        actor=actor,
        sessions=list_sessions(cookie_token(), actor=actor, work=work),
        workplaces=list_workplaces(actor=actor, work=work),
        has_app=has_app(actor=actor, work=work),
        codes_left=count_recovery_codes(actor=actor, work=work),
        wrong=wrong,
    )


def _show_app(actor: Actor, wrong: str = "") -> str:
    enrolment = offer_app(actor=actor, work=current_work())
    qr = segno.make(enrolment.address, micro=False, error="m")
    groups = [enrolment.secret[start : start + 4] for start in range(0, len(enrolment.secret), 4)]
    picture = qr.svg_inline(scale=5, border=2, omitsize=True, svgclass="ds-qr", lineclass=None, light="#fff")
    return render_template("identity/app.html", picture=picture, secret=" ".join(groups), wrong=wrong)


def _show_codes(codes: Sequence[str]) -> str:
    return render_template("identity/recovery_codes.html", codes=codes)
