"""The pages of accountability: who saw a case or a person, what was processed, and whom a data breach touches."""

import json
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from referral.accountability import usecases
from referral.accountability.schemas import AffectedQuery, RecordQuery, show_affected
from referral.accountability.usecases import Affected, SeenBy, ShownRecord
from referral.core.codelists import labels, processing_register
from referral.core.errors import Invalid, NotFound
from referral.core.fields import ApiSchema, Text
from referral.core.http import Form, PageQuery, Question, ask, current_actor, current_work, searched
from referral.core.paging import Page
from referral.identity.usecases import staff_of
from referral.logs.schemas import action_in_words

access_log = Blueprint("access_log", __name__)
records = Blueprint("records", __name__, url_prefix="/processing-records")
breach = Blueprint("breach", __name__, url_prefix="/breach")

MOST_SHOWN = 100


class ReferenceQuery(ApiSchema):
    """The number of a case, as it stands in a letter or a mail."""

    reference = Text(longest=20, load_default=None)


@access_log.get("/access-log")
def show() -> ResponseReturnValue:
    """Where looking up who saw a case begins: with its number."""
    form = searched(ReferenceQuery(), _show_start)
    reference = form.load()["reference"]
    if reference is None:
        return _show_start(form)
    try:
        found = usecases.find_case_by_reference(reference, actor=current_actor(), work=current_work())
    except NotFound:
        raise Invalid.one("/reference", "not_found", "Er is hier geen zaak met dit nummer.") from None
    return redirect(url_for("access_log.of_case", referral_id=found.id), 303)


@access_log.get("/referrals/<uuid:referral_id>/access-log")
def of_case(referral_id: UUID) -> str:
    """Who of the organisations that share a case saw it, or its person."""
    query = PageQuery().load(dict(request.args))
    actor, work = current_actor(), current_work()
    case = usecases.find_case(referral_id, actor=actor, work=work)
    page = usecases.list_access_of_case(case, **query, actor=actor, work=work)
    return _show_readings(page, reference=case.reference, referral_id=referral_id, participant_id=None)


@access_log.get("/privacy-requests/people/<uuid:participant_id>/access-log")
def of_person(participant_id: UUID) -> str:
    """Everybody who saw this person, in whatever organisation."""
    query = PageQuery().load(dict(request.args))
    page = usecases.list_access_of_participant(participant_id, **query, actor=current_actor(), work=current_work())
    return _show_readings(page, reference=None, referral_id=None, participant_id=participant_id)


@records.get("")
def show_records() -> str:
    """What the own organisation processed, the newest first (Logboek Dataverwerkingen)."""
    form = searched(RecordQuery(), _show_records).over_whole_days("since", "until")
    return _show_records(
        form, usecases.list_processing_records(form.load(), actor=current_actor(), work=current_work())
    )


@breach.get("")
def show_breach() -> str:
    """The question what leaked, and whom it touches once it is asked."""
    form = searched(AffectedQuery(), _show_breach).over_whole_days("from", "until")
    return _show_breach(form, _affected(form) if any(form.data.values()) else None)


@breach.get("/people.json")
def download() -> Response:
    """Everybody whom it touches, as a file for the notification."""
    form = searched(AffectedQuery(), _show_breach).over_whole_days("from", "until")
    content = json.dumps(show_affected(_affected(form)), indent=1)
    name = f'attachment; filename="datalek-{current_work().today}.json"'
    return Response(content, mimetype="application/json", headers={"Content-Disposition": name})


def _affected(form: Form) -> Affected:
    return usecases.find_affected(form.load(), actor=current_actor(), work=current_work())


def _show_start(form: Form) -> str:
    form.asking([each.as_required() for each in ask(ReferenceQuery(), "access_log")])
    return render_template("accountability/start.html", form=form)


def _show_readings(page: Page[SeenBy], **about: Any) -> str:
    return render_template(
        "accountability/readings.html",
        page=page,
        readings=processing_register().readings,
        purposes=labels("purpose"),
        categories=_categories,
        **about,
    )


def _categories(fields: list[str]) -> str:
    """The kinds of data that were opened, in the words of the register."""
    known = processing_register().categories.values()
    return ", ".join(each.label for each in known if not set(each.fields).isdisjoint(fields))


def _show_records(form: Form, page: Page[ShownRecord] | None = None) -> str:
    activities = processing_register().activities
    asked = ask(
        RecordQuery(),
        "records",
        only=("processingActivityId", "since", "until", "participantId"),
        options={"processingActivityId": {each.uri: each.name for each in activities.values()}},
    )
    form.asking([(each.as_kind("filter") if each.options else each).as_required() for each in asked])
    return render_template(
        "accountability/records.html",
        form=form,
        page=page,
        given={name: value for name, value in form.data.items() if value and name != "cursor"},
        activities=activities,
        in_words=action_in_words,
    )


def _show_breach(form: Form, affected: Affected | None = None) -> str:
    known = processing_register().categories
    return render_template(
        "accountability/breach.html",
        form=form.asking(_questions()),
        affected=affected,
        shown=affected.people[:MOST_SHOWN] if affected else (),
        given={name: value for name, value in form.data.items() if value},
        categories="; ".join(known[each].label for each in affected.categories) if affected else "",
        own_id=current_actor().organisation_id,
    )


def _questions() -> list[Question]:
    staff = {str(each.id): each.name for each in staff_of(current_work().session, current_actor().organisation_id)}
    asked = ask(AffectedQuery(), "breach", only=("userId", "from", "until", "keyId"), options={"userId": staff})
    return [(each.as_kind("filter") if each.name == "userId" else each).as_required() for each in asked]
