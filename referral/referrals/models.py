"""The referral and its append-only history. Case data is pseudonymised; free text is sealed under the participant."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    Select,
    String,
    UniqueConstraint,
    and_,
    false,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from referral.core.database import Base
from referral.core.encryption import Json, Sealed, SealedModel, Text
from referral.core.policy import Actor, OrganisationKind, Relation, Role
from referral.participants.models import Participant
from referral.referrals.workflow import FINAL, FOLLOW_UP, NAMED_COACH, OPEN, SHARED, EventName, Party, Status
from referral.trajectories.models import Trajectory


def _in(column: str, statuses: frozenset[Status]) -> str:
    return f"{column} IN ({', '.join(repr(status.value) for status in sorted(statuses))})"


class Referral(SealedModel):
    """One need of one participant, offered by one organisation to another. The database refuses what no event makes.

    `previous_id` is the referral that was transferred to this one, `origin_id` the first of them all. What was offered
    (`offered_...`) stays as it was when somebody was referred to it, whatever the catalogue says later.
    """

    __tablename__ = "referral"
    __subject__ = "participant_id"
    __table_args__ = (
        CheckConstraint(f"NOT {_in('status', OPEN)} OR (ball_party <> 'nobody' AND due_on IS NOT NULL)", name="ball"),
        CheckConstraint(f"{_in('status', FINAL)} = (ended_at IS NOT NULL)", name="ended"),
        CheckConstraint(
            f"NOT {_in('status', NAMED_COACH)} OR coach_id IS NOT NULL OR ball_party IN ('receiver', 'coordinator')",
            name="coach",
        ),
        CheckConstraint(f"NOT {_in('status', FINAL)} OR reason IS NOT NULL", name="reason"),
        CheckConstraint("(hold_since IS NULL) = (resume_on IS NULL)", name="hold"),
        CheckConstraint(f"hold_since IS NULL OR {_in('status', OPEN)}", name="held_open"),
        Index(
            "uq_referral_open_need",
            "participant_id",
            "trajectory_id",
            unique=True,
            sqlite_where=text(_in("status", SHARED)),
            postgresql_where=text(_in("status", SHARED)),
        ),
        Index("ix_referral_receiver", "receiver_organisation_id", "status"),
        Index("ix_referral_source", "source_organisation_id", "status"),
        Index("ix_referral_due", "due_on", "status"),
    )

    reference: Mapped[str] = mapped_column(String(16), unique=True)
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"), index=True)
    source_organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    source_kind: Mapped[OrganisationKind]
    referrer_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    trajectory_id: Mapped[UUID | None] = mapped_column(ForeignKey("trajectory.id"), index=True)
    receiver_organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"))
    coach_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    previous_id: Mapped[UUID | None] = mapped_column(ForeignKey("referral.id"))
    origin_id: Mapped[UUID | None] = mapped_column(ForeignKey("referral.id"), index=True)

    skills: Mapped[list[str]]
    age_band: Mapped[str | None] = mapped_column(String(8))
    language_background: Mapped[str] = mapped_column(String(8))
    municipality_code: Mapped[str | None] = mapped_column(String(6))
    employment: Mapped[str | None] = mapped_column(String(16))
    sector: Mapped[str | None] = mapped_column(String(1))
    occupation_code: Mapped[str | None] = mapped_column(String(4))
    found_at: Mapped[str | None] = mapped_column(String(32))
    offered_template: Mapped[str | None] = mapped_column(String(1))
    offered_course_kind: Mapped[str | None] = mapped_column(String(32))
    offered_course_type: Mapped[str | None] = mapped_column(String(32))
    no_screening: Mapped[bool] = mapped_column(default=False)
    screened_on: Mapped[date | None]
    conversation_held_on: Mapped[date | None]
    waiver: Mapped[str | None] = mapped_column(String(64))
    override_reason: Mapped[str | None] = mapped_column(String(64))
    legal_basis: Mapped[str | None] = mapped_column(String(64))
    agreement_id: Mapped[UUID | None] = mapped_column(ForeignKey("agreement.id"))
    data_scope: Mapped[list[str]]

    status: Mapped[Status] = mapped_column(default=Status.DRAFT)
    reason: Mapped[str | None] = mapped_column(String(64))
    alternative_trajectory_id: Mapped[UUID | None] = mapped_column(ForeignKey("trajectory.id"))
    waitlist_kind: Mapped[str | None] = mapped_column(String(32))
    hold_reason: Mapped[str | None] = mapped_column(String(64))
    hold_since: Mapped[date | None]
    resume_on: Mapped[date | None]
    escalated_at: Mapped[datetime | None]
    escalation_organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"))
    follow_up_done: Mapped[bool] = mapped_column(default=False)
    restricted_at: Mapped[datetime | None]

    ball_party: Mapped[Party]
    ball_organisation_id: Mapped[UUID | None]
    ball_user_id: Mapped[UUID | None] = mapped_column(index=True)
    due_on: Mapped[date | None]
    remind_on: Mapped[date | None]
    escalate_on: Mapped[date | None]
    escalate_region_on: Mapped[date | None]
    end_on: Mapped[date | None]
    offer_due_on: Mapped[date | None]

    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None] = mapped_column(index=True)
    accepted_at: Mapped[datetime | None]
    handed_over_at: Mapped[datetime | None]
    intake_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    last_sequence: Mapped[int] = mapped_column(default=0)
    last_event: Mapped[EventName | None]
    last_event_at: Mapped[datetime | None]
    last_actor_id: Mapped[UUID | None]
    version: Mapped[int] = mapped_column(default=1)

    learning_wish = Sealed[str](Text(pad=256))
    barriers = Sealed[list[str]](Json())
    purpose = Sealed[str](Text(pad=64))
    screening_codes = Sealed[list[str]](Json())

    participant: Mapped[Participant] = relationship(lazy="raise")
    trajectory: Mapped[Trajectory | None] = relationship(lazy="raise", foreign_keys=[trajectory_id])

    # One step of the version a deed, however often the session flushes: `finish` counts it, the database checks it.
    __mapper_args__ = {"version_id_col": version, "version_id_generator": False}  # noqa: RUF012

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to bring it further."""
        return self.status in OPEN

    @property
    def is_held(self) -> bool:
        """Whether a hold (opschorting) lies over it."""
        return self.hold_since is not None

    @property
    def is_restricted(self) -> bool:
        """Whether the person's data are only kept (AVG art. 18); it follows the participant."""
        return self.restricted_at is not None

    @property
    def is_escalated(self) -> bool:
        """Whether a doorbraakberaad lies over it that has not decided yet."""
        return self.escalated_at is not None

    @property
    def waits_for_region(self) -> bool:
        """Whether a regional coordinator must act: advice asked, an undecided escalation, or no answer at all."""
        advice = self.trajectory_id is None and self.status is Status.SUBMITTED
        return advice or self.is_escalated or self.status is Status.EXPIRED

    @property
    def organisation_ids(self) -> frozenset[UUID]:
        """The organisations that may know of it now; `visible_to` says the same in SQL."""
        received = self.receiver_organisation_id if self.submitted_at else None
        asked = self.escalation_organisation_id if self.waits_for_region else None
        return frozenset(each for each in (self.source_organisation_id, received, asked) if each is not None)

    def relations_to(self, actor: Actor) -> frozenset[Relation]:
        """What this actor is to the referral; `visible_to` says the same in SQL."""
        received = self.receiver_organisation_id == actor.organisation_id and self.submitted_at is not None
        facts = {
            Relation.SOURCE: self.source_organisation_id == actor.organisation_id,
            Relation.RECEIVER: received,
            Relation.COACH: received and self.coach_id == actor.id,
            Relation.REGION: self.waits_for_region and self.escalation_organisation_id == actor.organisation_id,
        }
        return frozenset(relation for relation, holds in facts.items() if holds)

    @classmethod
    def visible_to(cls, actor: Actor) -> "Select[Referral]":
        """The referrals that exist for this actor: sent by its organisation, received by it, or escalated to it."""
        if actor.has_role(Role.SYSTEM):
            return select(cls)
        if not actor.has_role(Role.REFERRER, Role.COACH, Role.COORDINATOR):
            return select(cls).where(false())
        organisation_id = actor.organisation_id
        asks_region = or_(
            and_(cls.trajectory_id.is_(None), cls.status == Status.SUBMITTED),
            cls.escalated_at.is_not(None),
            cls.status == Status.EXPIRED,
        )
        return select(cls).where(
            or_(
                cls.source_organisation_id == organisation_id,
                and_(cls.receiver_organisation_id == organisation_id, cls.submitted_at.is_not(None)),
                and_(cls.escalation_organisation_id == organisation_id, asks_region),
            )
        )

    @property
    def has_purpose(self) -> bool:
        """Whether the purpose of sharing was written down; says so without opening it."""
        return self.__dict__.get("purpose_ct") is not None

    @property
    def has_follow_up_task(self) -> bool:
        """Whether it ended in a way that leaves somebody a task, and that task is not done."""
        return self.status in FOLLOW_UP and not self.follow_up_done


class OutcomeTally(Base):
    """How often one direction was recorded for one area at one moment, in a month, of whose cases; leads to no person.

    Kept beside the sealed outcomes so that figures need no sealed word and outlive an erasure (M3).
    """

    __tablename__ = "outcome_tally"
    __table_args__ = (UniqueConstraint("month", "source_id", "receiver_id", "moment", "area", "direction"),)

    month: Mapped[str] = mapped_column(String(7))
    source_id: Mapped[UUID]
    receiver_id: Mapped[UUID]
    moment: Mapped[str] = mapped_column(String(16))
    area: Mapped[str] = mapped_column(String(32))
    direction: Mapped[str] = mapped_column(String(16))
    count: Mapped[int]


class ReferralEvent(SealedModel):
    """One thing that happened, never changed afterwards. `facts` holds codes, dates, numbers and ids; words are sealed.

    `before` is the state that the event left behind, so that `undo` brings back exactly that.
    """

    __tablename__ = "referral_event"
    __subject__ = "participant_id"
    __table_args__ = (UniqueConstraint("referral_id", "sequence"),)

    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"), index=True)
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"), index=True)
    sequence: Mapped[int]
    event: Mapped[EventName]
    from_status: Mapped[Status | None]
    to_status: Mapped[Status]
    reason: Mapped[str | None] = mapped_column(String(64))
    undoes: Mapped[int | None]
    actor_id: Mapped[UUID]
    client_id: Mapped[UUID | None]
    organisation_id: Mapped[UUID]
    occurred_at: Mapped[datetime] = mapped_column(index=True)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON)

    words = Sealed[dict[str, Any]](Json())


class ReferralDraft(SealedModel):
    """A referral that somebody is still writing, page by page: what was typed, sealed under a key of its own.

    It is nobody's case yet and only its writer sees it. `referral_id` is what it became; the answers are gone then.
    """

    __tablename__ = "referral_draft"
    __table_args__ = (CheckConstraint("referral_id IS NULL OR answers_ct IS NULL", name="sent_is_empty"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"), index=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime] = mapped_column(index=True)
    referral_id: Mapped[UUID | None] = mapped_column(ForeignKey("referral.id"))

    answers = Sealed[dict[str, Any]](Json())
