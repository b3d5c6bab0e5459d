"""Sending a referral: the guards of `submit`, and what a referral becomes by it."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from referral.core.codelists import Terms, secrecy
from referral.core.errors import DuplicateReferral
from referral.core.policy import Actor
from referral.core.work import Work
from referral.identity.models import Organisation
from referral.identity.usecases import region_organisations_for
from referral.participants.models import Participant
from referral.participants.usecases import agreement_holds, has_declaration, reachable
from referral.referrals import guards
from referral.referrals.deadlines import start_total_clock
from referral.referrals.models import Referral
from referral.referrals.submission import Submission, check_submit
from referral.referrals.usecases.moving import Deed, Move, finish, taking
from referral.referrals.usecases.state import snapshot
from referral.referrals.workflow import SHARED, EventName
from referral.screenings.usecases import mark_referred
from referral.trajectories.matching import Profile, eligibility
from referral.trajectories.models import Trajectory


@dataclass(frozen=True, kw_only=True)
class SubmitReferral(Move):
    """Send a draft to its receiver, or to the region for advice."""


def submit_referral(command: SubmitReferral, *, actor: Actor, work: Work) -> Referral:
    """The referrer sends the draft; from now on the receiver has the ball and sees the person, within the scope."""
    with taking(EventName.SUBMIT, command, actor=actor, work=work) as deed:
        _send(deed)
    return deed.referral


def submit_new(referral: Referral, *, actor: Actor, work: Work, terms: Terms) -> None:
    """Send a referral that was made in this same piece of work."""
    before = snapshot(referral)
    deed = Deed(referral, EventName.SUBMIT, actor, work, terms)
    _send(deed)
    finish(deed, before)


def _send(deed: Deed) -> None:
    """The guards of `submit`, and what a referral becomes by it."""
    referral, work = deed.referral, deed.work
    trajectory = work.session.get(Trajectory, referral.trajectory_id) if referral.trajectory_id else None
    guards.refuse_if_any(check_submit(_submission(deed, trajectory)))
    refuse_duplicate(referral, work)
    if trajectory is not None:
        offer(referral, trajectory)
    referral.escalation_organisation_id = _region_of(referral, work)
    deed.note_facts(trajectoryId=referral.trajectory_id, overrideReason=referral.override_reason)
    start_total_clock(referral, deed.terms, work.today)
    with work.reading(deed.actor, "intake"):
        codes = referral.screening_codes
    mark_referred(work, tuple(codes or ()), f"{work.today:%Y-%m}")


def _submission(deed: Deed, trajectory: Trajectory | None) -> Submission:
    referral, work = deed.referral, deed.work
    receiver = work.session.get_one(Organisation, trajectory.organisation_id) if trajectory else None
    participant = work.session.get_one(Participant, referral.participant_id)
    return Submission(
        referral=referral,
        source_kind=referral.source_kind,
        receiver_kind=receiver.kind if receiver else None,
        duty=secrecy().get(referral.source_kind),
        has_declaration=has_declaration(work, referral.agreement_id),
        has_purpose=referral.has_purpose,
        has_agreement=agreement_holds(work, referral.agreement_id),
        is_reachable=reachable(work, participant),
        trajectory_is_active=trajectory is None or trajectory.active,
        obstacles=_obstacles(referral, trajectory, work),
        today=work.today,
        limits=deed.terms.limits,
    )


def offer(referral: Referral, trajectory: Trajectory) -> None:
    """Send it to this trajectory, and keep what kind of offer that is now."""
    referral.trajectory_id, referral.receiver_organisation_id = trajectory.id, trajectory.organisation_id
    referral.offered_template, referral.offered_course_kind = trajectory.template, trajectory.course_kind
    referral.offered_course_type = trajectory.course_type


def _obstacles(referral: Referral, trajectory: Trajectory | None, work: Work) -> list[str]:
    if trajectory is None:
        return []
    profile = Profile(
        skills=tuple(referral.skills),
        age_band=referral.age_band,
        municipality_code=referral.municipality_code,
        language_background=referral.language_background,
        employment=referral.employment,
    )
    return [reason.code for reason in eligibility(trajectory, profile, work.today)]


def refuse_duplicate(referral: Referral, work: Work) -> None:
    """One open referral of a person to a trajectory. Raises `DuplicateReferral`, naming the other one."""
    if referral.trajectory_id is None:
        return
    other = work.session.scalars(
        select(Referral).where(
            Referral.participant_id == referral.participant_id,
            Referral.trajectory_id == referral.trajectory_id,
            Referral.status.in_(SHARED),
            Referral.id != referral.id,
        )
    ).first()
    if other is not None:
        raise DuplicateReferral(referralId=str(other.id), reference=other.reference)


def _region_of(referral: Referral, work: Work) -> UUID:
    """The regional organisation that breaks a deadlock; where there is none, the referring organisation itself."""
    regions = region_organisations_for(work.session, referral.source_organisation_id)
    return regions[0].id if regions else referral.source_organisation_id
