"""Correcting what is registered of the participant of a case: whoever received it hears so (AVG art. 16 and 19)."""

from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from referral.core.errors import DuplicateParticipant, Stale
from referral.core.http import Form, ask, current_actor, current_work, submitted, typed
from referral.participants.schemas import ChangeParticipantSchema, ParticipantSchema
from referral.participants.usecases import ChangeParticipant, ParticipantView, change_participant, read_participant
from referral.referrals.usecases import find_referral

pages = Blueprint("person", __name__, url_prefix="/referrals")

ANOTHER = "allowDuplicate"


@pages.get("/<uuid:referral_id>/person/edit")
def edit(referral_id: UUID) -> str:
    """The form with what is registered; opening it is on record."""
    person = _read(referral_id)
    form = Form(ChangeParticipantSchema(), _answers(person))
    form.data["version"] = str(person.version)
    return _show(referral_id, person, form)


@pages.post("/<uuid:referral_id>/person/edit")
def change(referral_id: UUID) -> ResponseReturnValue:
    """Write what differs from what is registered: a field left empty is empty from now on."""
    form = submitted(ChangeParticipantSchema(), lambda form: _show(referral_id, _read(referral_id), form))
    person = _read(referral_id)
    given = _loaded(form)
    command = ChangeParticipant(
        participant_id=person.id,
        expected_version=form.version,
        allow_duplicate=given.pop("allow_duplicate", False),
        changes={name: value for name, value in given.items() if not _is_same(value, getattr(person, name))},
    )
    change_participant(command, actor=current_actor(), work=current_work())
    return redirect(url_for("cases.show", referral_id=referral_id, corrected="yes"), 303)


def _read(referral_id: UUID) -> ParticipantView:
    actor, work = current_actor(), current_work()
    participant_id = find_referral(referral_id, actor=actor, work=work).participant_id
    return read_participant(participant_id, "rights", actor=actor, work=work)


def _loaded(form: Form) -> dict[str, Any]:
    """Every member, empty ones as None."""
    empty = {str(member.data_key): None for member in form.schema.fields.values() if member.data_key != ANOTHER}
    members: dict[str, Any] = form.load(**{name: None for name in empty if name not in form.members})
    return members


def _is_same(value: Any, known: Any) -> bool:
    """Whether nothing changed; a member of a contact person that is not there is one that is empty."""
    both = [
        {key: each for key, each in one.items() if each} if isinstance(one, dict) else one for one in (value, known)
    ]
    return bool(both[0] == both[1])


def _answers(person: ParticipantView) -> MultiDict[str, str]:
    return typed(ChangeParticipantSchema(), ParticipantSchema().dump(person))


def _show(referral_id: UUID, person: ParticipantView, form: Form) -> str:
    """The form; when somebody else changed the person meanwhile, with what differs beside it."""
    is_double = isinstance(form.problem, DuplicateParticipant) or form.value(ANOTHER)
    questions = ask(ChangeParticipantSchema(), "participant", but=() if is_double else (ANOTHER,))
    form.asking([each.as_kind("tick") if each.name == ANOTHER else each for each in questions])
    is_stale = isinstance(form.problem, Stale)
    return render_template(
        "referrals/person.html",
        form=form,
        referral_id=referral_id,
        version=person.version if is_stale else form.value("version"),
        is_stale=is_stale,
        differences=form.differences(_answers(person)) if is_stale else [],
    )
