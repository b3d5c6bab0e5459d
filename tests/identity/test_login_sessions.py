"""Sessions: they end when they should, and an ended one stays ended."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from referral.core.errors import NotFound
from referral.core.policy import Role, system_actor
from referral.identity.models import LoginSession, Membership
from referral.identity.usecases import (
    AddMembership,
    SetPassword,
    SignOut,
    SwitchOrganisation,
    add_membership,
    authenticate_session,
    set_password,
    sign_out,
    switch_organisation,
)
from tests.identity.signing import EMAIL, attempt, begin, stands


def test_the_cookies_secret_is_nowhere_in_the_database(service, town):
    token = begin(service, town).token
    with service.work() as work:
        kept = work.session.scalars(select(LoginSession)).one()
        assert token.encode() not in kept.token_hash
        assert len(kept.token_hash) == 32


@pytest.mark.parametrize(("minutes", "seconds", "still_stands"), [(14, 59, True), (15, 1, False)])
def test_a_session_ends_after_fifteen_minutes_without_use(service, town, clock, minutes, seconds, still_stands):
    token = begin(service, town).token
    clock.now += timedelta(minutes=minutes, seconds=seconds)
    assert stands(service, token) is still_stands


def test_use_keeps_a_session_alive_but_never_beyond_eight_hours(service, town, clock):
    token = begin(service, town).token
    ends = clock.now + timedelta(hours=8)
    while clock.now + timedelta(minutes=14) < ends:
        clock.now += timedelta(minutes=14)
        assert stands(service, token)
    clock.now = ends - timedelta(seconds=1)
    assert stands(service, token)
    clock.now = ends + timedelta(seconds=1)
    assert not stands(service, token)


def test_the_limits_are_settings(service, town, clock):
    strict = replace(service, settings={**service.settings, "session_idle_minutes": 2})
    token = begin(service, town).token
    clock.now += timedelta(minutes=3)
    assert not stands(strict, token)
    assert stands(service, token)


def test_after_signing_out_the_cookie_is_refused_a_hundred_times(service, town):
    signed_in = begin(service, town)
    with service.work() as work:
        sign_out(SignOut(signed_in.token), actor=signed_in.actor, work=work)
    assert not any(stands(service, signed_in.token) for _ in range(100))


def test_every_sign_in_gives_another_secret_and_ends_the_browsers_earlier_session(service, town):
    first = begin(service, town)
    elsewhere = begin(service, town)
    second = begin(service, town, earlier=first.token)
    assert len({first.token, elsewhere.token, second.token}) == 3
    assert [stands(service, one.token) for one in (first, elsewhere, second)] == [False, True, True]


def test_a_new_password_ends_every_session(service, town):
    token = begin(service, town).token
    with service.work() as work:
        set_password(SetPassword(town.coach, "een-heel-nieuw-wachtwoord"), actor=system_actor(), work=work)
    assert not stands(service, token)
    assert attempt(service, EMAIL, town.password) is None
    assert attempt(service, EMAIL, "een-heel-nieuw-wachtwoord") is not None


def test_a_role_that_is_taken_away_is_gone_at_the_next_request(service, town):
    token = begin(service, town).token
    with service.work() as work:
        held = select(Membership).where(Membership.user_id == town.coach, Membership.role == Role.COACH)
        work.session.delete(work.session.scalars(held).one())
    with service.work() as work:
        assert authenticate_session(work, token, "-").roles == {Role.COORDINATOR}
    with service.work() as work:
        work.session.delete(work.session.scalars(select(Membership).where(Membership.user_id == town.coach)).one())
    assert not stands(service, token)


@pytest.mark.parametrize("token", ["", "x", "rv_" + "a" * 43, "é" * 43])
def test_an_invented_secret_is_nobodys(service, town, token):
    begin(service, town)
    assert not stands(service, token)


def test_a_user_of_two_organisations_chooses_or_switches(service, town, clock):
    with service.work() as work:
        add_membership(AddMembership(town.coach, town.municipality, Role.REFERRER), actor=system_actor(), work=work)
    first = begin(service, town)
    assert first.actor.organisation_id == town.library
    assert begin(service, town, organisation_id=town.municipality).actor.roles == {Role.REFERRER}
    clock.now += timedelta(minutes=10)
    with service.work() as work:
        switched = switch_organisation(SwitchOrganisation(first.token, town.municipality), actor=first.actor, work=work)
    assert switched.actor.organisation_id == town.municipality
    assert switched.actor.roles == {Role.REFERRER}
    assert not stands(service, first.token)
    with service.work() as work:
        begun = work.session.scalars(select(LoginSession.created_at).order_by(LoginSession.id.desc())).first()
    assert begun == clock.now - timedelta(minutes=10)


def test_nobody_switches_to_an_organisation_of_others_or_with_anothers_session(service, town):
    mine, theirs = begin(service, town), begin(service, town, "referrer@voorbeeld.example")
    with pytest.raises(NotFound), service.work() as work:
        switch_organisation(SwitchOrganisation(mine.token, town.municipality), actor=mine.actor, work=work)
    with pytest.raises(NotFound), service.work() as work:
        switch_organisation(SwitchOrganisation(theirs.token, town.library), actor=mine.actor, work=work)
    assert stands(service, mine.token)
    assert stands(service, theirs.token)
