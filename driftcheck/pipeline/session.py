"""One project, loaded with its connections redirected: what every check of it begins with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from sqlalchemy.engine import URL

from driftcheck.chain import Gap
from driftcheck.config.settings import Settings
from driftcheck.databases.catalog import Scope
from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.shadow.base import (
    UNTRUSTED_NOT_RUN,
    USE_PRIVATE_SERVER,
    ShadowDatabase,
    ShadowMaker,
)
from driftcheck.errors import ConfigurationError, ShadowError
from driftcheck.pipeline.shadows import Shadows
from driftcheck.process.deadline import watchdog
from driftcheck.project.environment import Environment, discover
from driftcheck.project.loading import Project, load_project, named_databases
from driftcheck.project.redirect import Redirect, ShadowSet
from driftcheck.sources.declarations import Declarations

Progress = Callable[[str], None]
"""Told what is being done, in a few words."""


@dataclass(frozen=True)
class Session:
    """A loaded project, and what is needed to run its code where it can do no harm.

    Attributes:
        settings: What driftcheck was told.
        progress: Told what is being done.
        shadows: Makes shadow databases, and drops them when the session ends.
        redirect: Sends what user code connects to to them.
        imported: The shadows that the project's import was given.
        replayed: The shadows in which the history is replayed.
        project: The project.
        environment: What its env.py configures.
        scope: What of a database is read.
        declarations: Where the models' tables were declared.
    """

    settings: Settings
    progress: Progress
    shadows: Shadows
    redirect: Redirect
    imported: ShadowSet
    replayed: ShadowSet
    project: Project
    environment: Environment
    scope: Scope
    declarations: Declarations

    def shadow_set(self, name: str) -> ShadowSet:
        """Another set of shadows for the history to be replayed in."""
        return _shadow_set_for_replays(self.settings, self.shadows, self.imported, name)

    def target(self, database_key: DatabaseKey) -> URL:
        """The database at a place, as the project names it."""
        return self.redirect.targets[database_key]

    def maker(self, database_key: DatabaseKey) -> ShadowMaker:
        """What makes the shadows of the database at a place."""
        return self.shadows.maker(self.target(database_key))

    def live_url(self, database_key: DatabaseKey) -> URL:
        """The live database for that place, where it may have been named anew."""
        return self.shadows.live_url(self.target(database_key))


def _shadow_set_for_replays(
    settings: Settings, shadows: Shadows, imported: ShadowSet, name: str
) -> ShadowSet:
    """Empty shadows; copies of what the import wrote, where the history stands on that.

    A base snapshot may hold any function or trigger. What it builds, and the migrations that go on
    from there and fire its triggers, run without rights.
    """
    if settings.bootstrap is not None and settings.bootstrap.what == "import":
        return shadows.copies(imported, name)
    if settings.bootstrap is None and settings.base_snapshot is not None:
        return ShadowSet(name, partial(_make_for_base_snapshot, shadows))
    return ShadowSet(name, shadows.make)


def _make_for_base_snapshot(shadows: Shadows, target: URL, purpose: str) -> ShadowDatabase:
    if not shadows.maker(target).runs_untrusted_ddl:
        raise ShadowError(
            f"the base snapshot is not run: {UNTRUSTED_NOT_RUN}", hint=USE_PRIVATE_SERVER
        )
    return shadows.make_restricted(target, purpose)


@contextmanager
def open_session(
    settings: Settings, progress: Progress, loaded: Callable[[Project], None] = lambda _: None
) -> Iterator[Session]:
    """Load a project and see what it configures; drop every shadow in the end.

    Args:
        settings: What to check, and how.
        progress: Told what is being done.
        loaded: Told of the project before its env.py is run.

    Raises:
        DriftcheckError: The project cannot be loaded, or its env.py does not run.
    """
    watchdog.seconds = settings.timeout
    progress("loading the project")
    hooks = Redirect(settings.root, named_databases(settings))
    with hooks.hooked() as redirect, Shadows(settings) as shadows:
        imported = ShadowSet("import", shadows.make)
        replayed = _shadow_set_for_replays(settings, shadows, imported, "replay")
        declarations = Declarations(settings.root)
        with redirect.to(imported), declarations.recording():
            project = load_project(settings)
            loaded(project)
        # env.py may be the first to import the models: what that writes is no part of the history.
        bootstrap = settings.bootstrap.what if settings.bootstrap else ""
        models = Gap.PENDING in settings.gaps or bootstrap == "create_all"
        with declarations.recording():
            environment = discover(project, redirect, imported, models=models)
        if settings.database_url is not None and len(environment.databases) > 1:
            raise ConfigurationError(
                f"the project migrates {len(environment.databases)} databases, "
                "and --database-url names one",
                hint="Leave it out and let the project name its databases.",
            )
        scope = Scope(grants=settings.grants, owners=settings.owners, settings=settings.settings)
        yield Session(
            settings,
            progress,
            shadows,
            redirect,
            imported,
            replayed,
            project,
            environment,
            scope,
            declarations,
        )
