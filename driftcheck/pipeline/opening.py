"""Opens a project: loads it with its connections redirected, and drops all shadows in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress

from sqlalchemy.engine import URL

from driftcheck.chain import Gap
from driftcheck.config.settings import Settings
from driftcheck.errors import SeveralDatabasesError
from driftcheck.pipeline.building.opened_project import OpenedProject
from driftcheck.pipeline.building.shadows import Shadows
from driftcheck.pipeline.progress import Progress
from driftcheck.process.deadline import watchdog
from driftcheck.project.environment import LoadedProject, discover
from driftcheck.project.loading import load_project
from driftcheck.project.named_databases import named_databases
from driftcheck.project.project import Project
from driftcheck.project.reads import reporting_to
from driftcheck.project.recording import ProjectRecording
from driftcheck.project.redirect import Redirect
from driftcheck.project.uncompiled_models import UncompiledModelsError
from driftcheck.schema import Address
from driftcheck.sources.declarations import Declarations


@contextmanager
def open_project(
    settings: Settings,
    progress: Progress,
    on_load: Callable[[Project], None] = lambda _: None,
    *,
    known: Iterable[URL] = (),
) -> Iterator[OpenedProject]:
    """Load a project within this context; all its shadow databases are dropped at the end.

    Args:
        settings: The settings.
        progress: Called with a short description of each step.
        on_load: Called with the project before its env.py runs.
        known: Further databases that the project's code must not reach.

    Raises:
        DriftcheckError: The project cannot be loaded, or its env.py fails.
    """
    watchdog.seconds = settings.timeout
    progress("loading the project")
    hooks = Redirect(settings.root, [*named_databases(settings), *known])
    recording = ProjectRecording()
    with (
        hooks.hooked() as redirect,
        Shadows(settings, redirect.targets) as shadows,
        reporting_to(recording),
    ):
        declarations = Declarations(settings.root)
        with redirect.to(shadows.imported), declarations.recording():
            project = load_project(settings)
            on_load(project)
        # env.py may be the first to import the models. It gets the shadows of the import, so that
        # tables which the import creates are not taken for tables of the history.
        with declarations.recording(), _failures_located(declarations):
            loaded = discover(
                project, redirect, shadows.imported, recording, models=_needs_models(settings)
            )
        _require_one_database(settings, loaded)
        with _application_context(project):
            yield OpenedProject(loaded, shadows, declarations, settings, progress)


@contextmanager
def _application_context(project: Project) -> Iterator[None]:
    """Stay in the context of the app, if the project has one.

    Listeners of the project also hear of the tables and statements that driftcheck runs, and may
    need the app. What its teardown functions raise at the end concerns no result.
    """
    context = ExitStack()
    context.enter_context(project.application_context())
    try:
        yield
    finally:
        with suppress(Exception):
            context.close()


def loaded_again(opened: OpenedProject, settings: Settings) -> LoadedProject:
    """Run env.py of an opened project again, with other ``-x`` arguments.

    Args:
        opened: The project. Its modules are not imported again.
        settings: The settings with these arguments.

    Raises:
        DriftcheckError: env.py fails.
    """
    loaded, imported = opened.loaded, opened.shadows.imported
    with loaded.redirect.to(imported):
        project = load_project(settings)
    return discover(
        project, loaded.redirect, imported, loaded.recording, models=_needs_models(settings)
    )


def _needs_models(settings: Settings) -> bool:
    """Whether the DDL of the models is needed."""
    bootstrap = settings.bootstrap.what if settings.bootstrap else ""
    return Gap.PENDING in settings.gaps or bootstrap == "create_all"


@contextmanager
def _failures_located(declarations: Declarations) -> Iterator[None]:
    """Complete the error for models without DDL with the line where they are declared."""
    try:
        yield
    except UncompiledModelsError as error:
        table = Address("table", error.table.schema or "", (error.table.name,))
        column = error.column
        wanted = (
            table
            if column is None
            else table._replace(kind="column", path=(*table.path, column.name))
        )
        parent = None if column is None else table
        line = declarations.find([error.table], [(wanted, parent)], "").get(wanted)
        if line is not None:
            error.hint = f"It is declared in {line[0]}, line {line[1]}. {error.hint}"
        raise


def _require_one_database(settings: Settings, loaded: LoadedProject) -> None:
    count = len(loaded.environment.databases)
    if settings.database_url is not None and count > 1:
        raise SeveralDatabasesError(
            f"the project migrates {count} databases, and {settings.named('database_url')} names "
            "one",
            hint="Such a project names its databases itself: run driftcheck compare without a URL.",
        )
