"""The work list of the privacy officer, and one request: what is asked, by when, what was decided, and deciding."""

from collections.abc import Mapping
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from referral.core.codelists import labels
from referral.core.errors import Stale
from referral.core.http import Form, Question, ask, current_actor, current_work, filled, submitted
from referral.core.http.pages import write_day
from referral.participants.models import PrivacyRequest, RequestKind
from referral.participants.usecases import (
    DecideRequest,
    Outcome,
    RequestView,
    decide_request,
    list_requests,
    outcomes_of,
    read_request,
)
from referral.privacy.schemas import DecisionInSchema, ListRequestsSchema

pages = Blueprint("desk", __name__, url_prefix="/privacy-requests")

_K, _O = RequestKind, Outcome

FULFILLING: Mapping[RequestKind, str] = {
    _K.ACCESS: "Geef de deelnemer het antwoord: op papier, als PDF of als bestand. Leg daarna vast op welke dag de "
    "deelnemer het kreeg.",
    _K.RECTIFICATION: "Laat de verwijzer de gegevens verbeteren. Wie ze kreeg, hoort dat vanzelf. Leg daarna uw "
    "besluit vast.",
    _K.RESTRICTION: "Het gebruik staat al stil: de gegevens worden alleen bewaard en de zaken wachten.",
    _K.OBJECTION: "Het gebruik staat al stil tot uw besluit.",
    _K.ERASURE: "Kijk of de gegevens weg mogen. Soms verplicht de wet tot bewaren.",
}
"""What the officer does to meet a request, beside deciding."""

CONSEQUENCES: Mapping[tuple[RequestKind, Outcome], str] = {
    (_K.RESTRICTION, _O.GRANTED): "De gegevens blijven alleen bewaard, tot u het gebruik weer toestaat.",
    (_K.RESTRICTION, _O.REFUSED): "De gegevens mogen weer worden gebruikt en de zaken gaan verder.",
    (_K.RESTRICTION, _O.LIFTED): "De gegevens mogen weer worden gebruikt en de zaken gaan verder.",
    (
        _K.OBJECTION,
        _O.GRANTED,
    ): "Het delen stopt voorgoed. Lopende verwijzingen eindigen, en de aanbieders horen dat zij "
    "de gegevens moeten vernietigen.",
    (_K.OBJECTION, _O.REFUSED): "De gegevens mogen weer worden gebruikt en de zaken gaan verder.",
    (_K.ERASURE, _O.GRANTED): "De sleutel van deze deelnemer wordt meteen vernietigd en de gegevens zijn weg. Lopende "
    "verwijzingen eindigen, en de aanbieders horen dat zij de gegevens moeten vernietigen. U kunt dit niet "
    "terugdraaien.",
}
"""What happens at once after an outcome, for the kinds where something does."""

EXTENSION = "De termijn wordt drie maanden vanaf de dag waarop het verzoek kwam. Dat kan een keer."


@pages.get("")
def show_list() -> str:
    """The requests that wait for a decision, over their term first; or those of another status or kind."""
    given = {name: value for name, value in request.args.items() if value}
    query = ListRequestsSchema().load(given)
    page = list_requests(query, actor=current_actor(), work=current_work())
    return render_template(
        "privacy/list.html",
        page=page,
        query=query,
        given={name: value for name, value in given.items() if name != "cursor"},
        today=current_work().today,
    )


@pages.get("/<uuid:request_id>")
def show(request_id: UUID) -> str:
    """One request with its words, its decisions and what can be decided now."""
    view = read_request(request_id, actor=current_actor(), work=current_work())
    return _show(view, filled(DecisionInSchema(), {"toldOn": write_day(current_work().today)}))


@pages.post("/<uuid:request_id>/decisions")
def decide(request_id: UUID) -> ResponseReturnValue:
    """Decide, and let what follows happen at once."""

    def again(form: Form) -> str:
        return _show(read_request(request_id, actor=current_actor(), work=current_work()), form)

    form = submitted(DecisionInSchema(), again)
    command = DecideRequest(request_id=request_id, expected_version=form.version, **form.load())
    decide_request(command, actor=current_actor(), work=current_work())
    return redirect(url_for("desk.show", request_id=request_id, done="yes"), 303)


def _show(view: RequestView, form: Form) -> str:
    asked = view.request
    is_stale = isinstance(form.problem, Stale)
    form.asking(_questions(asked))
    return render_template(
        "privacy/show.html",
        view=view,
        asked=asked,
        form=form,
        is_stale=is_stale,
        version=asked.version if is_stale else form.value("version") or asked.version,
        fulfilling=FULFILLING[asked.kind],
        consequences=_consequences(asked),
        kinds=RequestKind,
        done="done" in request.args,
        today=current_work().today,
    )


def _questions(asked: PrivacyRequest) -> list[Question]:
    """The decision, with the outcomes that this request knows now; none when nothing is left to decide."""
    outcomes = {each.value: labels("decisionOutcome")[each] for each in outcomes_of(asked)}
    questions = ask(DecisionInSchema(), "decide_request", options={"outcome": outcomes}) if outcomes else []
    refusable = Outcome.REFUSED.value in outcomes
    return [each for each in questions if refusable or each.name != "reason"]


def _consequences(asked: PrivacyRequest) -> list[tuple[str, str]]:
    told = {**{outcome: CONSEQUENCES.get((asked.kind, outcome)) for outcome in Outcome}, Outcome.EXTENDED: EXTENSION}
    return [(labels("decisionOutcome")[each], text) for each in outcomes_of(asked) if (text := told[each])]
