"""How a case ends before its time and how an end is taken back: stop, withdraw, expire, void, reopen, undo."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select

from referral.core.audit import AuditEntry
from referral.core.codes import new_reference
from referral.core.database import new_id
from referral.core.encryption import open_reading
from referral.core.errors import GuardRefused
from referral.core.policy import Actor
from referral.core.work import AMSTERDAM, Work
from referral.identity.models import User
from referral.identity.usecases import retention_for
from referral.participants.usecases import agreement_holds, withdraw_one_agreement
from referral.referrals import guards
from referral.referrals.models import Referral, ReferralEvent
from referral.referrals.retention import kept_until
from referral.referrals.usecases.creating import find_active_trajectory
from referral.referrals.usecases.moving import Deed, Move, begin, taking
from referral.referrals.usecases.reading import effective_history
from referral.referrals.usecases.state import restore
from referral.referrals.usecases.submitting import submit_new
from referral.referrals.usecases.tallying import MOMENTS, count_outcomes
from referral.referrals.workflow import FINAL, OPEN, SHARED, EventName, Status


@dataclass(frozen=True, kw_only=True)
class EndReferral(Move):
    """A reason code for an end before the start, or for taking an end back."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class StopTrajectory(Move):
    """The participant stopped before the end."""

    stopped_on: date
    reason: str
    report: str


@dataclass(frozen=True, kw_only=True)
class WithdrawAgreement(Move):
    """The participant no longer agrees that data are shared."""

    heard_on: date


@dataclass(frozen=True, kw_only=True)
class TransferReferral(Move):
    """The need is better served elsewhere."""

    trajectory_id: UUID
    reason: str


def report_not_started(command: EndReferral, *, actor: Actor, work: Work) -> Referral:
    """Coach or referrer reports that it will not start; "unreachable" only after real attempts."""
    with taking(EventName.NOT_START, command, actor=actor, work=work) as deed:
        _give_reason(deed, command)
        if command.reason == "client_unreachable":
            guards.check_unreachable(_attempts(deed), work.today, deed.terms.limits)
    return deed.referral


def stop_trajectory(command: StopTrajectory, *, actor: Actor, work: Work) -> Referral:
    """The participant stops early; the referrer gets the task to follow up."""
    with taking(EventName.STOP, command, actor=actor, work=work) as deed:
        errors = deed.check_reason(command.reason, command.note)
        guards.refuse_if_any(errors + guards.check_not_future("/stoppedOn", command.stopped_on, work.today))
        if command.reason == "client_unreachable":
            guards.check_unreachable(_attempts(deed), work.today, deed.terms.limits)
        deed.reason = command.reason
        deed.note_facts(stoppedOn=command.stopped_on)
        deed.note_words(report=command.report)
    return deed.referral


def withdraw_referral(command: EndReferral, *, actor: Actor, work: Work) -> Referral:
    """The referrer takes the referral back before the start."""
    with taking(EventName.WITHDRAW, command, actor=actor, work=work) as deed:
        _give_reason(deed, command)
    return deed.referral


def withdraw_agreement(command: WithdrawAgreement, *, actor: Actor, work: Work) -> Referral:
    """Sharing stops at once: the receiver loses sight of the person in this same transaction (AVG art. 7(3))."""
    with taking(EventName.WITHDRAW_AGREEMENT, command, actor=actor, work=work) as deed:
        guards.refuse_if_any(guards.check_not_future("/heardOn", command.heard_on, work.today))
        deed.reason = "agreement_withdrawn"
        deed.note_facts(heardOn=command.heard_on)
        if deed.referral.agreement_id is not None:
            withdraw_one_agreement(deed.referral.agreement_id, command.heard_on, actor=actor, work=work)
    return deed.referral


def stop_sharing(participant_id: UUID, *, actor: Actor, work: Work) -> int:
    """The participant withdrew its agreement or was erased: end every open referral; returns how many."""
    ids = work.session.scalars(
        select(Referral.id)
        .where(Referral.participant_id == participant_id, Referral.status.in_(OPEN))
        .order_by(Referral.id)
    ).all()
    for referral_id in ids:
        with taking(EventName.WITHDRAW_AGREEMENT, Move(referral_id=referral_id), actor=actor, work=work) as deed:
            deed.reason = "agreement_withdrawn"
    return len(ids)


def expire_referral(command: Move, *, actor: Actor, work: Work) -> Referral:
    """Nobody answered, not after any escalation: the coordinator gets the task to find out what now."""
    with taking(EventName.EXPIRE, command, actor=actor, work=work) as deed:
        deed.reason = "no_response"
    return deed.referral


def void_referral(command: EndReferral, *, actor: Actor, work: Work) -> Referral:
    """It should never have been registered; it leaves every statistic."""
    with taking(EventName.VOID, command, actor=actor, work=work) as deed:
        _give_reason(deed, command)
        for told in effective_history(work, deed.referral.id):
            _uncount(told, deed)
    return deed.referral


def reopen_referral(command: EndReferral, *, actor: Actor, work: Work) -> Referral:
    """The coordinator brings an ended case back to the last open status, with a fresh clock."""
    with taking(EventName.REOPEN, command, actor=actor, work=work) as deed:
        guards.refuse_if_any(deed.check_reason(command.reason, command.note))
        ended, terms = deed.referral, retention_for(work.session, deed.referral.source_organisation_id)
        guards.check_retention(kept_until(ended.status, ended.ended_at or work.now, terms), work.today)
        deed.target = _last_open_status(deed)
        deed.note_facts(why=command.reason)
        _let_go_of_who_left(deed)
        _refuse_newer_need(deed)
        if deed.target in SHARED and not agreement_holds(work, deed.referral.agreement_id):
            raise GuardRefused("De instemming van de deelnemer geldt niet meer.", code="agreement_missing")
    return deed.referral


def undo_last_event(command: Move, *, actor: Actor, work: Work) -> Referral:
    """The same actor takes the last event back within 60 minutes; the state is exactly what it was before."""
    with taking(EventName.UNDO, command, actor=actor, work=work) as deed:
        last = effective_history(work, deed.referral.id)[-1]
        if last.event is EventName.SUBMIT and _was_read(deed, last.occurred_at):
            raise GuardRefused(
                "De ontvanger heeft de gegevens al ingezien. Trek de verwijzing in.", code="already_read"
            )
        _uncount(last, deed)
        deed.undoes = last.sequence
        restore(deed.referral, last.before or {})
        _let_go_of_who_left(deed)
    return deed.referral


def _uncount(told: ReferralEvent, deed: Deed) -> None:
    """Take the answers of an event out of the figures; nobody reads its words, so no reading is on record."""
    if told.event not in MOMENTS:
        return
    with open_reading(deed.work.session, "rights"):
        outcomes = (told.words or {}).get("outcomes", {})
    day = told.occurred_at.astimezone(AMSTERDAM).date()
    count_outcomes(deed.work, deed.referral, told.event, outcomes, on=day, by=-1)


def transfer_referral(command: TransferReferral, *, actor: Actor, work: Work) -> Referral:
    """The old referral ends as withdrawn(`transferred`); a linked new one goes elsewhere, on the same total clock.

    Returns the new referral. The old one is never rewritten.
    """
    with taking(EventName.TRANSFER, command, actor=actor, work=work) as deed:
        errors = deed.check_reason(command.reason, command.note)
        guards.refuse_if_any(errors)
        trajectory = find_active_trajectory(command.trajectory_id, work=work)
        deed.reason = "transferred"
        copy = _copy_for(deed.referral, trajectory.id, actor=actor, work=work)
        deed.note_facts(why=command.reason, trajectoryId=trajectory.id, newReferralId=copy.id)
    begin(copy, actor=actor, work=work, terms=deed.terms, words={})
    submit_new(copy, actor=actor, work=work, terms=deed.terms)
    return copy


def _give_reason(deed: Deed, command: EndReferral) -> None:
    guards.refuse_if_any(deed.check_reason(command.reason, command.note))
    deed.reason = command.reason


def _attempts(deed: Deed) -> list[tuple[date, str]]:
    """The days and channels on which somebody tried in vain to reach the participant."""
    rows = effective_history(deed.work, deed.referral.id)
    tried = [row.facts for row in rows if row.event is EventName.RECORD_CONTACT]
    return [
        (datetime.fromisoformat(facts["attemptedAt"]).astimezone(AMSTERDAM).date(), facts["channel"])
        for facts in tried
        if facts["outcome"] == "not_reached"
    ]


def _last_open_status(deed: Deed) -> Status:
    rows = effective_history(deed.work, deed.referral.id)
    ended = next(row for row in reversed(rows) if row.to_status in FINAL and row.from_status in OPEN)
    return Status(ended.from_status or Status.DRAFT)


def _let_go_of_who_left(deed: Deed) -> None:
    """A case never comes back to a colleague whose account ended meanwhile: it comes back to the team (L8)."""
    referral, session = deed.referral, deed.work.session
    named = select(User.id).where(User.id.in_((referral.coach_id, referral.referrer_id)), User.active)
    with session.no_autoflush:
        present = set(session.scalars(named.with_for_update(read=True)))
    referral.coach_id = referral.coach_id if referral.coach_id in present else None
    referral.referrer_id = referral.referrer_id if referral.referrer_id in present else None


def _refuse_newer_need(deed: Deed) -> None:
    """Refuse when the same need was referred again since. Raises `GuardRefused`, naming the newer referral."""
    mine = deed.referral
    newer = deed.work.session.scalars(
        select(Referral).where(
            Referral.participant_id == mine.participant_id,
            Referral.id != mine.id,
            Referral.status.in_(OPEN),
            Referral.created_at >= mine.created_at,
        )
    )
    for other in newer:
        if other.trajectory_id == mine.trajectory_id or set(other.skills) & set(mine.skills):
            raise GuardRefused(
                "Voor dezelfde leervraag loopt al een nieuwere verwijzing.",
                code="newer_referral",
                reference=other.reference,
            )


def _was_read(deed: Deed, since: datetime) -> bool:
    """Whether the receiver opened the person's data after the given instant."""
    readings = (
        select(func.count())
        .select_from(AuditEntry)
        .where(
            AuditEntry.object_id == deed.referral.participant_id,
            AuditEntry.action == "participant:read",
            AuditEntry.organisation_id == deed.referral.receiver_organisation_id,
            AuditEntry.occurred_at >= since,
        )
    )
    return bool(deed.work.session.scalar(readings))


def _copy_for(old: Referral, trajectory_id: UUID, *, actor: Actor, work: Work) -> Referral:
    """A draft with everything of the old referral but its trajectory; sealed values are sealed anew for the new row."""
    same = (
        "participant_id", "source_organisation_id", "source_kind", "referrer_id", "skills", "age_band",
        "language_background", "municipality_code", "employment", "sector",
        "occupation_code", "found_at", "no_screening", "screened_on",
        "conversation_held_on", "waiver", "override_reason", "legal_basis", "agreement_id", "data_scope",
        "offer_due_on",
    )  # fmt: skip
    copy = Referral(
        id=new_id(),
        reference=new_reference(work.today.year),
        trajectory_id=trajectory_id,
        previous_id=old.id,
        origin_id=old.origin_id or old.id,
        status=Status.DRAFT,
        created_at=work.now,
        version=1,
        follow_up_done=False,
        last_sequence=0,
        **{name: getattr(old, name) for name in same},
    )
    with work.reading(actor, "intake"):
        for name in ("learning_wish", "barriers", "purpose", "screening_codes"):
            setattr(copy, name, getattr(old, name))
    return copy
