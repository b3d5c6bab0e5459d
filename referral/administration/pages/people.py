"""The colleagues of the own organisation with their roles, inviting one, letting one go, and the organisations."""

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from referral.administration.schemas import InvitationInSchema, RoleInSchema
from referral.administration.usecases import invite_colleague, send_invitation
from referral.core.codelists import labels
from referral.core.fields import NoMembers
from referral.core.http import Form, ask, current_actor, current_work, filled, submitted
from referral.core.policy import OrganisationKind, Role
from referral.identity.schemas import OrganisationQuery, UserQuery
from referral.identity.usecases import (
    AddMembership,
    DeactivateUser,
    InviteUser,
    RemoveMembership,
    add_membership,
    deactivate_user,
    find_role,
    kept_roles,
    list_organisations,
    list_users,
    remove_membership,
    roles_of_others,
    show_colleague,
    show_me,
    works_at,
    works_elsewhere,
)
from referral.referrals.usecases import leaving

_WAITED_FOR = frozenset({Role.REFERRER, Role.COACH, Role.COORDINATOR})
"""The roles for which cases wait in the queue of a team."""
pages = Blueprint("administration", __name__, url_prefix="/administration")


@pages.get("")
def show() -> str:
    """The colleagues, with their roles here."""
    actor, work = current_actor(), current_work()
    query = UserQuery().load({name: value for name, value in request.args.items() if name == "cursor"})
    return render_template(
        "administration/people.html",
        page=list_users(query, actor=actor, work=work),
        organisation=show_me(actor=actor, work=work).organisation,
        left=request.args.get("left", ""),
    )


@pages.get("/organisations")
def show_organisations() -> str:
    """The organisations of the chain with their regions."""
    given = {name: value for name, value in request.args.items() if value and name != "done"}
    query, actor = OrganisationQuery().load(given), current_actor()
    return render_template(
        "administration/organisations.html",
        page=list_organisations(query, actor=actor, work=current_work()),
        given=given,
        may_register=actor.organisation_kind is OrganisationKind.REGION,
        done="done" in request.args,
    )


@pages.get("/people/new")
def new_person() -> str:
    """The form to invite a colleague."""
    return _show_new(filled(InvitationInSchema(), {}))


@pages.post("/people/new")
def invite() -> ResponseReturnValue:
    """Open the account; the colleague gets a mail to choose a password."""
    form = submitted(InvitationInSchema(), _show_new)
    members = form.load()
    roles = tuple(Role(role) for role in members["roles"])
    command = InviteUser(members["email"], members["name"], roles)
    user = invite_colleague(command, actor=current_actor(), work=current_work())
    return redirect(url_for("administration.show_person", user_id=user.id, done="invite"), 303)


@pages.post("/people/<uuid:user_id>/invite")
def invite_again(user_id: UUID) -> ResponseReturnValue:
    """Send the mail once more to somebody without a password."""
    submitted(NoMembers(), lambda form: _show_person(user_id, form))
    send_invitation(user_id, actor=current_actor(), work=current_work())
    return redirect(url_for("administration.show_person", user_id=user_id, done="invite"), 303)


@pages.get("/people/<uuid:user_id>")
def show_person(user_id: UUID) -> str:
    """One colleague: the roles, and what would happen when this colleague leaves."""
    return _show_person(user_id)


@pages.post("/people/<uuid:user_id>/roles")
def give_role(user_id: UUID) -> ResponseReturnValue:
    """Give a colleague one more role."""
    form = submitted(RoleInSchema(), lambda form: _show_person(user_id, form))
    actor = current_actor()
    command = AddMembership(user_id, actor.organisation_id, Role(form.load()["role"]))
    add_membership(command, actor=actor, work=current_work())
    return redirect(url_for("administration.show_person", user_id=user_id, done="role"), 303)


@pages.post("/people/<uuid:user_id>/roles/<role>/remove")
def remove_role(user_id: UUID, role: str) -> ResponseReturnValue:
    """Take a role away from a colleague; the cases of that role go back to the team."""
    submitted(NoMembers(), lambda form: _show_person(user_id, form))
    actor = current_actor()
    command = RemoveMembership(user_id, actor.organisation_id, find_role(role))
    remove_membership(command, actor=actor, work=current_work())
    if not works_at(current_work().session, actor.organisation_id, user_id):
        return redirect(url_for("administration.show", left="role"), 303)
    return redirect(url_for("administration.show_person", user_id=user_id, done="remove"), 303)


@pages.post("/people/<uuid:user_id>/leave")
def deactivate(user_id: UUID) -> ResponseReturnValue:
    """Close the account of a colleague; the cases go back to the team."""
    submitted(NoMembers(), lambda form: _show_person(user_id, form))
    deactivate_user(DeactivateUser(user_id), actor=current_actor(), work=current_work())
    return redirect(url_for("administration.show", left="yes"), 303)


def _show_person(user_id: UUID, form: Form | None = None) -> str:
    actor, work = current_actor(), current_work()
    colleague = show_colleague(user_id, actor=actor, work=work)
    others = {code: label for code, label in labels("role").items() if code not in colleague.roles}
    asked = ask(RoleInSchema(), "give_role", options={"role": others}) if others else []
    return render_template(
        "administration/person.html",
        colleague=colleague,
        user=colleague.user,
        place=actor.organisation_id,
        leaving=leaving(user_id, work=work) if colleague.user.active else None,
        kept=kept_roles(colleague.user, colleague.roles, actor.organisation_id, actor=actor, work=work),
        is_self=user_id == actor.id,
        alone=_WAITED_FOR.intersection(colleague.roles) - roles_of_others(work.session, actor.organisation_id, user_id),
        is_elsewhere=works_elsewhere(work.session, actor.organisation_id, user_id),
        form=(form or filled(RoleInSchema(), {})).asking(asked),
        done=request.args.get("done", ""),
    )


def _show_new(form: Form) -> str:
    return render_template("administration/new_person.html", form=form.asking(ask(InvitationInSchema(), "invite")))
