"""Regions, organisations, the people who work there, and the proofs of who somebody is: sessions and tokens."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from referral.core.database import Base
from referral.core.encryption import SERVICE_SUBJECT, keyed_digest, sealed_bytes
from referral.core.policy import OrganisationKind, Role

ALL_SCOPES = (
    "identity:read",
    "identity:write",
    "screenings:read",
    "screenings:write",
    "trajectories:read",
    "trajectories:write",
    "participants:read",
    "participants:write",
    "referrals:read",
    "referrals:write",
    "webhooks:read",
    "webhooks:write",
    "reports:read",
    "reports:write",
    "audit:read",
)


APP_SECRET = "authenticator.secret"  # noqa: S105 (the label under which secrets are sealed)
PAPER_CODE = "recovery_code.code"


class RegionKind(StrEnum):
    """The kinds of region; they overlap, and one organisation may belong to several (requirement M10)."""

    LABOUR_MARKET = "labour_market"
    WEB = "web"
    RMC = "rmc"
    PARTNERSHIP = "partnership"


class Region(Base):
    """An arbeidsmarktregio, WEB region, RMC region or partnership. `terms` holds what it tuned in the terms."""

    __tablename__ = "region"
    __table_args__ = (UniqueConstraint("kind", "code"),)

    kind: Mapped[RegionKind]
    code: Mapped[str | None] = mapped_column(String(20))
    name: Mapped[str]
    terms: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


organisation_region = Table(
    "organisation_region",
    Base.metadata,
    Column("organisation_id", ForeignKey("organisation.id"), primary_key=True),
    Column("region_id", ForeignKey("region.id"), primary_key=True, index=True),
)


class Organisation(Base):
    """A party in the chain. `municipality_code` is the CBS code of the gemeente where it works ("GM0453").

    `retention` holds the periods that it keeps instead of the service's, by the code of the term ("P5Y").
    `retired_codes` holds the codes that it no longer offers, by the name of the list (`{"reason": ["no_capacity"]}`).
    """

    __tablename__ = "organisation"

    kind: Mapped[OrganisationKind]
    name: Mapped[str]
    municipality_code: Mapped[str | None] = mapped_column(String(6))
    active: Mapped[bool] = mapped_column(default=True)
    retention: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    retired_codes: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class User(Base):
    """Somebody who works in the chain. The address is kept in lower case, so that it is unique as people read it."""

    __tablename__ = "user_account"
    __table_args__ = (
        CheckConstraint("email = lower(email)", name="email_lower"),
        CheckConstraint("active = (deactivated_at IS NULL)", name="active"),
    )

    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str]
    password_hash: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    deactivated_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Membership(Base):
    """One role of one user in one organisation."""

    __tablename__ = "membership"
    __table_args__ = (
        UniqueConstraint("user_id", "organisation_id", "role"),
        CheckConstraint("role <> 'system'", name="human_role"),
        Index("ix_membership_organisation", "organisation_id", "role"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    role: Mapped[Role]


class Awaits(StrEnum):
    """What a session still waits for before it opens anything: a second factor, or making one."""

    CODE = "code"
    ENROLMENT = "enrolment"


class LoginSession(Base):
    """A user signed in for one organisation. Only the SHA-256 of the cookie's 256 random bits is kept.

    As long as it `awaits` something it proves the password and nothing more.
    """

    __tablename__ = "login_session"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"), index=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    auth_method: Mapped[str] = mapped_column(String(32))
    awaits: Mapped[Awaits | None]


class Authenticator(Base):
    """An app that makes codes (TOTP, RFC 6238). Its secret is sealed; `last_step` is the newest time step used.

    Until `confirmed_at` it is an offer that nobody has taken. `failures` counts wrong codes since `failing_since`.
    """

    __tablename__ = "authenticator"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"), unique=True)
    secret: Mapped[bytes] = mapped_column(LargeBinary, info=sealed_bytes(APP_SECRET, subject=SERVICE_SUBJECT))
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    failing_since: Mapped[datetime | None]


class RecoveryCode(Base):
    """A code on paper that replaces the app once. Its SHA-256 is kept, sealed, so that a new key takes it along."""

    __tablename__ = "recovery_code"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"), index=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, info=sealed_bytes(PAPER_CODE, subject=SERVICE_SUBJECT))
    used_at: Mapped[datetime | None]


class AccessToken(Base):
    """A program's proof: of a user acting for one organisation, or of a client of the organisation with its own roles.

    `last_used_at` is true to the day: a request writes it only when it is older than that.
    """

    __tablename__ = "access_token"
    __table_args__ = (
        CheckConstraint("(user_id IS NULL) <> (client_name IS NULL)", name="holder"),
        CheckConstraint("expires_at > created_at", name="ends"),
    )

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    client_name: Mapped[str | None]
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    scopes: Mapped[list[str]]
    roles: Mapped[list[str]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class SignInAttempt(Base):
    """One attempt to sign in, under a keyed digest of the address that was typed, whether it exists or not."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (Index("ix_sign_in_attempt_recent", "email_hash", "attempted_at"),)

    email_hash: Mapped[bytes] = mapped_column(LargeBinary(33), info=keyed_digest())
    attempted_at: Mapped[datetime] = mapped_column(index=True)
    succeeded: Mapped[bool]
