"""The participant, the agreements that the participant gave, and the disclosures to other organisations."""

from datetime import date, datetime
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

    `organisation_id` is who registered the person. `contact_person` is an agreed third: name, phone, relation.
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
    screening_codes = Sealed[list[str]](Json())

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

    Kept after withdrawal and erasure as the proof of it (AVG art. 7(1)); holds no words of the participant.
    """

    __tablename__ = "agreement"
    __table_args__ = (
        CheckConstraint(
            "(withdrawn_on IS NULL) = (withdrawal_recorded_at IS NULL)"
            " AND (withdrawn_on IS NULL) = (withdrawal_recorded_by IS NULL)",
            name="withdrawal",
        ),
    )

    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"), index=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    given_on: Mapped[date]
    method: Mapped[str] = mapped_column(String(32))
    data_scope: Mapped[list[str]]
    recorded_by: Mapped[UUID]
    recorded_at: Mapped[datetime]
    withdrawn_on: Mapped[date | None]
    withdrawal_recorded_at: Mapped[datetime | None]
    withdrawal_recorded_by: Mapped[UUID | None]

    @property
    def holds(self) -> bool:
        """Whether it was not withdrawn."""
        return self.withdrawn_on is None


class Disclosure(Base):
    """What one other organisation may see of a participant, since when and on what ground (AVG art. 15(1)c).

    `referral_id` is no foreign key: referrals stand above. Once `user_id` is set, only this coach sees the person.
    """

    __tablename__ = "disclosure"
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
    informed_by: Mapped[UUID]
    informed_on: Mapped[date]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None] = mapped_column(String(64))

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
    instant. `wrapping_key_id` is the newest wrapping key of a backup that may still hold this person's key;
    `backups_until` is the day promised for the last step.
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
    backups_until: Mapped[date]
    unreadable_at: Mapped[datetime | None]


def is_registrar(actor: Actor) -> bool:
    """Whether the actor's role gives sight of what the own organisation registered."""
    return actor.has_role(Role.REFERRER, Role.PRIVACY_OFFICER)
