"""Somebody with full rights on the database, who takes its guards away before changing the audit log."""

from sqlalchemy import Connection, text


def drop_guards(connection: Connection) -> None:
    """Silence the triggers of the audit log until this transaction is rolled back, or for good when it is not."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        return
    names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
    for name in names:
        connection.execute(text(f"DROP TRIGGER {name}"))
