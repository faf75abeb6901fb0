"""Runs the project's autogenerate on shadow databases."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from alembic.autogenerate.api import AutogenContext, RevisionContext
from alembic.autogenerate.render import render_op_text
from alembic.operations import ops

from driftcheck.databases.location import DatabaseKey, database_key_of
from driftcheck.project.project import Project
from driftcheck.project.redirect import Redirect
from driftcheck.project.shadow_sets import ShadowSet
from driftcheck.sources.operation import Operation
from driftcheck.sources.operation_reader import OperationReader, is_of_plugin


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
        if is_container or not is_of_plugin(directive):
            return False
        text = render_op_text(rendering, directive)
        return any(role in text for role in roles)

    for container in (*script.upgrade_ops_list, *script.downgrade_ops_list):
        container.ops[:] = [each for each in container.ops if not names_role(each)]


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


def flatten_operations(directives: Iterable[Any]) -> Iterator[Any]:
    """All operations, including the operations in containers such as ``ModifyTableOps``."""
    for directive in directives:
        if isinstance(directive, ops.OpContainer):
            yield from flatten_operations(directive.ops)
        else:
            yield directive


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
