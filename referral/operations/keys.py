"""What an operator does to the keys, with its row in the audit log: rotating, and destroying a KEK."""

from referral.core.encryption import DestroyReceipt, Report
from referral.core.encryption.rotation import Heard
from referral.core.policy import Actor
from referral.core.work import Service


def rotate_keys(service: Service, kind: str, *, actor: Actor, batch: int, heard: Heard) -> Report:
    """Begin a rotation (`kek`, `data` or `index`) or go on with it, until it is done or has to wait."""
    report = service.key_ring.rotate(kind, clock=service.clock, batch=batch, heard=heard)
    with service.work() as work:
        counts = {"changed": report.changed, "errors": report.errors, "kept": report.kept}
        result = "done" if report.is_done else "failed" if report.errors else "waiting"
        work.record(actor, "keys:rotate", "key", None, result=result, kind=kind, **counts)
    return report


def destroy_kek(service: Service, kek_id: str, *, actor: Actor) -> DestroyReceipt:
    """Destroy a key-encryption key for ever. Raises `KeyRefused` while it is in use, `KeyMissing` when it is gone.

    The audit row is written first: if it cannot be, nothing is destroyed.
    """
    with service.work() as work:
        work.record(actor, "keys:destroy", "key", None, kek_id=kek_id)
        work.session.flush()
        return service.key_ring.destroy_kek(work.session, kek_id)
