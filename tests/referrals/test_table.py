"""Every cell of the workflow table (status, event, role, relation), called and held against the field's own table."""

import ast
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import referral
from referral.core.codelists import default_terms
from referral.core.errors import EventRefused, NotFound
from referral.core.policy import Actor, Role, system_actor
from referral.core.work import Work
from referral.referrals.guards import open_steps
from referral.referrals.models import Referral
from referral.referrals.schemas.events import DEEDS, perform
from referral.referrals.schemas.requests import ChangeReferralSchema
from referral.referrals.usecases import Move, expire_referral, require_open
from referral.referrals.usecases.reading import last_facts
from referral.referrals.workflow import BALL, EVENT_LABELS, FINAL, LABELS, OPEN, STEPS, EventName, Status
from tests.referrals import chain
from tests.referrals.chain import COACH, RECEIVING, REFERRER, REGION, ROWS, SENDING, STATUSES, SYSTEM, members
from tests.referrals.doors import history, show, step, tell
from tests.world import World

RELATIONS = {
    (Role.REFERRER, "sending"): REFERRER,
    (Role.COORDINATOR, "sending"): SENDING,
    (Role.COACH, "receiving"): COACH,
    (Role.COORDINATOR, "receiving"): RECEIVING,
    (Role.COORDINATOR, "region"): REGION,
}
"""What a role on a side is to the referral in the words of the field; every other pair is nothing."""
CASE_WORK = {Role.REFERRER, Role.COACH, Role.COORDINATOR, Role.SYSTEM}


class TakenBack(Exception):
    """The test saw what it wanted; nothing of it stays."""


@dataclass(frozen=True)
class Cell:
    """Somebody with one role in one organisation, which side that is, and what it makes of them to the referral."""

    actor: Actor
    side: str | None
    relation: str | None

    def sees(self, status: str, *, escalated: bool) -> bool:
        return self.relation == SYSTEM or (
            not self.actor.roles.isdisjoint(CASE_WORK) and chain.sees(self.side, status, escalated=escalated)
        )


def cells(world: World) -> list[Cell]:
    """Each role in each organisation, as the very person who acted where there is one; and the service itself."""
    people = {relation: who for who, relation in reversed(chain.PEOPLE.items())}
    made = [Cell(system_actor(), None, SYSTEM)]
    for somebody in ("referrer", "coach", "region", "stranger"):
        side = chain.SIDES.get(somebody)
        for role in sorted(set(Role) - {Role.SYSTEM}):
            relation = RELATIONS.get((role, side or ""))
            person = world.actor(people[relation]) if relation else replace(world.actor(somebody), id=UUID(int=7))
            made.append(Cell(replace(person, roles=frozenset({role})), side, relation))
    return made


@contextmanager
def taken_back(world: World) -> Iterator[Work]:
    """A unit of work that is rolled back, so that one referral serves every cell."""
    with suppress(TakenBack), world.service.work() as work:
        yield work
        raise TakenBack


def expected(cell: Cell, event: str, status: str, *, held: bool, escalated: bool, last: tuple[str, UUID]) -> str:
    """What the field's table says of one cell: `allowed`, `refused` or `unseen`."""
    if not cell.sees(status, escalated=escalated):
        return "unseen"
    last_event, last_actor = last
    facts = {
        "hold": not held,
        "resume": held,
        "escalate": not escalated,
        "decide_escalation": escalated,
        "undo": last_actor == cell.actor.id and last_event not in chain.NO_WAY_BACK,
    }
    row = ROWS[event]
    is_open = status in row.sources and not (held and event in chain.NOT_WHILE_HELD) and facts.get(event, True)
    return "allowed" if is_open and cell.relation in row.who else "refused"


def steps(work: Work, cell: Cell, referral: dict[str, Any]) -> frozenset[EventName] | None:
    """What is open to this actor, as the buttons and `allowedEvents` say it; None when there is no such referral."""
    row = work.session.scalars(Referral.visible_to(cell.actor).where(Referral.id == UUID(referral["id"]))).one_or_none()
    return None if row is None else frozenset(open_steps(row, cell.actor, work.now, default_terms()))


def knock(work: Work, cell: Cell, event: EventName, referral: dict[str, Any]) -> str:
    """Ask for the event as `POST …/events` does before it looks at the members."""
    try:
        require_open(event, UUID(referral["id"]), referral["version"], actor=cell.actor, work=work)
    except NotFound:
        return "unseen"
    except EventRefused:
        return "refused"
    return "allowed"


def do(world: World, work: Work, cell: Cell, event: EventName, referral_id: UUID) -> Referral:
    """Really do it, with good members."""
    if event is EventName.EXPIRE:
        return expire_referral(Move(referral_id=referral_id), actor=cell.actor, work=work)
    referral = work.session.get_one(Referral, referral_id)
    goals = last_facts(work, referral, EventName.START_TRAJECTORY).get("goalIds")
    body = members(world, event.value, goals=goals)
    perform(event, body, referral_id, referral.version, actor=cell.actor, work=work)
    return referral


def walk(world: World, *, held: bool = False, escalated: bool = False) -> Counter[str]:
    """Look at every cell, knock as the coach and the referrer, and do what is allowed; gives how many of each."""
    counts: Counter[str] = Counter()
    people = cells(world)
    for status in chain.FROM_ACCEPTED if held else chain.SENT if escalated else STATUSES:
        referral, (last_event, last_actor) = world.bring_to(status), chain.LAST_EVENT[status]
        if held or escalated:
            last_event, last_actor = ("hold", "coach") if held else ("escalate", "referrer")
            referral = world.move(last_actor, referral, **members(world, last_event))
        last, origin = (last_event, chain.actor(world, last_actor).id), came_from(world, referral)
        allowed: list[tuple[Cell, EventName]] = []
        with world.service.work(read_only=True) as work:
            for cell in people:
                open_now = steps(work, cell, referral)
                for event in EventName:
                    should = expected(cell, event.value, status, held=held, escalated=escalated, last=last)
                    answer = "unseen" if open_now is None else "allowed" if event in open_now else "refused"
                    assert answer == should, f"{event.value} from {status} by {cell.actor.roles} as {cell.relation}"
                    counts["cells"] += 1
                    if cell.relation in (COACH, REFERRER) and not (held or escalated):
                        assert knock(work, cell, event, referral) == should
                        counts["knocks"] += 1
                    allowed += [(cell, event)] if answer == "allowed" else []
        for cell, event in dict((pair[1], pair) for pair in allowed).values() if held or escalated else allowed:
            with taken_back(world) as work:
                arrived = do(world, work, cell, event, UUID(referral["id"])).status
                goes_back = event in (EventName.UNDO, EventName.REOPEN)
                should = str(origin) if goes_back else chain.leads_to(event.value, status)
                assert arrived == should, f"{event.value} from {status} by {cell.relation}"
                counts["deeds"] += 1
    return counts


def came_from(world: World, referral: dict[str, Any]) -> str | None:
    """The status that the last event left; a new draft came from none."""
    status: str | None = history(world, referral)[-1]["from"]
    return status


def test_every_cell_of_the_table_is_open_exactly_where_the_field_says_so(world: World) -> None:
    counts = walk(world)
    tell("table", **counts)
    assert counts["cells"] == len(STATUSES) * len(EventName) * (1 + 4 * 5)
    assert counts["deeds"] > 200


def test_a_held_case_can_be_ended_and_talked_about_but_does_not_move_forward(world: World) -> None:
    tell("held", **walk(world, held=True))


def test_the_region_sees_and_decides_what_was_escalated_and_nothing_else(world: World) -> None:
    tell("escalated", **walk(world, escalated=True))


def test_one_role_too_many_in_the_live_table_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wrong build: the referrer may accept its own referral."""
    step = STEPS[EventName.ACCEPT]
    monkeypatch.setitem(
        STEPS,
        EventName.ACCEPT,
        replace(step, grants=(*step.grants, *STEPS[EventName.SUBMIT].grants)),
    )
    with pytest.raises(AssertionError, match="accept"):
        walk(world)


def test_the_day_after_the_referrer_can_no_longer_void_and_after_an_hour_nobody_undoes(world: World) -> None:
    referrals = {status: world.bring_to(status) for status in STATUSES}
    coordinator, referrer, coach = (world.actor(who) for who in ("coordinator", "referrer", "coach"))
    world.clock.move(hours=24, seconds=1)
    with world.service.work(read_only=True) as work:
        for status, shown in referrals.items():
            row = work.session.get_one(Referral, UUID(shown["id"]))
            open_to = {
                actor.id: open_steps(row, actor, work.now, default_terms()) for actor in (coordinator, referrer, coach)
            }
            assert not any(EventName.UNDO in steps for steps in open_to.values())
            assert EventName.VOID not in open_to[referrer.id]
            assert (EventName.VOID in open_to[coordinator.id]) == (status != "void")


def test_after_an_acceptance_even_the_waiting_list_leaves_no_way_to_decline(world: World) -> None:
    waiting = step(world, "coach", world.bring_to("accepted"), "waitlist")
    assert "decline" not in waiting["allowedEvents"]
    assert "decline" in show(world, "coach", world.bring_to("waitlisted"))["allowedEvents"]


# The shape of the live table.


def _targets(status: Status) -> set[Status]:
    return {
        target
        for step in STEPS.values()
        if status in step.sources and (target := step.leads_to(status)) is not None and target is not status
    }


def test_every_status_can_be_reached_from_a_draft() -> None:
    reached, frontier = {Status.DRAFT}, {Status.DRAFT}
    while frontier := {target for status in frontier for target in _targets(status)} - reached:
        reached |= frontier
    assert reached == set(Status)


def test_no_open_status_is_a_dead_end_and_none_but_void_is_left_without_a_way_back() -> None:
    for status in OPEN:
        assert _targets(status) & (OPEN - {status}) or Status.CLOSED in _targets(status)
        assert _targets(status) & FINAL
    assert {status for status in FINAL if status not in STEPS[EventName.REOPEN].sources} == {Status.VOID}


def test_every_event_has_a_role_a_label_and_a_door_but_those_that_cannot_be_asked_for() -> None:
    assert set(STEPS) == set(EventName) == set(EVENT_LABELS) == {EventName(name) for name in ROWS}
    assert set(LABELS) == set(BALL) == set(Status)
    assert all(step.grants for step in STEPS.values())
    assert set(EventName) - set(DEEDS) == {EventName.CREATE, EventName.EXPIRE}


@pytest.mark.parametrize("status", sorted(chain.FINAL))
def test_every_final_status_carries_a_reason_an_end_and_no_overlay(world: World, status: str) -> None:
    shown = world.bring_to(status)
    with world.service.work(read_only=True) as work:
        row = work.session.get_one(Referral, UUID(shown["id"]))
        assert row.reason
        assert row.ended_at == world.clock.now
        assert not row.is_held
        assert not row.is_escalated


# The code: who sets a status.


def _sets_status(node: ast.AST) -> bool:
    """Whether this sets an attribute called status, of whatever object, in whatever way, or one with any name."""
    if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        parts = [part for target in targets for part in ast.walk(target)]
        return any(isinstance(part, ast.Attribute) and part.attr == "status" for part in parts)
    if not isinstance(node, ast.Call):
        return False
    called = ast.unparse(node.func)
    if called == "setattr":
        return not isinstance(node.args[1], ast.Constant) or node.args[1].value == "status"
    return called.endswith((".values", "Referral")) and any(word.arg == "status" for word in node.keywords)


def _settings(source: str) -> list[str]:
    """The first words of everything that may set a status."""
    tree = ast.parse(source)
    return [ast.unparse(node).split("(id=")[0] for node in ast.walk(tree) if _sets_status(node)]


def test_no_code_path_sets_a_status_outside_the_engine_and_the_creation() -> None:
    root = Path(referral.__file__).parent
    found = {str(path.relative_to(root)): _settings(path.read_text()) for path in sorted(root.rglob("*.py"))}
    in_referrals = {name: set(setting) for name, setting in found.items() if setting and name.startswith("referrals/")}
    assert in_referrals == {
        # The engine, and the milestone that comes with a status.
        "referrals/usecases/moving.py": {"referral.status = target", "setattr(referral, milestone, now)"},
        # Undo: what the history kept.
        "referrals/usecases/state.py": {"setattr(referral, column.key, _typed(column, state[column.key]))"},
        # A new draft, the members of a draft that may change, a new draft by transfer and its sealed words.
        "referrals/usecases/creating.py": {
            "Referral",
            "setattr(referral, name, list(value) if isinstance(value, tuple) else value)",
        },
        "referrals/usecases/ending.py": {"Referral", "setattr(copy, name, getattr(old, name))"},
        # The dates of a pause.
        "referrals/deadlines.py": {"setattr(referral, name, next_working_day(day + paused))"},
    }
    elsewhere = [line for name, setting in found.items() if name not in in_referrals for line in setting]
    assert [line for line in elsewhere if "referral" in line.lower()] == []


def test_no_member_of_a_change_is_called_status() -> None:
    """What a draft takes by name is what its schema knows, and that has no status."""
    assert "status" not in {field.data_key for field in ChangeReferralSchema().fields.values()}


@pytest.mark.parametrize(
    "wrong",
    [
        "referral.status = Status.ACCEPTED",
        "referral.reason, referral.status = (None, x)",
        "setattr(referral, 'status', x)",
        "setattr(referral, name, x)",
        "update(Referral).values(status=x)",
    ],
)
def test_the_scan_finds_a_status_that_is_set_by_hand(wrong: str) -> None:
    """The wrong builds: plain assignment, two at once, by name, and past the model."""
    assert _settings(wrong) == [wrong]
    assert _settings("referral.reason = 'status'") == []
