"""At the end of its own term the content of an entry goes; what is left can still be checked, and says that it went."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from referral.core.audit import AuditEntry
from referral.core.audit.models import AuditLeaf
from referral.core.audit.verifier import DESTROY
from referral.core.policy import system_actor
from referral.operations.destruction import KEPT, destroy_old_entries
from referral.operations.sealing import seal_log
from tests.operations.test_sealing import count, findings
from tests.tampering import drop_guards
from tests.world import Clock, World

YEARS = 11


@pytest.fixture
def clock() -> Clock:
    """A service that began long ago; the database looks at the real clock, so the old entries are really old."""
    clock = Clock()
    clock.now -= timedelta(days=366 * YEARS)
    return clock


@pytest.fixture
def old(world: World) -> int:
    """How many entries stood in the log eleven years ago; the log went on since."""
    world.bring_to("closed")
    seal_log(world.service)
    entries = count(world.service, AuditEntry)
    world.clock.move(days=366 * YEARS)
    go_on(world)
    return entries


def go_on(world: World) -> None:
    """Another entry in a chain of then, sealed now."""
    with world.service.work() as work:
        work.note_request(system_actor("test"), "test:try", "referral", None)
    seal_log(world.service)


def test_the_content_goes_and_the_log_can_still_be_checked(world: World, old: int) -> None:
    assert destroy_old_entries(world.service) == old
    go_on(world)
    assert findings(world.service) == []
    with world.service.work(read_only=True) as work:
        left = work.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
        assert work.session.scalar(select(func.count()).select_from(AuditLeaf)) == old + len(left)
    assert [entry.action for entry in left] == ["test:try", DESTROY, "test:try"]
    assert left[1].details == {"until": old, "count": old}
    assert destroy_old_entries(world.service) == 0


def test_nothing_goes_before_its_term(world: World, old: int) -> None:
    world.clock.now -= timedelta(days=366 * YEARS) - KEPT + timedelta(days=1)
    assert destroy_old_entries(world.service) == 0
    world.clock.move(days=2)
    assert destroy_old_entries(world.service) == old


def test_what_was_taken_out_without_saying_so_is_found(world: World, old: int) -> None:
    """The control: the same rows, removed by hand; and a decision that came before the term was over."""
    with world.service.engine.begin() as connection:
        connection.execute(text("DELETE FROM audit_entry WHERE occurred_at < '2017-01-01'"))
    assert any(f"Regels tot {old} zijn weg" in line for line in findings(world.service))
    with world.service.work() as work:
        work.record(system_actor("cli"), DESTROY, "audit_entry", None, until=old, count=old)
    assert findings(world.service) == []
    one = f"SELECT id FROM audit_leaf WHERE log_index = {old}"
    with world.service.engine.begin() as connection:
        drop_guards(connection)
        connection.execute(text(f"DELETE FROM audit_entry WHERE id IN ({one})"))
    with world.service.work() as work:
        work.record(system_actor("cli"), DESTROY, "audit_entry", None, until=old + 1, count=1)
    assert any("voordat hun termijn om was" in line for line in findings(world.service))
