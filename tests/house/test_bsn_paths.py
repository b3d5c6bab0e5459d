"""A BSN is refused with an explanation wherever somebody can type: JSON, query, CSV and form; never kept or logged.

Source: UAVG art. 46. How well it is found stands in `tests/core/test_bsn.py`.
"""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from referral.core import fields
from referral.core.encryption import open_reading
from referral.referrals.models import ReferralDraft
from referral.referrals.pages.steps import Step
from tests.house.calls import CALLS, Call, screening_body
from tests.house.needles import find, sqlite_places
from tests.identity.doors import form_secret
from tests.pages import Person
from tests.world import World

BSN = "111222333"
TYPED = f"mijn bsn is {BSN}"

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def texts(body: Any, path: str = "") -> list[str]:
    """Where text stands in a body, as pointers."""
    if isinstance(body, dict):
        return [found for key, value in body.items() for found in texts(value, f"{path}/{key}")]
    if isinstance(body, list):
        return [found for index, value in enumerate(body) for found in texts(value, f"{path}/{index}")]
    return [path] if isinstance(body, str) else []


def put(body: Any, pointer: str, value: str) -> Any:
    """The body with another value at one place."""
    head, _, rest = pointer.lstrip("/").partition("/")
    step: Any = int(head) if isinstance(body, list) else head
    changed = list(body) if isinstance(body, list) else dict(body)
    changed[step] = put(body[step], rest, value) if rest else value
    return changed


def refused(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither the database nor what was logged holds the number."""
    places = sqlite_places(Path(str(world.service.engine.url.database)))
    assert find({"bsn": BSN}, {**places, "log": "".join(capfd.readouterr()).encode()}) == []


def test_every_text_of_every_body_refuses_it_without_repeating_it(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    tried, taken = 0, []
    for endpoint, prepare in CALLS.items():
        call = prepare(world)
        for pointer in texts(call.body):
            tried += 1
            answer = call.send(world, body=put(call.body, pointer, TYPED))
            assert BSN not in answer.text
            if answer.status_code != 400 or not all(error["detail"] for error in answer.json["errors"]):
                taken.append((endpoint, pointer, answer.status_code))
    refused(world, capfd)
    sys.stdout.write(f"{tried} members tried with a BSN, {len(taken)} took it\n")
    assert taken == []
    assert tried > 60


def test_a_member_that_did_not_look_would_be_found(
    world: World, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: free text is taken as it comes."""
    monkeypatch.setattr(fields, "find_bsn", lambda _: False)
    call = CALLS["screenings.log_screening"](world)
    person = CALLS["participants.register_participant"](world)
    assert call.send(world, body=put(call.body, "/sector", TYPED)).status_code == 400, "a code is a code"
    assert person.send(world, body=put(person.body, "/name", TYPED)).status_code == 201
    capfd.readouterr()


@pytest.mark.parametrize(
    "path", ["/v1/screenings?cursor={}", "/v1/referrals?reference={}", "/v1/screenings?indication={}", "/v1/users?{}=1"]
)
def test_a_query_refuses_it(world: World, capfd: pytest.CaptureFixture[str], path: str) -> None:
    answer = world.call("referrer", "GET", path.format(TYPED))
    assert answer.status_code == 400
    assert BSN not in answer.text
    refused(world, capfd)


def test_a_row_of_an_import_refuses_it(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    row = screening_body(world)
    for member in row:
        cells = {**row, member: TYPED}
        file = f"{','.join(cells)}\n{','.join(map(str, cells.values()))}\n".encode()
        answer = Call("referrer", "POST", "/v1/screenings/_import", file, content_type="text/csv").send(world)
        assert (answer.json["imported"], len(answer.json["rejected"])) == (0, 1), member
        assert BSN not in answer.text
    refused(world, capfd)


def test_a_form_and_a_key_keep_nothing_of_it(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    client = world.client
    form = {"email": BSN, "password": TYPED, "csrf_token": form_secret(client)}
    assert client.post("/sign-in", data=form).status_code == 401
    call = CALLS["participants.register_participant"](world)
    assert call.send(world, headers={"Idempotency-Key": TYPED}).status_code == 201
    refused(world, capfd)


def begun(world: World) -> tuple[Person, str]:
    """A referrer in the middle of the pages on which a referral is made, and the address of that draft."""
    person = Person(world, "referrer")
    return person, person.submit("/referrals/new").headers["Location"].rpartition("/")[0]


def kept(world: World) -> str:
    """Everything in the draft, opened."""
    with world.service.work(read_only=True) as work, open_reading(work.session, "intake"):
        return str([draft.answers for draft in work.session.scalars(select(ReferralDraft))])


TYPED_ON = {
    Step.WHO: ("participant__name", "participant__phone", "participant__birthYear", "participant__contactPerson__name"),
    Step.WISH: ("learningWish",),
    Step.SHARING: ("purpose",),
    Step.HANDOVER: ("note", "participant__preferredMoment"),
}


def test_a_page_of_the_flow_shows_it_again_and_keeps_nothing_of_it(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    """A draft keeps also what is not right yet, but not this: not even sealed."""
    person, draft = begun(world)
    tried = 0
    for step, members in TYPED_ON.items():
        for member in members:
            for typed in (TYPED, BSN):
                good = {"participant__name": "Ria Kanarie"} if step is Step.WHO else {"note": "Dinsdag bellen."}
                answer = person.submit(f"{draft}/{step}", **{**good, member: typed})
                tried += 1
                assert answer.status_code == 400, (step, member)
                assert BSN in answer.text, (member, "whoever typed it sees what to take away")
                assert BSN not in person.open(f"{draft}/{step}").text, (step, member)
                assert BSN not in kept(world)
    assert "Kanarie" in kept(world) or "Dinsdag" in kept(world), "the rest of the page is kept"
    refused(world, capfd)
    sys.stdout.write(f"{tried} times typed on a page\n")
    assert tried >= 12


def test_a_draft_that_keeps_everything_would_keep_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: what is not right yet is kept as it was typed."""
    making = import_module("referral.referrals.pages.making")
    monkeypatch.setattr(making, "_holding_a_bsn", lambda _answers, _names: set())
    person, draft = begun(world)
    assert person.submit(f"{draft}/{Step.HANDOVER}", note=TYPED).status_code == 400
    assert BSN in kept(world)
