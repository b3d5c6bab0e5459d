"""Noting the conversation about a result, or why there was none."""

from collections.abc import Iterator
from datetime import date

from referral.core.errors import FieldError, Invalid, NotAllowed
from referral.core.policy import Actor
from referral.core.work import Work
from referral.screenings.models import Conversation, Discussed, Screening
from referral.screenings.usecases.commands import ConversationHeld, ConversationMissed, LogConversation
from referral.screenings.usecases.look import find_screening


def log_conversation(command: LogConversation, *, actor: Actor, work: Work) -> Conversation:
    """Note the conversation about a result of the own organisation, held or not (L6, L7).

    Raises `NotFound`, `NotAllowed` for another organisation's screening, and `Invalid`.
    """
    screening = find_screening(command.code, actor=actor, work=work)
    if screening.organisation_id != actor.organisation_id:
        raise NotAllowed("Deze screening is van een andere organisatie.")
    errors = [*_check_members(command), *_check_held_on(command, screening, work.today)]
    if errors:
        raise Invalid(errors=errors)
    work.session.refresh(screening, with_for_update=True)
    conversation = _conversation(command, screening, work)
    work.session.add(conversation)
    work.session.flush()
    work.record(actor, "conversation:log", "screening", screening.id, held=conversation.held)
    kind = ConversationHeld if conversation.held else ConversationMissed
    work.publish(kind(object_id=screening.id, actor_id=actor.id))
    return conversation


def _check_members(command: LogConversation) -> Iterator[FieldError]:
    """A held conversation has a day and an outcome, one that was not held has a reason."""
    members = {"/heldOn": command.held_on, "/outcome": command.outcome, "/reason": command.reason}
    needed = {"/heldOn", "/outcome"} if command.was_held else {"/reason"}
    for pointer, value in members.items():
        if pointer in needed and value is None:
            yield FieldError(pointer, "required", "Dit veld is verplicht.")
        if pointer not in needed and value is not None:
            said = "wel" if command.was_held else "niet"
            yield FieldError(pointer, "not_applicable", f"Dit past niet bij een gesprek dat {said} is gevoerd.")


def _check_held_on(command: LogConversation, screening: Screening, today: date) -> Iterator[FieldError]:
    if command.held_on is not None and command.held_on > today:
        yield FieldError("/heldOn", "future", "Deze datum ligt in de toekomst.")
    if command.held_on is not None and command.held_on < screening.conducted_on:
        yield FieldError("/heldOn", "too_early", "Het gesprek kan niet voor de screening zijn.")


def _conversation(command: LogConversation, screening: Screening, work: Work) -> Conversation:
    screening.conversation_count += 1
    if command.was_held:
        screening.discussed = Discussed.HELD
    elif screening.discussed is Discussed.NONE:
        screening.discussed = Discussed.NOT_HELD
    return Conversation(
        screening=screening,
        sequence=screening.conversation_count,
        held=command.was_held,
        held_on=command.held_on,
        outcome=command.outcome,
        reason=command.reason,
        logged_at=work.now,
    )
