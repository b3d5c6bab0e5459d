"""The commands about keys, as an operator gives them beside a running service."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from config.settings import Settings
from referral.cli import main
from referral.core.audit import AuditEntry
from referral.core.encryption import KINDS
from referral.core.encryption.keys import CryptoJob
from tests.world import World

Run = Callable[..., Result]


@pytest.fixture
def run(settings: Settings, monkeypatch: pytest.MonkeyPatch, world: World) -> Run:
    """Gives a command to the installation of this test."""
    monkeypatch.setenv("ENVIRONMENT", "test")
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("KEY_DIRECTORY", str(settings.key_directory))
    monkeypatch.setenv("SECRET_KEY", settings.secret_key)
    return lambda *words: CliRunner().invoke(main, ["keys", *words])


def let_caches_forget(world: World) -> None:
    """As if twice the time to live had passed."""
    with world.service.engine.begin() as connection:
        connection.execute(update(CryptoJob).values(not_before=datetime(2020, 1, 1, tzinfo=UTC)))
    world.service.key_ring.forget()


def kek_files(settings: Settings) -> list[str]:
    return sorted(path.name for path in Path(settings.key_directory).glob("*.key"))


def test_each_rotation_runs_to_its_end_and_leaves_its_row(run: Run, world: World) -> None:
    referral = world.refer()
    path = f"/v1/participants/{referral['participantId']}?purpose=contact"
    before = world.call("coach", "GET", path).json
    for kind in KINDS:
        first = run("rotate", kind, "--no-wait", "--batch", "3", "--rate", "100000")
        assert first.exit_code == 0, first.output
        assert "Draai dit na" in first.output
        for _ in range(4):
            let_caches_forget(world)
            last = run("rotate", kind, "--no-wait")
            assert last.exit_code == 0, last.output
            if "Klaar" in last.output or "nog nodig" in last.output:
                break
        # Requests of the last 72 hours are still known by a digest under the old root of the index.
        assert ("nog nodig" if kind == "index" else "Klaar") in last.output
        world.service.key_ring.forget()
        assert world.call("coach", "GET", path).json == before
    with world.service.work(read_only=True) as work:
        rows = work.session.scalars(select(AuditEntry.details).where(AuditEntry.action == "keys:rotate")).all()
    assert {row["kind"] for row in rows} == set(KINDS)


def test_a_repeated_request_is_known_while_the_index_is_renewed(run: Run, world: World) -> None:
    """Its digest lies under the old root: without looking under both, the deed would be done twice."""
    referral = world.bring_to("submitted")
    headers = {
        "Authorization": f"Bearer {world.tokens['coach']}",
        "Idempotency-Key": "eenmalig",
        "If-Match": f'"{referral["version"]}"',
    }

    def send() -> TestResponse:
        path = f"/v1/referrals/{referral['id']}/events"
        return world.client.post(path, json={"event": "accept"}, headers=headers)

    first = send()
    assert first.status_code == 201, first.json
    assert run("rotate", "index", "--no-wait").exit_code == 0
    world.service.key_ring.forget()
    assert send().json == first.json
    let_caches_forget(world)
    assert run("rotate", "index", "--no-wait").exit_code == 0
    world.service.key_ring.forget()
    assert send().json == first.json


def test_status_and_doctor_speak_of_keys_only(run: Run, world: World) -> None:
    world.refer()
    status = run("status")
    assert status.exit_code == 0, status.output
    assert "k1" in status.output
    assert "participant.phone_bix" in status.output
    doctor = run("doctor")
    assert doctor.exit_code == 0, doctor.output
    assert "Alles gaat open" in doctor.output


def test_the_doctor_fails_the_command_when_something_is_wrong(run: Run, world: World) -> None:
    world.refer()
    with world.service.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE participant SET phone_bix = NULL")
    doctor = run("doctor")
    assert doctor.exit_code == 1
    assert "participant.phone_ct" in doctor.output
    assert "zoekkenmerk ontbreekt" in doctor.output


def test_a_kek_is_destroyed_only_when_nothing_needs_it(run: Run, world: World, settings: Settings) -> None:
    world.refer()
    refused = run("destroy", "k1", "--yes")
    assert (refused.exit_code, kek_files(settings)) == (1, ["k1.key"])
    assert "nog in gebruik" in refused.output
    assert run("rotate", "kek", "--no-wait").exit_code == 0
    let_caches_forget(world)
    assert run("rotate", "kek", "--no-wait").exit_code == 0
    assert run("destroy", "k1").exit_code == 1, "nobody said that it is sure"
    assert kek_files(settings) == ["k1.key", "k2.key"]
    done = run("destroy", "k1", "--yes")
    assert done.exit_code == 0, done.output
    assert kek_files(settings) == ["k2.key"]
    assert "k1 is vernietigd" in done.output
    assert run("doctor").exit_code == 0


def test_without_its_keys_a_command_ends_with_a_clear_line(run: Run, settings: Settings) -> None:
    for path in Path(settings.key_directory).glob("*.key"):
        path.unlink()
    doctor = run("doctor")
    assert doctor.exit_code == 1
    assert "niet bereikbaar" in doctor.output
    rotation = run("rotate", "data", "--no-wait")
    assert rotation.exit_code == 1
    assert "Traceback" not in rotation.output
