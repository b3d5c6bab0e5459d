"""The lists: the referrals of an organisation, and the queue and caseload of a receiving team."""

from flask import Blueprint, render_template, request

from referral.core.http import current_actor, current_work
from referral.referrals import usecases
from referral.referrals.schemas.requests import ListReferralsSchema
from referral.referrals.workflow import LABELS, Status, main_event

lists = Blueprint("overview", __name__, url_prefix="/referrals")
queue = Blueprint("queue", __name__, url_prefix="/queue")


@lists.get("")
def show() -> str:
    """The referrals that this actor may see, the newest first, with a filter in the address."""
    given = {name: value.strip() for name, value in request.args.items() if value.strip()}
    query = ListReferralsSchema().load(given)
    actor, work = current_actor(), current_work()
    page = usecases.list_referrals(query, actor=actor, work=work)
    listed = usecases.show_lists(page.items, work=work)
    return render_template(
        "referrals/list.html",
        listed=listed,
        query=query,
        next=page.next,
        given={name: value for name, value in given.items() if name != "cursor"},
        statuses={status.value: label for status, label in LABELS.items()},
        labels_of_status=LABELS,
        today=work.today,
    )


@queue.get("")
def show_queue() -> str:
    """What came to this team: unanswered, waiting, mine, and with colleagues."""
    actor, work = current_actor(), current_work()
    listed = usecases.show_lists(usecases.list_team_cases(actor=actor, work=work), work=work)
    groups: dict[str, list[usecases.ReferralView]] = {"unanswered": [], "waiting": [], "mine": [], "colleagues": []}
    for view in listed.views:
        groups[_group(view, actor.id)].append(view)
    return render_template(
        "referrals/queue.html",
        listed=listed,
        groups=groups,
        labels_of_status=LABELS,
        main_event=main_event,
        today=work.today,
    )


def _group(view: "usecases.ReferralView", user_id: object) -> str:
    if view.referral.status in (Status.SUBMITTED, Status.RETURNED):
        return "unanswered"
    if view.referral.status is Status.WAITLISTED:
        return "waiting"
    return "mine" if view.referral.coach_id == user_id else "colleagues"
