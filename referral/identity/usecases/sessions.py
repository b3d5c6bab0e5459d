"""Signing in and out: sessions live in the database, so that ending one is final (ASVS V7)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.orm import InstrumentedAttribute

from referral.core.errors import NotFound, TooManyRequests
from referral.core.policy import Actor, system_actor
from referral.core.work import Work
from referral.identity.models import (
    Authenticator,
    Awaits,
    LoginSession,
    Membership,
    Organisation,
    SignInAttempt,
    User,
    organisation_region,
)
from referral.identity.passwords import hash_password, needs_rehash, verify_password
from referral.identity.usecases.accounts import normal_email
from referral.identity.usecases.proofs import actor_of, hash_secret, new_secret

MOST_FAILURES, FAILURE_WINDOW = 10, timedelta(minutes=5)
IDLE_MINUTES, ABSOLUTE_HOURS = 15, 8

_BY_COOKIE = (
    select(
        LoginSession.id.label("session_id"),
        User.id.label("holder_id"),
        User.name,
        Membership.role,
        Organisation.id.label("organisation_id"),
        Organisation.kind.label("organisation_kind"),
        organisation_region.c.region_id,
    )
    .join(User, User.id == LoginSession.user_id)
    .join(Organisation, Organisation.id == LoginSession.organisation_id)
    .join(Membership, (Membership.user_id == User.id) & (Membership.organisation_id == Organisation.id))
    .outerjoin(organisation_region, organisation_region.c.organisation_id == Organisation.id)
    .where(
        LoginSession.token_hash == bindparam("token_hash"),
        LoginSession.ended_at.is_(None),
        LoginSession.awaits.is_not_distinct_from(bindparam("awaits")),
        LoginSession.last_seen_at > bindparam("seen_after"),
        LoginSession.created_at > bindparam("begun_after"),
        User.active,
        Organisation.active,
    )
)


@dataclass(frozen=True)
class SignIn:
    """What somebody typed; `earlier` is the session of the same browser, which ends when this one begins."""

    email: str = field(repr=False)
    password: str = field(repr=False)
    organisation_id: UUID | None = None
    origin: str = "-"
    earlier: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class SignOut:
    """The session to end, by the secret in its cookie."""

    token: str = field(repr=False)


@dataclass(frozen=True)
class SwitchOrganisation:
    """The session to leave, and the organisation to act for from now on."""

    token: str = field(repr=False)
    organisation_id: UUID


@dataclass(frozen=True)
class SignedIn:
    """A session has begun: the secret for its cookie, who acts, and what it still waits for."""

    token: str = field(repr=False)
    actor: Actor
    awaits: Awaits | None = None


def sign_in(command: SignIn, *, work: Work) -> SignedIn | None:
    """Begin a session, or None: which part was wrong is not said, nor to be measured (ASVS 6.3.8).

    Whoever has a second factor, or must have one, gets a session that waits for it and opens nothing else.

    Without an organisation it is the first one, by name, to which the user belongs. It returns instead of raising,
    because the failed attempt must be kept. Raises `TooManyRequests` after ten failures in five minutes.
    """
    email = normal_email(command.email)
    email_hashes = work.service.key_ring.fingerprints(work.session, "sign_in_attempt.email", email.encode())
    _refuse_guessing(work, email_hashes)
    user = _user_with(work, email, command.password)
    organisation_id = _workplace(work, user.id, command.organisation_id) if user else None
    succeeded = user is not None and organisation_id is not None
    work.session.add(SignInAttempt(email_hash=email_hashes[0], attempted_at=work.now, succeeded=succeeded))
    if user is None or organisation_id is None:
        work.record(system_actor(command.origin), "session:sign_in", "user", None, result="refused")
        return None
    if command.earlier:
        end_session(work, command.earlier)
    awaits = _next_factor(work, user.id)
    signed_in = begin_session(
        work, user.id, organisation_id, begun_at=work.now, origin=command.origin, method="password", awaits=awaits
    )
    work.record(signed_in.actor, "session:sign_in", "user", user.id, awaits=awaits)
    return signed_in


def sign_out(command: SignOut, *, actor: Actor, work: Work) -> None:
    """End the session; its cookie is refused from now on."""
    end_session(work, command.token)
    work.record(actor, "session:sign_out", "user", actor.id)


def switch_organisation(command: SwitchOrganisation, *, actor: Actor, work: Work) -> SignedIn:
    """Act for another of one's organisations, in a new session that ends no later than the old. Raises `NotFound`."""
    current = end_session(work, command.token)
    if current is None or current.user_id != actor.id or not _workplace(work, actor.id, command.organisation_id):
        raise NotFound
    signed_in = begin_session(
        work,
        actor.id,
        command.organisation_id,
        begun_at=current.created_at,
        origin=actor.origin,
        method=current.auth_method,
    )
    work.record(signed_in.actor, "session:switch", "user", actor.id)
    return signed_in


def user_of_session(work: Work, cookie_token: str) -> UUID | None:
    """Whose cookie this was, whether its session still stands or not; proves nothing."""
    return work.session.scalar(select(LoginSession.user_id).where(LoginSession.token_hash == hash_secret(cookie_token)))


def authenticate_session(work: Work, cookie_token: str, origin: str, *, awaits: Awaits | None = None) -> Actor | None:
    """Whose session this is, if it still stands; reading it counts as use. `awaits`: only one that waits for that.

    It stands for 15 minutes without use and 8 hours in all (settings `session_idle_minutes`, `session_absolute_hours`),
    while user, membership and organisation do.
    """
    since = stands_since(work)
    limits = {
        "seen_after": since[LoginSession.last_seen_at],
        "begun_after": since[LoginSession.created_at],
        "awaits": awaits,
    }
    rows = work.session.execute(_BY_COOKIE, {"token_hash": hash_secret(cookie_token), **limits}).all()
    if not rows:
        return None
    used = update(LoginSession).where(LoginSession.id == rows[0].session_id).values(last_seen_at=work.now)
    work.session.execute(used)
    return actor_of(rows, origin)


def forget_old_attempts(work: Work) -> int:
    """Delete the attempts that no longer count; returns how many (AVG art. 5(1)e)."""
    old = delete(SignInAttempt).where(SignInAttempt.attempted_at < work.now - FAILURE_WINDOW)
    return int(getattr(work.session.execute(old), "rowcount", 0))


def stands_since(work: Work) -> dict[InstrumentedAttribute[datetime], datetime]:
    """Since when a session must have been used, and begun, to stand now."""
    settings = work.service.settings
    return {
        LoginSession.last_seen_at: work.now - timedelta(minutes=settings.get("session_idle_minutes", IDLE_MINUTES)),
        LoginSession.created_at: work.now - timedelta(hours=settings.get("session_absolute_hours", ABSOLUTE_HOURS)),
    }


def _next_factor(work: Work, user_id: UUID) -> Awaits | None:
    """What comes after the password: the code of whoever has an app, an app for whoever must have one."""
    has_app = select(Authenticator.id).where(Authenticator.user_id == user_id, Authenticator.confirmed_at.is_not(None))
    if work.session.scalar(has_app):
        return Awaits.CODE
    return Awaits.ENROLMENT if work.service.settings.get("second_factor_required", True) else None


def _refuse_guessing(work: Work, email_hashes: Sequence[bytes]) -> None:
    if work.session.get_bind().dialect.name == "postgresql":
        # One attempt at a time per address, or parallel guesses would all be counted too late.
        work.session.execute(select(func.pg_advisory_xact_lock(int.from_bytes(email_hashes[-1][-8:], signed=True))))
    failures = work.session.scalars(
        select(SignInAttempt.attempted_at)
        .where(
            SignInAttempt.email_hash.in_(email_hashes),
            SignInAttempt.attempted_at > work.now - FAILURE_WINDOW,
            SignInAttempt.succeeded.is_(False),
        )
        .order_by(SignInAttempt.attempted_at.desc())
        .limit(MOST_FAILURES)
    ).all()
    if len(failures) == MOST_FAILURES:
        refusal = TooManyRequests("Te vaak een verkeerd wachtwoord. Probeer het over een paar minuten weer.")
        refusal.headers["Retry-After"] = str(ceil((failures[-1] + FAILURE_WINDOW - work.now).total_seconds()))
        raise refusal


def _user_with(work: Work, email: str, password: str) -> User | None:
    user = work.session.scalars(select(User).where(User.email == email, User.active)).one_or_none()
    stored = user.password_hash if user else None
    if not verify_password(stored, password) or user is None or stored is None:
        return None
    if needs_rehash(stored):
        user.password_hash = hash_password(password)
    return user


def _workplace(work: Work, user_id: UUID, organisation_id: UUID | None) -> UUID | None:
    query = (
        select(Organisation.id)
        .join(Membership, Membership.organisation_id == Organisation.id)
        .where(Membership.user_id == user_id, Organisation.active)
        .order_by(Organisation.name, Organisation.id)
    )
    if organisation_id is not None:
        query = query.where(Organisation.id == organisation_id)
    return work.session.scalars(query.limit(1)).first()


def begin_session(
    work: Work,
    user_id: UUID,
    organisation_id: UUID,
    *,
    begun_at: datetime,
    origin: str,
    method: str,
    awaits: Awaits | None = None,
) -> SignedIn:
    """A new session under a new secret. `method` says how the user proved who it is: a password, a code, or later
    single sign-on or a passkey, each of which ends here. Raises `NotFound` when user or place ended meanwhile."""
    token = new_secret()
    work.session.add(
        LoginSession(
            token_hash=hash_secret(token),
            user_id=user_id,
            organisation_id=organisation_id,
            created_at=begun_at,
            last_seen_at=work.now,
            auth_method=method,
            awaits=awaits,
        )
    )
    actor = authenticate_session(work, token, origin, awaits=awaits)
    if actor is None:
        raise NotFound
    return SignedIn(token, actor, awaits)


def end_session(work: Work, token: str) -> LoginSession | None:
    """End the session of this secret; None when it had ended before."""
    query = select(LoginSession).where(LoginSession.token_hash == hash_secret(token), LoginSession.ended_at.is_(None))
    ended = work.session.scalars(query).one_or_none()
    if ended is not None:
        ended.ended_at = work.now
    return ended
