"""What an operator does to the keys, with its row in the audit log: rotating, and destroying a KEK."""

from sqlalchemy import update

from referral.core.encryption import DestroyReceipt, Report, retired_wrapping_key
from referral.core.encryption.rotation import Heard
from referral.core.policy import Actor
from referral.core.work import Service
from referral.operations.backup import ledger_of


def rotate_keys(service: Service, kind: str, *, actor: Actor, batch: int, heard: Heard) -> Report:
    """Begin a rotation (`kek`, `data` or `index`) or go on with it, until it is done or has to wait."""
    report = service.key_ring.rotate(kind, clock=service.clock, batch=batch, heard=heard)
    with service.work() as work:
        state = "done" if report.is_done else "failed" if report.errors else "waiting"
        work.record(
            actor,
            "keys:rotate",
            "key",
            None,
            state=state,
            kind=kind,
            changed=report.changed,
            errors=report.errors,
            kept=report.kept,
        )
    return report


def destroy_kek(service: Service, kek_id: str, *, actor: Actor) -> DestroyReceipt:
    """Destroy a key-encryption key for ever. Raises `KeyRefused` while it is in use, `KeyMissing` when it is gone.

    The audit row and the ledger come first: if they cannot be written nothing is destroyed, and no backup of the keys
    brings back what was.
    """
    with service.work() as work:
        work.record(actor, "keys:destroy", "key", None, kek_id=kek_id)
        work.session.flush()
        service.key_ring.refuse_if_used(work.session, kek_id)
        ledger_of(service).add_destroyed_key(kek_id, work.now)
        done = update(retired_wrapping_key).where(retired_wrapping_key.c.kek_id == kek_id)
        work.session.execute(done.values(destroyed_at=work.now))
        return service.key_ring.provider.destroy(kek_id)
