"""Every change to the log is found and the entry is named; a log that nobody touched raises no alarm."""

import random
import re
import sys
from collections import Counter

from referral.core.audit.verifier import Report
from tests.core.audit.ledger import (
    TAMPERS,
    change_a_note,
    drop_a_case,
    edit_a_field,
    edit_and_chain_again,
    make_ledger,
    put_back_an_older_one,
)
from tests.proof import scaled

CHANGES, CLEAN = scaled(10_000), scaled(1_000)


def names(report: Report, index: int) -> bool:
    """Whether one of the sentences names this entry, or the part between two checkpoints in which it stands."""
    for finding in report.findings:
        if found := re.search(r"[Rr]egels (\d+) tot en met (\d+)", finding.text):
            if int(found[1]) <= index <= int(found[2]):
                return True
        elif re.search(rf"[Rr]egel {index}\b", finding.text) or finding.rule in ("older", "note", "destroyed"):
            return True
    return False


def test_every_change_is_found_and_the_entry_is_named() -> None:
    chance = random.Random(6962)
    ledgers = [make_ledger(chance, 20 + 5 * number) for number in range(8)]
    found: Counter[str] = Counter()
    for number in range(CHANGES):
        tamper = TAMPERS[number % len(TAMPERS)]
        changed, index = tamper(chance.choice(ledgers), chance)
        report = changed.check()
        assert report.findings, (tamper.__name__, index)
        assert names(report, index), (tamper.__name__, index, [*report.lines()])
        found[tamper.__name__] += 1
    sys.stdout.write(f"{found.total()} of {CHANGES} changes found: {dict(found)}\n")
    assert found.total() == CHANGES


def test_a_log_that_nobody_touched_raises_no_alarm() -> None:
    chance = random.Random(9162)
    for number in range(CLEAN):
        ledger = make_ledger(chance, chance.randrange(1, 60), chance.randrange(1, 9), chance.randrange(1, 20))
        assert [*ledger.check().lines()][2:] == [], number
    sys.stdout.write(f"0 false alarms in {CLEAN} logs\n")


def without_checkpoints(tampered: Report) -> list[str]:
    """What is left of the findings for whoever has only the chains."""
    return [finding.rule for finding in tampered.findings if finding.rule != "unpublished"]


def test_chains_alone_miss_a_dropped_case_and_links_that_were_made_anew() -> None:
    """The control: the same changes, held against nothing that was published."""
    chance = random.Random(7)
    missed = 0
    for tamper in (drop_a_case, edit_and_chain_again, put_back_an_older_one):
        for _ in range(20):
            changed, _index = tamper(make_ledger(chance, 40), chance)
            assert changed.check().findings
            changed.notes = []
            missed += without_checkpoints(changed.check()) == []
    sys.stdout.write(f"{missed} of 60 missed without checkpoints\n")
    assert missed == 60


def test_checkpoints_alone_miss_an_edited_entry_with_its_hash_left_alone() -> None:
    """The control of hashing every entry: the tree is made of the hashes, and those still fit."""
    chance = random.Random(8)
    changed, index = edit_a_field(make_ledger(chance, 40), chance)
    assert "root" not in {finding.rule for finding in changed.check().findings}
    assert names(changed.check(), index)


def test_a_note_that_was_touched_is_not_read() -> None:
    chance = random.Random(9)
    for _ in range(50):
        changed, _index = change_a_note(make_ledger(chance, 12), chance)
        assert "note" in {finding.rule for finding in changed.check().findings}
