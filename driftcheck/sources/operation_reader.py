"""Describes the operations of a generated migration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from textwrap import indent
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import render_op_text
from alembic.operations import ops

from driftcheck.databases.postgresql.catalog.computed_defaults import text_with_computed_defaults
from driftcheck.databases.registry import database_for
from driftcheck.project.working_schema import working_schema
from driftcheck.schema import Address
from driftcheck.sources.operation import INDENT, Batch, Operation
from driftcheck.sources.operation_imports import imports_for, template_imports


class OperationReader:
    """Describes the operations of a generated migration, as Alembic renders them.

    Args:
        context: The migration context of the database, as env.py configures it.
    """

    def __init__(self, context: Any) -> None:
        self._options = context.opts
        self._rendering = AutogenContext(context, autogenerate=False)
        self._working = working_schema(context.connection)
        self._default_schema = self._working.schema_of(None) or _default_schema(context.dialect)
        self._of_template = template_imports(Path(context.script.dir, "script.py.mako"))

    def read(self, container: ops.OpContainer, imports: Iterable[str]) -> Iterator[Operation]:
        """Yield the operations of a container, such as the ``upgrade_ops`` of a migration.

        Args:
            container: The container.
            imports: The imports that the migration has apart from those of its operations.
        """
        for directive, batch in _with_batches(container.ops, self._options):
            text = _rendered(self._rendering, directive, batch)
            reverse = _reversed(self._rendering, directive, batch)
            known = *self._of_template, *imports, *self._rendering.imports
            address = _address(directive, self._default_schema)
            yield Operation(
                text,
                reverse,
                address,
                directive,
                _subject(directive, self._default_schema),
                self._working,
                batch,
                imports_for(f"{text}\n{reverse}", known),
                table=_table(directive, address),
                drops_table=isinstance(directive, ops.DropTableOp),
                is_of_plugin=is_of_plugin(directive),
            )


def is_of_plugin(directive: Any) -> bool:
    """Return whether a plugin defines an operation, not Alembic."""
    return type(directive).__module__.partition(".")[0] != "alembic"


def _with_batches(
    directives: Iterable[Any], options: Mapping[str, Any], batch: Batch | None = None
) -> Iterator[tuple[Any, Batch | None]]:
    """Yield all operations, each with the block that it is written in."""
    for directive in directives:
        if isinstance(directive, ops.ModifyTableOps) and options.get("render_as_batch"):
            own = Batch(directive.table_name, directive.schema)
            yield from _with_batches(directive.ops, options, own)
        elif isinstance(directive, ops.OpContainer):
            yield from _with_batches(directive.ops, options, batch)
        else:
            yield directive, batch


def _rendered(rendering: AutogenContext, directive: Any, batch: Batch | None) -> str:
    if batch is None:
        return _code(rendering, directive)
    with rendering._within_batch():  # noqa: SLF001  (as Alembic renders ModifyTableOps)
        return f"{batch.header}\n{indent(_code(rendering, directive), INDENT)}"


def _code(rendering: AutogenContext, directive: Any) -> str:
    """Return an operation as Alembic renders it, without times at which a shadow was created."""
    return text_with_computed_defaults(render_op_text(rendering, directive))


def _reversed(rendering: AutogenContext, directive: Any, batch: Batch | None) -> str:
    try:
        return _rendered(rendering, directive.reverse(), batch)
    except (NotImplementedError, ValueError, AttributeError):
        return ""


def _default_schema(dialect: Any) -> str:
    """Return the schema of objects without an explicit schema; empty without schemas."""
    return dialect.default_schema_name or "" if database_for(dialect.name).has_schemas else ""


def _address(directive: Any, default_schema: str) -> Address | None:
    """The address of the object that an operation of Alembic's own is for."""
    schema = getattr(directive, "schema", None) or default_schema
    table = getattr(directive, "table_name", "")
    path: tuple[str, ...] = (table,)
    match directive:
        case ops.AddColumnOp():
            kind, path = "column", (table, directive.column.name)
        case ops.DropColumnOp() | ops.AlterColumnOp():
            kind, path = "column", (table, directive.column_name)
        case ops.CreateIndexOp() | ops.DropIndexOp():
            kind, path = "index", (directive.index_name or "",)
        case ops.CreateForeignKeyOp():
            kind, path = "foreign key", (directive.source_table, _name(directive))
            schema = directive.kw.get("source_schema") or default_schema
        case ops.AddConstraintOp() | ops.DropConstraintOp():
            kind = _CONSTRAINTS.get(directive.constraint_type or "", "check constraint")
            path = table, _name(directive)
        case _ if table:
            kind = "table"
        case _:
            return None
    return Address(kind, schema, path)


def _table(directive: Any, address: Address | None) -> str:
    name = getattr(directive, "table_name", None)
    return name or (address.path[0] if address else "")


def _subject(directive: Any, default_schema: str) -> tuple[str, ...] | None:
    match directive:
        case ops.CreateUniqueConstraintOp():
            return "unique", *sorted(directive.columns)
        case ops.CreateForeignKeyOp():
            schema = directive.kw.get("referent_schema") or default_schema
            target = Address("table", schema, (directive.referent_table,)).sql
            return "foreign key", target, *sorted(directive.local_cols)
    return None


def _name(directive: Any) -> str:
    """The name of a constraint; empty if the models give it none."""
    name = directive.constraint_name
    return name if isinstance(name, str) else ""


_CONSTRAINTS = {
    "primary": "primary key",
    "unique": "unique constraint",
    "foreignkey": "foreign key",
    "check": "check constraint",
}
