"""The start page: what waits for me or my team, the most urgent first."""

from flask import Blueprint, render_template

from referral.core.http import current_actor, current_work
from referral.core.policy import Role
from referral.referrals.usecases import ListReferrals, list_referrals
from referral.referrals.workflow import EVENT_LABELS, LABELS

pages = Blueprint("home", __name__)


@pages.get("/")
def show() -> str:
    """The referrals that wait for this person or its team, by the day on which they are due."""
    actor, work = current_actor(), current_work()
    rows = []
    if actor.has_role(Role.REFERRER, Role.COACH, Role.COORDINATOR):
        page = list_referrals(ListReferrals(mine=True, limit=100), actor=actor, work=work)
        rows = sorted(page.items, key=lambda view: (view.referral.due_on is None, view.referral.due_on))
    return render_template(
        "home/show.html", actor=actor, rows=rows, today=work.today, labels=LABELS, event_labels=EVENT_LABELS
    )
