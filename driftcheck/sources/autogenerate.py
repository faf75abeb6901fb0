"""What the project's own autogenerate would write, over chosen tables of a shadow database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from alembic.autogenerate.api import AutogenContext, RevisionContext
from alembic.autogenerate.render import render_op_text
from alembic.operations import Operations, ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from driftcheck.databases.connection import own_engine
from driftcheck.databases.location import Place, place_of
from driftcheck.databases.messages import database_message
from driftcheck.project.loading import Project
from driftcheck.project.redirect import Redirect, Stage
from driftcheck.schema import Address


@dataclass(frozen=True)
class Operation:
    """An operation of a migration: it can be written, run and reversed.

    Attributes:
        text: As Alembic writes it in Python.
        reverse: The opposite as Alembic writes it; empty where it has none.
        address: The object it is for; ``None`` for one that is not Alembic's own. The name of a
            constraint that has none in the models is empty.
        directive: Alembic's own object.
        subject: What a constraint without a name is about, as its kind says it.
    """

    text: str
    reverse: str
    address: Address | None
    directive: ops.MigrateOperation
    subject: tuple[str, ...] | None = None

    @property
    def table(self) -> str:
        """The name of the table that it is for; empty for one that is not Alembic's own."""
        named = getattr(self.directive, "table_name", None)
        return named or (self.address.path[0] if self.address else "")

    def error_on(self, url: URL) -> str | None:
        """Run it on a shadow database, undo it, and say what the database answered."""
        with own_engine(url).connect() as connection, connection.begin() as transaction:
            context = MigrationContext.configure(connection)
            try:
                Operations(context).invoke(self.directive)
            except DBAPIError as error:
                return database_message(error.orig or error)
            except NotImplementedError as error:
                return str(error)  # SQLite, outside of batch mode
            finally:
                transaction.rollback()
        return None


def run_operations(operations: Iterable[Operation], url: URL) -> dict[str, str]:
    """Run operations on a shadow database one after another.

    Returns:
        What the database, or Alembic, answered to those that do not run, by their text.
    """
    errors = {}
    with own_engine(url).connect() as connection:
        for operation in operations:
            with connection.begin() as transaction:
                try:
                    context = MigrationContext.configure(connection)
                    Operations(context).invoke(operation.directive)
                except DBAPIError as error:
                    errors[operation.text] = database_message(error.orig or error)
                    transaction.rollback()
                except Exception as error:  # noqa: BLE001  (operations may be the project's own)
                    errors[operation.text] = str(error)
                    transaction.rollback()
    return errors


def autogenerate(
    project: Project, redirect: Redirect, stage: Stage, tables: Collection[tuple[str | None, str]]
) -> dict[Place, list[Operation]]:
    """Run the project's autogenerate against the shadows of a stage.

    Args:
        project: The project, whose env.py says how its models are compared.
        redirect: The redirection.
        stage: The shadows: at the history's head, but for what somebody did by hand.
        tables: The only tables to look at, as (schema, name); ``None`` for the default schema.

    Returns:
        The operations for each database, in the order in which they would be written.
    """
    found: dict[Place, list[Operation]] = {}

    def work(heads: Any, context: Any) -> tuple[()]:
        _look_only_at(tables, context.opts)
        place = place_of(redirect.target_of(context.connection))
        found.setdefault(place, []).extend(_operations(heads, context))
        return ()

    with redirect.stage(stage):
        project.run_environment(
            work, "running autogenerate", command_options={"autogenerate": True}
        )
    return found


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
    for script in revision.generated_revisions:
        for upgrade in script.upgrade_ops_list:
            for directive in leaves(upgrade.ops):
                default_schema = _default_schema(context.dialect)
                yield Operation(
                    render_op_text(rendering, directive),
                    _reversed(rendering, directive),
                    _address(directive, default_schema),
                    directive,
                    _subject(directive, default_schema),
                )


def leaves(directives: Iterable[Any]) -> Iterator[Any]:
    """Operations one by one, those in containers too."""
    for directive in directives:
        if isinstance(directive, ops.OpContainer):
            yield from leaves(directive.ops)
        else:
            yield directive


def _reversed(rendering: AutogenContext, directive: Any) -> str:
    try:
        return render_op_text(rendering, directive.reverse())
    except (NotImplementedError, ValueError, AttributeError):
        return ""


def _look_only_at(tables: Collection[tuple[str | None, str]], options: dict[str, Any]) -> None:
    """Narrow the project's filters to the tables: reflecting thousands takes minutes."""
    by_name, by_object = options.get("include_name"), options.get("include_object")

    def include_name(name: str | None, kind: str, parents: Any) -> bool:
        if kind == "table" and (parents.get("schema_name"), name) not in tables:
            return False
        return by_name is None or bool(by_name(name, kind, parents))

    def include_object(
        thing: Any, name: str | None, kind: str, *, reflected: bool, compare_to: Any
    ) -> bool:
        if kind == "table" and (thing.schema, name) not in tables:
            return False
        return by_object is None or bool(by_object(thing, name, kind, reflected, compare_to))

    options["include_name"] = include_name
    options["include_object"] = lambda thing, name, kind, reflected, compare_to: include_object(
        thing, name, kind, reflected=reflected, compare_to=compare_to
    )


def _default_schema(dialect: Any) -> str:
    """The schema of an address that names none; only PostgreSQL's addresses have one."""
    return dialect.default_schema_name or "" if dialect.name == "postgresql" else ""


def _address(directive: Any, default_schema: str) -> Address | None:
    """The object that one of Alembic's own operations is for."""
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
    """A constraint's name; the models need not give it one, and then it is no text."""
    name = directive.constraint_name
    return name if isinstance(name, str) else ""


_CONSTRAINTS = {
    "primary": "primary key",
    "unique": "unique constraint",
    "foreignkey": "foreign key",
    "check": "check constraint",
}
