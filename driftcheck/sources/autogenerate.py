"""Runs the project's autogenerate on a shadow database, and the operations that it writes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from textwrap import indent
from typing import Any

import sqlalchemy
from alembic.autogenerate.api import AutogenContext, RevisionContext
from alembic.autogenerate.render import render_op_text
from alembic.ddl.impl import DefaultImpl
from alembic.operations import Operations, ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from driftcheck.databases.connection import own_engine
from driftcheck.databases.location import DatabaseKey, database_key_of
from driftcheck.databases.messages import database_message, is_refused_in_transaction
from driftcheck.databases.postgresql.catalog.computed_defaults import text_with_computed_defaults
from driftcheck.databases.registry import database_for
from driftcheck.process.exception_text import exception_lines
from driftcheck.project.loading import Project
from driftcheck.project.redirect import Redirect, ShadowSet
from driftcheck.project.working_schema import WorkingSchema, working_schema
from driftcheck.schema import Address
from driftcheck.sources.operation_code import short_code
from driftcheck.sources.operation_imports import imports_for, template_imports

_INDENT = "    "


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

    def in_autocommit_block(self) -> Operation:
        """Return the operation in a block that ends the transaction of the migration."""
        block = f"with op.get_context().autocommit_block():\n{indent(self.text, _INDENT)}"
        return replace(self, text=block, needs_autocommit=True)


def remove_operations_on_roles(script: Any, roles: Collection[str], context: Any) -> None:
    """Remove the operations of plugins that name the roles of restricted shadows.

    A plugin that compares privileges finds those of such a role, which the live database does not
    have.

    Args:
        script: The generated migration, as Alembic's ``MigrationScript``.
        roles: The names of the roles.
        context: The migration context of the database.
    """
    rendering = AutogenContext(context, autogenerate=False)

    def names_role(directive: Any) -> bool:
        is_container = isinstance(directive, ops.OpContainer)
        if is_container or not _is_of_plugin(directive):
            return False
        text = render_op_text(rendering, directive)
        return any(role in text for role in roles)

    for container in (*script.upgrade_ops_list, *script.downgrade_ops_list):
        container.ops[:] = [each for each in container.ops if not names_role(each)]


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


def _is_of_plugin(directive: Any) -> bool:
    return type(directive).__module__.partition(".")[0] != "alembic"


def in_blocks(operations: Iterable[Operation]) -> Iterator[list[Operation]]:
    """Yield operations that are run together: those of one batch, or a single operation."""
    for batch, group in groupby(operations, key=lambda operation: operation.batch):
        if batch is not None:
            yield [*group]
        else:
            yield from ([operation] for operation in group)


def run_block(block: Sequence[Operation], url: URL) -> tuple[Sequence[Operation], str | None]:
    """Run operations on a shadow database in one transaction, and commit it.

    An operation that the database refuses in a transaction block is run outside of one.

    Args:
        block: An operation, or the operations of one batch.
        url: The shadow database.

    Returns:
        The operations as they can be run, and the error; ``None`` if they run.
    """
    try:
        _run_in_transaction(block, url)
    except DBAPIError as error:
        if not (is_refused_in_transaction(error.orig) and len(block) == 1):
            return block, database_message(error.orig or error)
    except Exception as error:  # noqa: BLE001  (operations may be the project's own)
        return block, None if block[0].is_of_plugin else exception_lines(error)[0]
    else:
        return block, None
    outside = [operation.in_autocommit_block() for operation in block]
    try:
        _run_in_transaction(outside, url)
    except DBAPIError as error:
        return outside, database_message(error.orig or error)
    except Exception as error:  # noqa: BLE001  (operations may be the project's own)
        return outside, exception_lines(error)[0]
    return outside, None


def run_and_undo(block: Sequence[Operation], url: URL) -> tuple[str | None, bool]:
    """Run operations on a shadow database, and undo them if its database system can.

    Args:
        block: An operation, or the operations of one batch.
        url: The shadow database.

    Returns:
        The error, ``None`` if they run; and whether the shadow is as it was before.
    """
    if _has_transactional_ddl(url):
        try:
            _run_in_transaction(block, url, undone=True)
        except _Undone:
            return None, True
        except DBAPIError as error:
            if not is_refused_in_transaction(error.orig):
                return database_message(error.orig or error), True
        except Exception as error:  # noqa: BLE001  (operations may be the project's own)
            return exception_lines(error)[0], True
    _, message = run_block(block, url)
    return message, False


class _Undone(Exception):  # noqa: N818  (not an error: it ends a transaction)
    """Raised in a transaction to roll it back."""


def errors_in_block(block: Sequence[Operation], error: str, url: URL) -> dict[str, str]:
    """Return the error of each operation of a failed block.

    Each operation is run on its own, to find which one fails. The others are rolled back with it.
    Where DDL is not transactional, a part of the block may have run already. Every operation then
    gets the error of the block.

    Args:
        block: The block, which ``run_block`` has run.
        error: Its error.
        url: The shadow database.

    Returns:
        The errors by the text of the operation.
    """
    errors = {operation.text: error for operation in block}
    if len(block) == 1 or not _has_transactional_ddl(url):
        return errors
    alone = {operation.text: _error_alone(operation, error, url) for operation in block}
    if not any(alone.values()):
        return errors
    other = f"another operation of its batch fails: {error}"
    return {text: own_error or other for text, own_error in alone.items()}


def _error_alone(operation: Operation, error: str, url: URL) -> str | None:
    """Run an operation of a failed block on its own, and return its error.

    An operation that only runs outside of a transaction block gets the error of the block.
    """
    (ran,), own_error = run_block([operation], url)
    return own_error or (error if ran.needs_autocommit else None)


def _has_transactional_ddl(url: URL) -> bool:
    dialect = url.get_dialect()()
    return DefaultImpl.get_by_dialect(dialect).transactional_ddl


def _run_in_transaction(block: Sequence[Operation], url: URL, *, undone: bool = False) -> None:
    working = block[0].working
    with own_engine(url).connect() as connected:
        connection = connected
        if working.translate_map:
            connection = connected.execution_options(schema_translate_map=working.translate_map)
        context = MigrationContext.configure(connection, opts={"transaction_per_migration": True})
        with context.begin_transaction(_per_migration=True):
            for statement in working.statements:
                connection.exec_driver_sql(statement)
            _invoke(block, context)
            if undone:
                raise _Undone


def _invoke(block: Sequence[Operation], context: MigrationContext) -> None:
    """Run the code of operations, as the migration would.

    The objects of Alembic do more than their code: that of a new column has its index, its unique
    constraint and its foreign key too, which are operations of their own. A name that only the
    template of migrations defines is not known here. In this case, the objects are run.
    """
    imports = dict.fromkeys(line for operation in block for line in operation.imports)
    code = "\n".join((*imports, joined(operation.text for operation in block)))
    with Operations.context(context) as operations:
        try:
            exec(code, {"op": operations, "sa": sqlalchemy})  # noqa: S102  (the project's own code)
        except NameError:
            if block[0].is_of_plugin:
                raise
            _invoke_objects(block, operations)


def _invoke_objects(block: Sequence[Operation], operations: Operations) -> None:
    """Run operations by their objects.

    Source: Alembic cookbook, "Run Alembic Operation Objects Directly (as in from autogenerate)".
    """
    directives = [each.directive for each in block if each.directive is not None]
    batch = block[0].batch
    if batch is None:
        operations.invoke(directives[0])
        return
    with operations.batch_alter_table(batch.table, schema=batch.schema) as batch_operations:
        for directive in directives:
            batch_operations.invoke(directive)


def autogenerate(
    project: Project,
    redirect: Redirect,
    shadow_set: ShadowSet,
    tables: Collection[tuple[str | None, str]] | None = None,
) -> dict[DatabaseKey, list[Operation]]:
    """Run the project's autogenerate against the shadows of a shadow set.

    Args:
        project: The project, whose env.py configures the comparison.
        redirect: The redirection.
        shadow_set: The shadows. They are at the head of the history, and may have drift.
        tables: The tables to compare, as (schema, name); the schema is ``None`` for the default
            schema. Without them, all tables are compared.

    Returns:
        The operations for each database, in the order in which a migration would have them.
    """
    operations: dict[DatabaseKey, list[Operation]] = {}

    def work(heads: Any, context: Any) -> tuple[()]:
        if tables is not None:
            _compare_only(tables, context.opts)
        database_key = database_key_of(redirect.target_of(context.connection))
        role = shadow_set.shadows[database_key].role
        written = _operations(heads, context, {role} - {""})
        operations.setdefault(database_key, []).extend(written)
        return ()

    with redirect.to(shadow_set):
        project.run_environment(
            work, "running autogenerate", command_options={"autogenerate": True}
        )
    return operations


def _operations(heads: Any, context: Any, roles: Collection[str]) -> Iterator[Operation]:
    command = {
        "message": None,
        "autogenerate": True,
        "sql": False,
        "head": "heads",
        "splice": True,
        "branch_label": None,
        "version_path": None,
        "rev_id": "driftcheck",
        "depends_on": None,
    }
    revision = RevisionContext(context.environment_context.config, context.script, command)
    revision.run_autogenerate(heads, context)
    rendering = AutogenContext(context, autogenerate=False)
    working = working_schema(context.connection)
    default_schema = working.schema_of(None) or _default_schema(context.dialect)
    of_template = template_imports(Path(context.script.dir, "script.py.mako"))
    for script in revision.generated_revisions:
        remove_operations_on_roles(script, roles, context)
        for upgrade in script.upgrade_ops_list:
            for directive, batch in _with_batches(upgrade.ops, context.opts):
                text = _rendered(rendering, directive, batch)
                reverse = _reversed(rendering, directive, batch)
                known = *of_template, *script.imports, *rendering.imports
                address = _address(directive, default_schema)
                yield Operation(
                    text,
                    reverse,
                    address,
                    directive,
                    _subject(directive, default_schema),
                    working,
                    batch,
                    imports_for(f"{text}\n{reverse}", known),
                    table=_table(directive, address),
                    drops_table=isinstance(directive, ops.DropTableOp),
                    is_of_plugin=_is_of_plugin(directive),
                )


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


def flatten_operations(directives: Iterable[Any]) -> Iterator[Any]:
    """All operations, including the operations in containers such as ``ModifyTableOps``."""
    for directive in directives:
        if isinstance(directive, ops.OpContainer):
            yield from flatten_operations(directive.ops)
        else:
            yield directive


def _rendered(rendering: AutogenContext, directive: Any, batch: Batch | None) -> str:
    if batch is None:
        return _code(rendering, directive)
    with rendering._within_batch():  # noqa: SLF001  (as Alembic renders ModifyTableOps)
        return f"{batch.header}\n{indent(_code(rendering, directive), _INDENT)}"


def _code(rendering: AutogenContext, directive: Any) -> str:
    """Return an operation as Alembic renders it, without times at which a shadow was created."""
    return text_with_computed_defaults(render_op_text(rendering, directive))


def _reversed(rendering: AutogenContext, directive: Any, batch: Batch | None) -> str:
    try:
        return _rendered(rendering, directive.reverse(), batch)
    except (NotImplementedError, ValueError, AttributeError):
        return ""


def _compare_only(tables: Collection[tuple[str | None, str]], options: dict[str, Any]) -> None:
    """Restrict the project's filters to the tables: reflecting all may take minutes."""
    by_name, by_object = options.get("include_name"), options.get("include_object")

    def include_name(name: str | None, kind: str, parents: Any) -> bool:
        if kind == "table" and (parents.get("schema_name"), name) not in tables:
            return False
        return by_name is None or bool(by_name(name, kind, parents))

    def include_object(
        item: Any, name: str | None, kind: str, *, reflected: bool, compare_to: Any
    ) -> bool:
        if kind == "table" and (item.schema, name) not in tables:
            return False
        return by_object is None or bool(by_object(item, name, kind, reflected, compare_to))

    options["include_name"] = include_name
    options["include_object"] = lambda item, name, kind, reflected, compare_to: include_object(
        item, name, kind, reflected=reflected, compare_to=compare_to
    )


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
