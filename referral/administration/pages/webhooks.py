"""The addresses that hear what happens to the organisation's cases, and whether they can be reached."""

from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from referral.administration.pages.people import pages
from referral.core.fields import NoMembers
from referral.core.http import Form, ask, current_actor, current_work, filled, submitted
from referral.webhooks import usecases
from referral.webhooks.schemas import WebhookInSchema
from referral.webhooks.usecases import ListWebhooks, RemoveWebhook, RenewSecret, ResumeWebhook


@pages.get("/webhooks")
def show_webhooks() -> str:
    """The webhooks with what still waits, and the form for a new one."""
    return _show(filled(WebhookInSchema(), {}))


@pages.post("/webhooks")
def add_webhook() -> str:
    """Add an address; its secret is shown now, and never again."""
    form = submitted(WebhookInSchema(), _show)
    added = usecases.add_webhook(form.load(), actor=current_actor(), work=current_work())
    return render_template("administration/secret.html", given=added)


@pages.post("/webhooks/<uuid:webhook_id>/secret")
def renew_secret(webhook_id: UUID) -> str:
    """Give a new secret; for a day the old one signs as well."""
    submitted(NoMembers(), _show)
    given = usecases.renew_secret(RenewSecret(webhook_id), actor=current_actor(), work=current_work())
    return render_template("administration/secret.html", given=given)


@pages.post("/webhooks/<uuid:webhook_id>/resume")
def resume_webhook(webhook_id: UUID) -> ResponseReturnValue:
    """Try an address again that was given up, with everything that waited."""
    usecases.resume_webhook(ResumeWebhook(webhook_id), actor=current_actor(), work=current_work())
    return redirect(url_for("administration.show_webhooks", done="resume"), 303)


@pages.post("/webhooks/<uuid:webhook_id>/remove")
def remove_webhook(webhook_id: UUID) -> ResponseReturnValue:
    """Take an address away, with what still waited for it."""
    usecases.remove_webhook(RemoveWebhook(webhook_id), actor=current_actor(), work=current_work())
    return redirect(url_for("administration.show_webhooks", done="remove"), 303)


def _show(form: Form) -> str:
    return render_template(
        "administration/webhooks.html",
        page=usecases.list_webhooks(ListWebhooks(), actor=current_actor(), work=current_work()),
        form=form.asking([each.as_kind("text") for each in ask(WebhookInSchema(), "webhook")]),
        done=request.args.get("done", ""),
    )
