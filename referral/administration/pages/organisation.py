"""The own organisation: its name and its gemeente, with what a change does, and how long it keeps records."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from referral.administration.pages.people import pages
from referral.administration.schemas import span_in_words, terms_in_use
from referral.core.errors import Stale
from referral.core.http import Form, ask, current_actor, current_work, submitted, typed
from referral.identity import usecases
from referral.identity.schemas import ChangeOrganisationSchema
from referral.identity.usecases import ChangeOrganisation, retention_for, show_organisation
from referral.referrals.usecases import count_cases


@pages.get("/organisation")
def show_own() -> str:
    """The own organisation with the form to change it."""
    return _show()


@pages.post("/organisation")
def change_own() -> ResponseReturnValue:
    """Write the name and the gemeente as the form has them."""
    form = submitted(ChangeOrganisationSchema(), _show)
    actor = current_actor()
    changes = {"name": "", "municipality_code": None, **form.load()}
    command = ChangeOrganisation(actor.organisation_id, form.version, changes)
    usecases.change_organisation(command, actor=actor, work=current_work())
    return redirect(url_for("administration.show_own", done="change"), 303)


def _show(form: Form | None = None) -> str:
    work = current_work()
    own = show_organisation(current_actor().organisation_id, work=work)
    organisation = own.organisation
    members = {"name": organisation.name, "municipalityCode": organisation.municipality_code}
    answers = typed(ChangeOrganisationSchema(), members)
    asked = ask(ChangeOrganisationSchema(), "organisation")
    form = (form or Form(ChangeOrganisationSchema(), answers)).asking(
        [each.as_required() if each.name == "name" else each for each in asked]
    )
    is_stale = isinstance(form.problem, Stale)
    return render_template(
        "administration/organisation.html",
        own=own,
        form=form,
        cases=count_cases(organisation.id, work=work),
        version=organisation.version if is_stale else form.value("version") or organisation.version,
        is_stale=is_stale,
        differences=form.differences(answers) if is_stale else [],
        covers=terms_in_use(),
        retention=retention_for(work.session, organisation.id),
        span=span_in_words,
        done=request.args.get("done", ""),
    )
