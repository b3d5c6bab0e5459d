"""The second factor: an app that makes codes, and codes on paper for when the app is gone (ASVS 6.5).

A code works once: the newest time step is stored by a conditional UPDATE, so that of a hundred equal codes at the same
moment one wins.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from math import ceil
from uuid import UUID

import pyotp
from sqlalchemy import delete, exists, func, select, update

from referral.core.codes import ALPHABET
from referral.core.database import new_id
from referral.core.encryption import SERVICE_SUBJECT
from referral.core.errors import Conflict, Invalid, NotFound, TooManyRequests
from referral.core.policy import Actor
from referral.core.work import Work
from referral.identity.models import APP_SECRET, PAPER_CODE, Authenticator, LoginSession, RecoveryCode, User
from referral.identity.usecases.authority import demand_self
from referral.identity.usecases.proofs import hash_secret
from referral.identity.usecases.sessions import SignedIn, begin_session, end_session

ISSUER = "Warme doorverwijzing"
STEP_SECONDS = 30
MOST_FAILURES, FAILURE_WINDOW = 10, timedelta(hours=1)
RECOVERY_CODES, RECOVERY_SYMBOLS = 10, 10
REFUSED = "Deze code klopt niet of is al gebruikt. Wacht op de volgende code in uw app."


@dataclass(frozen=True)
class GiveCode:
    """A code of the app, or one from paper, for the session that waits for it."""

    token: str = field(repr=False)
    code: str = field(repr=False)


@dataclass(frozen=True)
class Enrolment:
    """An app that is being set up: the secret to type over, and the address that a QR code holds."""

    secret: str = field(repr=False)
    address: str = field(repr=False)


def give_code(command: GiveCode, *, actor: Actor, work: Work) -> SignedIn | None:
    """Turn a session that waits for a code into one that opens; None for a wrong code.

    It returns instead of raising, because the failure must be counted. Raises `TooManyRequests` after ten in an hour.
    """
    app = _find_app(work, actor.id)
    _refuse_guessing(app, work)
    method = _accepts(app, command.code, work)
    if method is None:
        _count_failure(app, work)
        work.record(actor, "session:give_code", "user", actor.id, result="refused")
        return None
    app.failures, app.failing_since = 0, None
    return _go_on(command.token, method, actor, work)


def offer_app(*, actor: Actor, work: Work) -> Enrolment:
    """A secret for an app that is to be set up; the same one until it is confirmed. Raises `Conflict` when one is."""
    app = work.session.scalars(select(Authenticator).where(Authenticator.user_id == actor.id)).one_or_none()
    if app is not None and app.confirmed_at is not None:
        raise Conflict("U hebt al een app ingesteld. Haal die eerst weg.")
    if app is None:
        app = Authenticator(id=new_id(), user_id=actor.id, secret=b"", created_at=work.now, last_step=0, failures=0)
        app.secret = work.service.key_ring.seal(
            work.session, APP_SECRET, app.id, SERVICE_SUBJECT, pyotp.random_base32().encode()
        )
        work.session.add(app)
        work.session.flush()
        work.record(actor, "second_factor:offer", "user", actor.id)
    secret = _secret_of(app, work)
    email = work.session.get_one(User, actor.id).email
    return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER))


def confirm_app(command: GiveCode, *, actor: Actor, work: Work) -> tuple[SignedIn, Sequence[str]]:
    """The first code of a new app: from now on it is asked for. Gives the codes for on paper, shown this once.

    Ends every other session of the user (ASVS 7.4.3). Raises `Invalid` for a wrong code and `NotFound`.
    """
    app = _find_app(work, actor.id, confirmed=False)
    if not _take_step(app, command.code, work):
        raise Invalid.one("/code", "wrong_code", REFUSED)
    app.confirmed_at = work.now
    codes = _new_recovery_codes(actor.id, work)
    _end_other_sessions(actor.id, command.token, work)
    work.record(actor, "second_factor:confirm", "user", actor.id)
    return _go_on(command.token, "password+totp", actor, work), codes


def renew_recovery_codes(*, actor: Actor, work: Work) -> Sequence[str]:
    """Ten new codes for on paper; the old ones end. Raises `NotFound` without an app."""
    _find_app(work, actor.id)
    codes = _new_recovery_codes(actor.id, work)
    work.record(actor, "second_factor:renew_codes", "user", actor.id)
    return codes


def remove_app(user_id: UUID, *, actor: Actor, work: Work) -> None:
    """Take the app and its paper codes away, and end every session: by the user, or the operator for who lost both.

    Never touches the password (ASVS 6.4.3). Raises `NotFound` without an app, `NotAllowed` for somebody else's.
    """
    demand_self(actor, user_id)
    app = _find_app(work, user_id)
    work.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    work.session.delete(app)
    _end_other_sessions(user_id, "", work)
    work.record(actor, "second_factor:remove", "user", user_id)


def has_app(*, actor: Actor, work: Work) -> bool:
    """Whether this user signs in with a second factor."""
    is_set = exists().where(Authenticator.user_id == actor.id, Authenticator.confirmed_at.is_not(None))
    return bool(work.session.scalar(select(is_set)))


def count_recovery_codes(*, actor: Actor, work: Work) -> int:
    """How many codes on paper are left."""
    query = select(func.count()).select_from(RecoveryCode)
    left = query.where(RecoveryCode.user_id == actor.id, RecoveryCode.used_at.is_(None))
    return work.session.scalar(left) or 0


def _find_app(work: Work, user_id: UUID, *, confirmed: bool = True) -> Authenticator:
    """The app, held: one attempt at a time, or parallel guesses would all be counted too late."""
    query = select(Authenticator).where(
        Authenticator.user_id == user_id, Authenticator.confirmed_at.is_not(None) == confirmed
    )
    app = work.session.scalars(query.with_for_update().execution_options(populate_existing=True)).one_or_none()
    if app is None:
        raise NotFound
    return app


def _refuse_guessing(app: Authenticator, work: Work) -> None:
    if app.failures < MOST_FAILURES or app.failing_since is None:
        return
    again = app.failing_since + FAILURE_WINDOW
    if again > work.now:
        refusal = TooManyRequests("Te vaak een verkeerde code. Probeer het over een uur weer.")
        refusal.headers["Retry-After"] = str(ceil((again - work.now).total_seconds()))
        raise refusal


def _count_failure(app: Authenticator, work: Work) -> None:
    if app.failing_since is None or app.failing_since + FAILURE_WINDOW <= work.now:
        app.failing_since, app.failures = work.now, 0
    app.failures += 1


def _accepts(app: Authenticator, code: str, work: Work) -> str | None:
    """How the code proves who it is, and spends it; None when it proves nothing."""
    if _take_step(app, code, work):
        return "password+totp"
    return "password+recovery" if _take_paper(app.user_id, code, work) else None


def _take_step(app: Authenticator, code: str, work: Work) -> bool:
    """Whether the code belongs to this half minute or the one before or after, and was not used yet; spends it."""
    typed = "".join(code.split())
    if not typed.isascii():
        return False
    totp, now = pyotp.TOTP(_secret_of(app, work)), int(work.now.timestamp()) // STEP_SECONDS
    fits = [step for step in (now - 1, now, now + 1) if secrets.compare_digest(totp.generate_otp(step), typed)]
    if not fits:
        return False
    spend = update(Authenticator).where(Authenticator.id == app.id, Authenticator.last_step < fits[-1])
    return bool(getattr(work.session.execute(spend.values(last_step=fits[-1])), "rowcount", 0))


def _take_paper(user_id: UUID, code: str, work: Work) -> bool:
    """Whether the code is one of the papers that are left; spends it. The app is held, so nobody spends it twice."""
    left = select(RecoveryCode).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    typed, ring = _hash_paper(code), work.service.key_ring
    for paper in work.session.scalars(left):
        kept = ring.unseal(work.session, PAPER_CODE, paper.id, SERVICE_SUBJECT, paper.code_hash)
        if secrets.compare_digest(kept, typed):
            paper.used_at = work.now
            return True
    return False


def _new_recovery_codes(user_id: UUID, work: Work) -> list[str]:
    work.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    codes = [_new_paper_code() for _ in range(RECOVERY_CODES)]
    work.session.add_all(_paper(user_id, code, work) for code in codes)
    work.session.flush()
    return codes


def _paper(user_id: UUID, code: str, work: Work) -> RecoveryCode:
    paper_id, ring = new_id(), work.service.key_ring
    kept = ring.seal(work.session, PAPER_CODE, paper_id, SERVICE_SUBJECT, _hash_paper(code))
    return RecoveryCode(id=paper_id, user_id=user_id, code_hash=kept)


def _new_paper_code() -> str:
    symbols = "".join(secrets.choice(ALPHABET) for _ in range(RECOVERY_SYMBOLS))
    return f"{symbols[:5]}-{symbols[5:]}"


def _hash_paper(code: str) -> bytes:
    """The SHA-256 of the code as it was meant: case, hyphens and look-alikes do not matter."""
    symbols = "".join(code.replace("-", "").split()).upper().translate(str.maketrans("OIL", "011"))
    return sha256(symbols.encode()).digest()


def _secret_of(app: Authenticator, work: Work) -> str:
    ring = work.service.key_ring
    return bytes(ring.unseal(work.session, APP_SECRET, app.id, SERVICE_SUBJECT, app.secret)).decode()


def _go_on(token: str, method: str, actor: Actor, work: Work) -> SignedIn:
    """The session goes on under a new secret, since what it can do is more than before (ASVS 7.2.4)."""
    current = end_session(work, token)
    if current is None or current.user_id != actor.id:
        raise NotFound
    work.session.flush()
    signed_in = begin_session(
        work, actor.id, current.organisation_id, begun_at=current.created_at, origin=actor.origin, method=method
    )
    work.record(signed_in.actor, "session:give_code", "user", actor.id, method=method)
    return signed_in


def _end_other_sessions(user_id: UUID, token: str, work: Work) -> None:
    others = update(LoginSession).where(
        LoginSession.user_id == user_id,
        LoginSession.ended_at.is_(None),
        LoginSession.token_hash != hash_secret(token),
    )
    work.session.execute(others.values(ended_at=work.now))
