"""Checks an exported audit log against the checkpoints that were published of it. Runs alone, without the service:

    python verifier.py LOG --checkpoints FOLDER --key FILE
    python verifier.py --proof FILE --key FILE

Needs Python 3.11 and `cryptography`. Everything is counted anew: the hash of every entry, the links of every chain,
the Merkle tree (RFC 6962) and its root at every checkpoint (C2SP tlog-checkpoint, Ed25519 signed note). What is wrong
is told in Dutch and the exit status is 1. How to use it: `docs/audit.md`.
"""

import argparse
import base64
import hashlib
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ZERO = "0" * 64
ED25519 = b"\x01"
KEPT_YEARS = 10
DESTROY = "audit:destroy"
MOST_TOLD = 200

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def canonical(content: Mapping[str, Any]) -> bytes:
    """An entry as bytes: JSON with sorted names, no spaces, in UTF-8."""
    return _encode(content).encode()


def leaf_hash(data: bytes) -> bytes:
    """The hash of one entry (RFC 6962 section 2.1)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two halves (RFC 6962 section 2.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A Merkle tree of which only the tops of its whole parts are kept: O(log n) to add a leaf and for the root."""

    def __init__(self, size: int = 0, tops: Iterable[bytes] = ()) -> None:
        self.size = size
        self.tops = list(tops)

    def append(self, leaf: bytes) -> None:
        """Add the hash of the next leaf."""
        count, self.size = self.size, self.size + 1
        while count & 1:
            leaf, count = node_hash(self.tops.pop(), leaf), count >> 1
        self.tops.append(leaf)

    def root(self) -> bytes:
        """The hash of the whole tree as it stands."""
        if not self.tops:
            return hashlib.sha256().digest()
        *others, root = self.tops
        for top in reversed(others):
            root = node_hash(top, root)
        return root


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root of a tree of these leaf hashes."""
    tree = Tree()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


def inclusion_path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """What one needs beside a leaf to count the root (RFC 6962 section 2.1.1)."""
    if len(leaves) == 1:
        return []
    half = _half(len(leaves))
    if index < half:
        return [*inclusion_path(leaves[:half], index), root_of(leaves[half:])]
    return [*inclusion_path(leaves[half:], index - half), root_of(leaves[:half])]


def consistency_path(leaves: Sequence[bytes], size: int, *, is_known: bool = True) -> list[bytes]:
    """What one needs to see that the first `size` leaves became all of them (RFC 6962 section 2.1.2)."""
    if size == len(leaves):
        return [] if is_known else [root_of(leaves)]
    half = _half(len(leaves))
    if size <= half:
        return [*consistency_path(leaves[:half], size, is_known=is_known), root_of(leaves[half:])]
    return [*consistency_path(leaves[half:], size - half, is_known=False), root_of(leaves[:half])]


def _half(size: int) -> int:
    """The largest power of two below the size."""
    return 1 << (size - 1).bit_length() - 1


def is_included(leaf: bytes, index: int, size: int, path: Iterable[bytes], root: bytes) -> bool:
    """Whether this leaf stands at this index of the tree with this size and root (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    last = size - 1
    for sibling in path:
        if last == 0:
            return False
        if index & 1 or index == last:
            leaf = node_hash(sibling, leaf)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            leaf = node_hash(leaf, sibling)
        index, last = index >> 1, last >> 1
    return last == 0 and leaf == root


def is_consistent(first: int, second: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the tree of size `first` is the beginning of that of size `second` (RFC 9162 section 2.1.4.2)."""
    if first == second:
        return not path and old_root == new_root
    if not 0 < first < second or not path:
        return False
    siblings = [old_root, *path] if first & (first - 1) == 0 else list(path)
    index, last = first - 1, second - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    old = new = siblings[0]
    for sibling in siblings[1:]:
        if last == 0:
            return False
        if index & 1 or index == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        index, last = index >> 1, last >> 1
    return last == 0 and (old, new) == (old_root, new_root)


@dataclass(frozen=True)
class Checkpoint:
    """What was published: of which log, its size, its root, and when it was signed (ISO 8601, UTC)."""

    origin: str
    size: int
    root: bytes
    at: str

    def text(self) -> str:
        """The lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\ntime {self.at}\n"


Keys = Mapping[tuple[str, bytes], Ed25519PublicKey]

_NOTE = re.compile(
    r"(?P<text>(?P<origin>[^\n+ ]+)\n(?P<size>0|[1-9]\d{0,18})\n(?P<root>[A-Za-z0-9+/]{43}=)\n"
    r"time (?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)\n)\n(?P<signatures>(?:\u2014 [^\n ]+ [A-Za-z0-9+/=]+\n)+)"
)


def key_id(name: str, public: bytes) -> bytes:
    """The four bytes by which a signature names its key (C2SP signed-note)."""
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public).digest()[:4]


def read_keys(text: str) -> Keys:
    """The public keys in a file with one `name+id+key` a line. Raises ValueError."""
    keys = {}
    for line in text.split():
        name, given, encoded = line.split("+", 2)
        raw = base64.b64decode(encoded, validate=True)
        if raw[:1] != ED25519 or key_id(name, raw[1:]).hex() != given:
            raise ValueError(name)
        keys[name, bytes.fromhex(given)] = Ed25519PublicKey.from_public_bytes(raw[1:])
    return keys


def split_notes(text: str) -> list[str]:
    """The signed notes in a file where one follows on the other, with an empty line between them."""
    return [note for note in re.split(r"(?<=\n)\n(?!\u2014)", text.strip("\n") + "\n") if note.strip()]


def size_of(note: str) -> int:
    """How many entries a published checkpoint counts; 0 when it does not say."""
    size = note.split("\n")[1:2]
    return int(size[0]) if size and size[0].isascii() and size[0].isdigit() else 0


def is_signed(text: str, signatures: str, keys: Keys) -> bool:
    """Whether one of these lines is a good signature of this text under one of these keys."""
    for line in signatures.splitlines():
        _, name, encoded = line.split(" ")
        raw = base64.b64decode(encoded)
        key = keys.get((name, raw[:4]))
        try:
            # One signature has one spelling: base64 leaves bits over that could be changed unseen.
            if key is not None and base64.b64encode(raw).decode() == encoded:
                key.verify(raw[4:], text.encode())
                return True
        except InvalidSignature:
            continue
    return False


def open_note(note: str, keys: Keys) -> Checkpoint:
    """The checkpoint in a signed note. Raises ValueError when it is none, or not signed with one of the keys."""
    found = _NOTE.fullmatch(note.strip("\n") + "\n")
    if found is None or not is_signed(found["text"], found["signatures"], keys):
        raise ValueError("signature")
    return Checkpoint(found["origin"], int(found["size"]), base64.b64decode(found["root"]), found["at"])


@dataclass(frozen=True)
class Finding:
    """Something that is wrong: the rule, and the sentence that names the entry."""

    rule: str
    text: str


@dataclass
class Report:
    """What was checked and what is wrong with it."""

    sealed: int = 0
    waiting: int = 0
    destroyed: int = 0
    chains: int = 0
    checkpoints: int = 0
    findings: list[Finding] = field(default_factory=list)

    def add(self, rule: str, text: str) -> None:
        """Remember what is wrong."""
        self.findings.append(Finding(rule, text))

    def lines(self) -> Iterator[str]:
        """The counts, then every finding, in Dutch."""
        yield f"{self.sealed} regels verzegeld, {self.waiting} wachten nog, {self.destroyed} vernietigd na hun termijn."
        yield f"{self.chains} ketens en {self.checkpoints} controlepunten nagerekend."
        yield from (finding.text for finding in self.findings[:MOST_TOLD])
        if len(self.findings) > MOST_TOLD:
            yield f"Verder nog {len(self.findings) - MOST_TOLD} bevindingen."


class LogCheck:
    """Checks a log entry by entry, in the order in which they were sealed, and then those that still wait."""

    def __init__(self, notes: Iterable[str], keys: Keys) -> None:
        self.report = Report()
        self.tree = Tree()
        self.chains: dict[str, tuple[int, str]] = {}
        self.gone: set[str] = set()
        self.destroyed_until, self.destroyed_at = 0, ""
        self.matched, self.has_fork = 0, False
        self.checkpoints = self._open(notes, keys)
        self.due: dict[int, list[Checkpoint]] = {}
        for checkpoint in self.checkpoints:
            self.due.setdefault(checkpoint.size, []).append(checkpoint)

    def _open(self, notes: Iterable[str], keys: Keys) -> list[Checkpoint]:
        opened = []
        for number, note in enumerate(notes, start=1):
            try:
                opened.append(open_note(note, keys))
            except ValueError:
                self.report.add("note", f"Controlepunt {number} is beschadigd of niet met onze sleutel getekend.")
        if len({checkpoint.origin for checkpoint in opened}) > 1:
            self.report.add("origin", "De controlepunten zijn van verschillende logboeken.")
        return sorted(opened, key=lambda checkpoint: checkpoint.size)

    def add(self, record: Mapping[str, Any]) -> None:
        """The next record: `index` (None: not sealed yet), `hash` in hex, and `entry` (None: destroyed)."""
        index, stated, entry = record.get("index"), str(record.get("hash")), record.get("entry")
        if index is None:
            self.report.waiting += 1
        else:
            self._seal(index, stated)
        if entry is None:
            self._miss(index, stated)
        else:
            self._check(_name(index, entry), stated, entry)

    def _seal(self, index: int, stated: str) -> None:
        if index != self.tree.size:
            wrong = "ontbreekt" if index > self.tree.size else "komt dubbel of in de verkeerde volgorde voor"
            self.report.add("index", f"Regel {min(index, self.tree.size)} {wrong}.")
        self.tree.append(bytes.fromhex(stated))
        self.report.sealed += 1
        for checkpoint in self.due.get(self.tree.size, ()):
            self._compare(checkpoint)

    def _compare(self, checkpoint: Checkpoint) -> None:
        if checkpoint.root == self.tree.root():
            self.matched = checkpoint.size
        elif not self.has_fork:
            self.has_fork = True
            between = f"de regels {self.matched} tot en met {checkpoint.size - 1}"
            self.report.add(
                "root", f"Het controlepunt van {checkpoint.at} past niet: {between} zijn niet die van toen."
            )

    def _miss(self, index: int | None, stated: str) -> None:
        self.gone.add(stated)
        if index != self.report.destroyed:
            self.report.add("missing", f"De inhoud van regel {index} ontbreekt.")
        self.report.destroyed += 1

    def _check(self, name: str, stated: str, entry: Mapping[str, Any]) -> None:
        if leaf_hash(canonical(entry)).hex() != stated:
            self.report.add("content", f"{name}: de inhoud is veranderd, of de hash ervan.")
        chain = str(entry.get("chain"))
        sequence, previous = self.chains.get(chain, (0, ZERO))
        follows = (entry.get("sequence"), entry.get("previous")) == (sequence + 1, previous)
        if not follows and (chain in self.chains or entry.get("previous") not in self.gone):
            self.report.add("chain", f"{name}: sluit niet aan op regel {sequence} van keten {chain}.")
        self.chains[chain] = (int(entry.get("sequence") or 0), stated)
        if entry.get("action") == DESTROY and entry.get("result") == "done":
            self.destroyed_until, self.destroyed_at = int(entry["details"]["until"]), str(entry["at"])[:19]

    def finish(self, heads: Iterable[Mapping[str, Any]]) -> Report:
        """Hold the chains against their heads (`chain`, `sequence`, `hash`), the whole against what was published."""
        left = dict(self.chains)
        for head in heads:
            end = left.pop(head["chain"], None)
            if end != (head["sequence"], head["hash"]) and (end is not None or head["hash"] not in self.gone):
                self.report.add("head", f"Keten {head['chain']} eindigt niet waar zij moet eindigen.")
        for chain in left:
            self.report.add("head", f"Van keten {chain} ontbreekt het eindpunt.")
        self.report.chains, self.report.checkpoints = len(self.chains), len(self.checkpoints)
        self._check_destroyed()
        self._check_published()
        return self.report

    def _check_destroyed(self) -> None:
        count = self.report.destroyed
        if count > self.destroyed_until:
            self.report.add("destroyed", f"Regels tot {count} zijn weg; vernietigd mochten er {self.destroyed_until}.")
        sealed_at = next((each.at[:19] for each in self.checkpoints if each.size >= count), "never")
        if count and not sealed_at <= f"{int(self.destroyed_at[:4] or 0) - KEPT_YEARS:04}{self.destroyed_at[4:]}":
            self.report.add("term", f"Regels tot {count} zijn vernietigd voordat hun termijn om was.")

    def _check_published(self) -> None:
        newest = self.checkpoints[-1].size if self.checkpoints else 0
        if newest > self.tree.size:
            self.report.add(
                "older",
                f"Dit logboek is ouder dan het nieuwste controlepunt: {self.tree.size} regels, gepubliceerd waren er "
                f"{newest}. Er zijn regels weg, of dit is een oude kopie.",
            )
        if self.tree.size and not self.checkpoints:
            self.report.add("unpublished", "Er zijn geen controlepunten: het logboek is nergens tegen te houden.")


def _name(index: int | None, entry: Mapping[str, Any]) -> str:
    return f"Regel {'(niet verzegeld)' if index is None else index}, id {entry.get('id')}"


def verify_log(
    records: Iterable[Mapping[str, Any]], heads: Iterable[Mapping[str, Any]], notes: Iterable[str], keys: Keys
) -> Report:
    """Check the records in their order, with the ends of the chains, against the published notes."""
    check = LogCheck(notes, keys)
    for record in records:
        check.add(record)
    return check.finish(heads)


def verify_proof(proof: Mapping[str, Any], keys: Keys) -> Checkpoint | None:
    """The checkpoint that covers the one entry in this proof; None when the proof is not good."""
    try:
        checkpoint = open_note(proof["checkpoint"], keys)
        path = [bytes.fromhex(each) for each in proof["path"]]
        leaf = leaf_hash(canonical(proof["entry"]))
        good = is_included(leaf, int(proof["index"]), checkpoint.size, path, checkpoint.root)
    except (KeyError, TypeError, ValueError):
        return None
    return checkpoint if good else None


def read_published(folder: Path) -> list[str]:
    """Every signed note in the files of a folder, in the order in which they were published."""
    return [note for path in sorted(folder.glob("*.checkpoints")) for note in split_notes(path.read_text("utf-8"))]


def read_export(path: Path, heads: list[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The records in an exported log; the ends of the chains, which stand last, go into `heads`. Raises ValueError."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            record = json.loads(line)
            if "chain" in record:
                heads.append(record)
            else:
                yield record


def verify_files(log: Path, folder: Path, keys: Keys) -> Report:
    """Check an exported log against a folder of checkpoints."""
    check, heads = LogCheck(read_published(folder), keys), list[Mapping[str, Any]]()
    try:
        for record in read_export(log, heads):
            check.add(record)
    except (ValueError, TypeError, AttributeError, KeyError):
        check.report.add("file", f"Het bestand is onleesbaar na regel {check.report.sealed + check.report.waiting}.")
    return check.finish(heads)


def main(arguments: Sequence[str] | None = None) -> int:
    """Check what the command line names; 0 when all is well, 1 when something is wrong."""
    parser = argparse.ArgumentParser(description="Controleert een logboek, of het bewijs van één regel.")
    parser.add_argument("log", nargs="?", type=Path, help="het bestand van `referral audit export`")
    parser.add_argument("--checkpoints", type=Path, help="de map met gepubliceerde controlepunten")
    parser.add_argument("--key", type=Path, required=True, help="de openbare sleutel (audit.vkey)")
    parser.add_argument("--proof", type=Path, help="het bestand van `referral audit prove`")
    given = parser.parse_args(arguments)
    keys = read_keys(given.key.read_text("utf-8"))
    if given.proof:
        covered = verify_proof(json.loads(given.proof.read_text("utf-8")), keys)
        told = [f"Deze regel stond op {covered.at} in het logboek van {covered.origin}."] if covered else []
        lines, is_good = told or ["Dit bewijs klopt niet."], covered is not None
    elif given.log and given.checkpoints:
        report = verify_files(given.log, given.checkpoints, keys)
        lines, is_good = [*report.lines()], not report.findings
    else:
        parser.error("geef een logboek met --checkpoints, of een bewijs met --proof")
    sys.stdout.writelines(f"{line}\n" for line in [*lines, "in orde" if is_good else "NIET IN ORDE"])
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
