"""The ledger remembers every erasure without naming anybody, and says so when it is not as it was written."""

import os
import stat
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from referral.core.ledger import BACKUP, ErasureLedger, LedgerProblem

AT = datetime(2026, 11, 3, 9, tzinfo=UTC)


def filled(folder: Path) -> tuple[ErasureLedger, list[UUID]]:
    ledger, people = ErasureLedger(folder / "ledger"), [uuid4() for _ in range(4)]
    for person in people:
        ledger.add_erasure(person, "request", AT)
    ledger.add_backup("b1", AT)
    return ledger, people


def test_who_was_erased_is_recognised_and_not_named(tmp_path: Path) -> None:
    ledger, people = filled(tmp_path)
    content = ledger.read()
    assert [ledger.tag(person) in content.erased for person in people] == [True] * 4
    assert ledger.tag(uuid4()) not in content.erased
    assert content.erased[ledger.tag(people[0])].ground == "request"
    assert (content.knows(BACKUP, "b1"), content.knows(BACKUP, "b2"), content.newest) == (True, False, AT)
    written = ledger.path.read_text()
    for person in people:
        assert str(person) not in written
        assert person.hex not in written
    # The control: another ledger has another key, so a list of ids tells nothing without it.
    other, _ = filled(tmp_path / "other")
    assert other.tag(people[0]) != ledger.tag(people[0])


def test_others_cannot_read_it(tmp_path: Path) -> None:
    ledger, _ = filled(tmp_path)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (ledger.directory, ledger.key_path, ledger.path)] == [
        0o700, 0o400, 0o600,
    ]  # fmt: skip


def test_every_change_to_it_is_noticed(tmp_path: Path) -> None:
    ledger, _ = filled(tmp_path)
    lines = ledger.path.read_text().splitlines(keepends=True)
    changed = {
        "a ground": [lines[0], lines[1].replace("request", "error"), *lines[2:]],
        "an instant": [lines[0], lines[1].replace("2026", "2025"), *lines[2:]],
        "one left out": [*lines[:2], *lines[3:]],
        "one twice": [*lines[:2], lines[1], *lines[2:]],
        "two swapped": [lines[0], lines[2], lines[1], *lines[3:]],
        "the first left out": lines[1:],
        "nothing in it": [],
        "one made up": [*lines, "9\t2026-11-03T09:00:00+00:00\terased\tab\trequest\t" + "0" * 64 + "\n"],
    }
    for what, text in changed.items():
        ledger.path.write_text("".join(text))
        with pytest.raises(LedgerProblem, match="register van wissingen"):
            ledger.read()
        assert what
    # What it cannot notice by itself is a tail that was cut off; that is what the line of each backup is for.
    ledger.path.write_text("".join(lines[:-1]))
    assert not ledger.read().knows(BACKUP, "b1")
    ledger.path.write_text("".join(lines))
    assert ledger.read().knows(BACKUP, "b1")


def test_a_line_that_a_power_cut_left_unfinished_gives_way(tmp_path: Path) -> None:
    ledger, people = filled(tmp_path)
    whole = ledger.path.read_bytes()
    os.truncate(ledger.path, len(whole) - 20)
    assert not ledger.read().knows(BACKUP, "b1")
    ledger.add_backup("b2", AT)
    content = ledger.read()
    assert (content.knows(BACKUP, "b2"), len(content.erased)) == (True, len(people))


@pytest.mark.parametrize("lost", ["log", "key", "both", "short key"])
def test_a_lost_ledger_is_never_read_as_an_empty_one(tmp_path: Path, lost: str) -> None:
    ledger, _ = filled(tmp_path)
    if lost in ("log", "both"):
        ledger.path.unlink()
    if lost in ("key", "both"):
        ledger.key_path.unlink()
    if lost == "short key":
        ledger.key_path.chmod(0o600)
        ledger.key_path.write_bytes(b"short")
    with pytest.raises(LedgerProblem):
        ledger.read()


def _write(folder: str, count: int) -> None:
    ledger = ErasureLedger(folder)
    for _ in range(count):
        ledger.add_erasure(uuid4(), "request", AT)


def test_processes_that_write_at_once_lose_no_line(tmp_path: Path) -> None:
    spawn = get_context("spawn")
    writers = [spawn.Process(target=_write, args=(str(tmp_path / "ledger"), 25)) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    assert len(ErasureLedger(tmp_path / "ledger").read().erased) == 75
