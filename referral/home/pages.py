"""The start page: what waits for me or my team, the most urgent first."""

from flask import Blueprint, render_template

from referral.core.http import current_actor, current_work
from referral.referrals.usecases import list_waiting
from referral.referrals.workflow import EVENT_LABELS, LABELS

pages = Blueprint("home", __name__)


@pages.get("/")
def show() -> str:
    """The referrals that wait for this person or its team, by the day on which they are due."""
    actor, work = current_actor(), current_work()
    rows = list_waiting(actor=actor, work=work)
    return render_template("home/show.html", rows=rows, today=work.today, labels=LABELS, event_labels=EVENT_LABELS)
