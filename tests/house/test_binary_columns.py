"""Every column of bytes says what it holds, so that a rotation leaves none behind."""

from sqlalchemy import Column, LargeBinary, MetaData, Table

from migrations.metadata import full_metadata
from referral.core.encryption import find_digests, find_sealed, sealed_bytes

PLAIN_HASHES = {"login_session.token_hash", "access_token.token_hash"}
AUDIT_HASHES = {
    "audit_entry.previous_hash",
    "audit_entry.entry_hash",
    "audit_leaf.entry_hash",
    "audit_chain.entry_hash",
    "audit_checkpoint.tops",
}
WRAPPED_KEYS = {"wrapping_key.blob", "subject_key.blob"}
SUMS = {"figure_cell.tally"}
"""Counters that lead to nobody."""


def undeclared(metadata: MetaData) -> set[str]:
    """The columns of bytes of which the rotation does not know whether they hang on a key."""
    sealed = [each for table in find_sealed(metadata) for each in table.columns]
    known = {column.column for column in sealed} | {column.tag for column in sealed} | set(find_digests(metadata))
    binary = (
        each for table in metadata.tables.values() for each in table.columns if isinstance(each.type, LargeBinary)
    )
    return (
        {f"{each.table.name}.{each.name}" for each in binary if each not in known}
        - PLAIN_HASHES
        - AUDIT_HASHES
        - WRAPPED_KEYS
        - SUMS
    )


def test_every_column_of_bytes_is_sealed_a_tag_a_digest_or_a_plain_hash() -> None:
    """A column that `KeyRing.seal` fills needs `info=sealed_bytes(…)`; one of `fingerprint` needs `keyed_digest()`."""
    assert undeclared(full_metadata()) == set()


def test_a_column_that_is_not_declared_is_noticed() -> None:
    """The control of the test above."""
    metadata = MetaData()
    known = Column("known", LargeBinary, info=sealed_bytes("x.known", subject="owner_id"))
    Table("x", metadata, Column("owner_id"), known, Column("forgotten", LargeBinary))
    assert undeclared(metadata) == {"x.forgotten"}
