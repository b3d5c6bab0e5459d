"""The restore drill: a backup made while others write is one instant, with whole transactions and nothing else."""

import hashlib
import shutil
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from pyrage import x25519
from sqlalchemy import Connection, Engine, MetaData, func, select
from sqlalchemy.exc import IntegrityError

from config.settings import Settings
from referral.core.audit import AuditEntry
from referral.core.database import Base
from referral.core.work import Service
from referral.operations import backup
from referral.operations.backup import make_backup
from referral.operations.restore import restore_backup
from tests.operations.conftest import nothing_left, same_service
from tests.proof import scaled
from tests.world import World

DRILLS = scaled(20)
WRITERS = 2
CHANGING = frozenset(
    {"referral", "access_token", "subject_key", "disclosure", "outbox_message", "trajectory", "audit_chain", "journey"}
)
"""Tables in which a later transaction may change a row; what is in the others stays as it was written."""
Dump = Mapping[str, Mapping[Any, str]]


def dump(service: Service) -> Dump:
    """The canonical dump: of every table every row, by its key, as a digest of its values by name."""
    found: dict[str, dict[Any, str]] = {}
    metadata: MetaData = Base.metadata
    with service.engine.connect() as connection:
        for table in metadata.sorted_tables:
            keys = [column.name for column in table.primary_key]
            rows = connection.execute(select(table)).mappings()
            found[table.name] = {
                tuple(str(row[key]) for key in keys): hashlib.sha256(
                    repr([(name, row[name]) for name in sorted(row)]).encode()
                ).hexdigest()
                for row in rows
            }
    return found


def deeds(service: Service) -> Mapping[str, int]:
    """Per trace (one transaction of one request) how many audit rows there are."""
    query = select(AuditEntry.trace_id, func.count()).group_by(AuditEntry.trace_id)
    with service.work(read_only=True) as work:
        return {trace: count for trace, count in work.session.execute(query).all()}


@contextmanager
def writers(world: World) -> Iterator[list[str]]:
    """People who go on working; gives the traces that were answered so far."""
    stop, begun, answered = Event(), [Event() for _ in range(WRITERS)], list[str]()

    def write(number: int) -> None:
        while not stop.is_set():
            answer = world.call("referrer", "POST", "/v1/referrals", world.referral_body())
            if answer.status_code == 201:
                answered.append(answer.headers["Trace-Id"])
                begun[number].set()
                world.event("coach", dict(answer.json), "accept")

    threads = [Thread(target=write, args=(number,)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    try:
        assert all(each.wait(20) for each in begun)
        yield answered
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_every_backup_under_load_is_one_instant(
    world: World,
    settings: Settings,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    identity: x25519.Identity,
    recipient: str,
) -> None:
    equal = later = 0
    for drill in range(DRILLS):
        file = tmp_path / f"{drill}.age"
        with writers(world) as answered:
            before = list(answered)
            make_backup(world.service, file, recipient=recipient)
        live, all_deeds = dump(world.service), deeds(world.service)
        with (
            nothing_left(request, world.service, tmp_path, f"drill{drill}") as url,
            same_service(world.service, url, settings) as restored,
        ):
            record = restore_backup(restored, file, identity=identity).record
            back, done = dump(restored), deeds(restored)
        assert record.faults == []
        assert set(before) <= set(done), "what was answered before the backup began is in it"
        assert {trace: all_deeds[trace] for trace in done} == done, "no transaction is in it by half"
        for table in live.keys() - CHANGING:
            assert {key: live[table][key] for key in back[table]} == back[table], table
        for table in CHANGING:
            assert back[table].keys() <= live[table].keys()
        equal += 1
        later += len(all_deeds) - len(done)
    assert later > 0, "the control: others wrote after the instant of the backups"
    sys.stdout.write(f"{equal} drills of {DRILLS} equal; {later} transactions came after\n")


def written_halfway(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody refers a person just after the first table of a backup was copied."""
    copy_out, done = backup._copy_out, list[str]()

    def copy_and_let_write(connection: Connection, name: str, path: Path) -> None:
        copy_out(connection, name, path)
        if not done:
            done.append(str(world.refer()["id"]))

    monkeypatch.setattr(backup, "_copy_out", copy_and_let_write)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("isolation", ["REPEATABLE READ", "READ COMMITTED"])
def test_tables_that_are_copied_at_different_instants_are_no_backup(
    world: World, settings: Settings, request: pytest.FixtureRequest, tmp_path: Path, identity: x25519.Identity,
    recipient: str, monkeypatch: pytest.MonkeyPatch, isolation: str,
) -> None:  # fmt: skip
    """The control: a build whose transaction sees each table as it then stands is refused at the restore."""
    written_halfway(world, monkeypatch)
    options = Engine.execution_options
    monkeypatch.setattr(
        Engine,
        "execution_options",
        lambda self, **named: options(self, **named | ({"isolation_level": isolation} if len(named) == 2 else {})),
    )
    make_backup(world.service, tmp_path / "backup.age", recipient=recipient)
    with (
        nothing_left(request, world.service, tmp_path, "instants") as url,
        same_service(world.service, url, settings) as restored,
    ):
        if isolation == "REPEATABLE READ":
            assert restore_backup(restored, tmp_path / "backup.age", identity=identity).record.faults == []
        else:
            with pytest.raises((ValueError, IntegrityError)):
                restore_backup(restored, tmp_path / "backup.age", identity=identity)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_file_of_a_running_database_alone_is_no_backup(world: World, tmp_path: Path) -> None:
    """The control: what was answered stands in the log beside the file, which a copy of the file leaves behind."""
    case = world.refer()
    file = Path(str(world.service.engine.url.database))
    shutil.copy(file, tmp_path / "copied.db")
    with closing(sqlite3.connect(tmp_path / "copied.db")) as copy, closing(sqlite3.connect(file)) as live:
        count = "SELECT count(*) FROM referral WHERE reference = ?"
        found = [each.execute(count, [case["reference"]]).fetchone()[0] for each in (copy, live)]
    assert found == [0, 1]
