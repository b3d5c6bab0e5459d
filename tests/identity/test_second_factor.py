"""The second factor: a code works once, few guesses, codes on paper for when the app is gone."""

import re
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import select, update

from referral.core.errors import TooManyRequests
from referral.core.policy import system_actor
from referral.core.work import Service
from referral.identity.models import Authenticator, Awaits, RecoveryCode
from referral.identity.usecases import (
    GiveCode,
    SignedIn,
    confirm_app,
    give_code,
    offer_app,
    remove_app,
)
from tests.identity.doors import HTML, build, cookie_of, form_secret, sign_in
from tests.identity.signing import begin, stands

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SECRET = re.compile(r'ds-key">([A-Z2-7 ]+)<')


@pytest.fixture
def strict(service: Service) -> Service:
    """The same service where everybody must have a second factor, as in production."""
    return replace(service, settings={**service.settings, "second_factor_required": True})


def code_of(secret: str, clock, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(clock.now, counter_offset=steps)


def enrol(service: Service, town, clock) -> tuple[str, list[str]]:
    """The coach sets up an app; gives its secret and the codes on paper. The clock moves on to the next code."""
    signed_in = begin(service, town)
    with service.work() as work:
        secret = offer_app(actor=signed_in.actor, work=work).secret
        code = GiveCode(signed_in.token, code_of(secret, clock))
        _, codes = confirm_app(code, actor=signed_in.actor, work=work)
    clock.now += timedelta(seconds=60)
    return secret, list(codes)


def try_code(service: Service, waiting: SignedIn, code: str) -> SignedIn | None:
    with service.work() as work:
        return give_code(GiveCode(waiting.token, code), actor=waiting.actor, work=work)


@ON_SQLITE
def test_with_an_app_the_password_opens_nothing_and_the_code_everything(service, town, clock):
    secret, _ = enrol(service, town, clock)
    waiting = begin(service, town)
    assert waiting.awaits is Awaits.CODE
    assert not stands(service, waiting.token)
    assert try_code(service, waiting, "000000") is None
    through = try_code(service, waiting, code_of(secret, clock))
    assert through is not None
    assert stands(service, through.token)
    assert not stands(service, waiting.token), "the session goes on under a new secret"


def test_the_same_code_works_once_also_in_another_session(service, town, clock):
    secret, _ = enrol(service, town, clock)
    code = code_of(secret, clock)
    assert try_code(service, begin(service, town), code)
    assert try_code(service, begin(service, town), code) is None
    assert try_code(service, begin(service, town), code_of(secret, clock, -1)) is None, "nor an older one afterwards"
    with service.work() as work:  # The control: a build that does not store the step takes it again.
        work.session.execute(update(Authenticator).values(last_step=0))
    assert try_code(service, begin(service, town), code)


def test_of_a_hundred_equal_codes_at_once_one_works(service, town, clock):
    secret, codes = enrol(service, town, clock)
    for code in (code_of(secret, clock), codes[0]):
        waiting = [begin(service, town) for _ in range(10)]
        through: list[SignedIn] = []

        def give_ten(one: SignedIn, code: str = code, through: list[SignedIn] = through) -> None:
            for _ in range(10):
                with suppress(TooManyRequests):
                    if signed_in := try_code(service, one, code):
                        through.append(signed_in)

        givers = [threading.Thread(target=give_ten, args=(each,)) for each in waiting]
        for giver in givers:
            giver.start()
        for giver in givers:
            giver.join()
        sys.stdout.write(f"{len(waiting) * 10} equal codes at once, {len(through)} worked\n")
        assert len(through) == 1
        with service.work() as work:
            work.session.execute(update(Authenticator).values(failures=0))


@ON_SQLITE
def test_a_code_is_good_for_its_half_minute_and_the_ones_beside_it(service, town, clock):
    secret, _ = enrol(service, town, clock)
    for steps, works in ((-2, False), (2, False), (-1, True), (0, True), (1, True)):
        assert bool(try_code(service, begin(service, town), code_of(secret, clock, steps))) is works, steps


@ON_SQLITE
def test_ten_wrong_codes_close_the_app_for_an_hour(service, town, clock):
    secret, _ = enrol(service, town, clock)
    for _ in range(10):
        assert try_code(service, begin(service, town), "123 456") is None
    with pytest.raises(TooManyRequests):
        try_code(service, begin(service, town), code_of(secret, clock))
    clock.now += timedelta(minutes=60)
    assert try_code(service, begin(service, town), code_of(secret, clock))


def test_a_code_on_paper_works_once_however_it_is_typed(service, town, clock):
    _, codes = enrol(service, town, clock)
    assert len(set(codes)) == 10
    typed = f" {codes[0].lower().replace('-', ' ')} "
    assert try_code(service, begin(service, town), typed)
    assert try_code(service, begin(service, town), codes[0]) is None
    assert try_code(service, begin(service, town), codes[1])


@ON_SQLITE
def test_neither_secret_nor_codes_can_be_read_in_the_database(service, town, clock):
    secret, codes = enrol(service, town, clock)
    with service.work() as work:
        app = work.session.scalars(select(Authenticator)).one()
        kept = [row.code_hash for row in work.session.scalars(select(RecoveryCode))]
    assert secret.encode() not in app.secret
    assert len(kept) == 10
    assert not [code for code in codes if code.replace("-", "").encode() in b"".join(kept)]


@ON_SQLITE
@pytest.mark.parametrize("code", ["", "ß", "١٢٣٤٥٦", "0" * 64, "12345", "-" * 60])
def test_strange_codes_are_wrong_not_broken(service, town, clock, code):
    enrol(service, town, clock)
    assert try_code(service, begin(service, town), code) is None


@ON_SQLITE
def test_setting_up_an_app_ends_every_other_session(service, town, clock):
    elsewhere = begin(service, town)
    enrol(service, town, clock)
    assert not stands(service, elsewhere.token)


@ON_SQLITE
def test_the_operator_takes_away_the_app_of_who_lost_phone_and_paper(service, town, clock):
    enrol(service, town, clock)
    with service.work() as work:
        remove_app(town.coach, actor=system_actor("test"), work=work)
    assert begin(service, town).awaits is None


@ON_SQLITE
def test_where_it_is_required_the_first_sign_in_sets_up_an_app(strict, town, clock):
    client = build(strict).test_client()
    assert sign_in(client, town.password).headers["Location"] == "/account/app"
    assert client.get("/", headers=HTML).status_code == 401, "the password alone opens nothing"
    page = client.get("/account/app", headers=HTML).text
    secret = SECRET.search(page)[1].replace(" ", "")
    form = {"csrf_token": _secret_in(page), "code": "000000"}
    assert client.post("/account/app", data=form, headers=HTML).status_code == 400
    done = client.post("/account/app", data={**form, "code": code_of(secret, clock)}, headers=HTML)
    assert (done.status_code, len(re.findall(r'<li class="ds-code-text">', done.text))) == (200, 10)
    assert client.get("/", headers=HTML).status_code == 200
    clock.now += timedelta(seconds=60)
    again = build(strict).test_client()
    page = sign_in(again, town.password)
    assert (page.status_code, "Code invullen" in page.text) == (200, True)
    form = {"csrf_token": _secret_in(page.text), "code": code_of(secret, clock)}
    assert again.post("/sign-in/code", data=form, headers=HTML).headers["Location"] == "/"
    assert again.get("/", headers=HTML).status_code == 200


@ON_SQLITE
def test_the_code_page_means_nothing_without_a_password_first(app, town):
    client = app.test_client()
    assert client.get("/sign-in/code", headers=HTML).headers["Location"] == "/sign-in"
    form = {"csrf_token": form_secret(client), "code": "123456"}
    assert client.post("/sign-in/code", data=form, headers=HTML).status_code == 401


@ON_SQLITE
def test_sessions_are_seen_and_ended_by_their_owner_only(app, town):
    here, there, other = (app.test_client() for _ in range(3))
    sign_in(here, town.password)
    sign_in(there, town.password)
    sign_in(other, town.password, "referrer@voorbeeld.example")
    page = here.get("/account", headers=HTML).text
    [path] = re.findall(r'action="(/account/sessions/[^"]+)"', page)
    refused = other.post(path, data={"csrf_token": _secret_in(other.get("/account", headers=HTML).text)}, headers=HTML)
    assert refused.status_code == 404
    assert there.get("/", headers=HTML).status_code == 200
    assert here.post(path, data={"csrf_token": _secret_in(page)}, headers=HTML).status_code == 303
    assert there.get("/", headers=HTML).status_code == 401
    assert here.get("/", headers=HTML).status_code == 200
    assert cookie_of(here)


def _secret_in(page: str) -> str:
    return re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
