"""The audit log: who did or read what, on what object, when, with which result, from where. No data of participants.

Rows are added, never changed, in the transaction of the deed itself (BIO2 8.15.01, AVG art. 5(2)). In the order of an
entry's life:

    models     the tables
    writing    a deed's entries, linked in their chains
    refusals   counting who proved no identity
    sealing    their place in one Merkle tree, signed
    notary     the key, and publishing outside the database
    verifier   recomputing all of it; one file, for an inspector

How it is built and how to check it: `docs/audit.md`.
"""

from referral.core.audit.models import AuditEntry
from referral.core.audit.writing import DONE, Draft, Trace, standing_for, write_entries

__all__ = ["DONE", "AuditEntry", "Draft", "Trace", "standing_for", "write_entries"]
