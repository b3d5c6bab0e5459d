"""What the officer does at once for a participant: see who got data, stop the sharing, and erase."""

from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from referral.core.codelists import labels, legal_bases
from referral.core.http import Form, PageQuery, ask, current_actor, current_work, filled, submitted
from referral.core.http.pages import write_day
from referral.participants.schemas import ErasureInSchema, WithdrawalInSchema
from referral.participants.usecases import (
    EraseParticipant,
    WithdrawAgreement,
    erase_participant,
    list_disclosures,
    withdraw_agreement,
)
from referral.privacy.pages.desk import pages
from referral.privacy.schemas.words import END_REASONS


@pages.get("/people/<uuid:participant_id>/disclosures")
def show_disclosures(participant_id: UUID) -> str:
    """Who got data of this person, on what ground and until when."""
    query = PageQuery().load(dict(request.args))
    return render_template(
        "privacy/disclosures.html",
        page=list_disclosures(participant_id, **query, actor=current_actor(), work=current_work()),
        participant_id=participant_id,
        bases=legal_bases(),
        scopes=labels("dataScope"),
        ends=END_REASONS,
    )


@pages.get("/people/<uuid:participant_id>/withdrawal")
def new_withdrawal(participant_id: UUID) -> str:
    """The form to write down that the participant no longer agrees."""
    form = filled(WithdrawalInSchema(), {"heardOn": write_day(current_work().today)})
    return _show_withdrawal(participant_id, form)


@pages.post("/people/<uuid:participant_id>/withdrawal")
def withdraw(participant_id: UUID) -> ResponseReturnValue:
    """Write it down: the sharing stops at once."""
    form = submitted(WithdrawalInSchema(), lambda form: _show_withdrawal(participant_id, form))
    command = WithdrawAgreement(participant_id, form.load()["heard_on"])
    withdraw_agreement(command, actor=current_actor(), work=current_work())
    return redirect(url_for("desk.show_person", participant_id=participant_id, done="withdrawal"), 303)


@pages.get("/people/<uuid:participant_id>/erase")
def new_erasure(participant_id: UUID) -> str:
    """The form to erase without a request, for a mistake or because the time is over."""
    return _show_erasure(participant_id, filled(ErasureInSchema(), {}))


@pages.post("/people/<uuid:participant_id>/erase")
def erase(participant_id: UUID) -> str:
    """Erase for good, and show the proof of it."""
    form = submitted(ErasureInSchema(), lambda form: _show_erasure(participant_id, form))
    command = EraseParticipant(participant_id, form.load()["ground"])
    return render_template(
        "privacy/erased.html", receipt=erase_participant(command, actor=current_actor(), work=current_work())
    )


def _show_withdrawal(participant_id: UUID, form: Form) -> str:
    form.asking(ask(WithdrawalInSchema(), "withdrawal"))
    return render_template("privacy/withdrawal.html", form=form, participant_id=participant_id)


def _show_erasure(participant_id: UUID, form: Form) -> str:
    form.asking(ask(ErasureInSchema(), "erasure"))
    return render_template("privacy/erase.html", form=form, participant_id=participant_id)
