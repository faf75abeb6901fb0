"""Writes the steps of a migration as operations of Alembic, as the project's own would be."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import render_op_text
from alembic.operations import ops
from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.schema import DefaultClause

from driftcheck.actions.adopt.declared_objects import SchemaSide
from driftcheck.actions.adopt.placeholders import placeholder
from driftcheck.actions.adopt.steps import Step, Verb
from driftcheck.databases.postgresql.catalog.computed_defaults import text_with_computed_defaults
from driftcheck.schema import Address, SchemaObject
from driftcheck.sources.operation import INDENT, Batch
from driftcheck.sources.operation_imports import imports_for, template_imports

_ALTERED = frozenset(("type", "nullable", "default", "comment"))
"""The attributes of a column that ``op.alter_column()`` changes."""

_TYPES_OF_CONSTRAINTS = {
    "primary key": "primary",
    "unique constraint": "unique",
    "foreign key": "foreignkey",
    "check constraint": "check",
}
_BIND = re.compile(r"(?<![:\w\\]):(\w+)(?!:)")
"""What SQLAlchemy takes for a parameter in a text. Source: ``TextClause``."""


@dataclass(frozen=True)
class Code:
    """The code of a step.

    Attributes:
        lines: The code, without the condition under which it runs.
        includes: The parts that the code creates too: the constraints of a table.
        note: A comment above the code.
    """

    lines: str
    includes: frozenset[Address] = frozenset()
    note: str = ""


class OperationWriter:
    """Writes steps as operations.

    Args:
        context: The migration context of the project, which decides how types are rendered.
        before: The schema before the migration.
        after: The schema after it.
        as_batch: Whether tables are altered in batch mode.
    """

    def __init__(
        self, context: Any, before: SchemaSide, after: SchemaSide, *, as_batch: bool
    ) -> None:
        self._rendering = AutogenContext(context, autogenerate=False)
        self._before = before
        self._after = after
        self._as_batch = as_batch
        self._texts: list[str] = []
        self._writers: Mapping[tuple[str, Verb], Callable[[Step], Code | None]] = {
            ("table", Verb.CREATE): self._create_table,
            ("table", Verb.DROP): self._drop_table,
            ("table", Verb.RENAME): self._rename_table,
            ("column", Verb.CREATE): self._add_column,
            ("column", Verb.DROP): self._drop_column,
            ("column", Verb.RENAME): self._rename_column,
            ("column", Verb.ALTER): self._alter_column,
            ("index", Verb.CREATE): self._create_index,
            ("index", Verb.DROP): self._drop_index,
            **{(kind, Verb.CREATE): self._create_constraint for kind in _TYPES_OF_CONSTRAINTS},
            **{(kind, Verb.DROP): self._drop_constraint for kind in _TYPES_OF_CONSTRAINTS},
        }

    @property
    def imports(self) -> tuple[str, ...]:
        """The imports that the operations written so far need, besides ``op`` and ``sa``."""
        environment: Any = self._rendering.migration_context.environment_context
        of_template = template_imports(Path(environment.script.dir, "script.py.mako"))
        return imports_for("\n".join(self._texts), [*of_template, *self._rendering.imports])

    def is_reflected_silently(self, table: Address) -> bool:
        """Whether a migration can look at the columns of a table without a warning."""
        return not (self._before.has_unknown_types(table) or self._after.has_unknown_types(table))

    def write(self, step: Step) -> Code | None:
        """Return the code of a step; ``None`` if Alembic has no operation for it."""
        writer = self._writers.get((step.address.kind, step.verb))
        code = None if writer is None else writer(step)
        return code if code is not None and _is_python(code.lines) else None

    def _create_table(self, step: Step) -> Code | None:
        table = self._after.table(step.address)
        parts = self._after.snapshot.parts.get(step.address, ())
        is_partition = any(part.inherited_from for part in parts)
        if table is None or is_partition or _loses_partitions(step.obj, table):
            return None
        included = frozenset(
            part.address for part in parts if part.address.kind in _TYPES_OF_CONSTRAINTS
        )
        created = ops.CreateTableOp.from_table(table)
        created.columns = [
            self._after.with_existing_type(item, step.address) if isinstance(item, Column) else item
            for item in created.columns
        ]
        return Code(self._rendered(created), included)

    def _drop_table(self, step: Step) -> Code:
        schema = self._before.schema_argument(step.address)
        return Code(self._rendered(ops.DropTableOp(step.address.name, schema=schema)))

    def _rename_table(self, step: Step) -> Code | None:
        former, later = step.before, step.after
        if former is None or later is None or former.address.schema != later.address.schema:
            return None
        arguments = [repr(former.address.name), repr(later.address.name)]
        return Code(f"op.rename_table({', '.join([*arguments, *self._schema(former.address)])})")

    def _add_column(self, step: Step) -> Code | None:
        column = None if step.after is None else self._after.column(step.after)
        if column is None:
            return None
        table, schema = self._table_and_schema(self._after, step.address)
        value = placeholder(column)
        if value is None:
            return Code(self._in_table(ops.AddColumnOp(table, column, schema=schema), step.address))
        filled = column._copy()  # noqa: SLF001  (as Table.to_metadata does)
        filled.server_default = DefaultClause(text(value))
        added = ops.AddColumnOp(table, filled, schema=schema)
        without = ops.AlterColumnOp(
            table,
            column.name,
            schema=schema,
            existing_type=column.type,
            existing_nullable=False,
            modify_server_default=None,
        )
        return Code(
            "\n".join(self._in_table(each, step.address) for each in (added, without)),
            note=f"Rows that exist get the value {value}: the column has no default.",
        )

    def _drop_column(self, step: Step) -> Code:
        table, schema = self._table_and_schema(self._before, step.address)
        dropped = ops.DropColumnOp(table, step.address.name, schema=schema)
        return Code(self._in_table(dropped, step.address))

    def _rename_column(self, step: Step) -> Code | None:
        former, later = step.before, step.after
        column = None if former is None else self._before.column(former)
        if former is None or later is None or column is None:
            return None
        # The table may have been renamed by a step before.
        table, schema = self._table_and_schema(self._after, later.address)
        renamed = ops.AlterColumnOp(
            table,
            former.address.name,
            schema=schema,
            modify_name=later.address.name,
            existing_type=column.type,
        )
        return Code(self._in_table(renamed, later.address))

    def _alter_column(self, step: Step) -> Code | None:
        former, later = step.before, step.after
        if former is None or later is None or " USING " in " ".join(step.statements):
            return None
        current, wanted = self._before.column(former), self._after.column(later)
        changed = {
            name for name, value in later.attributes.items() if former.attributes.get(name) != value
        }
        if current is None or wanted is None or not changed or changed - _ALTERED:
            return None
        table, schema = self._table_and_schema(self._after, later.address)
        default: Any = wanted.server_default if "default" in changed else False
        altered = ops.AlterColumnOp(
            table,
            later.address.name,
            schema=schema,
            existing_type=current.type,
            existing_server_default=current.server_default or False,
            existing_nullable=current.nullable,
            existing_comment=current.comment,
            modify_type=wanted.type if "type" in changed else None,
            modify_nullable=wanted.nullable if "nullable" in changed else None,
            modify_server_default=default,
            modify_comment=wanted.comment if "comment" in changed else False,
        )
        return Code(self._in_table(altered, later.address))

    def _create_index(self, step: Step) -> Code | None:
        index = None if step.after is None else self._after.index(step.after)
        if index is None:
            return None
        return Code(self._in_table(ops.CreateIndexOp.from_index(index), _parent(step.obj)))

    def _drop_index(self, step: Step) -> Code | None:
        index = None if step.before is None else self._before.index(step.before)
        if index is None:
            return None
        return Code(self._in_table(ops.DropIndexOp.from_index(index), _parent(step.obj)))

    def _create_constraint(self, step: Step) -> Code | None:
        constraint = None if step.after is None else self._after.constraint(step.after)
        name = step.address.name
        if isinstance(constraint, ForeignKeyConstraint):
            created = ops.CreateForeignKeyOp.from_constraint(constraint)
            return Code(self._in_table(created, step.address))
        if isinstance(constraint, CheckConstraint):
            return self._call(
                "create_check_constraint", name, step.address, [literal(str(constraint.sqltext))]
            )
        if isinstance(constraint, PrimaryKeyConstraint):
            call = "create_primary_key"
        elif isinstance(constraint, UniqueConstraint):
            call = "create_unique_constraint"
        else:
            return None
        columns = [column.name for column in constraint.columns]
        return self._call(call, name, step.address, [repr(columns)])

    def _drop_constraint(self, step: Step) -> Code:
        type_ = _TYPES_OF_CONSTRAINTS[step.address.kind]
        return self._call("drop_constraint", step.address.name, step.address, [f"type_={type_!r}"])

    def _call(self, call: str, name: str, address: Address, arguments: list[str]) -> Code:
        """Return a call for a constraint, which Alembic does not render itself."""
        if self._as_batch:
            line = f"batch_op.{call}({', '.join([repr(name), *arguments])})"
            return Code(self._in_batch(line, address))
        table = repr(address.path[0])
        given = [repr(name), table, *arguments, *self._schema(address)]
        return Code(f"op.{call}({', '.join(given)})")

    def _in_table(self, directive: Any, address: Address) -> str:
        """Render an operation on a part of a table, in a batch if the project uses batches."""
        if not self._as_batch:
            return self._rendered(directive)
        with self._rendering._within_batch():  # noqa: SLF001  (as Alembic renders ModifyTableOps)
            return self._in_batch(self._rendered(directive), address)

    def _in_batch(self, code: str, address: Address) -> str:
        batch = Batch(address.path[0], self._after.schema_argument(address))
        return f"{batch.header}\n{indent(code, INDENT)}"

    def _rendered(self, directive: Any) -> str:
        self._texts.append(text_with_computed_defaults(render_op_text(self._rendering, directive)))
        return self._texts[-1]

    def _schema(self, address: Address) -> list[str]:
        schema = self._after.schema_argument(address)
        return [] if schema is None else [f"schema={schema!r}"]

    def _table_and_schema(self, side: SchemaSide, address: Address) -> tuple[str, str | None]:
        return address.path[0], side.schema_argument(address)


def _loses_partitions(obj: SchemaObject, table: Table) -> bool:
    """Whether a table is partitioned, and its reflection does not say how."""
    return (
        bool(obj.attributes.get("partition_by"))
        and table.kwargs.get("postgresql_partition_by") is None
    )


def _is_python(code: str) -> bool:
    """Whether code can be parsed: not every type of a project is rendered as an expression."""
    try:
        ast.parse(code)
    except (SyntaxError, ValueError):
        return False
    return True


def executed(statement: str) -> str:
    """Return a statement as an operation that runs it."""
    return f"op.execute({literal(statement)})"


def literal(sql: str) -> str:
    """Return SQL as a string in Python, in which SQLAlchemy finds no parameters.

    Each line of the SQL is a string of its own: a string with line breaks would contain the
    indentation of the code.
    """
    lines = _BIND.sub(r"\\:\1", sql).splitlines(keepends=True)
    if len(lines) == 1:
        return repr(lines[0])
    return "\n" + "".join(f"{INDENT}{line!r}\n" for line in lines)


def _parent(part: SchemaObject) -> Address:
    assert part.part_of is not None  # noqa: S101  (an index has a table)
    return part.part_of
