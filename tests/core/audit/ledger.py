"""Invented logs, made the way the service makes them, and what somebody with all rights might do to them."""

import copy
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from referral.core.audit.notary import Signer
from referral.core.audit.verifier import (
    ZERO,
    Checkpoint,
    Keys,
    Report,
    Tree,
    canonical,
    leaf_hash,
    read_keys,
    verify_log,
)

SIGNER = Signer("verwijzen.example/audit", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
STRANGER = Signer("verwijzen.example/audit", Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))
KEYS = read_keys(SIGNER.public)
ACTIONS = ("referral:accept", "participant:read", "session:sign_in", "referral:show", "user:add_role")

Record = dict[str, Any]


@dataclass
class Ledger:
    """A log, the ends of its chains, and what was published of it."""

    records: list[Record] = field(default_factory=list)
    heads: dict[str, tuple[int, str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def check(self, keys: Keys = KEYS) -> Report:
        """What the verifier finds."""
        heads = [{"chain": chain, "sequence": last, "hash": hash} for chain, (last, hash) in self.heads.items()]
        return verify_log(self.records, heads, self.notes, keys)

    def add(self, chance: random.Random, chain: str, **changes: Any) -> None:
        """One more entry at the end of this chain, sealed."""
        sequence, previous = self.heads.get(chain, (0, ZERO))
        entry = {
            "id": _uuid(chance),
            "at": f"2026-11-{1 + len(self.records) % 28:02}T09:00:00.000000+00:00",
            "actor": _uuid(chance),
            "client": chance.choice([None, _uuid(chance)]),
            "organisation": f"org-{chance.randrange(4)}",
            "action": chance.choice(ACTIONS),
            "operation": chance.choice([None, "referral:event"]),
            "object_type": "referral",
            "object": _uuid(chance),
            "result": "done",
            "origin": f"192.0.2.{chance.randrange(256)}",
            "trace": f"{chance.getrandbits(128):032x}",
            "details": {"status": "accepted", "count": chance.randrange(9), "fields": ["naam", "één"]},
            "chain": chain,
            "sequence": sequence + 1,
            "previous": previous,
        } | changes
        self._append(entry)

    def _append(self, entry: Record) -> None:
        hash = leaf_hash(canonical(entry)).hex()
        self.records.append({"index": len(self.records), "hash": hash, "entry": entry})
        self.heads[entry["chain"]] = (entry["sequence"], hash)

    def publish(self, signer: Signer = SIGNER, at: str = "2026-11-28T12:00:00Z") -> None:
        """A checkpoint of the log as it stands."""
        tree = Tree()
        for record in self.records:
            tree.append(bytes.fromhex(record["hash"]))
        self.notes.append(signer.sign(Checkpoint(signer.origin, tree.size, tree.root(), at)))

    def rebuilt(self, entries: list[Record]) -> "Ledger":
        """What somebody makes who writes these entries with numbers, links, hashes and ends that all fit again."""
        made = Ledger(notes=list(self.notes))
        for entry in entries:
            sequence, previous = made.heads.get(entry["chain"], (0, ZERO))
            made._append({**entry, "sequence": sequence + 1, "previous": previous})
        return made

    def renumbered(self, records: list[Record]) -> "Ledger":
        """The same with other records, numbered from 0 so that no gap shows; the ends are moved where that is easy."""
        made = Ledger(heads=dict(self.heads), notes=list(self.notes))
        made.records = [{**record, "index": index} for index, record in enumerate(records)]
        return made

    @property
    def entries(self) -> list[Record]:
        """The contents alone."""
        return [record["entry"] for record in self.records]


def make_ledger(chance: random.Random, entries: int, chains: int = 8, every: int = 9) -> Ledger:
    """A log of so many entries over some chains, published every now and then and at the end."""
    ledger = Ledger()
    names = [_uuid(chance) for _ in range(chains)]
    for number in range(1, entries + 1):
        ledger.add(chance, chance.choice(names))
        if number % every == 0 and number < entries:
            ledger.publish()
    ledger.publish()
    return ledger


def _uuid(chance: random.Random) -> str:
    digits = f"{chance.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


Tamper = Callable[[Ledger, random.Random], tuple[Ledger, int]]
"""Gives the changed log and the index of the first entry that is not what it was."""


def edit_a_field(ledger: Ledger, chance: random.Random) -> tuple[Ledger, int]:
    index = chance.randrange(len(ledger.records))
    changed = copy.deepcopy(ledger)
    entry = changed.records[index]["entry"]
    name = chance.choice(sorted(entry))
    entry[name] = _other(entry[name], chance)
    return changed, index


def edit_a_hash(ledger: Ledger, chance: random.Random) -> tuple[Ledger, int]:
    index = chance.randrange(len(ledger.records))
    changed = copy.deepcopy(ledger)
    changed.records[index]["hash"] = f"{chance.getrandbits(256):064x}"
    return changed, index


def delete_one(ledger: Ledger, chance: random.Random) -> tuple[Ledger, int]:
    index = chance.randrange(len(ledger.records) - 1)
    left = ledger.records[:index] + ledger.records[index + 1 :]
    if chance.random() < 0.5:
        return ledger.renumbered(left), index
    return Ledger(left, ledger.heads, ledger.notes), index


def empty_one(ledger: Ledger, chance: random.Random) -> tuple[Ledger, int]:
    """The content is gone and only its hash is left, as after its term."""
    index = chance.choice([0, chance.randrange(len(ledger.records))])
    records = [{**record, "entry": None} if record["index"] <= index else record for record in ledger.records]
    return Ledger(records, ledger.heads, ledger.notes), index


def insert_one(ledger: Ledger, chance: random.Random) -> tuple[Ledger, int]:
    index = chance.randrange(len(ledger.records))
    forged = {**chance.choice(ledger.entries), "id": _uuid(chance)}
    record = {"index": index, "hash": leaf_hash(canonical(forged)).hex(), "entry": forged}
    return ledger.renumbered([*ledger.records[:index], record, *ledger.records[index:]]), index


def swap_two(ledger: Ledger, chance: random.Random) -> tuple[Ledger, int]:
    first, second = sorted(chance.sample(range(len(ledger.records)), 2))
    records = list(ledger.records)
    records[first], records[second] = records[second], records[first]
    return (ledger.renumbered(records) if chance.random() < 0.5 else Ledger(records, ledger.heads, ledger.notes)), first


def duplicate_one(ledger: Ledger, chance: random.Random) -> tuple[Ledger, int]:
    index = chance.randrange(len(ledger.records))
    return ledger.renumbered([*ledger.records[: index + 1], *ledger.records[index:]]), index + 1


def truncate_the_tail(ledger: Ledger, chance: random.Random) -> tuple[Ledger, int]:
    left = chance.randrange(len(ledger.records))
    return ledger.rebuilt(ledger.entries[:left]), left


def drop_a_case(ledger: Ledger, chance: random.Random) -> tuple[Ledger, int]:
    chain = chance.choice(ledger.entries)["chain"]
    first = next(index for index, entry in enumerate(ledger.entries) if entry["chain"] == chain)
    return ledger.rebuilt([entry for entry in ledger.entries if entry["chain"] != chain]), first


def edit_and_chain_again(ledger: Ledger, chance: random.Random) -> tuple[Ledger, int]:
    index = chance.randrange(len(ledger.records))
    entries = copy.deepcopy(ledger.entries)
    entries[index]["actor"] = _uuid(chance)
    return ledger.rebuilt(entries), index


def put_back_an_older_one(ledger: Ledger, chance: random.Random) -> tuple[Ledger, int]:
    """A database of before, whole in itself, which then went on with other deeds but is not as long yet."""
    left = chance.randrange(1, len(ledger.records))
    return ledger.rebuilt(ledger.entries[:left]), left


def fork(ledger: Ledger, chance: random.Random) -> tuple[Ledger, int]:
    """Another history from some point on, longer than the real one, signed with another key or not at all."""
    left = chance.randrange(len(ledger.records))
    changed = ledger.rebuilt(ledger.entries[:left])
    for _ in range(len(ledger.records) - left + 3):
        changed.add(chance, chance.choice(ledger.entries)["chain"])
    if chance.random() < 0.5:
        changed.notes = []
        changed.publish(STRANGER)
    return changed, left


def change_a_note(ledger: Ledger, chance: random.Random) -> tuple[Ledger, int]:
    changed = copy.deepcopy(ledger)
    number = chance.randrange(len(changed.notes))
    note = changed.notes[number]
    place = chance.choice([place for place, sign in enumerate(note) if sign.isalnum()])
    changed.notes[number] = note[:place] + chance.choice("abcXYZ019".replace(note[place], "")) + note[place + 1 :]
    return changed, 0


TAMPERS: tuple[Tamper, ...] = (
    *(edit_a_field, edit_a_hash, delete_one, empty_one, insert_one, swap_two, duplicate_one, truncate_the_tail),
    *(drop_a_case, edit_and_chain_again, put_back_an_older_one, fork, change_a_note),
)


def _other(value: Any, chance: random.Random) -> Any:
    if isinstance(value, int):
        return value + chance.choice([-1, 1])
    if isinstance(value, dict):
        return {**value, "count": value["count"] + 1}
    if value is None:
        return "iets"
    return chance.choice([None, value + "x", value[:-1], value.upper() + "!"])
