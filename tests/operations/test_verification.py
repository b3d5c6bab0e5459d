"""A record that is whole has no faults; whatever is taken out of it or changed on one side is named by its rule."""

from datetime import timedelta
from uuid import UUID

import time_machine
from click.testing import CliRunner
from sqlalchemy import Connection, Executable, delete, select, update
from sqlalchemy.orm import Session

from referral.cli import main
from referral.core.audit import AuditEntry
from referral.operations.verification import Fault, verify_record
from referral.participants.models import Disclosure
from referral.referrals.models import Referral, ReferralEvent
from tests.tampering import drop_guards
from tests.world import World

ENTRY, EVENT, CASE = AuditEntry.__table__, ReferralEvent.__table__, Referral.__table__
DISCLOSURE = Disclosure.__table__


def live(world: World) -> UUID:
    """A lively region; gives the case whose record the tests damage."""
    for status in ("draft", "returned", "closed", "expired", "stopped_early", "void"):
        world.bring_to(status)
    undone = world.bring_to("accepted")
    world.move("coach", undone, "undo")
    reopened = world.bring_to("withdrawn")
    world.move("coordinator", reopened, "reopen", reason="priority_changed")
    stopped = world.bring_to("accepted")
    world.move("referrer", stopped, "withdraw_agreement", heardOn=world.clock.today.isoformat())
    world.clock.move(minutes=1)
    erased = world.refer()
    answer = world.call(
        "privacy", "POST", f"/v1/participants/{erased['participantId']}/erasures", {"ground": "request"}
    )
    assert answer.status_code < 300, answer.json
    world.clock.move(minutes=1)
    return UUID(world.bring_to("handed_over")["id"])


def faults(connection: Connection, world: World) -> list[Fault]:
    with Session(connection) as session:
        return list(verify_record(session, now=world.clock.now).faults)


def rules_after(world: World, *damage: Executable) -> set[str]:
    """The rules that are broken by this damage, which is undone afterwards."""
    with world.service.engine.connect() as connection:
        drop_guards(connection)
        for statement in damage:
            assert connection.execute(statement).rowcount > 0
        found = {fault.rule for fault in faults(connection, world)}
        connection.rollback()
    return found


def test_a_whole_record_has_no_faults_and_each_damage_is_named(world: World) -> None:
    case = live(world)
    of_case, second = EVENT.c.referral_id == case, EVENT.c.sequence == 2
    logged = (ENTRY.c.object_id == case) & (ENTRY.c.action == "referral:accept")
    other_day = timedelta(days=1)
    assert rules_after(world) == set()
    # No rule waits for a person: each of these is found without anybody being looked at.
    assert rules_after(world, delete(EVENT).where(of_case, second)) >= {"history_has_gap", "audit_without_event"}
    last = select(CASE.c.last_sequence).where(CASE.c.id == case).scalar_subquery()
    assert "history_has_gap" in rules_after(world, delete(EVENT).where(of_case, EVENT.c.sequence == last))
    assert "history_has_gap" in rules_after(world, delete(EVENT).where(of_case))
    assert rules_after(world, update(EVENT).where(of_case, second).values(from_status="intake")) == {
        "history_does_not_link"
    }
    assert rules_after(world, update(EVENT).where(of_case, second).values(from_status=None)) == {
        "history_does_not_link"
    }
    assert rules_after(world, update(CASE).where(CASE.c.id == case).values(status="intake")) == {
        "status_differs_from_history"
    }
    assert rules_after(world, delete(ENTRY).where(logged)) == {"event_without_audit"}
    someone_else = update(ENTRY).where(logged).values(actor_id=world.users["stranger"])
    assert rules_after(world, someone_else) == {"event_without_audit", "audit_without_event"}
    assert rules_after(world, delete(ENTRY).where(ENTRY.c.action == "agreement:record")) == {"agreement_without_audit"}
    assert rules_after(world, delete(ENTRY).where(ENTRY.c.action == "agreement:withdraw")) == {
        "withdrawal_without_audit"
    }
    earlier = world.clock.now - other_day
    assert rules_after(world, update(DISCLOSURE).values(started_at=earlier)) == {"disclosure_without_audit"}
    ended = update(DISCLOSURE).where(DISCLOSURE.c.ended_at.is_not(None))
    assert rules_after(world, ended.values(ended_at=earlier)) == {"end_of_disclosure_without_audit"}
    later = update(ENTRY).where(ENTRY.c.action == "user:register").values(occurred_at=world.clock.now + other_day)
    assert rules_after(world, later) == {"audit_in_future"}


def test_the_command_tells_what_is_wrong_by_rule_and_id(world: World, settings_of_command: dict[str, str]) -> None:
    case = UUID(world.refer()["id"])

    def command() -> tuple[int, list[str]]:
        with time_machine.travel(world.clock.now, tick=False):
            result = CliRunner().invoke(main, ["audit", "verify"], env=settings_of_command)
        return result.exit_code, result.stdout.splitlines()

    status, lines = command()
    assert (status, lines[:2], lines[-1]) == (0, ["referral: 1", "referral_event: 2"], "in orde")
    with world.service.engine.begin() as connection:
        drop_guards(connection)
        connection.execute(delete(ENTRY).where(ENTRY.c.action == "referral:submit"))
    status, lines = command()
    assert (status, lines[-1]) == (1, f"event_without_audit: {case}")
    assert "in orde" not in lines
