"""An operation of autogenerate, and how several of them stand in a migration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby
from textwrap import dedent, indent

from alembic.operations import ops

from driftcheck.project.working_schema import WorkingSchema
from driftcheck.schema import Address
from driftcheck.sources.operation_code import short_code

INDENT = "    "
"""The indentation of a block in a migration."""


@dataclass(frozen=True)
class Batch:
    """The ``op.batch_alter_table()`` block that an operation is written in.

    Attributes:
        table: The table.
        schema: Its schema; ``None`` for the default schema.
    """

    table: str
    schema: str | None

    @property
    def header(self) -> str:
        """The first line of the block, as Alembic renders it."""
        return f"with op.batch_alter_table({self.table!r}, schema={self.schema!r}) as batch_op:"


@dataclass(frozen=True)
class Operation:
    """An operation that autogenerate would write into a migration.

    Attributes:
        text: The operation in Python, as Alembic renders it. In batch mode, this is a block with
            this operation only.
        reverse: The reverse operation in Python; empty if it has none.
        address: The object that the operation is for; ``None`` for an operation that is not
            Alembic's own. For a constraint without a name in the models, the name is empty.
        directive: Alembic's operation object; ``None`` for an operation from the cache, which is
            not run.
        subject: For a constraint without a name, the subject of the schema object.
        working: Where the connection of env.py looks for names without a schema.
        batch: The block that the operation belongs to; ``None`` outside of batch mode.
        imports: The imports that the operation and its reverse need in a migration.
        resolved: The objects whose differences from the models disappear when the operation is
            run; empty if that was not tried.
        needs_autocommit: Whether the database refuses the operation in a transaction block.
        is_repeated: Whether autogenerate writes the operation again after it has run.
        table: The name of the table; empty for an operation that is not Alembic's own.
        drops_table: Whether the operation is Alembic's own for dropping a table.
        is_of_plugin: Whether a plugin defines the operation, not Alembic.
    """

    text: str
    reverse: str
    address: Address | None
    directive: ops.MigrateOperation | None
    subject: tuple[str, ...] | None = None
    working: WorkingSchema = field(default_factory=WorkingSchema)
    batch: Batch | None = None
    imports: tuple[str, ...] = ()
    resolved: frozenset[Address] = frozenset()
    needs_autocommit: bool = False
    is_repeated: bool = False
    table: str = ""
    drops_table: bool = False
    is_of_plugin: bool = False

    @property
    def call(self) -> str:
        """The operation in short, such as ``op.create_table('students')``."""
        return short_code(self.text)

    @property
    def rendered(self) -> str:
        """The operation as Alembic renders it, without an autocommit block."""
        return dedent(self.text.partition("\n")[2]) if self.needs_autocommit else self.text

    def in_autocommit_block(self) -> Operation:
        """Return the operation in a block that ends the transaction of the migration."""
        block = f"with op.get_context().autocommit_block():\n{indent(self.text, INDENT)}"
        return replace(self, text=block, needs_autocommit=True)


def joined(texts: Iterable[str]) -> str:
    """Return operations as the body of a migration, with one block for each batch."""
    lines: list[str] = []
    block = ""
    for text in texts:
        header, newline, body = text.partition("\n")
        is_batch = bool(newline) and header.startswith("with op.batch_alter_table(")
        lines.append(body if is_batch and header == block else text)
        block = header if is_batch else ""
    return "\n".join(lines)


def in_blocks(operations: Iterable[Operation]) -> Iterator[list[Operation]]:
    """Yield operations that are run together: those of one batch, or a single operation."""
    for batch, group in groupby(operations, key=lambda operation: operation.batch):
        if batch is not None:
            yield [*group]
        else:
            yield from ([operation] for operation in group)
