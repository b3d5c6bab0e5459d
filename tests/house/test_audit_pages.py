"""Pages leave exactly one row a request in the name of their operation, whoever asks and whatever comes of it."""

import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from uuid import uuid4

from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from referral.access import OPERATIONS
from referral.core.policy import Access, Door
from tests.house.test_audit import trail
from tests.identity.doors import HTML
from tests.pages import Person
from tests.world import STAFF, World

WHO = ("referrer", "coach", "coordinator", "privacy")
PAGES: Mapping[str, Access] = {
    endpoint: access for endpoint, access in OPERATIONS.items() if access.door is Door.PAGE and not access.unrecorded
}
ENDS_THE_SESSION = "sign_in.sign_out"
REPORT = {"name": "reach", "ending": "csv", "year": "2026", "part": "narrative"}
"""The words of which the address takes a few only."""


def address(rule: Rule, world: World, known: dict[str, str]) -> str:
    """Where this operation is; every id and word in it stands for nothing, unless it is known."""
    values = {name: (REPORT | known).get(name, str(uuid4())) for name in rule.arguments}
    built = world.app.url_map.bind("localhost").build(rule.endpoint, values)
    return str(built)


class Reader:
    """Whoever opens and sends pages: nobody, or somebody who is signed in."""

    def __init__(self, world: World, who: str | None) -> None:
        self.client = Person(world, who).client if who else world.client
        self.who = who

    @cached_property
    def secret(self) -> str:
        """The secret of the forms of this session."""
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.client.get("/account", headers=HTML).text)
        return found[1] if found else ""

    def requests(self, method: str, path: str) -> Iterator[TestResponse]:
        """What may be sent there: the page as it is and with too much in its address, or a form that fits nothing."""
        if method == "GET":
            yield self.client.get(path, headers=HTML)
            if self.who == WHO[0]:
                yield self.client.get(f"{path}?bestaat_niet=1", headers=HTML)
        else:
            # Without the secret of its forms nobody proves to be anybody, so only nobody sends it like that.
            fields = {"csrf_token": self.secret} if self.who else {}
            yield self.client.post(
                path, data={"idempotency_key": str(uuid4()), "onbekend": "1", **fields}, headers=HTML
            )


def everything_tried(world: World) -> Iterator[tuple[str, str | None, TestResponse]]:
    known = {"referral_id": str(world.refer()["id"]), "event": "accept", "step": "person"}
    rules = [
        (rule, "POST" if "POST" in (rule.methods or ()) else "GET")
        for rule in world.app.url_map.iter_rules()
        if rule.endpoint in PAGES and rule.endpoint != ENDS_THE_SESSION
    ]
    # Of refusals without proof the first of a minute has a row, for each action; the rest is counted.
    for rule, method in rules:
        for answer in Reader(world, None).requests(method, address(rule, world, {})):
            yield rule.endpoint, None, answer
            world.clock.move(minutes=1)
    for reader in [Reader(world, who) for who in WHO]:
        for rule, method in rules:
            for ids in ({}, known) if "referral_id" in rule.arguments else ({},):
                for answer in reader.requests(method, address(rule, world, ids)):
                    yield rule.endpoint, reader.who, answer


def test_every_request_for_a_page_leaves_exactly_one_row_in_its_name(world: World) -> None:
    results, endpoints = Counter[str](), Counter[str]()
    for endpoint, who, answer in everything_tried(world):
        cell = (endpoint, who, answer.status_code)
        rows = [row for row in trail(world, answer) if row.operation]
        assert [row.operation for row in rows] == [PAGES[endpoint].action], cell
        [row] = rows
        assert all([row.actor_id, row.action, row.object_type, row.occurred_at, row.result, row.origin]), cell
        assert (row.result == "done") == (answer.status_code < 400 and who is not None), (*cell, row.result)
        results[row.result] += 1
        endpoints[endpoint] += 1
        if who and PAGES[endpoint].roles.isdisjoint(STAFF[who][1]):
            assert row.result == "not-allowed", cell
    sys.stdout.write(f"{results.total()} requests of {len(endpoints)} pages, {dict(results)}\n")
    assert endpoints.keys() == PAGES.keys() - {ENDS_THE_SESSION}
    assert {"done", "not-signed-in", "not-allowed", "not-found"} <= results.keys()


def test_signing_out_leaves_its_row(world: World) -> None:
    reader = Reader(world, "coach")
    answer = reader.client.post("/sign-out", data={"csrf_token": reader.secret}, headers=HTML)
    assert [row.operation for row in trail(world, answer) if row.operation] == ["session:sign_out"]


def test_a_page_that_is_said_to_leave_no_row_leaves_none(world: World) -> None:
    """The control: the same page, in a build whose table lets it be silent."""
    reader = Reader(world, "coach")
    for unrecorded, rows in (("", 1), ("om te proberen", 0)):
        access = replace(OPERATIONS["queue.show_queue"], unrecorded=unrecorded)
        world.app.operations = {**OPERATIONS, "queue.show_queue": access}
        assert len([row for row in trail(world, reader.client.get("/queue", headers=HTML)) if row.operation]) == rows
