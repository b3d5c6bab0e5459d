"""What sessions and tokens have in common: a secret of 256 bits, its hash, and the actor that it stands for."""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from referral.core.policy import Actor, Role


def new_secret() -> str:
    """A secret of 256 random bits, safe in a header and in a cookie."""
    return secrets.token_urlsafe(32)


def hash_secret(secret: str) -> bytes:
    """What is kept of it. One SHA-256 is enough for a secret that nobody can guess."""
    return hashlib.sha256(secret.encode()).digest()


def actor_of(
    rows: Sequence[Row[*tuple[Any, ...]]],
    origin: str,
    *,
    client_roles: Iterable[str] = (),
    scopes: frozenset[str] | None = None,
    client_id: UUID | None = None,
) -> Actor:
    """The actor that a session or token stands for, from its rows: one for each role and region.

    The rows have `holder_id`, `name`, `role`, `organisation_id`, `organisation_kind` and `region_id`.
    """
    first = rows[0]
    return Actor(
        id=first.holder_id,
        organisation_id=first.organisation_id,
        organisation_kind=first.organisation_kind,
        roles=frozenset(row.role for row in rows if row.role) | {Role(role) for role in client_roles},
        region_ids=frozenset(row.region_id for row in rows if row.region_id),
        scopes=scopes,
        client_id=client_id,
        origin=origin,
        name=first.name,
    )
