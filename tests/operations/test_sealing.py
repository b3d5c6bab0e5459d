"""Sealing: every entry gets exactly one place however many write and seal, and what was published can be trusted."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from structlog.testing import capture_logs

from referral.core.audit import AuditEntry
from referral.core.audit.models import AuditCheckpoint, AuditLeaf, AuditUnsealed
from referral.core.audit.notary import KEY_FILE, Notary
from referral.core.audit.sealing import LogForked
from referral.core.audit.verifier import open_note, read_published
from referral.core.errors import KeyMissing
from referral.core.policy import Actor, OrganisationKind, Role, system_actor
from referral.core.work import Service
from referral.operations.log_export import snapshot
from referral.operations.sealing import seal_log
from referral.operations.verification import verify_record
from tests.tampering import drop_guards
from tests.world import World

WRITERS, DEEDS = 6, 15


def notary_of(service: Service) -> Notary:
    assert service.notary is not None
    return service.notary


def findings(service: Service) -> list[str]:
    with snapshot(service) as session:
        found = verify_record(session, now=service.clock(), notary=service.notary)
    return [*found.log.lines()][2:] + [fault.rule for fault in found.faults]


def count(service: Service, model: type) -> int:
    with service.work(read_only=True) as work:
        return work.session.scalar(select(func.count()).select_from(model)) or 0


def test_what_happened_is_sealed_signed_and_published(world: World) -> None:
    world.bring_to("accepted")
    entries = count(world.service, AuditEntry)
    with capture_logs() as lines:
        assert seal_log(world.service) == entries
    [note] = notary_of(world.service).published()
    checkpoint = open_note(note, notary_of(world.service).public_keys())
    assert (checkpoint.size, checkpoint.origin) == (entries, "127.0.0.1:8000/audit")
    assert [line["note"] for line in lines if line["event"] == "checkpoint"] == [note]
    assert seal_log(world.service) == 0
    assert notary_of(world.service).published() == [note], "nothing new, nothing published"
    assert findings(world.service) == []
    world.refer()
    assert seal_log(world.service) > 0
    assert [
        open_note(each, notary_of(world.service).public_keys()).size for each in notary_of(world.service).published()
    ] == [entries, count(world.service, AuditEntry)]


def test_many_writers_and_two_sealers_leave_one_log_without_a_gap(world: World) -> None:
    """A deed in four of one organisation and of one case, so that chains are fought over while sealers run."""
    cases = [UUID(world.refer()["id"]) for _ in range(3)]
    organisation = world.organisations["Gemeente Duinwijk"]
    actor = Actor(UUID(int=7), organisation, OrganisationKind.MUNICIPALITY, frozenset({Role.SYSTEM}))
    done, errors = threading.Event(), []

    def write(writer: int) -> None:
        for number in range(DEEDS):
            with world.service.work() as work:
                work.note_request(actor, "test:try", "referral", cases[(writer + number) % 3])
                work.note_request(actor, "test:list", "referral", None)
                work.note_request(actor, "test:try", "referral", cases[(writer + number + 1) % 3])

    def seal() -> None:
        while not done.is_set():
            try:
                seal_log(world.service)
            except Exception as error:
                errors.append(error)

    before = count(world.service, AuditEntry)
    with ThreadPoolExecutor(WRITERS + 2) as pool:
        sealers = [pool.submit(seal) for _ in range(2)]
        writers = [pool.submit(write, number) for number in range(WRITERS)]
        try:
            for writer in writers:
                writer.result()
        finally:
            done.set()
        for sealer in sealers:
            sealer.result()
    seal_log(world.service)
    assert errors == []
    assert count(world.service, AuditEntry) == before + WRITERS * DEEDS * 3 == count(world.service, AuditLeaf)
    assert count(world.service, AuditUnsealed) == 0
    assert findings(world.service) == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_an_entry_that_commits_late_is_not_missed(world: World) -> None:
    """Wrong build: a sealer that remembers how far it came by id or time goes past an entry that was not there yet.

    SQLite has one writer, so there nothing commits late.
    """
    organisation = world.organisations["Gemeente Duinwijk"]
    late = Actor(UUID(int=7), organisation, OrganisationKind.MUNICIPALITY, frozenset({Role.SYSTEM}))
    with world.service.work() as slow:
        slow.note_request(late, "test:late", "referral", None)
        slow.finish()
        slow.drafts = []
        with world.service.work() as quick:
            quick.note_request(system_actor("test"), "test:quick", "referral", None)
        seal_log(world.service)
        missed = count(world.service, AuditEntry) + 1
    assert count(world.service, AuditLeaf) == missed - 1
    assert seal_log(world.service) == 1
    assert count(world.service, AuditLeaf) == missed
    assert findings(world.service) == []


def test_what_a_killed_worker_did_not_publish_the_next_one_does(world: World) -> None:
    world.refer()
    seal_log(world.service)
    folder = notary_of(world.service).directory
    aside = folder.with_name("aside")
    shutil.copytree(folder, aside)
    world.refer()
    seal_log(world.service)
    newest = read_published(folder)
    shutil.rmtree(folder)
    shutil.copytree(aside, folder)
    assert read_published(folder) == newest[:1]
    seal_log(world.service)
    assert read_published(folder) == newest


def test_a_database_that_is_older_than_what_was_published_is_neither_sealed_nor_verified(
    world: World, tmp_path: Path
) -> None:
    world.refer()
    seal_log(world.service)
    with world.service.work(read_only=True) as work:
        size = work.session.scalar(select(func.max(AuditCheckpoint.size)))
    world.refer()
    seal_log(world.service)
    with world.service.engine.begin() as connection:
        drop_guards(connection)
        statements = (
            f"DELETE FROM audit_checkpoint WHERE size > {size}",
            f"DELETE FROM audit_entry WHERE id IN (SELECT id FROM audit_leaf WHERE log_index >= {size})",
            f"DELETE FROM audit_leaf WHERE log_index >= {size}",
        )
        for statement in statements:
            connection.execute(text(statement))
    assert any("ouder dan het nieuwste controlepunt" in line for line in findings(world.service))
    world.call("coach", "GET", "/v1/me")
    with pytest.raises(LogForked):
        seal_log(world.service)
    assert count(world.service, AuditUnsealed) > 0


def test_a_lost_key_is_not_replaced_in_silence(world: World) -> None:
    key = notary_of(world.service).key_directory / KEY_FILE
    assert not key.exists(), "the first start makes it"
    world.refer()
    seal_log(world.service)
    assert key.stat().st_mode & 0o777 == 0o400
    key.rename(key.with_suffix(".away"))
    world.refer()
    with pytest.raises(KeyMissing):
        seal_log(world.service)
    key.with_suffix(".away").rename(key)
    assert seal_log(world.service) > 0
