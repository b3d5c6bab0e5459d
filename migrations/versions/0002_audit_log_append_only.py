"""The audit log can be added to, and nothing else: the database itself refuses to change or remove what stands in it.

An entry may be removed ten years after it was written, when its term is over; its hash in `audit_leaf` stays.
Written by hand: triggers are no part of the models.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = ("audit_entry", "audit_leaf", "audit_checkpoint")
KEPT_YEARS = 10
UNIQUE = {
    "audit_entry": "id = NEW.id OR (chain_id = NEW.chain_id AND sequence = NEW.sequence)",
    "audit_leaf": "id = NEW.id OR log_index = NEW.log_index",
    "audit_checkpoint": "id = NEW.id OR size = NEW.size",
}
"""What may exist once: SQLite's INSERT OR REPLACE removes the old row without asking the trigger on DELETE."""


def upgrade() -> None:
    for statement in sqlite_guards() if op.get_context().dialect.name == "sqlite" else postgresql_guards():
        op.execute(statement)


def downgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        for table in TABLES:
            for deed in ("update", "delete", "replace"):
                op.execute(f"DROP TRIGGER {table}_no_{deed}")
        return
    for table in TABLES:
        for deed in ("update", "delete", "truncate"):
            op.execute(f"DROP TRIGGER {table}_no_{deed} ON {table}")
    op.execute("DROP FUNCTION refuse_change_of_audit_log")


def same(table: str) -> str:
    return f"SELECT 1 FROM {table} WHERE {UNIQUE[table]}"  # noqa: S608


def sqlite_guards() -> list[str]:
    refuse = "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
    over = f"WHEN OLD.occurred_at > datetime('now', '-{KEPT_YEARS} years') "
    return [
        statement
        for table in TABLES
        for statement in (
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}",
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
            f"{over if table == 'audit_entry' else ''}{refuse}",
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN EXISTS ({same(table)}) {refuse}",
        )
    ]


def postgresql_guards() -> list[str]:
    over = f"WHEN (OLD.occurred_at > now() - interval '{KEPT_YEARS} years') "
    call = "EXECUTE FUNCTION refuse_change_of_audit_log()"
    return [
        "CREATE FUNCTION refuse_change_of_audit_log() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege'; END $$",
        *(
            statement
            for table in TABLES
            for statement in (
                f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} FOR EACH ROW {call}",
                f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH ROW "
                f"{over if table == 'audit_entry' else ''}{call}",
                f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {call}",
            )
        ),
    ]
