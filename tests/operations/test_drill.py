"""The restore drill: a backup made while others write is one instant, with whole transactions and nothing else."""

import hashlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from pyrage import x25519
from sqlalchemy import MetaData, func, select

from config.settings import Settings
from referral.core.audit import AuditEntry
from referral.core.database import Base
from referral.core.work import Service
from referral.operations.backup import make_backup
from referral.operations.restore import restore_backup
from tests.operations.conftest import nothing_left, same_service
from tests.proof import scaled
from tests.world import World

DRILLS = scaled(20)
WRITERS = 2
CHANGING = frozenset(
    {"referral", "access_token", "subject_key", "disclosure", "outbox_message", "trajectory", "audit_chain"}
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
