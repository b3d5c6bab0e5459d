"""Small applications with only the doors of identity, and what a browser and a program do there."""

import re

from flask import Blueprint, render_template_string

from referral.access import OPERATIONS
from referral.core.http import Application, install
from referral.core.http.documents import publish
from referral.core.http.pages import dress_pages
from referral.core.policy import Door, system_actor
from referral.core.work import Service
from referral.identity.api import api, bearer_actor
from referral.identity.pages import account, page_actor, pages, protect_pages
from referral.identity.usecases import IssueToken, issue_token

SYSTEM = system_actor("test")
HTML = {"Accept": "text/html"}
HOME = '{% extends "layout.html" %}{% block content %}dag {{ g.actor.name }}{% endblock %}'


def build(service: Service, *, secure: bool = False, secret: str = "k" * 40) -> Application:
    app = Application("referral")
    app.config.update(
        SECRET_KEY=secret, COOKIE_SECURE=secure, ALLOWED_ORIGINS=(), MAX_BODY_BYTES=1_000_000, TESTING=True
    )
    home = Blueprint("home", __name__)
    home.add_url_rule("/", "show", lambda: render_template_string(HOME))
    app.register_blueprint(pages)
    app.register_blueprint(account)
    app.register_blueprint(home)
    install(app, service, OPERATIONS, {Door.API: bearer_actor, Door.PAGE: page_actor})
    publish(app, [api], "http://localhost")
    protect_pages(app, [api])
    dress_pages(app)
    app.context_processor(lambda: {"menu": list, "theme": {}, "idle_minutes": 15})
    return app


def token_of(service: Service, email: str, organisation: str, **options) -> str:
    with service.work() as work:
        return issue_token(IssueToken(email, organisation, **options), actor=SYSTEM, work=work)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def form_secret(client, base_url: str = "http://localhost") -> str:
    page = client.get("/sign-in", base_url=base_url).text
    return re.search(r'name="csrf_token" value="([^"]+)"', page)[1]


def sign_in(client, password: str, email: str = "coach@voorbeeld.example", base_url: str = "http://localhost"):
    form = {"csrf_token": form_secret(client, base_url), "email": email, "password": password}
    return client.post("/sign-in", data=form, base_url=base_url, headers=HTML)


def sign_out(client):
    secret = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/", headers=HTML).text)[1]
    return client.post("/sign-out", data={"csrf_token": secret}, headers=HTML)


def cookie_of(client) -> str:
    return client.get_cookie("session").value
