"""Everything that an event needs besides the right status and role, in one place, asked by API, pages and workers.

`open_steps` says what this actor could do now (the buttons, the `allowedEvents`); the `check_` functions say whether
the facts of one event are good. What is wrong in the request is `Invalid`, with all of it at once; what is wrong in
the world is `GuardRefused`.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from referral.core.calendar import working_days_between
from referral.core.codelists import Limits, Terms, reasons
from referral.core.errors import FieldError, GuardRefused, Invalid
from referral.core.policy import Actor, Relation, Role, permits
from referral.referrals.models import Referral
from referral.referrals.workflow import STEPS, EventName

Precondition = Callable[[Referral, Actor, datetime, Limits], bool]

WHILE_RESTRICTED = frozenset({EventName.WITHDRAW, EventName.WITHDRAW_AGREEMENT})
"""What can still happen while the person's data are only kept (AVG art. 18(2)): no more than that the sharing ends."""

CERTIFICATES_OF_FORMAL_EDUCATION = frozenset({"diploma"})


def _may_void(referral: Referral, actor: Actor, now: datetime, limits: Limits) -> bool:
    """The referrer within 24 hours of creation, else the coordinator of the referring organisation."""
    young = now - referral.created_at <= timedelta(hours=limits.void_by_referrer_hours)
    return young or permits(actor, [(Role.COORDINATOR, Relation.SOURCE)], referral)


def _may_undo(referral: Referral, actor: Actor, now: datetime, limits: Limits) -> bool:
    """The same actor within 60 minutes, over an event that can be called back."""
    if referral.last_event is None or referral.last_event_at is None or referral.last_actor_id != actor.id:
        return False
    return STEPS[referral.last_event].undoable and now - referral.last_event_at <= timedelta(
        minutes=limits.undo_minutes
    )


PRECONDITIONS: Mapping[EventName, Precondition] = {
    EventName.DECLINE: lambda referral, *_: referral.accepted_at is None,
    EventName.RESUME: lambda referral, *_: referral.is_held,
    EventName.HOLD: lambda referral, *_: not referral.is_held,
    EventName.ESCALATE: lambda referral, *_: not referral.is_escalated,
    EventName.DECIDE_ESCALATION: lambda referral, *_: referral.is_escalated,
    EventName.VOID: _may_void,
    EventName.UNDO: _may_undo,
}


def open_steps(referral: Referral, actor: Actor, now: datetime, terms: Terms) -> list[EventName]:
    """The events that this actor could cause now, in the order of the table."""
    return [
        event
        for event, step in STEPS.items()
        if referral.status in step.sources
        and (step.while_held or not referral.is_held)
        and (event in WHILE_RESTRICTED or not referral.is_restricted)
        and permits(actor, step.grants, referral)
        and (event not in PRECONDITIONS or PRECONDITIONS[event](referral, actor, now, terms.limits))
    ]


def refuse_if_any(errors: Sequence[FieldError]) -> None:
    """Raise `Invalid` with all of the errors, if there are any."""
    if errors:
        raise Invalid(errors=errors)


def check_reason(
    event: EventName, code: str, note: str | None, pointer: str = "/reason", *, but: Collection[str] = ()
) -> list[FieldError]:
    """Whether the reason exists, is in use, fits this event, and comes with a note where it asks for one.

    `but` are the codes that the actor's organisation no longer offers.
    """
    reason = reasons().get(code)
    if reason is None:
        return [FieldError(pointer, "unknown_code", "Deze code staat niet in de lijst.")]
    if reason.retired or event.value not in reason.events:
        return [FieldError(pointer, "reason_not_for_event", "Deze reden hoort niet bij deze stap.")]
    if code in but:
        return [FieldError(pointer, "reason_not_offered", "Uw organisatie gebruikt deze reden niet meer.")]
    if reason.note_required and not note:
        return [FieldError("/note", "required", "Bij deze reden hoort een toelichting.")]
    return []


def check_not_future(pointer: str, day: date | None, today: date) -> list[FieldError]:
    """Whether something that was done did not happen tomorrow."""
    if day is not None and day > today:
        return [FieldError(pointer, "future", "Deze datum ligt in de toekomst.")]
    return []


def check_not_past(pointer: str, day: date | None, today: date) -> list[FieldError]:
    """Whether something that is planned does not lie behind us."""
    if day is not None and day < today:
        return [FieldError(pointer, "past", "Deze datum is al voorbij.")]
    return []


def check_not_before(
    pointer: str, day: date | None, earliest: datetime | date | None, sentence: str
) -> list[FieldError]:
    """Whether the day does not come before what had to come first."""
    floor = earliest.date() if isinstance(earliest, datetime) else earliest
    if day is not None and floor is not None and day < floor:
        return [FieldError(pointer, "too_early", sentence)]
    return []


def check_create(
    *, has_trajectory: bool, advise_me: bool, agrees: bool, waiver: str | None, heard_on: date | None, today: date
) -> list[FieldError]:
    """`create`: the participant agreed in the conversation, or a waiver code; a trajectory, or "advise me"."""
    errors = check_not_future("/conversation/heldOn", heard_on, today)
    if has_trajectory == advise_me:
        errors.append(
            FieldError("/trajectoryId", "one_of", "Kies een traject, of vraag advies met adviseMe, maar niet allebei.")
        )
    if not agrees and waiver is None:
        errors.append(
            FieldError(
                "/conversation",
                "conversation_needed",
                "Bespreek de uitslag eerst: de deelnemer moet instemmen. Kan dat niet, geef dan een waiver.",
            )
        )
    return errors


def check_hold(resume_on: date, today: date, limits: Limits) -> list[FieldError]:
    """`hold`: a resume date after today and within 90 days."""
    if today < resume_on <= today + timedelta(days=limits.hold_max_days):
        return []
    return [
        FieldError("/resumeOn", "range", f"Kies een dag na vandaag, hoogstens {limits.hold_max_days} dagen vooruit.")
    ]


def check_reconfirmed(reconfirmed_on: date, today: date, limits: Limits) -> list[FieldError]:
    """`offer_place`: the participant said again, at most 14 days ago, that it still wants to."""
    oldest = today - timedelta(days=limits.reconfirmation_max_age_days)
    if oldest <= reconfirmed_on <= today:
        return []
    sentence = f"Vraag de deelnemer opnieuw: dit mag hoogstens {limits.reconfirmation_max_age_days} dagen geleden zijn."
    return [FieldError("/reconfirmedOn", "too_old", sentence)]


def check_handover(
    held_on: date | None, mode: str | None, present: bool | None, exception: str | None
) -> list[FieldError]:
    """`confirm_handover`: the meeting (when, how, who was there), or an exception code, and not both."""
    meeting: dict[str, Any] = {"/heldOn": held_on, "/mode": mode, "/participantPresent": present}
    if exception is not None:
        sentence = "Geef het gesprek of een uitzondering, niet allebei."
        return [FieldError(pointer, "one_of", sentence) for pointer, value in meeting.items() if value is not None]
    return [
        FieldError(pointer, "required", "Dit veld is verplicht, of geef een uitzondering in exception.")
        for pointer, value in meeting.items()
        if value is None
    ]


def check_unreachable(attempts: Iterable[tuple[date, str]], today: date, limits: Limits) -> None:
    """`client_unreachable`: 3 attempts over 2 channels and 10 working days. Raises `GuardRefused`."""
    tried = list(attempts)
    channels = {channel for _, channel in tried}
    first = min((day for day, _ in tried), default=today)
    if (
        len(tried) < limits.unreachable_attempts
        or len(channels) < limits.unreachable_channels
        or working_days_between(first, today) < limits.unreachable_working_days
    ):
        raise GuardRefused(
            f"Niet bereikbaar kan pas na {limits.unreachable_attempts} pogingen via {limits.unreachable_channels} "
            f"kanalen, verdeeld over {limits.unreachable_working_days} werkdagen. Leg ze vast met record_contact.",
            code="attempts_missing",
        )


def check_retention(kept_until: date, today: date) -> None:
    """`reopen`: not once the case was kept long enough to be let go. Raises `GuardRefused`."""
    if kept_until <= today:
        raise GuardRefused(
            "De bewaartermijn van deze verwijzing is voorbij. Maak een nieuwe.", code="retention_reached"
        )


def check_results(results: Mapping[str, str], goal_ids: Sequence[str]) -> list[FieldError]:
    """`complete`: one result for every goal that was set, and for no other."""
    errors = []
    if set(results) - set(goal_ids):
        errors.append(FieldError("/results", "unknown_goal", "Een van de doelen hoort niet bij dit traject."))
    if set(goal_ids) - set(results):
        errors.append(FieldError("/results", "goal_missing", "Geef van elk doel het resultaat."))
    return errors


def check_certificate(certificate: str, course_kind: str | None) -> list[FieldError]:
    """`complete`: a diploma only for formal education (K8)."""
    if certificate in CERTIFICATES_OF_FORMAL_EDUCATION and course_kind != "formal":
        return [FieldError("/certificate", "not_formal", "Een diploma kan alleen bij formeel onderwijs.")]
    return []
