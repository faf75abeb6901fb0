"""Runs the project's autogenerate on selected tables of a shadow database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from alembic.autogenerate.api import AutogenContext, RevisionContext
from alembic.autogenerate.render import render_op_text
from alembic.operations import Operations, ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from driftcheck.databases.connection import own_engine
from driftcheck.databases.location import DatabaseKey, database_key_of
from driftcheck.databases.messages import database_message
from driftcheck.databases.registry import database_for
from driftcheck.process.exception_text import exception_lines
from driftcheck.project.loading import Project
from driftcheck.project.redirect import Redirect, ShadowSet
from driftcheck.project.working_schema import WorkingSchema, working_schema
from driftcheck.schema import Address


@dataclass(frozen=True)
class Operation:
    """An operation that autogenerate would write into a migration.

    Attributes:
        text: The operation in Python, as Alembic renders it.
        reverse: The reverse operation in Python; empty if it has none.
        address: The object that the operation is for; ``None`` for an operation that is not
            Alembic's own. For a constraint without a name in the models, the name is empty.
        directive: Alembic's operation object.
        subject: For a constraint without a name, the subject of the schema object.
        working: Where the connection of env.py looks for names without a schema.
    """

    text: str
    reverse: str
    address: Address | None
    directive: ops.MigrateOperation
    subject: tuple[str, ...] | None = None
    working: WorkingSchema = field(default_factory=WorkingSchema)

    @property
    def table(self) -> str:
        """The name of the table; empty for an operation that is not Alembic's own."""
        name = getattr(self.directive, "table_name", None)
        return name or (self.address.path[0] if self.address else "")

    def error_on(self, url: URL) -> str | None:
        """Run the operation on a shadow database, roll back, and return the error, if any."""
        with own_engine(url).connect() as connection, connection.begin() as transaction:
            try:
                self.invoke(connection)
            except DBAPIError as error:
                return database_message(error.orig or error)
            except NotImplementedError as error:
                return str(error)  # SQLite, outside of batch mode
            finally:
                transaction.rollback()
        return None

    def invoke(self, connection: Any) -> None:
        """Run the operation in the schema in which the project's migrations run."""
        for statement in self.working.statements:
            connection.exec_driver_sql(statement)
        if self.working.translate_map:
            translate_map = self.working.translate_map
            connection = connection.execution_options(schema_translate_map=translate_map)
        Operations(MigrationContext.configure(connection)).invoke(self.directive)


def run_operations(operations: Iterable[Operation], url: URL) -> dict[str, str]:
    """Run operations on a shadow database one after another, and commit each.

    Returns:
        The errors of the operations that fail, by the text of the operation.
    """
    errors = {}
    with own_engine(url).connect() as connection:
        for operation in operations:
            with connection.begin() as transaction:
                try:
                    operation.invoke(connection)
                except DBAPIError as error:
                    errors[operation.text] = database_message(error.orig or error)
                    transaction.rollback()
                except Exception as error:  # noqa: BLE001  (operations may be the project's own)
                    errors[operation.text] = exception_lines(error)[0]
                    transaction.rollback()
    return errors


def autogenerate(
    project: Project,
    redirect: Redirect,
    shadow_set: ShadowSet,
    tables: Collection[tuple[str | None, str]],
) -> dict[DatabaseKey, list[Operation]]:
    """Run the project's autogenerate against the shadows of a shadow set.

    Args:
        project: The project, whose env.py configures the comparison.
        redirect: The redirection.
        shadow_set: The shadows. They are at the head of the history, and may have drift.
        tables: The tables to compare, as (schema, name); the schema is ``None`` for the default
            schema.

    Returns:
        The operations for each database, in the order in which a migration would have them.
    """
    operations: dict[DatabaseKey, list[Operation]] = {}

    def work(heads: Any, context: Any) -> tuple[()]:
        _compare_only(tables, context.opts)
        database_key = database_key_of(redirect.target_of(context.connection))
        operations.setdefault(database_key, []).extend(_operations(heads, context))
        return ()

    with redirect.to(shadow_set):
        project.run_environment(
            work, "running autogenerate", command_options={"autogenerate": True}
        )
    return operations


def _operations(heads: Any, context: Any) -> Iterator[Operation]:
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
    for script in revision.generated_revisions:
        for upgrade in script.upgrade_ops_list:
            for directive in flatten_operations(upgrade.ops):
                default_schema = _default_schema(context.dialect)
                yield Operation(
                    render_op_text(rendering, directive),
                    _reversed(rendering, directive),
                    _address(directive, default_schema),
                    directive,
                    _subject(directive, default_schema),
                    working,
                )


def flatten_operations(directives: Iterable[Any]) -> Iterator[Any]:
    """All operations, including the operations in containers such as ``ModifyTableOps``."""
    for directive in directives:
        if isinstance(directive, ops.OpContainer):
            yield from flatten_operations(directive.ops)
        else:
            yield directive


def _reversed(rendering: AutogenContext, directive: Any) -> str:
    try:
        return render_op_text(rendering, directive.reverse())
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
