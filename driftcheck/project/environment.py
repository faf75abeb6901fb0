"""What a project's env.py configures: which databases, version tables, models and filters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import MetaData
from sqlalchemy.engine import URL

from driftcheck.databases.location import DatabaseKey, database_key_of
from driftcheck.errors import ProjectError
from driftcheck.project.containment import contained
from driftcheck.project.loading import Project
from driftcheck.project.models_ddl import ddl_of
from driftcheck.project.redirect import Redirect, ShadowSet

IncludeName = Callable[[str | None, str, Mapping[str, str | None]], bool]
IncludeObject = Callable[[Any, str | None, str, bool, Any], bool]


@dataclass(frozen=True)
class Configured:
    """One ``context.configure()`` of an env.py, as its ``run_migrations()`` found it.

    Attributes:
        target: The database that is meant.
        bind: The name of the Flask-SQLAlchemy bind; empty where there is none.
        version_table: The name of Alembic's table.
        version_schema: The schema of Alembic's table; empty for the default one.
        metadata: The models.
        include_schemas: Whether autogenerate looks beyond the default schema.
        include_name: The project's filter by name, if any.
        include_object: The project's filter by object, if any.
        ddl: The models as DDL, where they were asked for.
    """

    target: URL
    bind: str
    version_table: str
    version_schema: str
    metadata: tuple[MetaData, ...]
    include_schemas: bool
    include_name: IncludeName | None
    include_object: IncludeObject | None
    ddl: tuple[str, ...]


@dataclass
class Environment:
    """All that an env.py configures, by database, and the heads of the history."""

    databases: dict[DatabaseKey, list[Configured]] = field(default_factory=dict)
    heads: tuple[str, ...] = ()


def discover(
    project: Project, redirect: Redirect, shadow_set: ShadowSet, *, models: bool
) -> Environment:
    """Run env.py without running a migration, and see what it configures.

    The history is listed from inside that run: some revisions only import there. The models are
    written down before that: some revisions change them by being imported.

    Args:
        project: The project.
        redirect: The redirection.
        shadow_set: The shadows that env.py is given.
        models: Whether the models are wanted as DDL.

    Raises:
        ProjectError: env.py failed, or configured nothing; or the models cannot be written.
    """
    environment = Environment()

    def observe(_heads: Any, context: Any) -> tuple[()]:
        configured = _configured(context, redirect.target_of(context.connection))
        if models:
            with contained("writing the models as DDL", root=project.root):
                ddl = ddl_of(configured.metadata, context.connection)
            configured = replace(configured, ddl=ddl)
        environment.databases.setdefault(database_key_of(configured.target), []).append(configured)
        environment.heads = tuple(sorted(context.script.get_heads()))
        return ()

    with redirect.to(shadow_set):
        project.run_environment(observe, "running env.py", dont_mutate=True)
    if not environment.databases:
        raise ProjectError(
            "env.py ran, but never called context.run_migrations() on a connection",
            hint="Where it runs once per tenant, driftcheck needs a database in which one exists.",
        )
    return environment


def _configured(context: Any, target: URL) -> Configured:
    options = context.opts
    metadata = options.get("target_metadata") or ()
    token = str(options.get("upgrade_token") or "")
    return Configured(
        target=target,
        bind=token.removesuffix("_upgrades") if token.endswith("_upgrades") else "",
        version_table=context.version_table,
        version_schema=context.version_table_schema or "",
        metadata=tuple(metadata) if isinstance(metadata, (list, tuple)) else (metadata,),
        include_schemas=bool(options.get("include_schemas")),
        include_name=options.get("include_name"),
        include_object=options.get("include_object"),
        ddl=(),
    )
