"""A document as one HTML file that needs nothing else: the style stands in it."""

from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from referral.core.documents.model import Document

_PAGES = Environment(loader=PackageLoader("referral"), autoescape=True, undefined=StrictUndefined)


def to_html(document: Document) -> str:
    """The same page as the service shows, to keep and to publish."""
    style = files("referral").joinpath("static/app.css").read_text()
    return _PAGES.get_template("document.html").render(document=document, style=style)
