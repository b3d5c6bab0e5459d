"""Access tokens for programs: handed out once, kept as a hash, bounded by scopes and an end date."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from sqlalchemy import bindparam, func, or_, select, update

from referral.core.errors import FieldError, Invalid, NotFound
from referral.core.policy import Actor, Role
from referral.core.work import Work
from referral.identity.models import (
    ALL_SCOPES,
    AccessToken,
    Membership,
    Organisation,
    User,
    organisation_region,
)
from referral.identity.usecases.accounts import normal_email
from referral.identity.usecases.authority import demand_administrator, demand_self
from referral.identity.usecases.proofs import actor_of, hash_secret, new_secret
from referral.identity.usecases.register import check_name

PREFIX, LONGEST_TOKEN = "rv_", 64
LONGEST_DAYS = 366
MOST_LISTED = 500
USE_IS_TRUE_TO = timedelta(days=1)

_BY_TOKEN = (
    select(
        AccessToken.id.label("token_id"),
        AccessToken.user_id,
        AccessToken.scopes,
        AccessToken.roles.label("client_roles"),
        AccessToken.last_used_at,
        func.coalesce(User.id, AccessToken.id).label("holder_id"),
        func.coalesce(User.name, AccessToken.client_name).label("name"),
        Membership.role,
        Organisation.id.label("organisation_id"),
        Organisation.kind.label("organisation_kind"),
        organisation_region.c.region_id,
    )
    .join(Organisation, Organisation.id == AccessToken.organisation_id)
    .outerjoin(User, User.id == AccessToken.user_id)
    .outerjoin(Membership, (Membership.user_id == User.id) & (Membership.organisation_id == Organisation.id))
    .outerjoin(organisation_region, organisation_region.c.organisation_id == Organisation.id)
    .where(
        AccessToken.token_hash == bindparam("token_hash"),
        AccessToken.revoked_at.is_(None),
        AccessToken.expires_at > bindparam("now"),
        Organisation.active,
        or_(AccessToken.user_id.is_(None), User.active & Membership.role.is_not(None)),
    )
)


@dataclass(frozen=True)
class IssueToken:
    """A token for a user acting for one organisation, given by its id or exact name. `days` until it ends."""

    user_email: str = field(repr=False)
    organisation: str | None
    scopes: Sequence[str] = ALL_SCOPES
    days: int = 30


@dataclass(frozen=True)
class IssueClientToken:
    """A token for a program of the organisation itself, with the roles that it plays. `days` until it ends."""

    client_name: str
    organisation_id: UUID
    roles: Sequence[Role]
    scopes: Sequence[str]
    days: int = 30


@dataclass(frozen=True)
class ListedToken:
    """A token without its secret, and the name of whoever it stands for."""

    token: AccessToken
    holder: str


@dataclass(frozen=True)
class RevokeToken:
    """The token that is refused from now on."""

    token_id: UUID


def issue_token(command: IssueToken, *, actor: Actor, work: Work) -> str:
    """Hand out a token; this is the only time that it can be read. Raises `Invalid` with everything that is wrong."""
    user = _find_user(work, command.user_email)
    demand_self(actor, user.id if user else None)
    organisation_id = _find_workplace(work, user, command.organisation)
    errors = [*_check_bounds(command.scopes, command.days)]
    if user is None:
        errors.append(FieldError("/userEmail", "unknown", "Er is geen account met dit e-mailadres."))
    elif organisation_id is None:
        errors.append(FieldError("/organisation", "unknown", "Deze gebruiker hoort niet bij deze organisatie."))
    if user is None or organisation_id is None or errors:
        raise Invalid(errors=errors)
    return _issue(work, actor, AccessToken(user_id=user.id, organisation_id=organisation_id, roles=[]), command)


def issue_client_token(command: IssueClientToken, *, actor: Actor, work: Work) -> str:
    """Hand out a token that stands for a program instead of a person. Raises `Invalid`."""
    demand_administrator(actor, command.organisation_id)
    errors = [*check_name(command.client_name), *_check_bounds(command.scopes, command.days)]
    if not command.roles or Role.SYSTEM in command.roles:
        errors.append(FieldError("/roles", "unknown_code", "Kies een of meer rollen van een medewerker."))
    if errors:
        raise Invalid(errors=errors)
    if work.session.get(Organisation, command.organisation_id) is None:
        raise NotFound
    roles = sorted(role.value for role in set(command.roles))
    token = AccessToken(client_name=command.client_name, organisation_id=command.organisation_id, roles=roles)
    return _issue(work, actor, token, command)


def list_tokens(*, actor: Actor, work: Work) -> Sequence[ListedToken]:
    """The tokens of the own organisation that still work, the newest first, for its administrator."""
    demand_administrator(actor)
    rows = work.session.execute(
        select(AccessToken, func.coalesce(User.name, AccessToken.client_name))
        .outerjoin(User, User.id == AccessToken.user_id)
        .where(AccessToken.organisation_id == actor.organisation_id)
        .where(AccessToken.revoked_at.is_(None), AccessToken.expires_at > work.now)
        .order_by(AccessToken.id.desc())
        .limit(MOST_LISTED)
    ).all()
    work.record(actor, "token:list", "organisation", actor.organisation_id, count=len(rows))
    return [ListedToken(token, holder) for token, holder in rows]


def revoke_token(command: RevokeToken, *, actor: Actor, work: Work) -> None:
    """Refuse the token from the next request on: one's own, or any of the organisation for its administrator."""
    token = work.session.get(AccessToken, command.token_id)
    if token is None or not (actor.has_role(Role.SYSTEM) or token.organisation_id == actor.organisation_id):
        raise NotFound
    if token.user_id != actor.id:
        demand_administrator(actor)
    token.revoked_at = token.revoked_at or work.now
    work.record(actor, "token:revoke", "access_token", token.id)


def authenticate_token(work: Work, text: str, origin: str) -> Actor | None:
    """Who this token stands for, in one query; None when it is unknown, ended or revoked, or its user is gone."""
    if not text.startswith(PREFIX) or len(text) > LONGEST_TOKEN:
        return None
    rows = work.session.execute(_BY_TOKEN, {"token_hash": hash_secret(text), "now": work.now}).all()
    if not rows:
        return None
    token = rows[0]
    if token.last_used_at is None or token.last_used_at <= work.now - USE_IS_TRUE_TO:
        used = update(AccessToken).where(AccessToken.id == token.token_id).values(last_used_at=work.now)
        work.session.execute(used)
    return actor_of(
        rows, origin, client_roles=token.client_roles, scopes=frozenset(token.scopes), client_id=token.token_id
    )


def _issue(work: Work, actor: Actor, token: AccessToken, command: IssueToken | IssueClientToken) -> str:
    secret = PREFIX + new_secret()
    token.token_hash = hash_secret(secret)
    token.scopes = sorted(set(command.scopes))
    token.created_at, token.expires_at = work.now, work.now + timedelta(days=command.days)
    work.session.add(token)
    work.session.flush()
    work.record(actor, "token:issue", "access_token", token.id, scopes=token.scopes, days=command.days)
    return secret


def _find_user(work: Work, email: str) -> User | None:
    query = select(User).where(User.email == normal_email(email), User.active)
    return work.session.scalars(query).one_or_none()


def _find_workplace(work: Work, user: User | None, organisation: str | None) -> UUID | None:
    """The one organisation of this user with this id or name, or the only one when none is named."""
    if user is None:
        return None
    query = (
        select(Organisation.id, Organisation.name)
        .join(Membership, Membership.organisation_id == Organisation.id)
        .where(Membership.user_id == user.id, Organisation.active)
        .distinct()
    )
    found = [place for place, name in work.session.execute(query) if organisation in (None, name, str(place))]
    return found[0] if len(found) == 1 else None


def _check_bounds(scopes: Sequence[str], days: int) -> Iterator[FieldError]:
    if not scopes or not set(scopes) <= set(ALL_SCOPES):
        yield FieldError("/scopes", "unknown_code", "Kies een of meer van de bestaande scopes.")
    if not 1 <= days <= LONGEST_DAYS:
        yield FieldError("/days", "range", f"Kies van 1 tot en met {LONGEST_DAYS} dagen.")
