"""A person with a browser but without script: opens pages, fills in forms as they stand there, and sends them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import Any

from sqlalchemy import event
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from referral.core.policy import system_actor
from referral.identity.usecases import SetPassword, set_password
from tests.identity.doors import HTML, sign_in
from tests.world import World

PASSWORD = "correct-paard-batterij"
MOST_QUERIES = 12
TRAIL = re.compile(r"BEGIN|(INSERT INTO|UPDATE) (audit_\w+|processing_record|login_session)\b")
"""What every request leaves behind, one statement a table whatever it showed."""


@contextmanager
def counting(world: World) -> Iterator[list[str]]:
    """What the database is asked meanwhile, beside the trail that every request leaves."""
    asked: list[str] = []

    def note(*call: object) -> None:
        if not TRAIL.match(str(call[2])):
            asked.append(str(call[2]))

    event.listen(world.service.engine, "before_cursor_execute", note)
    yield asked
    event.remove(world.service.engine, "before_cursor_execute", note)


class FormReader(HTMLParser):
    """Every form of a page with the fields as a browser would send them."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, MultiDict[str, str]]] = []
        self.fields: MultiDict[str, str] | None = None
        self.select = self.area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.fields = MultiDict()
            self.forms.append((at.get("action", ""), self.fields))
        elif self.fields is None:
            return
        elif tag == "input":
            if at.get("type") not in ("radio", "checkbox") or "checked" in at:
                self.fields.add(at["name"], at.get("value", ""))
        elif tag == "select":
            self.select = at["name"]
        elif tag == "option" and "selected" in at:
            self.fields.add(self.select, at["value"])
        elif tag == "textarea":
            self.area = at["name"]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.fields = None
        elif tag == "textarea":
            self.area = ""

    def handle_data(self, data: str) -> None:
        if self.area and self.fields is not None:
            self.fields[self.area] = data.removeprefix("\n")


class Person:
    """Somebody signed in, with the page that is open."""

    def __init__(self, world: World, who: str) -> None:
        with world.service.work() as work:
            set_password(SetPassword(world.users[who], PASSWORD), actor=system_actor("test"), work=work)
        self.client = world.client
        self.email = f"{who}@demo.example"
        self.sign_in()

    def sign_in(self) -> None:
        """Begin a session in this browser."""
        assert sign_in(self.client, PASSWORD, self.email).status_code == 303

    def open(self, path: str) -> TestResponse:
        """Open a page."""
        return self.client.get(path, headers=HTML)

    def fill(self, page: TestResponse, action: str, **given: Any) -> MultiDict[str, str]:
        """The fields of the form that goes to `action`, with these answers in it; `__` in a name stands for a slash."""
        reader = FormReader()
        reader.feed(page.text)
        fields = next(MultiDict(fields) for target, fields in reader.forms if action in target)
        for name, value in given.items():
            fields.setlist(name.replace("__", "/"), value if isinstance(value, list) else [value])
        return fields

    def send(self, action: str, fields: MultiDict[str, str]) -> TestResponse:
        """Send a form."""
        return self.client.post(action, data=fields, headers=HTML)

    def submit(self, path: str, action: str = "", **given: Any) -> TestResponse:
        """Open the page, fill in its form and send it."""
        target = action or path
        return self.send(target, self.fill(self.open(path), target, **given))
