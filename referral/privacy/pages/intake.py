"""Taking in a request: finding who asks by an exact number or address, seeing that it is the right person, and writing
down what is asked."""

from collections.abc import Mapping
from uuid import UUID

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from marshmallow import Schema

from referral.core.codelists import labels
from referral.core.errors import Invalid, NotFound
from referral.core.http import Form, ask, current_actor, current_work, filled, submitted
from referral.core.http.pages import write_day
from referral.participants.models import RequestKind
from referral.participants.schemas import SearchSchema
from referral.participants.usecases import MakeRequest, make_request, read_participant, search_participants
from referral.privacy.pages.desk import pages
from referral.privacy.schemas import (
    AccessInSchema,
    ErasureRequestInSchema,
    ObjectionInSchema,
    RectificationInSchema,
    RestrictionInSchema,
)

FORMS: Mapping[RequestKind, type[Schema]] = {
    RequestKind.ACCESS: AccessInSchema,
    RequestKind.RECTIFICATION: RectificationInSchema,
    RequestKind.RESTRICTION: RestrictionInSchema,
    RequestKind.OBJECTION: ObjectionInSchema,
    RequestKind.ERASURE: ErasureRequestInSchema,
}
EXPLANATIONS: Mapping[RequestKind, str] = {
    RequestKind.ACCESS: "De deelnemer wil weten welke gegevens er zijn en wie ze zag.",
    RequestKind.RECTIFICATION: "De deelnemer zegt dat er iets niet klopt of ontbreekt.",
    RequestKind.RESTRICTION: "De gegevens worden meteen alleen nog bewaard. De zaken staan stil.",
    RequestKind.OBJECTION: "De deelnemer wil dit gebruik niet. Tot uw besluit worden de gegevens alleen bewaard.",
    RequestKind.ERASURE: "De deelnemer wil dat de gegevens weggaan. Wissen gebeurt pas na uw besluit.",
}
"""What each right means, for the officer who chooses."""


@pages.get("/new")
def new() -> str:
    """The form to find who asks."""
    return _show_search(filled(SearchSchema(), {}))


@pages.post("/new")
def find() -> ResponseReturnValue:
    """Look for the person; one who is found is shown at once."""
    form = submitted(SearchSchema(), _show_search)
    found = search_participants(form.load(), actor=current_actor(), work=current_work())
    if not found:
        return _show_search(form, is_unknown=True)
    if len(found) > 1:
        return render_template("privacy/found.html", found=found)
    return redirect(url_for("desk.show_person", participant_id=found[0].id), 303)


@pages.get("/people/<uuid:participant_id>")
def show_person(participant_id: UUID) -> str:
    """Who this is, opened for the rights of the participant and on record, and which right it may call on."""
    person = read_participant(participant_id, "rights", actor=current_actor(), work=current_work())
    rights = [(kind, labels("requestKind")[kind], EXPLANATIONS[kind]) for kind in RequestKind]
    return render_template("privacy/person.html", person=person, rights=rights)


@pages.get("/people/<uuid:participant_id>/<kind>")
def new_request(participant_id: UUID, kind: str) -> str:
    """The form of one right."""
    form = filled(_schema(kind), {"receivedOn": write_day(current_work().today)})
    return _show_form(participant_id, RequestKind(kind), form)


@pages.post("/people/<uuid:participant_id>/<kind>")
def make(participant_id: UUID, kind: str) -> ResponseReturnValue:
    """Write the request down; its term runs."""
    form = submitted(_schema(kind), lambda form: _show_form(participant_id, RequestKind(kind), form))
    members = form.load()
    command = MakeRequest(
        participant_id=participant_id, kind=RequestKind(kind), wish=members.pop("text", None), **members
    )
    made = make_request(command, actor=current_actor(), work=current_work())
    return redirect(url_for("desk.show", request_id=made.id), 303)


def _schema(kind: str) -> Schema:
    if kind not in set(RequestKind):
        raise NotFound
    return FORMS[RequestKind(kind)]()


def _show_search(form: Form, *, is_unknown: bool = False) -> str:
    if is_unknown:
        form.problem = Invalid.one("/phone", "not_found", "Niemand van uw organisatie heeft dit nummer of adres.")
    return render_template("privacy/new.html", form=form.asking(ask(SearchSchema(), "search_participants")))


def _show_form(participant_id: UUID, kind: RequestKind, form: Form) -> str:
    return render_template(
        "privacy/request.html",
        form=form.asking(ask(FORMS[kind](), "privacy_request")),
        kind=kind,
        label=labels("requestKind")[kind],
        explanation=EXPLANATIONS[kind],
        participant_id=participant_id,
    )
