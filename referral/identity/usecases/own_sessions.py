"""What a user sees and ends of the own sessions, and the organisations to act for (ASVS 7.5.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select

from referral.core.errors import NotFound
from referral.core.policy import Actor
from referral.core.work import Work
from referral.identity.models import LoginSession, Membership, Organisation
from referral.identity.usecases.proofs import hash_secret
from referral.identity.usecases.sessions import stands_since


@dataclass(frozen=True)
class EndSession:
    """One of one's own sessions, elsewhere perhaps."""

    session_id: UUID


@dataclass(frozen=True)
class OwnSession:
    """A session of one's own as its owner sees it."""

    id: UUID
    organisation: str
    created_at: datetime
    last_seen_at: datetime
    is_this: bool


def list_sessions(token: str, *, actor: Actor, work: Work) -> Sequence[OwnSession]:
    """The sessions of this user that still stand, the newest first."""
    query = (
        select(LoginSession, Organisation.name)
        .join(Organisation, Organisation.id == LoginSession.organisation_id)
        .where(LoginSession.user_id == actor.id, LoginSession.ended_at.is_(None), LoginSession.awaits.is_(None))
        .where(*(column > moment for column, moment in stands_since(work).items()))
        .order_by(LoginSession.created_at.desc(), LoginSession.id.desc())
    )
    here = hash_secret(token)
    return [
        OwnSession(each.id, name, each.created_at, each.last_seen_at, each.token_hash == here)
        for each, name in work.session.execute(query)
    ]


def end_own_session(command: EndSession, *, actor: Actor, work: Work) -> None:
    """End one of one's own sessions. Raises `NotFound`."""
    query = select(LoginSession).where(LoginSession.id == command.session_id, LoginSession.user_id == actor.id)
    ended = work.session.scalars(query.where(LoginSession.ended_at.is_(None))).one_or_none()
    if ended is None:
        raise NotFound
    ended.ended_at = work.now
    work.record(actor, "session:end", "login_session", ended.id)


def list_workplaces(*, actor: Actor, work: Work) -> Sequence[Organisation]:
    """The organisations that this user may act for, by name."""
    works_there = exists().where(Membership.user_id == actor.id, Membership.organisation_id == Organisation.id)
    query = select(Organisation).where(Organisation.active, works_there)
    return work.session.scalars(query.order_by(Organisation.name, Organisation.id)).all()
