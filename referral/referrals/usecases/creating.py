"""Making a referral and sending it: `create`, changes to a draft, `submit`, and the region's advice."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from referral.core.codes import new_reference
from referral.core.database import new_id
from referral.core.errors import EventRefused, FieldError, Invalid, NotFound
from referral.core.policy import Actor, Grant, Relation, Role, permits
from referral.core.work import Work
from referral.identity.models import Organisation
from referral.identity.usecases import terms_for
from referral.participants.usecases import (
    AgreementGiven,
    RegisterParticipant,
    offer_or_register,
    own_participant,
    record_agreement,
    refuse_while_restricted,
    wrong_in_agreement,
)
from referral.referrals import guards
from referral.referrals.models import Referral
from referral.referrals.usecases.moving import (
    Deed,
    begin,
    check_version,
    finish,
    hold_referral,
    person_of,
    refusal,
)
from referral.referrals.usecases.state import snapshot
from referral.referrals.usecases.submitting import offer, refuse_duplicate, submit_new
from referral.referrals.workflow import EventName, Status
from referral.screenings.models import Screening
from referral.screenings.usecases import screenings_by_code
from referral.trajectories.matching import age_band
from referral.trajectories.models import Trajectory
from referral.trajectories.usecases import find_trajectory

_COMPLETES: tuple[Grant, ...] = ((Role.REFERRER, Relation.SOURCE),)
_PICKS: tuple[Grant, ...] = ((Role.COORDINATOR, Relation.REGION),)


@dataclass(frozen=True, kw_only=True)
class CreateReferral:
    """A new referral of a new or a known participant."""

    participant: RegisterParticipant | None = None
    participant_id: UUID | None = None
    trajectory_id: UUID | None = None
    advise_me: bool = False
    skills: tuple[str, ...] = ()
    screening_codes: tuple[str, ...] = ()
    no_screening: bool = False
    conversation_held_on: date | None = None
    conversation_outcome: str | None = None
    waiver: str | None = None
    learning_wish: str | None = None
    barriers: tuple[str, ...] = ()
    legal_basis: str | None = None
    purpose: str | None = None
    agreement: AgreementGiven | None = None
    override_reason: str | None = None
    municipality_code: str | None = None
    employment: str | None = None
    note: str | None = None
    submit: bool = False


@dataclass(frozen=True, kw_only=True)
class ChangeReferral:
    """Changes to a draft, or the trajectory that the region's coordinator picks. Absent members stay as they are."""

    referral_id: UUID
    expected_version: int
    changes: dict[str, Any] = field(default_factory=dict)


def create_referral(command: CreateReferral, *, actor: Actor, work: Work) -> Referral:
    """The referrer drafts a referral after the conversation, and submits it at once when asked to.

    Raises `Invalid` with every wrong member, `DuplicateParticipant`, `DuplicateReferral`.
    """
    today = work.today
    errors = guards.check_create(
        has_trajectory=command.trajectory_id is not None,
        advise_me=command.advise_me,
        agrees=command.conversation_outcome == "agrees",
        waiver=command.waiver,
        heard_on=command.conversation_held_on,
        today=today,
    )
    trajectory = _find_trajectory(command.trajectory_id, errors, work=work)
    screenings = _find_screenings(command.screening_codes, errors, actor=actor, work=work)
    if command.agreement:
        errors += wrong_in_agreement(command.agreement, actor=actor, work=work, pointer="/agreement")
    guards.refuse_if_any(errors)
    referral = _draft(command, trajectory, screenings, actor=actor, work=work)
    terms = terms_for(work.session, actor.organisation_id)
    begin(referral, actor=actor, work=work, terms=terms, words={"note": command.note})
    if command.submit:
        submit_new(referral, actor=actor, work=work, terms=terms)
    return referral


def change_referral(command: ChangeReferral, *, actor: Actor, work: Work) -> Referral:
    """The referrer completes a draft; the region's coordinator picks the trajectory that was asked advice about."""
    referral = hold_referral(command.referral_id, actor=actor, work=work)
    check_version(referral, command.expected_version, actor=actor, work=work)
    if referral.is_restricted:
        raise refusal(referral, actor, work)
    if referral.status is Status.DRAFT and permits(actor, _COMPLETES, referral):
        return _change_draft(referral, command.changes, actor=actor, work=work)
    if referral.status is Status.SUBMITTED and referral.trajectory_id is None and permits(actor, _PICKS, referral):
        return _pick_trajectory(referral, command.changes, actor=actor, work=work)
    raise refusal(referral, actor, work)


def find_active_trajectory(trajectory_id: UUID | None, *, work: Work) -> Trajectory:
    """A trajectory of the catalogue that is still on offer. Raises `Invalid` at `/trajectoryId`."""
    errors: list[FieldError] = []
    trajectory = _find_trajectory(trajectory_id, errors, work=work)
    guards.refuse_if_any(errors)
    if trajectory is None:
        raise Invalid.one("/trajectoryId", "required", "Dit veld is verplicht.")
    if not trajectory.active:
        raise Invalid.one("/trajectoryId", "trajectory_inactive", "Dit traject wordt niet meer aangeboden.")
    return trajectory


def _draft(
    command: CreateReferral, trajectory: Trajectory | None, screenings: list[Screening], *, actor: Actor, work: Work
) -> Referral:
    participant, birth_year, language = _resolve_participant(command, actor=actor, work=work)
    refuse_while_restricted(participant, work)
    organisation = work.session.get_one(Organisation, actor.organisation_id)
    first = screenings[0] if screenings else None
    referral = Referral(
        id=new_id(),
        reference=new_reference(work.today.year),
        participant_id=participant,
        source_organisation_id=actor.organisation_id,
        source_kind=actor.organisation_kind,
        referrer_id=person_of(actor),
        trajectory_id=trajectory.id if trajectory else None,
        skills=list(command.skills),
        age_band=age_band(birth_year, work.today.year) if birth_year else (first.age_band if first else None),
        language_background=language or (first.language_background if first else "unknown"),
        municipality_code=command.municipality_code
        or (first.municipality_code if first else organisation.municipality_code),
        employment=command.employment or (first.employment if first else None),
        sector=first.sector if first else None,
        occupation_code=first.occupation_code if first else None,
        found_at=first.found_at if first else None,
        no_screening=command.no_screening,
        screened_on=max((screening.conducted_on for screening in screenings), default=None),
        conversation_held_on=command.conversation_held_on,
        waiver=command.waiver,
        override_reason=command.override_reason,
        legal_basis=command.legal_basis,
        data_scope=list(command.agreement.data_scope) if command.agreement else [],
        status=Status.DRAFT,
        created_at=work.now,
        version=1,
        follow_up_done=False,
        last_sequence=0,
    )
    referral.screening_codes = [screening.code for screening in screenings] or None
    referral.learning_wish = command.learning_wish
    referral.barriers = list(command.barriers) or None
    referral.purpose = command.purpose
    if command.agreement:
        referral.agreement_id = _record_agreement(participant, command.agreement, actor=actor, work=work)
    return referral


def _record_agreement(participant_id: UUID, given: AgreementGiven, *, actor: Actor, work: Work) -> UUID:
    return record_agreement(participant_id, given, actor=actor, work=work, pointer="/agreement").id


def _resolve_participant(command: CreateReferral, *, actor: Actor, work: Work) -> tuple[UUID, int | None, str | None]:
    """The participant's id, birth year and language background, registering the person when it is new."""
    if command.participant is not None:
        participant = offer_or_register(command.participant, actor=actor, work=work)
        return participant.id, command.participant.birth_year, command.participant.language_background
    try:
        known = own_participant(command.participant_id, actor=actor, work=work)
    except NotFound:
        raise Invalid.one("/participantId", "not_found", "Deze deelnemer is niet gevonden.") from None
    with work.reading(actor, "intake"):
        return known.id, known.birth_year, known.language_background


def _find_trajectory(trajectory_id: UUID | None, errors: list[FieldError], *, work: Work) -> Trajectory | None:
    if trajectory_id is None:
        return None
    try:
        return find_trajectory(trajectory_id, work=work)
    except NotFound:
        errors.append(FieldError("/trajectoryId", "not_found", "Dit traject staat niet in de catalogus."))
        return None


def _find_screenings(codes: tuple[str, ...], errors: list[FieldError], *, actor: Actor, work: Work) -> list[Screening]:
    found = screenings_by_code(work, codes, actor)
    for index, code in enumerate(codes):
        if code not in found:
            errors.append(
                FieldError(f"/screeningCodes/{index}", "not_found", "Bij deze code is geen screening gevonden.")
            )
    return list(found.values())


def _change_draft(referral: Referral, changes: dict[str, Any], *, actor: Actor, work: Work) -> Referral:
    members, changes, errors = sorted(changes), dict(changes), list[FieldError]()
    _find_trajectory(changes.get("trajectory_id"), errors, work=work)
    if "screening_codes" in changes:
        screenings = _find_screenings(tuple(changes["screening_codes"]), errors, actor=actor, work=work)
        referral.screened_on = max((screening.conducted_on for screening in screenings), default=None)
        changes["screening_codes"] = [screening.code for screening in screenings]
    guards.refuse_if_any(errors)
    given: AgreementGiven | None = changes.pop("agreement", None)
    if given is not None:
        referral.agreement_id = _record_agreement(referral.participant_id, given, actor=actor, work=work)
        referral.data_scope = list(given.data_scope)
    for name, value in changes.items():
        setattr(referral, name, list(value) if isinstance(value, tuple) else value)
    referral.changed_at = work.now
    referral.last_event = None  # An undo would bring back the draft as it was before this change.
    referral.version += 1
    work.session.flush()
    people = [referral.participant_id]
    work.record(actor, "referral:change", "referral", referral.id, subjects=people, members=members)
    return referral


def _pick_trajectory(referral: Referral, changes: dict[str, Any], *, actor: Actor, work: Work) -> Referral:
    """The region's coordinator gives the advice: the chosen receiver gets the ball and a fresh clock."""
    if set(changes) != {"trajectory_id"}:
        raise EventRefused("Kies alleen het traject: stuur trajectoryId.")
    trajectory = find_active_trajectory(changes["trajectory_id"], work=work)
    deed = Deed(referral, EventName.ASSIGN, actor, work, terms_for(work.session, referral.source_organisation_id))
    before = snapshot(referral)
    offer(referral, trajectory)
    with work.session.no_autoflush:
        refuse_duplicate(referral, work)
    deed.note_facts(trajectoryId=trajectory.id)
    deed.restart_clock()
    finish(deed, before)
    return referral
