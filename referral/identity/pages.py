"""The HTML door for signing in and out. Flask-Login only carries the secret; the session itself is in the database."""

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Flask, Response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from flask_wtf.csrf import CSRFError, CSRFProtect

from referral.core.errors import Invalid
from referral.core.http import current_actor, current_work, refuse
from referral.core.http.bodies import check_text
from referral.core.policy import Actor
from referral.core.work import Work
from referral.identity.usecases import SignIn, SignOut, authenticate_session, sign_in
from referral.identity.usecases import sign_out as end_session

pages = Blueprint("sign_in", __name__)


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


def login_manager(app: Flask) -> LoginManager:
    """This application's own Flask-Login: sessions from the database, no remember cookie, no guess from the browser."""
    manager = LoginManager()
    manager.session_protection = None
    manager.user_loader(_load_user)
    manager.init_app(app, add_context_processor=False)
    return manager


def page_actor(_work: Work) -> Actor | None:
    """Whoever the session cookie proves; a token proves nothing here."""
    actor: Actor | None = getattr(current_user, "actor", None)
    return actor


@pages.get("/sign-in")
def show() -> str:
    """The form to sign in with."""
    return render_template("identity/sign_in.html", was_refused=False)


@pages.post("/sign-in")
def submit() -> ResponseReturnValue:
    """Begin a session and go to the start page, never to an address from the request."""
    signed_in = sign_in(_read_form(), work=current_work())
    if signed_in is None:
        return render_template("identity/sign_in.html", was_refused=True), 401
    session.clear()
    login_user(PageUser(signed_in.token, signed_in.actor))
    return redirect(url_for("home.show"), 303)


@pages.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the session, in the database as well as in the browser."""
    end_session(SignOut(current_user.get_id()), actor=current_actor(), work=current_work())
    logout_user()
    session.clear()
    return redirect(url_for("sign_in.show"), 303)


def _load_user(token: str) -> PageUser | None:
    actor = authenticate_session(current_work(), token, request.remote_addr or "-")
    return PageUser(token, actor) if actor else None


def _read_form() -> SignIn:
    email, password = request.form.get("email", ""), request.form.get("password", "")
    check_text(email + password)
    return SignIn(email, password, origin=request.remote_addr or "-", earlier=session.get("_user_id"))


def _refuse_form(_error: CSRFError) -> Response:
    return refuse(Invalid("Dit formulier is verlopen. Ga terug, laad de pagina opnieuw en probeer het nog eens."))


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
