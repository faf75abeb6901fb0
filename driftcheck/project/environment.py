"""Runs a project's env.py once and records what it configures: databases, models and filters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from alembic.script import Script, ScriptDirectory
from alembic.script.revision import RevisionMap
from sqlalchemy import MetaData
from sqlalchemy.engine import URL

from driftcheck.databases.location import DatabaseKey, database_key_of
from driftcheck.databases.version_table import VersionTable
from driftcheck.errors import ProjectError
from driftcheck.project.containment import contained
from driftcheck.project.models_ddl import ddl_of
from driftcheck.project.project import Project
from driftcheck.project.recording import ProjectRecording, Recorded
from driftcheck.project.redirect import Redirect
from driftcheck.project.shadow_sets import ShadowSet
from driftcheck.project.working_schema import WorkingSchema, working_schema

IncludeName = Callable[[str | None, str, Mapping[str, str | None]], bool]
IncludeObject = Callable[[Any, str | None, str, bool, Any], bool]


@dataclass(frozen=True)
class Configured:
    """One ``context.configure()`` of an env.py, as its ``run_migrations()`` found it.

    Attributes:
        target: The URL of the database that the project names.
        bind: The name of the Flask-SQLAlchemy bind; empty without binds.
        version_table: The name of Alembic's table.
        version_schema: The schema of Alembic's table, as env.py's connection finds it; empty for
            the default schema.
        later_version_schemas: Where Alembic looks for its table if this schema does not have it.
        metadata: The models.
        include_schemas: Whether autogenerate reads other schemas than the default schema.
        include_name: The project's filter by name, if any.
        include_object: The project's filter by object, if any.
        ddl: The DDL of the models; empty unless it was requested.
        driver: The dialect with the driver that the project uses.
        working: Where the connection of env.py looks for names without a schema.
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
    driver: str = ""
    working: WorkingSchema = field(default_factory=WorkingSchema)
    later_version_schemas: tuple[str, ...] = ()

    @property
    def alembic_table(self) -> VersionTable:
        """Alembic's version table."""
        return VersionTable(self.version_schema, self.version_table, self.later_version_schemas)


@dataclass(frozen=True)
class Environment:
    """What an env.py configures.

    Attributes:
        databases: The calls of ``context.configure()`` for each database, in the order of env.py.
        heads: The heads of the history.
    """

    databases: Mapping[DatabaseKey, Sequence[Configured]]
    heads: tuple[str, ...]

    def database_name(self, database_key: DatabaseKey) -> str:
        """Return the name of a database's bind or, without binds, the database's own name."""
        return self.databases[database_key][0].bind or database_key.database


@dataclass(frozen=True)
class LoadedProject:
    """A project whose env.py has run once, without migrations.

    Attributes:
        project: The project.
        redirect: Redirects the connections of the project's code to shadow databases.
        environment: What env.py configures.
        script: The script directory, with its revisions loaded.
        recording: Records what its code reads, from its import on.
        read_until_configured: What its code has read until env.py had configured its databases.
    """

    project: Project
    redirect: Redirect
    environment: Environment
    script: ScriptDirectory
    recording: ProjectRecording
    read_until_configured: Recorded

    @property
    def root(self) -> Path:
        """The project's directory."""
        return self.project.root

    @property
    def heads(self) -> tuple[str, ...]:
        """The heads of the history."""
        return self.environment.heads

    @property
    def upgrade_command(self) -> str:
        """The command that upgrades to all heads: ``head`` fails if there are several."""
        if len(self.heads) > 1:
            return self.project.command("upgrade", "heads")
        return self.project.upgrade_command

    def revisions(self) -> frozenset[str]:
        """Return the identifiers of all revisions of the history."""
        return frozenset(revision.revision for revision in self.script.walk_revisions())

    def parents(self) -> dict[str, tuple[str, ...]]:
        """Return the parents and the dependencies of each revision."""
        return {
            revision.revision: tuple(revision._all_down_revisions)  # noqa: SLF001
            for revision in self.script.walk_revisions()
        }

    def environment_file(self) -> str:
        """Return the path of env.py: relative for a file below the project's directory."""
        path = Path(self.script.env_py_location).resolve()
        root = self.root.resolve()
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)

    @contextmanager
    def revisions_from(self, locations: Sequence[Path]) -> Iterator[None]:
        """Load the revisions from other version locations within this context.

        The version locations that env.py configures are ignored.

        Args:
            locations: Directories of revision files.
        """
        with_revisions = copy(self.script)
        load = _with_locations(self.script, locations)._load_revisions  # noqa: SLF001
        with_revisions.revision_map = RevisionMap(load)
        with self.project.using_script(with_revisions):
            yield

    @contextmanager
    def revisions_with(self, directory: Path) -> Iterator[None]:
        """Have the revisions of a further directory within this context.

        Args:
            directory: A directory of revision files.
        """
        script = copy(self.script)
        further = _with_locations(script, [directory])

        def load() -> Iterator[Script]:
            yield from loaded_revisions(self.script)
            yield from further._load_revisions()  # noqa: SLF001

        script.revision_map = RevisionMap(load)
        with self.project.using_script(script):
            yield


def _with_locations(script: ScriptDirectory, locations: Sequence[Path]) -> ScriptDirectory:
    """Return a script directory with other version locations."""
    other = copy(script)
    other.version_locations = [str(location) for location in locations]
    vars(other).pop("_version_locations", None)  # a cached property of Alembic
    return other


def loaded_revisions(script: ScriptDirectory) -> Iterator[Script]:
    """Yield the revisions of a script directory for another one, without importing them again.

    What they do when they are imported has been done.
    """
    for revision in script.walk_revisions():
        yield Script(revision.module, revision.revision, revision.path)


def discover(
    project: Project,
    redirect: Redirect,
    shadow_set: ShadowSet,
    recording: ProjectRecording,
    *,
    models: bool,
) -> LoadedProject:
    """Run env.py without migrations and record what it configures.

    The revisions are listed during this run, because some of them can be imported only there. The
    DDL of the models is written first, because importing some revisions changes the models.

    Args:
        project: The project.
        redirect: Redirects the connections of the project's code.
        shadow_set: The shadow databases that env.py connects to.
        recording: Records what the project's code reads.
        models: Whether the DDL of the models is needed.

    Raises:
        ProjectError: env.py failed or configured no database, or the DDL of the models cannot be
            written.
    """
    databases: dict[DatabaseKey, list[Configured]] = {}
    scripts: list[ScriptDirectory] = []

    def observe(_heads: Any, context: Any) -> tuple[()]:
        target = redirect.target_of(context.connection)
        configured = _configured(context, target, project.root, models=models)
        if models:
            with contained("writing the models as DDL", root=project.root):
                ddl = ddl_of(configured.metadata, context.connection)
            configured = replace(configured, ddl=ddl)
        databases.setdefault(database_key_of(configured.target), []).append(configured)
        context.script.get_heads()  # loads the revisions
        scripts.append(context.script)
        return ()

    with redirect.to(shadow_set):
        project.run_environment(observe, "running env.py", dont_mutate=True)
    if not scripts:
        raise ProjectError(
            "env.py ran, but never called context.run_migrations() on a connection",
            hint="Where it runs once per tenant, driftcheck needs a database in which one exists.",
        )
    script = scripts[-1]
    environment = Environment(databases, tuple(sorted(script.get_heads())))
    recorded = recording.recorded()
    return LoadedProject(project, redirect, environment, script, recording, recorded)


def _configured(context: Any, target: URL, root: Path, *, models: bool) -> Configured:
    options = context.opts
    token = str(options.get("upgrade_token") or "")
    working = working_schema(context.connection)
    return Configured(
        target=target,
        bind=token.removesuffix("_upgrades") if token.endswith("_upgrades") else "",
        version_table=context.version_table,
        version_schema=working.schema_of(context.version_table_schema),
        metadata=_metadata(options.get("target_metadata"), required=models),
        include_schemas=bool(options.get("include_schemas")),
        include_name=_guarded(options, "include_name", root),
        include_object=_guarded(options, "include_object", root),
        ddl=(),
        driver=f"{context.dialect.name}+{context.dialect.driver}",
        working=working,
        later_version_schemas=working.later_schemas(context.version_table_schema),
    )


def _metadata(target: Any, *, required: bool) -> tuple[MetaData, ...]:
    """Return the models that env.py configures as ``target_metadata``.

    Args:
        target: What env.py configures.
        required: Whether the models are compared.

    Raises:
        ProjectError: The models are compared, and are not a MetaData object, nor several.
    """
    if target is None:
        return ()
    several = tuple(target) if isinstance(target, (list, tuple)) else (target,)
    for each in several:
        if not isinstance(each, MetaData):
            if not required:
                return ()
            raise ProjectError(
                f"target_metadata of env.py {_named_wrongly(each, several=each is not target)}",
                hint=_expected(each),
            )
    return several


def _named_wrongly(value: Any, *, several: bool) -> str:
    verb = "contains" if several else "is"
    if isinstance(value, type):
        return f"{verb} the class {value.__name__}, not a MetaData object"
    shown = f" {value!r}" if isinstance(value, str) else ""
    return f"{verb} an object of the class {type(value).__name__}{shown}, not a MetaData object"


def _expected(value: Any) -> str:
    """Return how ``target_metadata`` is written, given what it is now."""
    name = "Base"
    if isinstance(getattr(value, "metadata", None), MetaData):
        instance_name = "db" if hasattr(value, "session") else type(value).__name__
        name = value.__name__ if isinstance(value, type) else instance_name
    return (
        f"Write target_metadata = {name}.metadata in env.py, or a list of several MetaData objects."
    )


def _guarded(options: Mapping[str, Any], name: str, root: Path) -> Any:
    """Return a filter of the project whose errors are reported as errors of the project."""
    function = options.get(name)
    if function is None:
        return None

    def ask(*arguments: Any) -> bool:
        try:
            return bool(function(*arguments))
        except Exception as error:
            with contained(f"calling {name} of env.py", root=root):
                raise error from None
            raise  # not reached: the block above always raises

    return ask
