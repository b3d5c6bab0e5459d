"""The end of an audit entry's own term: its content goes, its hash stays, and the log says that it went.

Ten years, the longest term of a case (`config/retention.toml`); the database refuses anything younger. Always the
oldest part as a whole, so that what is left is one log that can still be checked.
"""

from datetime import timedelta
from typing import Final

from sqlalchemy import delete, func, select

from referral.core.audit import AuditEntry
from referral.core.audit.models import AuditCheckpoint, AuditLeaf
from referral.core.audit.verifier import DESTROY
from referral.core.policy import system_actor
from referral.core.work import Service

KEPT: Final = timedelta(days=3653)
"""Ten years, never less: with three leap days in them they are this long."""


def destroy_old_entries(service: Service) -> int:
    """Remove the content of every entry that was sealed ten years ago; returns how many (AVG art. 5(1)e)."""
    with service.work() as work:
        sealed_then = select(func.max(AuditCheckpoint.size)).where(AuditCheckpoint.signed_at <= work.now - KEPT)
        until = work.session.scalar(sealed_then) or 0
        old = AuditEntry.id.in_(select(AuditLeaf.id).where(AuditLeaf.log_index < until))
        gone = int(getattr(work.session.execute(delete(AuditEntry).where(old)), "rowcount", 0))
        if gone:
            work.record(system_actor("cli"), DESTROY, "audit_entry", None, until=until, count=gone)
    return gone
