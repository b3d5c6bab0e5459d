"""The live table at the door, in words and as a drawing: it says what the field says."""

from collections.abc import Mapping
from uuid import UUID
from xml.etree import ElementTree

import pytest

from referral.referrals import diagram
from referral.referrals.workflow import LABELS, STEPS, EventName, Status, Step
from tests.referrals.chain import FINAL, OPEN, ROWS, STATUSES, leads_to
from tests.referrals.doors import body, show, step
from tests.world import World

# The live table.


def test_the_table_at_the_door_is_the_table_of_the_field(world: World) -> None:
    table = body(world.call("admin", "GET", "/v1/workflow"))
    statuses = {each["status"]: each for each in table["statuses"]}
    assert {name for name, each in statuses.items() if each["kind"] == "open"} == set(OPEN)
    assert {name for name, each in statuses.items() if each["kind"] == "final"} == set(FINAL)
    assert {name: each["label"] for name, each in statuses.items()} == {each.value: LABELS[each] for each in Status}
    events = {each["event"]: each for each in table["events"]}
    assert set(events) == set(ROWS)
    for name, row in ROWS.items():
        assert set(events[name]["from"]) == set(row.sources)
        assert events[name]["to"] == row.target
        assert events[name]["moves"] == [
            {"from": status, "to": leads_to(name, status)} for status in STATUSES if status in row.sources
        ]
        assert bool(events[name]["roles"]) is True
    reasons = {each["code"]: each for each in table["reasons"]}
    for name, event in events.items():
        assert all(name in reasons[code]["events"] for code in event["reasons"])
    assert {member["name"] for member in events["decline"]["members"] if member["required"]} == {"reason"}
    assert {each["from"] for each in table["terms"]} >= {"submitted", "fitting_offer", "completed"}


def test_every_reason_that_the_table_gives_with_an_event_is_taken_by_it(world: World) -> None:
    """For the events that end a case, with a note, so that reasons that ask for one are content."""
    table = body(world.call("admin", "GET", "/v1/workflow"))
    given: Mapping[str, list[str]] = {each["event"]: each["reasons"] for each in table["events"]}
    for event, who, status in (("decline", "coach", "submitted"), ("withdraw", "referrer", "submitted")):
        for reason in given[event]:
            ended = step(world, who, world.bring_to(status), event, reason=reason, note="Toelichting.")
            assert ended["reason"] == reason


def test_the_drawing_has_a_box_for_every_status_and_an_arrow_for_every_move(world: World) -> None:
    answer = world.call("admin", "GET", "/v1/workflow/diagram")
    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
    drawing = ElementTree.fromstring(answer.data)
    name = "{http://www.w3.org/2000/svg}"
    texts = {text.text for text in drawing.iter(f"{name}text")}
    assert {LABELS[status] for status in Status} <= texts
    assert len(list(drawing.iter(f"{name}rect"))) == len(Status)
    assert [text.text for text in drawing.iter(f"{name}text")].count("vanuit elke status") == 1  # void
    moves = {
        (status, leads_to(event, status))
        for event, row in ROWS.items()
        for status in row.sources
        if row.target not in (None, "void") and leads_to(event, status) != status
    }
    told = [title.text or "" for title in drawing.iter(f"{name}title")]
    drawn = {told_move.split(":")[0] for told_move in told}
    assert drawn == {f"{LABELS[Status(one)]} → {LABELS[Status(other)]}" for one, other in moves}
    assert len(told) == len(moves)


def test_the_drawing_follows_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """A drawing by hand would not: a new step appears by itself."""
    before = diagram.draw()
    step_to_draw = Step(frozenset({Status.CLOSED}), Status.DRAFT, STEPS[EventName.SUBMIT].grants)
    monkeypatch.setitem(STEPS, EventName.SUBMIT, step_to_draw)
    after = diagram.draw()
    assert "Gesloten → Concept" in after
    assert "Gesloten → Concept" not in before


def test_a_drawing_and_a_table_are_for_who_is_signed_in(world: World) -> None:
    for path in ("/v1/workflow", "/v1/workflow/diagram"):
        assert world.call(None, "GET", path).status_code == 401
        assert world.call("stranger", "GET", path).status_code == 200


def test_an_answer_says_the_same_of_a_row_wherever_it_is_shown(world: World) -> None:
    made = world.refer()
    assert {name: value for name, value in show(world, "referrer", made).items() if name in made} == made
    assert UUID(made["id"]).version == 7
