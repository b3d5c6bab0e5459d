"""The CHECK of a sealed column, in the model and in a migration."""

import pytest
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from sqlalchemy import Engine, MetaData, inspect, make_url
from sqlalchemy.schema import CreateTable

from referral.core.encryption import render_sealed_check
from tests.core.encryption.people import Note, Person


@pytest.mark.parametrize(
    ("dialect", "literal"),
    [("sqlite", "x'0101'"), ("postgresql+psycopg", r"'\x0101'::bytea")],
)
def test_every_sealed_column_has_its_check(dialect: str, literal: str) -> None:
    ddl = str(CreateTable(Person.__table__).compile(dialect=make_url(f"{dialect}://").get_dialect()()))  # type: ignore[arg-type]
    sealed = [field.column for field in Person.__sealed__]
    assert len(sealed) == 8
    for column in sealed:
        rule = f"{column} IS NULL OR (length({column}) >= 48 AND substr({column}, 1, 2) = {literal})"
        assert f"CONSTRAINT ck_test_person_{column}_sealed CHECK ({rule})" in ddl


def test_a_migration_writes_the_check_for_every_engine(engine: Engine) -> None:
    """Rendered by default, it would be the SQL of the engine that the migration was written on."""
    with engine.connect() as connection:
        Note.__table__.drop(connection)  # type: ignore[attr-defined]
        wanted = MetaData(naming_convention=Person.metadata.naming_convention)
        Person.__table__.to_metadata(wanted)  # type: ignore[attr-defined]
        Note.__table__.to_metadata(wanted)  # type: ignore[attr-defined]
        options = {
            "render_item": render_sealed_check,
            "include_name": lambda name, kind, _parent: kind != "table" or name in wanted.tables,
        }
        context = MigrationContext.configure(connection, opts=options)
        operations = produce_migrations(context, wanted).upgrade_ops
        assert operations is not None
        code = render_python_code(operations, render_item=render_sealed_check)
        connection.rollback()
    assert "op.create_table('test_note'" in code
    assert "test_person'," not in code.replace("'test_person.id'", "")
    assert "x'0101'" in code
    assert "::bytea" in code
    assert "[op.get_context().dialect.name], name=op.f('ck_test_note_body_ct_sealed'))" in code
    assert "sa.Column('body_ct', sa.LargeBinary(), nullable=True)" in code


def test_the_tags_are_indexed(engine: Engine) -> None:
    indexed = {tuple(index["column_names"]) for index in inspect(engine).get_indexes("test_person")}
    assert {("phone_bix",), ("email_bix",), ("client_number_bix",)} <= indexed
