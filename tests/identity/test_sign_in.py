"""Signing in: one answer for every mistake, and few guesses."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from argon2 import extract_parameters
from sqlalchemy import func, select

from referral.core.audit import AuditEntry
from referral.core.errors import TooManyRequests
from referral.core.policy import Role, system_actor
from referral.identity import passwords
from referral.identity.models import SignInAttempt, User
from referral.identity.usecases import (
    SignIn,
    forget_old_attempts,
    sign_in,
)
from tests.identity.signing import EMAIL, attempt, begin


def test_a_user_signs_in_for_the_own_organisation_with_the_roles_held_there(service, town):
    signed_in = begin(service, town, origin="192.0.2.1")
    actor = signed_in.actor
    assert (actor.id, actor.organisation_id, actor.name) == (town.coach, town.library, "Bram Coach")
    assert actor.roles == {Role.COACH, Role.COORDINATOR}
    assert actor.region_ids == {town.web_region}
    assert actor.scopes is None
    assert actor.client_id is None
    assert actor.origin == "192.0.2.1"
    assert signed_in.token not in repr(signed_in)


@pytest.mark.parametrize("typed", ["Coach@Voorbeeld.EXAMPLE", "  coach@voorbeeld.example\t"])
def test_capitals_and_spaces_around_an_address_do_not_matter(service, town, typed):
    assert begin(service, town, typed).actor.id == town.coach


def test_every_mistake_gets_the_same_answer(service, town):
    with service.work() as work:
        work.session.get(User, town.referrer).password_hash = None
        work.session.add(User(email="alleen@voorbeeld.example", name="Zonder Rol", active=True, created_at=work.now))
        gone = work.session.get(User, town.admin)
        gone.active, gone.deactivated_at = False, work.now
    answers = [
        attempt(service, EMAIL, "verkeerd-wachtwoord"),
        attempt(service, "niemand@voorbeeld.example", town.password),
        attempt(service, "referrer@voorbeeld.example", ""),
        attempt(service, "alleen@voorbeeld.example", town.password),
        attempt(service, "admin@voorbeeld.example", town.password),
        attempt(service, EMAIL, town.password, town.municipality),
        attempt(service, EMAIL, "x" * 100_000),
        attempt(service, "", ""),
    ]
    assert answers == [None] * 8
    with service.work() as work:
        refused = work.session.scalars(select(AuditEntry).where(AuditEntry.action == "session:sign_in")).all()
        assert {(entry.result, entry.object_id, entry.actor_id) for entry in refused} == {
            ("refused", None, system_actor().id)
        }


def _cpu_seconds(deed: Callable[[], object]) -> float:
    started = time.process_time()
    deed()
    return time.process_time() - started


def test_an_unknown_address_costs_the_same_work_as_a_known_one():
    """The work is the parameters of the hash that is compared with; CPU time only shows that the comparison is made.

    Control: without the dummy hash the answer for an unknown address costs next to nothing.
    """
    stored = passwords.hash_password("een-goed-wachtwoord")
    assert extract_parameters(passwords._NOBODY) == extract_parameters(stored)

    builds = {
        "known": lambda: passwords.verify_password(stored, "verkeerd"),
        "unknown": lambda: passwords.verify_password(None, "verkeerd"),
        "without dummy": lambda: stored is None and passwords.verify_password(stored, "verkeerd"),
    }
    rounds = [{name: _cpu_seconds(deed) for name, deed in builds.items()} for _ in range(7)]
    least = {name: min(each[name] for each in rounds) for name in builds}
    assert least["unknown"] > least["known"] / 4
    assert least["without dummy"] < least["known"] / 4


def test_a_password_is_kept_as_argon2id_with_the_advised_cost(service, town):
    with service.work() as work:
        assert work.session.get(User, town.coach).password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_hash_of_other_cost_is_renewed_at_sign_in(service, town):
    cheap = passwords.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(town.password)
    with service.work() as work:
        work.session.get(User, town.coach).password_hash = cheap
    begin(service, town)
    with service.work() as work:
        kept = work.session.get(User, town.coach).password_hash
    assert kept != cheap
    assert not passwords.needs_rehash(kept)


def test_ten_failures_in_five_minutes_close_an_address_even_for_the_right_password(service, town, clock):
    for _ in range(10):
        assert attempt(service, EMAIL, "verkeerd-wachtwoord") is None
        clock.now += timedelta(seconds=1)
    with pytest.raises(TooManyRequests) as refused:
        attempt(service, EMAIL, town.password)
    assert refused.value.headers["Retry-After"] == "290"
    assert begin(service, town, "referrer@voorbeeld.example")
    clock.now += timedelta(seconds=289)
    with pytest.raises(TooManyRequests):
        attempt(service, EMAIL, town.password)
    clock.now += timedelta(seconds=1)
    assert begin(service, town)


def test_an_address_without_an_account_closes_in_the_same_way(service, town):
    for _ in range(10):
        attempt(service, "niemand@voorbeeld.example", "verkeerd-wachtwoord")
    with pytest.raises(TooManyRequests):
        attempt(service, "Niemand@voorbeeld.example ", "verkeerd-wachtwoord")


def test_signing_in_well_does_not_count_as_a_failure(service, town):
    for _ in range(11):
        begin(service, town)


def test_a_failure_that_raises_would_never_be_counted(service, town):
    """Control: the wrong build refuses by raising, and so rolls its own count back."""

    def refuse_by_raising() -> None:
        with service.work() as work:
            if sign_in(SignIn(EMAIL, "verkeerd-wachtwoord"), work=work) is None:
                raise PermissionError

    for _ in range(12):
        with pytest.raises(PermissionError):
            refuse_by_raising()
    with service.work() as work:
        assert work.session.scalar(select(func.count()).select_from(SignInAttempt)) == 0


def test_thirty_guesses_at_once_get_ten_answers(service, town):
    outcomes: list[str] = []

    def guess() -> None:
        try:
            attempt(service, EMAIL, "verkeerd-wachtwoord")
            outcomes.append("answered")
        except TooManyRequests:
            outcomes.append("refused")

    def guess_five_times() -> None:
        for _ in range(5):
            guess()

    guessers = [threading.Thread(target=guess_five_times) for _ in range(6)]
    for guesser in guessers:
        guesser.start()
    for guesser in guessers:
        guesser.join()
    assert sorted(outcomes) == ["answered"] * 10 + ["refused"] * 20


def test_old_attempts_are_forgotten_and_counting_ones_kept(service, town, clock):
    attempt(service, EMAIL, "verkeerd-wachtwoord")
    clock.now += timedelta(minutes=3)
    attempt(service, EMAIL, "verkeerd-wachtwoord")
    clock.now += timedelta(minutes=3)
    with service.work() as work:
        assert forget_old_attempts(work) == 1
        assert work.session.scalar(select(func.count()).select_from(SignInAttempt)) == 1


def test_an_address_is_not_readable_in_the_attempts(service, town):
    attempt(service, EMAIL, "verkeerd-wachtwoord")
    with service.work() as work:
        kept = work.session.scalars(select(SignInAttempt)).one()
    assert EMAIL.encode() not in kept.email_hash
    assert len(kept.email_hash) == 33
