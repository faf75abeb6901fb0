"""A plain Alembic project with as many tables and revisions as wanted, as people write them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    table = Table(
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
    if number < {added}:
        table.append_column(Column("added", Integer))
"""

ENV = """\
from alembic import context
from sqlalchemy import engine_from_config, pool

from models import metadata

section = context.config.get_section(context.config.config_ini_section)
engine = engine_from_config(section, prefix="sqlalchemy.", poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(
        connection=connection, target_metadata=metadata, transaction_per_migration=True
    )
    with context.begin_transaction():
        context.run_migrations()
"""
"""An ``env.py`` that works in the default schema."""

TENANT_ENV = """\
from alembic import context
from sqlalchemy import engine_from_config, pool, text

from models import metadata

tenant = context.get_x_argument(as_dictionary=True)["tenant"]
section = context.config.get_section(context.config.config_ini_section)
engine = engine_from_config(section, prefix="sqlalchemy.", poolclass=pool.NullPool)
with engine.connect() as connection:
    connection.execute(text(f'SET search_path TO "{tenant}"'))
    connection.commit()
    connection.dialect.default_schema_name = tenant
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
"""
"""An ``env.py`` that works in the schema of ``-x tenant=SCHEMA``."""

_REVISION = '''\
"""{message}"""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {down_revision!r}


def upgrade():
{upgrade}


def downgrade():
{downgrade}
'''

_CREATE = """\
    op.create_table(
        "table_{number}",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=10, scale=2), server_default="0", nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=20), server_default="new", nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=True
        ),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["parent_id"], ["table_{parent}.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("email"),
    )
    op.create_index(op.f("ix_table_{number}_name"), "table_{number}", ["name"], unique=False)"""

_DROP = """\
    op.drop_index(op.f("ix_table_{number}_name"), table_name="table_{number}")
    op.drop_table("table_{number}")"""

SET_DEFAULT = (
    "Set a default again.",
    '    op.alter_column("table_0", "status", server_default="new")',
    "    pass",
)
"""A revision that changes nothing: its message, its upgrade and its downgrade."""

_ADD_COLUMN = """\
    op.add_column("table_{number}", sa.Column("added", sa.Integer(), nullable=True))"""

_DROP_COLUMN = """\
    op.drop_column("table_{number}", "added")"""


class Project:
    """A project in a directory.

    Args:
        directory: Where it is written.
        tables: The number of its tables. Each has 12 columns, a primary key, a foreign key, a
            unique constraint and an index.
        revisions: The number of its revisions. They share the tables evenly. A revision without
            a table sets a default again.
        env: The text of ``env.py``.
    """

    def __init__(self, directory: Path, *, tables: int, revisions: int, env: str = ENV) -> None:
        self.directory = directory
        self.tables = tables
        self._revisions = 0
        self._added = 0
        self._versions = directory / "migrations" / "versions"
        self._versions.mkdir(parents=True)
        (directory / "migrations" / "env.py").write_text(env)
        self.declare_added(0)
        for number in range(revisions):
            start, stop = (-(-tables * edge // revisions) for edge in (number, number + 1))
            self.add(*(_creating(range(start, stop)) if stop > start else SET_DEFAULT))

    def connect(self, url: str) -> None:
        """Name the project's database in alembic.ini."""
        text = _ALEMBIC_INI.format(url=url.replace("%", "%%"))
        (self.directory / "alembic.ini").write_text(text)

    def declare_added(self, count: int) -> None:
        """Have the models declare an additional column in some of the first tables.

        Args:
            count: The number of these tables.
        """
        text = _MODELS.format(tables=self.tables, added=count)
        (self.directory / "models.py").write_text(text)

    def add_column(self) -> None:
        """Write one more revision, which adds a column to the next table, and declare it."""
        number = self._added
        self._added += 1
        self.add(
            "Add a column.", _ADD_COLUMN.format(number=number), _DROP_COLUMN.format(number=number)
        )
        self.declare_added(self._added)

    def add(self, message: str, upgrade: str, downgrade: str) -> None:
        """Write one more revision."""
        number = self._revisions
        self._revisions += 1
        (self._versions / f"r{number:04}.py").write_text(
            _REVISION.format(
                message=message,
                revision=f"r{number:04}",
                down_revision=f"r{number - 1:04}" if number else None,
                upgrade=upgrade,
                downgrade=downgrade,
            )
        )


_BATCH = 500  # tables in a transaction: each takes locks

_CREATE_DIRECTLY = """
do $$ begin for n in {start} .. {stop} - 1 loop
  execute format('create table table_%1$s (id serial primary key, name varchar(64) not null,
    email varchar(255) unique, description text, amount numeric(10, 2) default ''0'',
    quantity integer not null, status varchar(20) default ''new'',
    created_at timestamptz default now(), updated_at timestamptz, position integer, notes text,
    parent_id integer references table_%2$s (id))', n, greatest(n - 1, 0));
  execute format('create index ix_table_%1$s_name on table_%1$s (name)', n);
end loop; end $$
"""


def creation(tables: int) -> Iterator[str]:
    """Yield statements that create the tables of a project without Alembic.

    Args:
        tables: The number of tables.
    """
    for start in range(0, tables, _BATCH):
        yield _CREATE_DIRECTLY.format(start=start, stop=min(start + _BATCH, tables))


def _creating(numbers: Sequence[int]) -> tuple[str, str, str]:
    created = [_CREATE.format(number=n, parent=max(n - 1, 0)) for n in numbers]
    dropped = [_DROP.format(number=n) for n in reversed(numbers)]
    return "Create tables.", "\n".join(created), "\n".join(dropped)


def drift_statements(tables: int, count: int) -> Iterator[str]:
    """Yield statements that change some of the last tables by hand, each in one of four ways.

    Args:
        tables: The number of the project's tables.
        count: The number of changes, at most one for each table.
    """
    changes = (
        "ALTER TABLE table_{0} DROP COLUMN notes",
        "ALTER TABLE table_{0} ALTER COLUMN name TYPE varchar(80)",
        "DROP INDEX ix_table_{0}_name",
        "ALTER TABLE table_{0} ALTER COLUMN status SET DEFAULT 'old'",
    )
    for number in range(count):
        yield changes[number % len(changes)].format(tables - 1 - number)
