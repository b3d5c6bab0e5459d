"""Ready means that the service can be used and is being watched: database, revision, keys, and a log that is sealed."""

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import select, text
from structlog.testing import capture_logs

from config.settings import Settings
from referral.app import create_app
from referral.core.audit import AuditEntry
from referral.operations.sealing import seal_log
from tests.world import World


def ready(world: World) -> int:
    return world.call(None, "GET", "/health/ready").status_code


def test_a_log_that_is_not_sealed_in_time_makes_the_service_not_ready(world: World) -> None:
    world.refer()
    seal_log(world.service)
    world.clock.move(days=1)
    assert ready(world) == 200, "nothing waits"
    world.refer()
    world.clock.move(minutes=10)
    assert ready(world) == 200, "the bound itself is allowed"
    world.clock.move(seconds=1)
    answer = world.call(None, "GET", "/health/ready")
    assert (answer.status_code, answer.json["type"]) == (503, "urn:problem-type:referral:unavailable")
    assert "worker" in answer.json["detail"]
    world.refer()
    assert ready(world) == 503, "the oldest counts, not the newest"
    assert world.call(None, "GET", "/health/live").status_code == 200, "a restart mends nothing"
    seal_log(world.service)
    assert ready(world) == 200


def test_the_bound_is_a_setting(world: World, settings: Settings) -> None:
    world.refer()
    world.clock.move(minutes=11)
    assert ready(world) == 503
    patient = replace(world.service, settings={**world.service.settings, "seal_lag_minutes": 20})
    app = create_app(settings, service=patient)
    assert app.test_client().get("/health/ready").status_code == 200


def newest_waiting(world: World) -> datetime | None:
    """What a check would see that looks at the newest entry: with a worker that stands still it is always young."""
    with world.service.work(read_only=True) as work:
        return work.session.scalar(select(AuditEntry.occurred_at).order_by(AuditEntry.id.desc()).limit(1))


def test_a_check_of_the_newest_entry_would_see_nothing(world: World) -> None:
    """The control: the service goes on, so its newest entry is never old."""
    world.refer()
    world.clock.move(days=1)
    world.refer()
    assert newest_waiting(world) == world.clock.now
    assert ready(world) == 503


@pytest.mark.parametrize("wrong", [b"x" * 32, None, b"half"], ids=["another", "missing", "half"])
def test_a_key_that_is_not_there_or_not_ours_is_an_outage_and_never_a_fault_of_the_data(
    world: World, settings: Settings, wrong: bytes | None
) -> None:
    case = world.refer()
    key = settings.key_directory / "k1.key"
    right = key.read_bytes()
    key.unlink()
    if wrong is not None:
        key.write_bytes(wrong)
    world.service.key_ring.forget()
    person = f"/v1/participants/{case['participantId']}?purpose=contact"
    with capture_logs() as lines:
        for who, path in ((None, "/health/ready"), ("coach", f"/v1/referrals/{case['id']}"), ("coach", person)):
            answer = world.call(who, "GET", path)
            assert (answer.status_code, answer.json["type"]) == (503, "urn:problem-type:referral:key-missing"), path
    named = {line["kek_id"] for line in lines if line["event"] == "wrong_key"}
    assert named == ({"k1"} if wrong == b"x" * 32 else set()), "the operator reads which key it is"
    key.unlink(missing_ok=True)
    key.write_bytes(right)
    assert world.call("coach", "GET", person).status_code == 200, "nothing was lost by it"


def set_revision(world: World, revision: str) -> str:
    """Let the database say that it has this revision; gives the one that it had."""
    with world.service.engine.begin() as connection:
        had = connection.scalar(text("SELECT version_num FROM alembic_version"))
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    return str(had)


def test_a_database_of_another_revision_and_a_missing_key_make_it_not_ready(world: World, settings: Settings) -> None:
    assert ready(world) == 200
    revision = set_revision(world, "0000")
    assert ready(world) == 503
    # Back as it was: on PostgreSQL the tests that follow use this database too.
    set_revision(world, revision)
    assert ready(world) == 200
    key = settings.key_directory / "k1.key"
    key.rename(key.with_suffix(".away"))
    world.service.key_ring.forget()
    assert ready(world) == 503
