"""The pages of the catalogue: what is on offer, one trajectory, and its provider's form for it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from referral.core.codelists import labels, municipalities, templates
from referral.core.errors import NotAllowed, Stale
from referral.core.fields import NoMembers
from referral.core.http import Form, Question, ask, current_actor, current_work, filled, submitted, typed
from referral.core.http.pages import write_day
from referral.core.policy import Actor, Role
from referral.identity.usecases import show_me
from referral.trajectories import usecases
from referral.trajectories.schemas import BACKGROUNDS, AddTrajectorySchema, TrajectoryQuery, TrajectorySchema
from referral.trajectories.usecases import OFFERING, AddTrajectory, CatalogueEntry, ChangeTrajectory

pages = Blueprint("catalogue", __name__, url_prefix="/trajectories")

WRITERS = (Role.COACH, Role.COORDINATOR, Role.ADMIN)
USUAL = {
    "active": "true",
    "eligibility/minimumAge": "18",
    **{f"eligibility/{name}": "false" for name in ("regionOnly", "civicIntegrationAllowed", "meansAllowed")},
}
"""What stands in the form of a new trajectory beforehand: the defaults of the API."""

NOT_ASKED = ("regionId",)
TEMPLATES = {each.letter: f"{each.letter}: {each.label.lower()}" for each in templates().values()}
LANGUAGES = {code: labels("languageBackground")[code] for code in BACKGROUNDS}


@pages.get("")
def show_list() -> str:
    """The catalogue, the newest first, with its filters in the address; what ended only when asked for."""
    given = {name: value for name, value in request.args.items() if value}
    if "active" not in request.args:
        given["active"] = "true"
    query = TrajectoryQuery().load(given)
    actor, work = current_actor(), current_work()
    page = usecases.list_trajectories(query, actor=actor, work=work)
    return render_template(
        "trajectories/list.html",
        page=page,
        query=query,
        given={"active": "", **{name: value for name, value in given.items() if name != "cursor"}},
        filters=_filters(usecases.municipalities_on_offer(work=work)),
        may_add=_may_write(actor),
    )


@pages.get("/new")
def new() -> str:
    """The empty form of a trajectory, with what is usual in it."""
    actor, work = current_actor(), current_work()
    if not _may_write(actor):
        raise NotAllowed("Alleen een aanbieder zet een traject in de catalogus.")
    place = show_me(actor=actor, work=work).organisation.municipality_code or ""
    usual = {"municipalityCode": place, "lastCheckedOn": write_day(work.today)}
    return _show_new(filled(AddTrajectorySchema(), USUAL | usual))


@pages.post("/new")
def add() -> ResponseReturnValue:
    """Put the trajectory in the catalogue."""
    form = submitted(AddTrajectorySchema(), _show_new)
    entry = usecases.add_trajectory(AddTrajectory(form.load()), actor=current_actor(), work=current_work())
    return redirect(url_for("catalogue.show", trajectory_id=entry.trajectory.id, done="add"), 303)


@pages.get("/<uuid:trajectory_id>")
def show(trajectory_id: UUID) -> str:
    """One trajectory: what it is, for whom, and whether there is room."""
    return _show(usecases.show_trajectory(trajectory_id, work=current_work()))


@pages.post("/<uuid:trajectory_id>/checked")
def confirm(trajectory_id: UUID) -> ResponseReturnValue:
    """The provider looked at the description today and all of it is still right."""
    form = submitted(NoMembers(), lambda form: _show(_entry(trajectory_id), form))
    command = ChangeTrajectory(trajectory_id, form.version, {"last_checked_on": current_work().today})
    usecases.change_trajectory(command, actor=current_actor(), work=current_work())
    return redirect(url_for("catalogue.show", trajectory_id=trajectory_id, done="checked"), 303)


@pages.get("/<uuid:trajectory_id>/edit")
def edit(trajectory_id: UUID) -> str:
    """The form of an own trajectory as it stands in the catalogue, looked at today."""
    own = usecases.find_own_trajectory(trajectory_id, actor=current_actor(), work=current_work())
    entry = _entry(own.id)
    form = Form(AddTrajectorySchema(), _answers(entry))
    form.data["lastCheckedOn"] = write_day(current_work().today)
    form.data["version"] = str(entry.trajectory.version)
    return _show_edit(entry, form)


@pages.post("/<uuid:trajectory_id>/edit")
def change(trajectory_id: UUID) -> ResponseReturnValue:
    """Write the trajectory as the form has it: a field left empty is empty from now on."""
    form = submitted(AddTrajectorySchema(), lambda form: _show_edit(_entry(trajectory_id), form))
    facts = {name: value for name, value in form.load().items() if name != "region_id"}
    command = ChangeTrajectory(trajectory_id, form.version, facts)
    usecases.change_trajectory(command, actor=current_actor(), work=current_work())
    return redirect(url_for("catalogue.show", trajectory_id=trajectory_id, done="change"), 303)


def _entry(trajectory_id: UUID) -> CatalogueEntry:
    return usecases.show_trajectory(trajectory_id, work=current_work())


def _may_write(actor: Actor) -> bool:
    return actor.organisation_kind in OFFERING and actor.has_role(*WRITERS)


def _filters(places: Any) -> Mapping[str, tuple[str, Mapping[str, str]]]:
    """Each filter of the list: its label and its choices."""
    named = sorted((municipalities()[code].name, code) for code in places)
    return {
        "skill": ("Vaardigheid", labels("skills")),
        "level": ("Niveau", labels("level")),
        "languageBackground": ("Taalachtergrond", LANGUAGES),
        "sectorCode": ("Sector", labels("sector")),
        "municipalityCode": ("Gemeente", {code: name for name, code in named}),
        "template": ("Soort route", TEMPLATES),
        "courseKind": ("Soort cursus", labels("courseKind")),
    }


def _questions() -> list[Question]:
    successors = {str(each.id): each.name for each in usecases.list_active(work=current_work())}
    choices = {"template": TEMPLATES, "successorId": successors}
    asked = ask(AddTrajectorySchema(), "trajectory", but=NOT_ASKED, options=choices)
    return [each.as_kind("ticks", LANGUAGES) if each.name == "languageBackgrounds" else each for each in asked]


def _answers(entry: CatalogueEntry) -> Any:
    """The trajectory as it stands in the catalogue, in the fields of the form."""
    return typed(AddTrajectorySchema(), TrajectorySchema().dump(entry))


def _show(entry: CatalogueEntry, form: Form | None = None) -> str:
    actor = current_actor()
    form = (form or filled(NoMembers(), {})).asking([])
    return render_template(
        "trajectories/show.html",
        entry=entry,
        form=form,
        done=request.args.get("done", ""),
        template_label=TEMPLATES[entry.trajectory.template],
        is_own=entry.trajectory.organisation_id == actor.organisation_id and actor.has_role(*WRITERS),
        today=current_work().today,
    )


def _show_new(form: Form) -> str:
    return render_template("trajectories/new.html", form=form.asking(_questions()))


def _show_edit(entry: CatalogueEntry, form: Form) -> str:
    """The form; when a colleague changed the trajectory meanwhile, with what differs beside it."""
    form.asking(_questions())
    is_stale = isinstance(form.problem, Stale)
    return render_template(
        "trajectories/edit.html",
        form=form,
        trajectory=entry.trajectory,
        version=entry.trajectory.version if is_stale else form.value("version"),
        is_stale=is_stale,
        differences=form.differences(_answers(entry)) if is_stale else [],
    )
