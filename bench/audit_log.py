"""What the audit log costs and how fast it is checked: `python bench/audit_log.py`.

A deed with its entry, linked in its chain, beside the same deed with a plain row, as the median of rounds in turn on
SQLite; the sealer's speed; and the verifier on an exported log of a million entries. Exits with 1 when one is missed.
"""

import gc
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sizes import sized
from sqlalchemy import insert
from sqlalchemy.orm import Session

from config.settings import load
from referral.app import create_service
from referral.core.audit import AuditEntry, Draft, write_entries
from referral.core.audit.notary import Signer
from referral.core.audit.verifier import (
    ZERO,
    Checkpoint,
    Tree,
    canonical,
    leaf_hash,
    read_keys,
    verify_files,
)
from referral.core.database import new_id
from referral.core.migrate import upgrade
from referral.core.outbox import OutboxMessage
from referral.core.policy import Actor, OrganisationKind
from referral.core.work import Service
from referral.operations.sealing import seal_log

DEEDS = sized(300, 3)
ROUNDS = sized(7, 1)
ENTRIES = sized(1_000_000, 200)
CHAINS = sized(100_000, 20)
EVERY = sized(1_000, 10)
VERIFY_SECONDS = 60.0
CHAIN_COST = 1.6


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        service = made_service(folder)
        ratio = chain_cost(service)
        sealer_speed(service)
        service.engine.dispose()
        seconds = verifying(folder)
    print(f"cost of a linked entry beside a plain row, a whole deed: {ratio:.2f} x (target <= {CHAIN_COST})")
    print(f"verifying {ENTRIES:,} entries and {ENTRIES // EVERY:,} checkpoints: {seconds:.1f} s of processor time")
    return 0 if ratio <= CHAIN_COST and seconds <= VERIFY_SECONDS else 1


def made_service(folder: Path) -> Service:
    (folder / "db").mkdir()
    settings = load(
        {
            "ENVIRONMENT": "test",
            "DATABASE_URL": f"sqlite:///{folder}/db/bench.db",
            "KEY_DIRECTORY": str(folder / "keys"),
            "CHECKPOINT_DIRECTORY": str(folder / "checkpoints"),
            "SECRET_KEY": "een-geheim-voor-de-meting-0123456789",
        }
    )
    upgrade(settings.database_url)
    return create_service(settings)


def chain_cost(service: Service) -> float:
    """The ratio of the two medians: deeds of one organisation, an event for the outbox and one entry each."""
    actor = Actor(new_id(), new_id(), OrganisationKind.MUNICIPALITY, frozenset())
    spent: dict[str, list[float]] = {"plain": [], "linked": []}
    gc.disable()
    for _ in range(ROUNDS):
        for way, write in (("plain", plain), ("linked", linked)):
            spent[way].append(timed(lambda write=write: deeds(service, actor, write)))
    gc.enable()
    plain_time, linked_time = (statistics.median(spent[way]) / DEEDS * 1000 for way in ("plain", "linked"))
    print(f"a deed with a plain row {plain_time:.2f} ms, with a linked entry {linked_time:.2f} ms of processor time")
    return linked_time / plain_time


def deeds(service: Service, actor: Actor, write: Callable[[Session, Draft], None]) -> None:
    for _ in range(DEEDS):
        with service.work() as work:
            case = new_id()
            tried = {"event": "Tried", "object_id": case, "payload": {}, "traceparent": work.traceparent}
            work.session.add(OutboxMessage(published_at=work.now, attempts=0, **tried))
            work.session.flush()
            write(work.session, Draft(work.trace, actor, "test:try", "referral", case))


def linked(session: Session, draft: Draft) -> None:
    write_entries(session, [draft])


def plain(session: Session, draft: Draft) -> None:
    """The row as it would be without links: no head, no hash, no queue."""
    row = {
        "id": new_id(),
        "occurred_at": draft.trace.now,
        "actor_id": draft.actor.id,
        "organisation_id": draft.actor.organisation_id,
        "action": draft.action,
        "object_type": draft.object_type,
        "object_id": draft.object_id,
        "result": draft.result,
        "origin": draft.actor.origin,
        "trace_id": draft.trace.id,
        "span_id": draft.trace.span_id,
        "details": {},
        "chain_id": draft.chain_id,
        "sequence": 1,
        "previous_hash": bytes(32),
        "entry_hash": bytes(32),
    }
    session.connection().execute(insert(AuditEntry), [row])


def sealer_speed(service: Service) -> None:
    started = time.perf_counter()
    sealed = seal_log(service)
    print(f"the sealer takes {sealed / (time.perf_counter() - started):,.0f} entries a second")


def verifying(folder: Path) -> float:
    """Write a log of a million entries as `referral audit export` does, and check it."""
    signer = Signer("bench.example/audit", Ed25519PrivateKey.generate())
    published = folder / "published"
    published.mkdir()
    log = write_log(folder / "log.jsonl", published / "2026-11-03.checkpoints", signer)
    keys = read_keys(signer.public)
    started, used = time.perf_counter(), time.process_time()
    report = verify_files(log, published, keys)
    used = time.process_time() - used
    assert (report.sealed, report.findings) == (ENTRIES, []), report.findings
    print(f"by the clock {time.perf_counter() - started:.1f} s")
    return used


def write_log(log: Path, notes: Path, signer: Signer) -> Path:
    tree, heads = Tree(), {}
    with log.open("w") as file, notes.open("w") as published:
        for index in range(ENTRIES):
            chain = str(UUID(int=index % CHAINS))
            sequence, previous = heads.get(chain, (0, ZERO))
            entry = {
                **CONTENT,
                "id": str(UUID(int=index)),
                "chain": chain,
                "sequence": sequence + 1,
                "previous": previous,
            }
            leaf = leaf_hash(canonical(entry))
            heads[chain] = (sequence + 1, leaf.hex())
            tree.append(leaf)
            file.write(json.dumps({"index": index, "hash": leaf.hex(), "entry": entry}) + "\n")
            if (index + 1) % EVERY == 0:
                note = signer.sign(Checkpoint(signer.origin, tree.size, tree.root(), "2026-11-03T09:00:00Z"))
                published.write(f"{note}\n")
        for chain, (sequence, hash) in heads.items():
            file.write(json.dumps({"chain": chain, "sequence": sequence, "hash": hash}) + "\n")
    return log


CONTENT = {
    "at": "2026-11-03T09:00:00.000000+00:00",
    "actor": str(UUID(int=7)),
    "client": None,
    "organisation": str(UUID(int=8)),
    "action": "participant:read",
    "operation": "participant:show",
    "object_type": "participant",
    "object": str(UUID(int=9)),
    "result": "done",
    "origin": "192.0.2.1",
    "trace": "5f1c0c8a4c9b4f6d8e2b7a1d3c5e7f90",
    "details": {"purpose": "intake", "fields": ["name", "phone"]},
}


def timed(work: Callable[[], None]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


if __name__ == "__main__":
    sys.exit(main())
