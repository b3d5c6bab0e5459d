"""The participant, the agreements it gave, the disclosures to other organisations, and its calls on its rights."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, and_, exists, false, or_, text
from sqlalchemy.orm import Mapped, mapped_column

from referral.core.database import Base
from referral.core.encryption import ClientNumber, EmailAddress, Integer, Json, PhoneNumber, Sealed, SealedModel, Text
from referral.core.policy import Actor, Role
from referral.core.work import AMSTERDAM

_OPEN = text("ended_at IS NULL")


class Participant(SealedModel):
    """Somebody who was screened and may be referred. Everything personal is sealed under a key of this person alone.

    `organisation_id` is who registered the person. `contact_person` is an agreed third: name, phone, relation. While
    `restricted_at` is set, the data are kept and not used (AVG art. 18). `statistics_secret`: a random number of this
    person alone, from which follows the number under which national statistics know it.
    """

    __tablename__ = "participant"
    __table_args__ = (
        CheckConstraint(
            "erased_at IS NULL OR (phone_bix IS NULL AND email_bix IS NULL AND client_number_bix IS NULL)",
            name="erased_is_unfindable",
        ),
        # The organisation is part of the tag, so this is one client number once within one organisation.
        Index("uq_participant_client_number", "client_number_bix", unique=True),
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    registered_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]
    restricted_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    name = Sealed[str](Text(pad=32))
    phone = Sealed[str](Text(), index=PhoneNumber("NL"))
    email = Sealed[str](Text(), index=EmailAddress())
    client_number = Sealed[str](Text(), index=ClientNumber(scope="organisation_id"))
    contact_person = Sealed[dict[str, Any]](Json())
    preferred_channel = Sealed[str](Text())
    preferred_moment = Sealed[str](Text(pad=64))
    birth_year = Sealed[int](Integer())
    language_background = Sealed[str](Text(pad=8))
    gender = Sealed[str](Text(pad=8))
    statistics_secret = Sealed[str](Text())

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def registered_on(self) -> date:
        """The Dutch calendar day of the registration."""
        return self.registered_at.astimezone(AMSTERDAM).date()

    @classmethod
    def own_to(cls, actor: Actor) -> ColumnElement[bool]:
        """Registered by the actor's organisation, for those whose work that is."""
        return cls.organisation_id == actor.organisation_id if is_registrar(actor) else false()

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        """The participants that exist for this actor: of the own organisation, or disclosed to it as a coach."""
        return or_(cls.own_to(actor), exists().where(Disclosure.participant_id == cls.id, Disclosure.open_to(actor)))


class Agreement(Base):
    """That the participant agreed to share data: when, how, what, and who recorded it; and when that ended.

    `told`: what the participant was told before (codes), by whom and when (AVG art. 13). The declaration is the written
    one of no objection that lifts the duty of secrecy of the sector's law. Kept after withdrawal and erasure as the
    proof of it (AVG art. 7(1)); holds no words of the participant.
    """

    __tablename__ = "agreement"
    __table_args__ = (
        CheckConstraint(
            "(withdrawn_on IS NULL) = (withdrawal_recorded_at IS NULL)"
            " AND (withdrawn_on IS NULL) = (withdrawal_recorded_by IS NULL)",
            name="withdrawal",
        ),
        CheckConstraint("(declaration_signed_on IS NULL) = (declaration_form IS NULL)", name="declaration"),
    )

    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"), index=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    given_on: Mapped[date]
    method: Mapped[str] = mapped_column(String(32))
    data_scope: Mapped[list[str]]
    told_by: Mapped[UUID]
    told_on: Mapped[date]
    told: Mapped[list[str]]
    declaration_signed_on: Mapped[date | None]
    declaration_form: Mapped[str | None] = mapped_column(String(16))
    recorded_by: Mapped[UUID]
    recorded_at: Mapped[datetime]
    withdrawn_on: Mapped[date | None]
    withdrawal_recorded_at: Mapped[datetime | None]
    withdrawal_recorded_by: Mapped[UUID | None]

    @property
    def holds(self) -> bool:
        """Whether it was not withdrawn."""
        return self.withdrawn_on is None


class Disclosure(SealedModel):
    """What one other organisation may see of a participant, since when, on what ground and for what (AVG art. 15(1)c).

    What the participant was told stands with the agreement. `referral_id` is no foreign key: referrals stand above.
    Once `user_id` is set, only this coach sees the person. `corrected_at`: when something of it was last corrected.
    """

    __tablename__ = "disclosure"
    __subject__ = "participant_id"
    __table_args__ = (
        CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="end"),
        Index("uq_disclosure_open", "referral_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_disclosure_receiver", "participant_id", "organisation_id"),
    )

    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    referral_id: Mapped[UUID] = mapped_column(index=True)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    legal_basis: Mapped[str] = mapped_column(String(64))
    data_scope: Mapped[list[str]]
    agreement_id: Mapped[UUID] = mapped_column(ForeignKey("agreement.id"), index=True)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None] = mapped_column(String(64))
    corrected_at: Mapped[datetime | None]

    purpose = Sealed[str](Text(pad=64))

    @classmethod
    def open_to(cls, actor: Actor) -> ColumnElement[bool]:
        """Running, to a coach of the actor's organisation, and to the actor once a coach is named."""
        if not actor.has_role(Role.COACH):
            return false()
        return and_(
            cls.ended_at.is_(None),
            cls.organisation_id == actor.organisation_id,
            or_(cls.user_id.is_(None), cls.user_id == actor.id),
        )


class ErasureRequest(Base):
    """That somebody must be erased, from the moment on which it was decided, and how far that has come (AVG art. 17).

    Entered in the ledger, keys destroyed, remains wiped, and at last every backup unreadable: each step has its
    instant. `wrapping_key_id` is the newest wrapping key of a backup that may still hold what leads to this person:
    the own key, or the root of the index under which the person was found (`index_generation`, empty when that root and
    all older ones are gone). `backups_until` is the day promised for the last step.
    """

    __tablename__ = "erasure_request"
    __table_args__ = (Index("ix_erasure_request_waiting", "wiped_at"),)

    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"), unique=True)
    ground: Mapped[str] = mapped_column(String(32))
    requested_at: Mapped[datetime]
    entered_at: Mapped[datetime | None]
    destroyed_at: Mapped[datetime | None]
    wiped_at: Mapped[datetime | None]
    wrapping_key_id: Mapped[int | None]
    index_generation: Mapped[int | None]
    backups_until: Mapped[date]
    unreadable_at: Mapped[datetime | None]


class RequestKind(StrEnum):
    """The right that a participant calls on (AVG art. 15, 16, 18, 21 and 17)."""

    ACCESS = "access"
    RECTIFICATION = "rectification"
    RESTRICTION = "restriction"
    OBJECTION = "objection"
    ERASURE = "erasure"


class RequestStatus(StrEnum):
    """Where a request stands; `lapsed` when the person was erased before it was decided."""

    OPEN = "open"
    GRANTED = "granted"
    PARTLY_GRANTED = "partly_granted"
    REFUSED = "refused"
    LIFTED = "lifted"
    LAPSED = "lapsed"


class PrivacyRequest(SealedModel):
    """A participant calls on a right; the privacy officer answers within the term of the law (AVG art. 12(3)).

    Kept after an erasure as the proof of it, then without `wish`, which is what the participant asks in its own words.
    """

    __tablename__ = "privacy_request"
    __subject__ = "participant_id"
    __table_args__ = (
        CheckConstraint("(kind = 'restriction') = (ground IS NOT NULL)", name="ground"),
        CheckConstraint("(status = 'open') = (closed_at IS NULL)", name="closed"),
        Index("ix_privacy_request_due", "organisation_id", "status", "due_on"),
    )

    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"), index=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    kind: Mapped[RequestKind]
    ground: Mapped[str | None] = mapped_column(String(32))
    received_on: Mapped[date]
    recorded_by: Mapped[UUID]
    recorded_at: Mapped[datetime]
    remind_on: Mapped[date]
    due_on: Mapped[date]
    extended: Mapped[bool] = mapped_column(default=False)
    status: Mapped[RequestStatus] = mapped_column(default=RequestStatus.OPEN)
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    wish = Sealed[str](Text(pad=256))

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def restricts(self) -> bool:
        """Whether it stops the use of the data: from the moment it is asked until it is refused or lifted."""
        stops = self.kind in (RequestKind.RESTRICTION, RequestKind.OBJECTION)
        return stops and self.status in (RequestStatus.OPEN, RequestStatus.GRANTED, RequestStatus.PARTLY_GRANTED)

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        """The requests to the actor's organisation, which is responsible for the person, for its privacy officer."""
        return cls.organisation_id == actor.organisation_id if actor.has_role(Role.PRIVACY_OFFICER) else false()


class PrivacyDecision(SealedModel):
    """One decision on a request, never changed afterwards: what, why, and on which day the participant was told."""

    __tablename__ = "privacy_decision"
    __subject__ = "participant_id"

    request_id: Mapped[UUID] = mapped_column(ForeignKey("privacy_request.id"), index=True)
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"), index=True)
    outcome: Mapped[str] = mapped_column(String(32))
    reason: Mapped[str | None] = mapped_column(String(32))
    told_on: Mapped[date]
    decided_by: Mapped[UUID]
    decided_at: Mapped[datetime]

    explanation = Sealed[str](Text(pad=256))


def is_registrar(actor: Actor) -> bool:
    """Whether the actor's role gives sight of what the own organisation registered."""
    return actor.has_role(Role.REFERRER, Role.PRIVACY_OFFICER)
