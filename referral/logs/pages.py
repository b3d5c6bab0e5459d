"""The page of the audit log: who did or saw what in the own organisation, with its question in the address."""

from flask import Blueprint, render_template

from referral.access import OPERATIONS
from referral.core.codelists import actions
from referral.core.http import Form, Question, ask, current_actor, current_work, searched
from referral.identity.usecases import names_of, staff_of
from referral.logs import usecases
from referral.logs.api import EntryQuery
from referral.logs.schemas import RESULTS, action_in_words, details_in_words

pages = Blueprint("audit_log", __name__, url_prefix="/audit-log")

ASKED = ("action", "actorId", "since", "until", "objectId")


@pages.get("")
def show() -> str:
    """The rows that were asked for, the newest first."""
    actor, work = current_actor(), current_work()
    form = searched(EntryQuery(), _show).over_whole_days("since", "until")
    page = usecases.list_entries(form.load(), actor=actor, work=work)
    names = names_of(work.session, [entry.actor_id for entry in page.items], [])
    return _show(form, items=page.items, names=names, next=page.next)


def _show(form: Form, **found: object) -> str:
    given = {name: value for name, value in form.data.items() if value and name != "cursor"}
    return render_template(
        "logs/show.html",
        form=form.asking(_questions()),
        given=given,
        in_words=action_in_words,
        details=details_in_words,
        results=RESULTS,
        **found,
    )


def _questions() -> list[Question]:
    work = current_work()
    known = {access.action for access in OPERATIONS.values() if access.action} | set(actions())
    choices = {
        "action": dict(sorted(((each, action_in_words(each)) for each in known), key=lambda row: row[1])),
        "actorId": {str(each.id): each.name for each in staff_of(work.session, current_actor().organisation_id)},
    }
    asked = ask(EntryQuery(), "audit_log", only=ASKED, options=choices)
    return [(each.as_kind("filter") if each.name in choices else each).as_required() for each in asked]
