"""The yearly report to the aldermen on pages: what is written for it, and the report to read or as a file."""

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from referral.core.codelists import labels
from referral.core.errors import NotFound
from referral.core.http import Form, ask, current_actor, current_work, filled, submitted
from referral.reports import usecases
from referral.reports.pages.whole import sent
from referral.reports.schemas import AnnualQuery, AnnualTextInSchema, annual_file
from referral.reports.usecases import TEXT_PARTS, ShowAnnual

pages = Blueprint("annual", __name__, url_prefix="/figures/annual")

YEARS_BACK = 3


@pages.get("")
def show() -> str:
    """The texts of one year, and where to read or download the report."""
    actor, work = current_actor(), current_work()
    years = range(work.today.year, work.today.year - YEARS_BACK, -1)
    year = AnnualQuery().load({"year": request.args.get("year", "").strip() or str(years[0])}).year
    texts = usecases.read_annual_texts(year, actor=actor, work=work)
    chapters = {part: (labels("annualChapter")[part], texts.get(part)) for part in TEXT_PARTS}
    return render_template("reports/annual.html", year=year, years=years, chapters=chapters)


@pages.get("/<int:year>/<part>")
def edit(year: int, part: str) -> str:
    """The form for the text of one chapter."""
    texts = usecases.read_annual_texts(year, actor=current_actor(), work=current_work())
    return _show(filled(AnnualTextInSchema(), {"text": texts.get(part) or ""}), year, part)


@pages.post("/<int:year>/<part>")
def write(year: int, part: str) -> ResponseReturnValue:
    """Keep the text; an empty one takes it away."""
    form = submitted(AnnualTextInSchema(), lambda form: _show(form, year, part))
    command = form.load(year=year, part=part, text=form.value("text").strip() or None)
    usecases.write_annual_text(command, actor=current_actor(), work=current_work())
    return redirect(url_for("annual.show", year=year), 303)


@pages.get("/<int:year>")
def read(year: int) -> str:
    """The whole report as a page, to read and to print."""
    usecases.note_export("annual", "text/html", actor=current_actor(), work=current_work())
    annual = usecases.show_annual(ShowAnnual(year), actor=current_actor(), work=current_work())
    return render_template("document.html", document=annual_file(annual).document)


@pages.get("/<int:year>.<ending>")
def download(year: int, ending: str) -> Response:
    """The whole report as a file."""
    annual = usecases.show_annual(ShowAnnual(year), actor=current_actor(), work=current_work())
    return sent(annual_file(annual), ending)


def _show(form: Form, year: int, part: str) -> str:
    if part not in TEXT_PARTS:
        raise NotFound
    form.asking([each.as_kind("long") for each in ask(AnnualTextInSchema(), "annual_text", only=("text",))])
    label = labels("annualChapter")[part]
    return render_template("reports/annual_text.html", form=form, year=year, part=part, label=label)
