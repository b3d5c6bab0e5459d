"""The database's own guard: a sealed column takes envelopes only, whoever writes and by whatever road."""

from typing import Any, Final, Literal

from sqlalchemy import Boolean, CheckConstraint, ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from referral.core.encryption.envelope import MAGIC, OVERHEAD

_LITERALS: Final = {"sqlite": f"x'{MAGIC.hex()}'", "postgresql": f"'\\x{MAGIC.hex()}'::bytea"}


class IsSealed(ColumnElement[bool]):
    """SQL: the column is empty, or begins as an envelope and is long enough to be one."""

    inherit_cache = False
    type = Boolean()

    def __init__(self, column: str) -> None:
        self.column = column


def sealed_check(column: str) -> CheckConstraint:
    """The constraint for one sealed column, named by the convention (`ck_participant_phone_ct_sealed`)."""
    return CheckConstraint(IsSealed(column), name=f"{column}_sealed")


def render_sealed_check(kind: str, item: object, context: Any) -> str | Literal[False]:
    """Alembic's `render_item`: write down the SQL of every engine, so that history does not change with the code."""
    if kind != "check" or not isinstance(item, CheckConstraint) or not isinstance(item.sqltext, IsSealed):
        return False
    name = context.migration_context.dialect.identifier_preparer.format_constraint(item)
    by_dialect = {dialect: _sql(item.sqltext.column, literal) for dialect, literal in _LITERALS.items()}
    return f"sa.CheckConstraint({by_dialect!r}[op.get_context().dialect.name], name=op.f({name!r}))"


@compiles(IsSealed)
def _compile(element: IsSealed, compiler: SQLCompiler, **_options: object) -> str:
    return _sql(compiler.preparer.quote(element.column), _LITERALS[compiler.dialect.name])


def _sql(column: str, start: str) -> str:
    return f"{column} IS NULL OR (length({column}) >= {OVERHEAD} AND substr({column}, 1, 2) = {start})"
