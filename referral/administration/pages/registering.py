"""A new organisation in the own region with its first administrator: the administrator of a region enters it."""

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from referral.administration.pages.people import pages
from referral.administration.schemas import OrganisationInSchema
from referral.administration.usecases import OpenOrganisation, open_organisation
from referral.core.codelists import labels
from referral.core.http import Form, ask, current_actor, current_work, filled, submitted
from referral.core.policy import OrganisationKind
from referral.identity.usecases import RegisterOrganisation, registrable_regions


@pages.get("/organisations/new")
def new_organisation() -> str:
    """The empty form; the region is ticked when there is one only."""
    regions = registrable_regions(actor=current_actor(), work=current_work())
    usual = {"regionIds": str(regions[0].region.id)} if len(regions) == 1 else {}
    return _show(filled(OrganisationInSchema(), usual))


@pages.post("/organisations/new")
def register_organisation() -> ResponseReturnValue:
    """Enter the organisation; its first administrator gets a mail to choose a password."""
    form = submitted(OrganisationInSchema(), _show)
    chosen = form.values("regionIds")
    members = form.load(**{"regionIds": chosen} if chosen else {})
    first = members.pop("administrator")
    organisation = RegisterOrganisation(**members | {"kind": OrganisationKind(members["kind"])})
    command = OpenOrganisation(organisation, first["name"], first["email"])
    open_organisation(command, actor=current_actor(), work=current_work())
    return redirect(url_for("administration.show_organisations", done="register"), 303)


def _show(form: Form) -> str:
    regions = registrable_regions(actor=current_actor(), work=current_work())
    counted = {str(each.region.id): f"{each.region.name} (nu {each.organisations})" for each in regions}
    kinds = {code: label for code, label in labels("organisationKind").items() if code != OrganisationKind.REGION}
    asked = ask(OrganisationInSchema(), "new_organisation", options={"kind": kinds})
    form.asking([each.as_kind("ticks", counted) if each.name == "regionIds" else each for each in asked])
    return render_template("administration/new_organisation.html", form=form)
