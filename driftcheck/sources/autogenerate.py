"""Runs the project's autogenerate on shadow databases."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from textwrap import indent
from typing import Any

from alembic.autogenerate.api import AutogenContext, RevisionContext
from alembic.autogenerate.render import render_op_text
from alembic.operations import ops

from driftcheck.databases.location import DatabaseKey, database_key_of
from driftcheck.databases.postgresql.catalog.computed_defaults import text_with_computed_defaults
from driftcheck.databases.registry import database_for
from driftcheck.project.loading import Project
from driftcheck.project.redirect import Redirect, ShadowSet
from driftcheck.project.working_schema import working_schema
from driftcheck.schema import Address
from driftcheck.sources.operation import INDENT, Batch, Operation
from driftcheck.sources.operation_imports import imports_for, template_imports


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


def _is_of_plugin(directive: Any) -> bool:
    return type(directive).__module__.partition(".")[0] != "alembic"


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
    reader = OperationReader(context)
    for script in revision.generated_revisions:
        remove_operations_on_roles(script, roles, context)
        for upgrade in script.upgrade_ops_list:
            yield from reader.read(upgrade, script.imports)


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
        return f"{batch.header}\n{indent(_code(rendering, directive), INDENT)}"


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
