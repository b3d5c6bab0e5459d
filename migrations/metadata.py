"""All tables of the service together: what the newest revision must equal."""

from importlib import import_module
from pathlib import Path

from sqlalchemy import MetaData

import referral
from referral.core.database import Base

CORE_TABLES = frozenset({"audit", "outbox", "encryption", "keys", "idempotency"})


def full_metadata() -> MetaData:
    """Every table, after importing every area's `models` and the tables of the core."""
    package = Path(referral.__path__[0])
    for path in sorted(package.rglob("*.py")):
        rooms = path.relative_to(package).with_suffix("").parts
        if "models" in rooms or (rooms[0] == "core" and rooms[1] in CORE_TABLES):
            import_module(".".join(["referral", *rooms]).removesuffix(".__init__"))
    return Base.metadata
