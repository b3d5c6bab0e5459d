"""The HTML door for signing in and out. Flask-Login only carries the secret; the session itself is in the database.

A way to sign in that comes later (single sign-on, a passkey) is a page that ends in `arrive`.
"""

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Flask, Response, g, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin, login_user, logout_user
from flask_wtf.csrf import CSRFError, CSRFProtect

from referral.core.errors import Invalid, NotSignedIn
from referral.core.http import Application, current_actor, current_work, leave_trace, proves_to_be, refuse
from referral.core.http.bodies import check_text
from referral.core.http.problems import answer_problem, wants_page
from referral.core.policy import Actor
from referral.core.work import Work
from referral.identity.models import Awaits
from referral.identity.usecases import (
    GiveCode,
    Kept,
    SignedIn,
    SignIn,
    SignOut,
    authenticate_session,
    give_code,
    keep_page,
    open_page,
    sign_in,
    user_of_session,
)
from referral.identity.usecases import sign_out as end_session

pages = Blueprint("sign_in", __name__)

SECRETS = frozenset({"csrf_token", "idempotency_key", "password"})


class PageUser(UserMixin):  # type: ignore[misc]
    """Somebody with a standing session. What Flask-Login takes for the user's id is the session's secret."""

    def __init__(self, token: str, actor: Actor) -> None:
        self.token = token
        self.actor = actor

    def get_id(self) -> str:
        """The secret of this session."""
        return self.token


def protect_pages(app: Flask, token_doors: Iterable[Blueprint]) -> None:
    """Give the application its cookie, its sign-in and its check on forms; `token_doors` take no cookie and no forms.

    With `COOKIE_SECURE` the cookie is `__Host-session`: only over TLS, only this host, all paths (RFC 6265bis).
    """
    app.config.update(_cookie(secure=app.config["COOKIE_SECURE"]))
    login_manager(app)
    forms = CSRFProtect(app)
    for door in token_doors:
        forms.exempt(door)
    app.register_error_handler(CSRFError, _refuse_form)
    app.register_error_handler(NotSignedIn, _ask_to_sign_in)


def login_manager(app: Flask) -> LoginManager:
    """This application's own Flask-Login: sessions from the database, no remember cookie, no guess from the browser."""
    manager = LoginManager()
    manager.session_protection = None
    manager.user_loader(_load_user)
    manager.init_app(app, add_context_processor=False)
    return manager


def page_actor(work: Work) -> Actor | None:
    """Whoever the session cookie proves; a token proves nothing here."""
    token = cookie_token()
    return authenticate_session(work, token, origin()) if token else None


def cookie_token() -> str:
    """The secret in the cookie, or nothing."""
    return str(session.get("_user_id", ""))


def origin() -> str:
    """From where the browser asks."""
    return request.remote_addr or "-"


@pages.get("/sign-in")
def show() -> str:
    """The form to sign in with."""
    return _show_form()


@pages.post("/sign-in")
def submit() -> ResponseReturnValue:
    """Begin a session; with a second factor it first waits for that."""
    signed_in = sign_in(_read_form(), work=current_work())
    if signed_in is None:
        return _show_form(was_refused=True), 401
    _carry(signed_in)
    if signed_in.awaits is Awaits.CODE:
        return render_template("identity/code.html", kept=_kept_text())
    if signed_in.awaits is Awaits.ENROLMENT:
        return redirect(url_for("account.show_app"), 303)
    return arrive(signed_in)


@pages.get("/sign-in/code")
def show_code() -> ResponseReturnValue:
    """The form for the code of the app, for a session that waits for it."""
    if _waiting_actor() is None:
        return redirect(url_for("sign_in.show"), 303)
    return render_template("identity/code.html", kept="")


@pages.post("/sign-in/code")
def submit_code() -> ResponseReturnValue:
    """The code of the app, or one from paper: from here on the session opens."""
    actor, code = _waiting_actor(), request.form.get("code", "")[:64]
    check_text(code)
    if actor is None:
        return _show_form(was_late=True), 401
    signed_in = give_code(GiveCode(cookie_token(), code), actor=actor, work=current_work())
    if signed_in is None:
        return render_template("identity/code.html", kept=_kept_text(), was_refused=True), 401
    return arrive(signed_in)


@pages.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the session, in the database as well as in the browser."""
    end_session(SignOut(cookie_token()), actor=current_actor(), work=current_work())
    logout_user()
    session.clear()
    return redirect(url_for("sign_in.show"), 303)


def arrive(signed_in: SignedIn) -> ResponseReturnValue:
    """Go to the start page, or back to what was kept for this user; never to an address that the request made up."""
    _carry(signed_in)
    kept = open_page(_kept_text(), signed_in.actor.id, work=current_work())
    if kept is None:
        return redirect(url_for("home.show"), 303)
    if kept.fields is None:
        return redirect(kept.path, 303)
    return render_template("identity/welcome_back.html", kept=kept)


def _carry(signed_in: SignedIn) -> None:
    session.clear()
    login_user(PageUser(signed_in.token, signed_in.actor))


def _waiting_actor() -> Actor | None:
    actor = authenticate_session(current_work(), cookie_token(), origin(), awaits=Awaits.CODE)
    return proves_to_be(actor) if actor else None


def _show_form(*, was_refused: bool = False, was_late: bool = False, kept: str | None = None) -> str:
    return render_template(
        "identity/sign_in.html",
        was_refused=was_refused,
        was_late=was_late,
        kept=_kept_text() if kept is None else kept,
        email=request.form.get("email", "") if was_refused else "",
    )


def _kept_text() -> str:
    return request.form.get("kept", "") if request.path.startswith("/sign-in") else ""


def _load_user(token: str) -> PageUser | None:
    actor = authenticate_session(current_work(), token, origin())
    return PageUser(token, actor) if actor else None


def _read_form() -> SignIn:
    email, password = request.form.get("email", ""), request.form.get("password", "")
    check_text(email + password)
    return SignIn(email, password, origin=origin(), earlier=cookie_token() or None)


def _refuse_form(_error: CSRFError) -> Response:
    return refuse(Invalid("Dit formulier is verlopen. Ga terug, laad de pagina opnieuw en probeer het nog eens."))


def _ask_to_sign_in(error: NotSignedIn) -> Response:
    """The sign-in page with status 401; what was asked for or typed comes back afterwards, sealed meanwhile."""
    problem = leave_trace(error)
    if problem is not error or not wants_page():
        return answer_problem(problem)
    sent = request.method == "POST"
    typed = tuple((name, value) for name, value in request.form.items(multi=True) if name not in SECRETS)
    kept = Kept(request.full_path.rstrip("?"), typed if sent else None)
    application: Application = g.application
    with application.working() as work:
        user_id = user_of_session(work, cookie_token()) if cookie_token() else None
        text = keep_page(kept, user_id if sent else None, work=work) if request.path != "/" else ""
    page = _show_form(was_late=user_id is not None, kept=text)
    return make_response(page, error.status)


def _cookie(*, secure: bool) -> dict[str, Any]:
    return {
        "SESSION_COOKIE_NAME": "__Host-session" if secure else "session",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_PATH": "/",
        "SESSION_COOKIE_DOMAIN": None,
        # The secret of a form lives as long as its session. There is no referrer to check: the service sends none.
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_SSL_STRICT": False,
    }
