"""The pages of screenings: the own list, logging one, its code with a card to print, and the conversation about it."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from referral.core.errors import Invalid
from referral.core.http import Form, ask, current_actor, current_work, filled, submitted
from referral.core.http.bodies import check_text
from referral.core.http.pages import write_day
from referral.identity.usecases import show_me
from referral.screenings import usecases
from referral.screenings.schemas import LogConversationSchema, LogScreeningSchema, ScreeningQuery
from referral.screenings.usecases import LogConversation

pages = Blueprint("screening", __name__, url_prefix="/screenings")

FIRST = ("instrument", "indication", "score", "block", "durationMinutes", "conductedOn")
PERSON = ("ageBand", "languageBackground", "employment", "municipalityCode", "foundAt", "raisesChildren")
MORE = ("skills", "educationLevel", "sector", "occupationCode")


@pages.get("")
def show_list() -> str:
    """The screenings of the own organisation, the newest first, or only those that were not discussed."""
    query = ScreeningQuery().load({name: value for name, value in request.args.items() if value})
    page = usecases.list_screenings(query, actor=current_actor(), work=current_work())
    return render_template("screenings/list.html", page=page, query=query, today=current_work().today)


@pages.get("/find")
def find() -> ResponseReturnValue:
    """Go to the screening whose code somebody typed over from paper."""
    code = request.args.get("code", "")
    check_text(code)
    screening = usecases.find_screening(code, actor=current_actor(), work=current_work())
    return redirect(url_for("screening.show", code=screening.code), 303)


@pages.get("/new")
def new() -> str:
    """The form for a screening that was just done."""
    actor, work = current_actor(), current_work()
    place = show_me(actor=actor, work=work).organisation.municipality_code or ""
    return _show_new(filled(LogScreeningSchema(), {"conductedOn": write_day(work.today), "municipalityCode": place}))


@pages.post("/new")
def log() -> ResponseReturnValue:
    """Log the screening, and show the code that belongs to it."""
    form = submitted(LogScreeningSchema(), _show_new)
    screening = usecases.log_screening(form.load(), actor=current_actor(), work=current_work())
    return redirect(url_for("screening.show", code=screening.code), 303)


@pages.get("/<code>")
def show(code: str) -> str:
    """One screening: its code in large, a card to print, and what came of it."""
    actor, work = current_actor(), current_work()
    record = usecases.show_screening(code, actor=actor, work=work)
    return render_template(
        "screenings/show.html",
        screening=record.screening,
        conversations=record.conversations,
        is_own=record.screening.organisation_id == actor.organisation_id,
        today=work.today,
    )


@pages.get("/<code>/conversation")
def new_conversation(code: str) -> str:
    """The form for the conversation about the result."""
    usecases.find_screening(code, actor=current_actor(), work=current_work())
    return _show_conversation(filled(LogConversationSchema(), {"heldOn": write_day(current_work().today)}), code)


@pages.post("/<code>/conversation")
def log_conversation(code: str) -> ResponseReturnValue:
    """Note the conversation, or why there was none; who wants to go on is referred next."""
    form = submitted(LogConversationSchema(), lambda form: _show_conversation(form, code))
    members = _without_the_other_half(form.load())
    conversation = usecases.log_conversation(
        LogConversation(code, **members), actor=current_actor(), work=current_work()
    )
    return redirect(url_for("screening.show", code=conversation.screening.code), 303)


def _without_the_other_half(members: dict[str, Any]) -> dict[str, Any]:
    """The page says first whether it was held; the day is filled in beforehand and falls away when it was not."""
    if members["held"] is None:
        raise Invalid.one("/held", "required", "Zeg of het gesprek is gevoerd.")
    return members | {"held_on": None} if members["held"] is False else members


def _show_new(form: Form) -> str:
    form.asking(ask(LogScreeningSchema(), "log_screening", only=(*FIRST, *PERSON, *MORE)))
    return render_template("screenings/new.html", form=form, first=FIRST, person=PERSON, more=MORE)


def _show_conversation(form: Form, code: str) -> str:
    held, *others = ask(LogConversationSchema(), "log_conversation")
    form.asking([held.as_required(), *others])
    return render_template("screenings/conversation.html", form=form, code=code)
