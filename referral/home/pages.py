"""The start page of every role, and the frame around every page: menu, badge, a municipality's own look."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, g, render_template, request, send_from_directory

from referral.core.errors import NotFound
from referral.core.http import Application, current_actor, current_work
from referral.core.http.pages import dress_pages
from referral.core.policy import Operations
from referral.home.usecases import Kind, count_tasks, show_desk, show_progress
from referral.referrals.workflow import LABELS

pages = Blueprint("home", __name__)

LOGOS = ("logo.svg", "logo.png")
STYLE = "theme.css"
START = "home.show"


@dataclass(frozen=True)
class Link:
    """One entry of the menu."""

    endpoint: str
    label: str
    is_here: bool
    count: int = 0


@pages.get("/")
def show() -> str:
    """What waits for this person or its team, by the day on which it is due."""
    actor, work = current_actor(), current_work()
    progress = show_progress(actor=actor, work=work) if actor.has_narrow_view else None
    desk = show_desk(actor=actor, work=work, progress=progress)
    g.waiting = desk.waiting
    return render_template(
        "home/show.html",
        desk=desk,
        progress=progress,
        today=work.today,
        kinds=Kind,
        status_labels=LABELS,
    )


@pages.get("/theme/<name>")
def theme(name: str) -> Response:
    """The stylesheet or the logo of this municipality: only these names, only from its own folder."""
    application: Application = g.application
    folder = application.config["THEME_DIRECTORY"]
    if folder is None or name not in (STYLE, *LOGOS):
        raise NotFound
    return send_from_directory(folder, name, max_age=3600)


def frame_pages(app: Flask, navigation: Iterable[tuple[str, str]], operations: Operations, folder: Path | None) -> None:
    """Give every page its menu (of what this actor may open), the badge, and the look in `folder`."""
    dress_pages(app)
    entries = tuple(navigation)
    look = {"style": _first(folder, (STYLE,)), "logo": _first(folder, LOGOS)}

    def menu() -> list[Link]:
        area = (request.endpoint or "").partition(".")[0]
        return [
            Link(endpoint, label, endpoint.partition(".")[0] == area, _count() if endpoint == START else 0)
            for endpoint, label in entries
            if operations[endpoint].roles & current_actor().roles
        ]

    @app.context_processor
    def frame() -> dict[str, Any]:
        application: Application = g.application
        minutes = application.service.settings.get("session_idle_minutes", 15)
        return {"menu": menu, "theme": look, "idle_minutes": minutes}


def _count() -> int:
    """The badge; none on an error page, for which no unit of work is open. My work itself counted already."""
    if "waiting" in g:
        return int(g.waiting)
    return count_tasks(actor=current_actor(), work=current_work()) if "work" in g else 0


def _first(folder: Path | None, names: tuple[str, ...]) -> str | None:
    return next((name for name in names if folder and (folder / name).is_file()), None)
