"""A plain Alembic project with as many tables as wanted."""

from __future__ import annotations

from pathlib import Path

_ALEMBIC_INI = """\
[alembic]
script_location = %(here)s/migrations
sqlalchemy.url = {url}
"""

_MODELS = """\
from sqlalchemy import Column, DateTime, ForeignKey, Integer, MetaData, Numeric, String
from sqlalchemy import Table, Text, func

metadata = MetaData()
for number in range({tables}):
    Table(
        f"table_{{number}}",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("name", String(64), nullable=False, index=True),
        Column("email", String(255), unique=True),
        Column("description", Text),
        Column("amount", Numeric(10, 2), server_default="0"),
        Column("quantity", Integer, nullable=False),
        Column("status", String(20), server_default="new"),
        Column("created_at", DateTime(timezone=True), server_default=func.now()),
        Column("updated_at", DateTime(timezone=True)),
        Column("position", Integer),
        Column("notes", Text),
        Column("parent_id", Integer, ForeignKey(f"table_{{max(number - 1, 0)}}.id")),
    )
"""

_ENV = """\
from alembic import context
from sqlalchemy import engine_from_config, pool

from models import metadata

section = context.config.get_section(context.config.config_ini_section)
engine = engine_from_config(section, prefix="sqlalchemy.", poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
"""

_REVISION = '''\
"""Create every table."""

from alembic import op
from sqlalchemy import MetaData

from models import metadata

revision = "{revision}"
down_revision = {down_revision}


def copies():
    """Return copies: a history that creates the tables of the models themselves is never cached."""
    copied = MetaData()
    for table in metadata.sorted_tables:
        table.to_metadata(copied)
    return copied.sorted_tables[{start}:{stop}]


def upgrade():
    for table in copies():
        table.create(op.get_bind())


def downgrade():
    for table in reversed(copies()):
        table.drop(op.get_bind())
'''


def write_project(directory: Path, url: str, *, tables: int, revisions: int) -> None:
    """Write a project whose history makes the tables, evenly shared out among the revisions.

    Args:
        directory: Where to; it is made.
        url: Its database.
        tables: How many, each with 12 columns, a primary key, a foreign key, a unique
            constraint and an index.
        revisions: How many.
    """
    versions = directory / "migrations" / "versions"
    versions.mkdir(parents=True)
    (directory / "alembic.ini").write_text(_ALEMBIC_INI.format(url=url.replace("%", "%%")))
    (directory / "models.py").write_text(_MODELS.format(tables=tables))
    (directory / "migrations" / "env.py").write_text(_ENV)
    share = -(-tables // revisions)
    for number in range(revisions):
        before = repr(f"r{number - 1:04}") if number else None
        text = _REVISION.format(
            revision=f"r{number:04}",
            down_revision=before,
            start=number * share,
            stop=(number + 1) * share,
        )
        (versions / f"r{number:04}.py").write_text(text)
