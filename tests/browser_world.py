"""A real browser on a really running server: one of each a session, and the cookies of everybody signed in."""

import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from os import environ, geteuid
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, Request
from werkzeug.serving import WSGIRequestHandler, make_server

from referral.core.http import Application
from tests.pages import Person
from tests.world import World

WIDE, NARROW, ZOOMED = (1280, 900), (360, 740), (320, 640)
"""A desk, a phone, and what is left of a desk at 400 % zoom."""


class Quiet(WSGIRequestHandler):
    """Says nothing about requests."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Nothing."""


@contextmanager
def serving(app: Application) -> Iterator[str]:
    """The address of the application, served over HTTP for as long as the block lasts."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def launch(playwright: Playwright) -> Browser:
    """Debian's Chromium, or the one that CHROMIUM names; none found is a failure, not a skip."""
    path = environ.get("CHROMIUM") or shutil.which("chromium")
    if path is None:
        pytest.fail("No Chromium: install the Debian package chromium, or name a browser in CHROMIUM.")
    return playwright.chromium.launch(executable_path=path, args=["--no-sandbox"] if geteuid() == 0 else [])


@dataclass
class Stage:
    """The region, its address, the browser, and what went wrong in any page so far."""

    world: World
    url: str
    browser: Browser
    cookies: dict[str, Any] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    requests: int = 0

    @contextmanager
    def page(self, who: str | None, size: tuple[int, int] = WIDE, *, script: bool = True) -> Iterator[Page]:
        """A page of this person, signed in; violations of the policy and requests elsewhere are noted."""
        context = self.browser.new_context(
            viewport={"width": size[0], "height": size[1]}, java_script_enabled=script, base_url=self.url
        )
        if who:
            context.add_cookies([self._cookie(who)])
        self._watch(context)
        try:
            yield context.new_page()
        finally:
            context.close()

    def _cookie(self, who: str) -> Any:
        if who not in self.cookies:
            cookie = Person(self.world, who).client.get_cookie("session")
            assert cookie is not None
            self.cookies[who] = {"name": "session", "value": cookie.value, "url": self.url}
        return self.cookies[who]

    def _watch(self, context: BrowserContext) -> None:
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.complaints.append(f"script: {error.error}"))
        context.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))
        context.on("request", self._follow)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def _follow(self, request: Request) -> None:
        self.requests += 1
        if not request.url.startswith((self.url, "data:")):
            self.complaints.append(f"elsewhere: {request.url}")


WIDER = """() => [...document.querySelectorAll("body *")]
    .filter(it => it.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
    .filter(it => !it.parentElement.closest(".utrecht-table-container"))
    .map(it => `${it.tagName}.${it.className} ${it.textContent.trim().slice(0, 60)}`)"""


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window; what sticks out is said."""
    page.wait_for_load_state()  # Before its stylesheet is there, every page is too wide.
    wider = int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
    if wider:
        sys.stdout.write(f"{page.url}: {page.evaluate(WIDER)}\n")
    return wider
