"""The door for people: a cookie that the service can end, and forms that nobody else can send."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from http.cookies import SimpleCookie

import pytest
from flask import Flask
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from referral.identity.usecases import DeactivateUser, deactivate_user
from tests.identity.doors import HTML, SYSTEM, build, cookie_of, form_secret, sign_in, sign_out


def test_signing_in_leads_to_the_start_page_and_nowhere_else(app, town):
    client = app.test_client()
    form = {"csrf_token": form_secret(client), "email": "coach@voorbeeld.example", "password": town.password}
    elsewhere = "https://elders.example/"
    answer = client.post(f"/sign-in?next={elsewhere}", data={**form, "next": elsewhere}, headers={"Referer": elsewhere})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


def test_a_refused_sign_in_says_the_same_about_every_address(app, town):
    def refused(email: str) -> tuple[int, str]:
        answer = sign_in(app.test_client(), "verkeerd-wachtwoord", email)
        return answer.status_code, re.sub(r'value="[^"]+"', "", answer.text)

    known, unknown = refused("coach@voorbeeld.example"), refused("niemand@voorbeeld.example")
    assert known == unknown
    assert known[0] == 401
    assert "voorbeeld.example" not in known[1]


def test_after_ten_failures_the_page_says_when_to_come_back(app, town):
    client = app.test_client()
    for _ in range(10):
        assert sign_in(client, "verkeerd-wachtwoord").status_code == 401
    answer = sign_in(client, town.password)
    assert (answer.status_code, answer.headers["Retry-After"], answer.mimetype) == (429, "300", "text/html")


@pytest.mark.parametrize("change", [lambda form: form.pop("csrf_token"), lambda form: form.update(csrf_token="x")])
@pytest.mark.parametrize("path", ["/sign-in", "/sign-out"])
def test_a_form_without_its_secret_is_refused(app, town, change: Callable[[dict[str, str]], object], path):
    client = app.test_client()
    sign_in(client, town.password)
    form = {"csrf_token": form_secret(client), "email": "coach@voorbeeld.example", "password": town.password}
    change(form)
    assert client.post(path, data=form, headers=HTML).status_code == 400
    assert client.get("/", headers=HTML).status_code == 200


def test_the_form_secret_of_another_browser_is_refused(app, town):
    mine, theirs = app.test_client(), app.test_client()
    form_secret(mine)
    form = {"csrf_token": form_secret(theirs), "email": "coach@voorbeeld.example", "password": town.password}
    assert mine.post("/sign-in", data=form, headers=HTML).status_code == 400


def test_the_form_secret_of_before_signing_in_is_refused_afterwards(app, town):
    client = app.test_client()
    earlier = form_secret(client)
    sign_in(client, town.password)
    assert client.post("/sign-out", data={"csrf_token": earlier}, headers=HTML).status_code == 400


def test_a_cookie_of_before_signing_out_stays_refused(app, town):
    client = app.test_client()
    sign_in(client, town.password)
    stolen = cookie_of(client)
    assert sign_out(client).headers["Location"] == "/sign-in"
    assert client.get("/", headers=HTML).status_code == 401
    client.set_cookie("session", stolen)
    assert [client.get("/", headers=HTML).status_code for _ in range(20)] == [401] * 20


def test_flask_login_by_itself_takes_the_cookie_back_after_signing_out():
    """Control: the library's own defaults put the user's id in the cookie, and nothing can end that."""
    app = Flask(__name__)
    app.secret_key = "k" * 40
    manager = LoginManager(app)

    class AnyUser(UserMixin):
        id = "1"

    manager.user_loader(lambda _id: AnyUser())
    app.add_url_rule("/in", "in", lambda: str(login_user(AnyUser())))
    app.add_url_rule("/out", "out", lambda: str(logout_user()))
    app.add_url_rule("/", "home", lambda: str(current_user.is_authenticated))
    client = app.test_client()
    client.get("/in")
    stolen = cookie_of(client)
    client.get("/out")
    assert client.get("/").text == "False"
    client.set_cookie("session", stolen)
    assert client.get("/").text == "True"


def test_signing_in_again_refuses_the_cookie_of_before(app, town):
    client = app.test_client()
    sign_in(client, town.password)
    earlier = cookie_of(client)
    sign_in(client, town.password, "referrer@voorbeeld.example")
    assert "dag Sanne Verwijzer" in client.get("/", headers=HTML).text
    client.set_cookie("session", earlier)
    assert client.get("/", headers=HTML).status_code == 401


@pytest.mark.parametrize(("minutes", "seconds", "status"), [(14, 59, 200), (15, 1, 401)])
def test_a_page_left_alone_for_fifteen_minutes_asks_to_sign_in(app, town, clock, minutes, seconds, status):
    client = app.test_client()
    sign_in(client, town.password)
    clock.now += timedelta(minutes=minutes, seconds=seconds)
    answer = client.get("/", headers=HTML)
    assert answer.status_code == status
    assert ("Aanmelden" in answer.text) is (status == 401)


def test_who_left_is_signed_out_at_the_next_page(app, service, town):
    client = app.test_client()
    sign_in(client, town.password)
    with service.work() as work:
        deactivate_user(DeactivateUser(town.coach), actor=SYSTEM, work=work)
    assert client.get("/", headers=HTML).status_code == 401


@pytest.mark.parametrize("agent", ["Browser/1", "Browser/2"])
def test_a_remember_cookie_is_neither_given_nor_taken(app, town, agent):
    client = app.test_client()
    answer = sign_in(client, town.password)
    assert not any("remember" in cookie.lower() for cookie in answer.headers.getlist("Set-Cookie"))
    stranger = app.test_client()
    stranger.set_cookie("remember_token", f"{town.coach}|{'0' * 128}")
    assert stranger.get("/", headers={**HTML, "User-Agent": agent}).status_code == 401


@pytest.mark.parametrize("secure", [True, False])
def test_the_cookie_is_for_this_host_and_no_script(service, town, secure):
    app = build(service, secure=secure)
    base_url = "https://localhost" if secure else "http://localhost"
    answer = sign_in(app.test_client(), town.password, base_url=base_url)
    assert answer.status_code == 303
    [(name, cookie)] = SimpleCookie(answer.headers["Set-Cookie"]).items()
    assert name == ("__Host-session" if secure else "session")
    assert (bool(cookie["secure"]), cookie["httponly"], cookie["samesite"]) == (secure, True, "Lax")
    assert (cookie["path"], cookie["domain"], cookie["max-age"], cookie["expires"]) == ("/", "", "", "")


@pytest.mark.parametrize("text", ["a\x00b", "%ff%fe", "x" * 100_000, "ß\u202e"])
def test_strange_characters_are_refused_not_broken(app, town, text):
    client = app.test_client()
    for form in ({"email": text, "password": "x"}, {"email": "x@y.example", "password": text}):
        answer = client.post("/sign-in", data={"csrf_token": form_secret(client), **form}, headers=HTML)
        assert answer.status_code in (400, 401)


def test_two_applications_in_one_process_know_only_their_own_people(service, town, clock):
    here = build(service, secret="a" * 40)
    strict = replace(service, settings={**service.settings, "session_idle_minutes": 1})
    there = build(strict, secret="b" * 40)
    assert here.login_manager is not there.login_manager
    client, other = here.test_client(), there.test_client()
    sign_in(client, town.password)
    sign_in(other, town.password)
    stranger = there.test_client()
    stranger.set_cookie("session", cookie_of(client))
    assert stranger.get("/", headers=HTML).status_code == 401
    clock.now += timedelta(minutes=2)
    assert client.get("/", headers=HTML).status_code == 200
    assert other.get("/", headers=HTML).status_code == 401


def test_pages_are_plain_html_that_needs_nothing_from_elsewhere(app, town):
    client = app.test_client()
    page = client.get("/sign-in")
    assert page.headers["Cache-Control"] == "no-store"
    assert "<script" not in page.text
    assert "style=" not in page.text
    assert not re.search(r'(src|href)="(https?:)?//', page.text)
    assert '<html lang="nl">' in page.text
    style = client.get("/static/app.css")
    assert style.mimetype == "text/css"
    assert not re.search(r"url\(|@import", style.text)
    style.close()


def test_every_page_of_somebody_signed_in_offers_to_sign_out_and_no_other_does(app, town):
    client = app.test_client()
    sign_in(client, town.password)
    assert "Afmelden" in client.get("/", headers=HTML).text
    assert "Afmelden" not in client.get("/sign-in").text
    lost = client.get("/nergens", headers=HTML)
    assert (lost.status_code, lost.mimetype) == (404, "text/html")


def test_signing_out_takes_a_form_not_a_link(app, town):
    client = app.test_client()
    sign_in(client, town.password)
    assert client.get("/sign-out", headers=HTML).status_code == 405
    assert client.get("/", headers=HTML).status_code == 200
