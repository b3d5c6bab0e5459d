"""A document as an accessible PDF: tagged, with a language and a title (PDF/UA-1, ISO 14289-1)."""

import json
from dataclasses import asdict
from datetime import datetime
from importlib.resources import files
from typing import Final

import typst

from referral.core.documents.model import Document

STANDARD: Final = "ua-1"
LAST_LATIN = "\u024f"
_TEMPLATE = files(__package__).joinpath("document.typ").read_bytes()


def to_pdf(document: Document, *, made_at: datetime) -> bytes:
    """The bytes of the PDF. What no font of ours can show is spelled as its number, so that nothing is left out."""
    content = json.dumps(asdict(document), ensure_ascii=False)
    try:
        return _compile(content, made_at)
    except typst.TypstError:
        return _compile("".join(map(_spelled, content)), made_at)


def _compile(content: str, made_at: datetime) -> bytes:
    return typst.compile(
        _TEMPLATE,
        sys_inputs={"document": content},
        pdf_standards=STANDARD,
        ignore_system_fonts=True,
        timestamp=int(made_at.timestamp()),
    )


def _spelled(character: str) -> str:
    """Latin letters and the marks around them as they are, anything else as in `[U+1F600]`."""
    plain = character <= LAST_LATIN or "\u2010" <= character <= "\u2026"
    return character if plain else f"[U+{ord(character):04X}]"
