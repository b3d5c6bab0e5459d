"""The HTML door to the answer of a request for access: to read, to print, and to save as a PDF."""

from uuid import UUID

from flask import Blueprint, Response, render_template

from referral.core.documents import to_pdf
from referral.core.http import answer, current_actor, current_work
from referral.privacy.schemas import show_access, write_letter
from referral.privacy.usecases import read_answer

pages = Blueprint("answers", __name__, url_prefix="/privacy-requests")


@pages.get("/<uuid:request_id>/answer")
def show(request_id: UUID) -> str:
    """The letter as a page; on paper without the colours."""
    held = read_answer(request_id, actor=current_actor(), work=current_work())
    return render_template("document.html", document=write_letter(held))


@pages.get("/<uuid:request_id>/answer.pdf")
def download(request_id: UUID) -> Response:
    """The letter as an accessible PDF, named by its day and by nobody."""
    held = read_answer(request_id, actor=current_actor(), work=current_work())
    name = f'attachment; filename="inzage-{held.made_on}.pdf"'
    content = to_pdf(write_letter(held), made_at=held.made_at)
    return Response(content, mimetype="application/pdf", headers={"Content-Disposition": name})


@pages.get("/<uuid:request_id>/answer.json")
def download_data(request_id: UUID) -> Response:
    """The same for a program to read, which the participant may take elsewhere (AVG art. 15(3))."""
    held = read_answer(request_id, actor=current_actor(), work=current_work())
    name = f'attachment; filename="inzage-{held.made_on}.json"'
    return answer(show_access(held), headers={"Content-Disposition": name})
