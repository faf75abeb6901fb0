"""Opens a project: loads it with its connections redirected, and drops all shadows in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from driftcheck.chain import Gap
from driftcheck.config.settings import Settings
from driftcheck.errors import ConfigurationError
from driftcheck.pipeline.progress import Progress
from driftcheck.pipeline.shadows import Shadows
from driftcheck.process.deadline import watchdog
from driftcheck.project.environment import LoadedProject, discover
from driftcheck.project.loading import Project, load_project, named_databases
from driftcheck.project.redirect import Redirect
from driftcheck.sources.declarations import Declarations


class OpenedProject(NamedTuple):
    """What ``open_project`` yields, to be unpacked.

    Attributes:
        loaded: The loaded project.
        shadows: Creates the project's shadow databases.
        declarations: The lines on which the tables of the models are declared.
    """

    loaded: LoadedProject
    shadows: Shadows
    declarations: Declarations


@contextmanager
def open_project(
    settings: Settings, progress: Progress, on_load: Callable[[Project], None] = lambda _: None
) -> Iterator[OpenedProject]:
    """Load a project within this context; all its shadow databases are dropped at the end.

    Args:
        settings: The settings.
        progress: Called with a short description of each step.
        on_load: Called with the project before its env.py runs.

    Raises:
        DriftcheckError: The project cannot be loaded, or its env.py fails.
    """
    watchdog.seconds = settings.timeout
    progress("loading the project")
    hooks = Redirect(settings.root, named_databases(settings))
    with hooks.hooked() as redirect, Shadows(settings, redirect.targets) as shadows:
        declarations = Declarations(settings.root)
        with redirect.to(shadows.imported), declarations.recording():
            project = load_project(settings)
            on_load(project)
        bootstrap = settings.bootstrap.what if settings.bootstrap else ""
        models = Gap.PENDING in settings.gaps or bootstrap == "create_all"
        # env.py may be the first to import the models. It gets the shadows of the import, so that
        # tables which the import creates are not taken for tables of the history.
        with declarations.recording():
            loaded = discover(project, redirect, shadows.imported, models=models)
        _require_one_database(settings, loaded)
        yield OpenedProject(loaded, shadows, declarations)


def _require_one_database(settings: Settings, loaded: LoadedProject) -> None:
    count = len(loaded.environment.databases)
    if settings.database_url is not None and count > 1:
        raise ConfigurationError(
            f"the project migrates {count} databases, and --database-url names one",
            hint="Leave it out and let the project name its databases.",
        )
