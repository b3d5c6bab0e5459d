"""What every page knows: Dutch dates, the labels of the code lists, and the key of a form."""

import secrets
from collections.abc import Mapping
from datetime import date, datetime

from flask import Flask

from referral.core.codelists import labels
from referral.core.work import AMSTERDAM


def dress_pages(app: Flask) -> None:
    """Give the templates their filters and words."""
    app.jinja_env.filters.update(day=write_day, moment=write_moment, lookup=look_up)
    app.jinja_env.globals.update(labels=labels, new_key=new_key)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def write_day(day: date | datetime | None) -> str:
    """A day as dd-mm-jjjj, by the Dutch clock."""
    if day is None:
        return ""
    local = day.astimezone(AMSTERDAM) if isinstance(day, datetime) else day
    return f"{local:%d-%m-%Y}"


def write_moment(moment: datetime | None) -> str:
    """A moment as dd-mm-jjjj uu:mm, by the Dutch clock."""
    return f"{moment.astimezone(AMSTERDAM):%d-%m-%Y %H:%M}" if moment else ""


def look_up(code: str, words: Mapping[str, str]) -> str:
    """The words of a code; a code that has none stays as it is."""
    return words.get(code, code)


def new_key() -> str:
    """A key for one form: sending it twice does nothing twice."""
    return secrets.token_urlsafe(18)
