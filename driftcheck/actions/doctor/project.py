"""Loads a project step by step, and checks each step: project, app, migrations, env.py, databases.

These are the steps of ``pipeline/opening.py``. They are made one by one here, so that a step that
fails is known, and so that the databases are checked even if the project cannot be loaded.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from alembic.script import ScriptDirectory

from driftcheck.actions.doctor.databases import DatabaseExamination
from driftcheck.actions.doctor.other_projects import other_histories, projects_below
from driftcheck.config.settings import Settings
from driftcheck.databases.location import database_key_of
from driftcheck.errors import ConfigurationError, DriftcheckError, ProjectNotFoundError, ShadowError
from driftcheck.judging.diagnosis import Check, Status, failed
from driftcheck.pipeline.building.shadows import Shadows
from driftcheck.pipeline.progress import Progress
from driftcheck.project.environment import LoadedProject, discover
from driftcheck.project.loading import load_project
from driftcheck.project.named_databases import named_databases
from driftcheck.project.project import FlaskProject, Project
from driftcheck.project.reads import reporting_to
from driftcheck.project.recording import ProjectRecording
from driftcheck.project.redirect import Redirect

_FACTORIES = ("create_app", "make_app")
"""The factories that Flask calls without being told. Source: flask.cli.find_best_app."""


class ProjectExamination:
    """Examines a project and its databases.

    Args:
        settings: The settings.
        progress: Called with a short description of each step.
    """

    def __init__(self, settings: Settings, progress: Progress) -> None:
        self._settings = settings
        self._progress = progress
        self._recording = ProjectRecording()

    def checks(self) -> Iterator[Check]:
        """Yield the checks of the project, then those of each of its databases."""
        try:
            named = named_databases(self._settings)
        except ConfigurationError as error:
            yield failed("configuration", error)
            self._settings = replace(self._settings, database_url=None)
            named = named_databases(self._settings)
        hooks = Redirect(self._settings.root, named)
        with (
            hooks.hooked() as redirect,
            Shadows(self._settings, redirect.targets) as shadows,
            reporting_to(self._recording),
        ):
            loading = _Loading(self._settings, self._recording, redirect, shadows)
            self._progress("loading the project")
            yield from loading.checks()
            for url in named:  # the others are known from the project's code
                redirect.targets.setdefault(database_key_of(url), url)
            self._progress("reading the databases")
            yield from DatabaseExamination(self._settings, shadows, loading.loaded).checks(
                [*redirect.targets] if loading.loaded is None else []
            )


class _Loading:
    """Loads a project.

    Attributes:
        loaded: The loaded project; ``None`` if a step has failed.
    """

    def __init__(
        self,
        settings: Settings,
        recording: ProjectRecording,
        redirect: Redirect,
        shadows: Shadows,
    ) -> None:
        self._settings = settings
        self._recording = recording
        self._redirect = redirect
        self._shadows = shadows
        self.loaded: LoadedProject | None = None

    def checks(self) -> Iterator[Check]:
        """Yield the checks of the steps. After a failed step, the next ones are skipped."""
        began = time.monotonic()
        try:
            with self._redirect.to(self._shadows.imported):
                project = load_project(self._settings)
        except ProjectNotFoundError as error:
            yield failed(
                "project", error, remedy=f"{projects_below(self._settings.root)}{error.hint}"
            )
            return
        except ConfigurationError as error:
            yield failed("project", error)
            return
        except DriftcheckError as error:
            yield failed("app", error)
            return
        yield Check("project", Status.OK, project.found_as, (_how_named(self._settings),))
        if isinstance(project, FlaskProject):
            seconds = time.monotonic() - began
            yield Check("app", Status.OK, f"imported in {seconds:.1f} s", _app_facts(project))
        yield from self._environment(project)

    def _environment(self, project: Project) -> Iterator[Check]:
        """Find the migrations, and run env.py."""
        try:
            with self._redirect.to(self._shadows.imported):
                script = project.unloaded_script()
        except DriftcheckError as error:
            yield failed("migrations", error, remedy=_script_remedy(error, self._settings))
            return
        began = time.monotonic()
        try:
            self.loaded = discover(
                project, self._redirect, self._shadows.imported, self._recording, models=True
            )
        except ShadowError as error:
            if not self._redirect.targets:  # else it is told with the database
                yield failed("shadow", error)
            yield Check("env.py", Status.SKIPPED, "this needs a shadow database, and none is made")
            return
        except DriftcheckError as error:
            yield failed("env.py", error)
            return
        seconds = time.monotonic() - began
        yield _migrations_check(self.loaded, script, self._settings)
        yield _environment_check(self.loaded, seconds)


def _how_named(settings: Settings) -> str:
    """Return what has named the project."""
    for key in ("config", "app", "directory"):
        if getattr(settings, key):
            return f"named by {settings.named(key)}"
    for variable in ("FLASK_APP", "ALEMBIC_CONFIG"):
        if os.environ.get(variable):
            return f"named by the environment variable {variable}"
    return f"found in {settings.root}"


def _app_facts(project: FlaskProject) -> tuple[str, ...]:
    """Return how the app was made: by a factory, or as an object of its module."""
    app = project.app
    module = sys.modules.get(app.import_name)
    objects = [name for name, value in vars(module).items() if value is app] if module else []
    if objects:
        return (f"the object {objects[0]} of the module {app.import_name}",)
    factories = [name for name in _FACTORIES if module is not None and hasattr(module, name)]
    return (f"made by the factory {factories[0]} of {app.import_name}",) if factories else ()


def _script_remedy(error: DriftcheckError, settings: Settings) -> str:
    if "script_location" not in error.message:
        return error.hint
    found = sorted(path.parent for path in settings.root.glob("*/env.py"))
    directory = found[0].name if found else "DIRECTORY"
    section = settings.name or "alembic"
    return (
        f"Write script_location = %(here)s/{directory} below [{section}] in Alembic's "
        "configuration file: the directory that contains env.py. If another section has it, name "
        "that section with -n."
    )


def _migrations_check(loaded: LoadedProject, script: ScriptDirectory, settings: Settings) -> Check:
    directory = _relative(Path(script.dir), loaded.root)
    count, heads = len(loaded.revisions()), loaded.heads
    message = f"{directory} has {count} revision{'s' * (count != 1)}, " + (
        f"head {heads[0]}" if len(heads) == 1 else f"heads {', '.join(heads) or 'none'}"
    )
    facts = tuple(f"versions in {_relative(Path(each), loaded.root)}" for each in _versions(script))
    others = other_histories(settings, Path(script.dir))
    if others:
        listed = "; ".join(others)
        return Check(
            "migrations",
            Status.WARNING,
            message,
            (*facts, f"another history is in {listed}"),
            remedy="driftcheck checks one history at a time. Say which one with -c, -n, --app or "
            "--directory, or in [tool.driftcheck].",
        )
    if len(heads) > 1:
        merge = loaded.project.command("merge", "heads")
        remedy = f"If the branches belong together, merge the heads: {merge}"
        return Check("migrations", Status.WARNING, message, facts, remedy)
    if not heads:
        remedy = f"Write the first migration: {loaded.project.migrate_command}"
        return Check("migrations", Status.WARNING, message, facts, remedy)
    return Check("migrations", Status.OK, message, facts)


def _versions(script: ScriptDirectory) -> Iterator[str]:
    """Yield the directories of revision files, if they are not the usual one."""
    locations: Any = getattr(script, "_version_locations", ())
    usual = (Path(script.dir) / "versions").resolve()
    yield from (str(each) for each in locations if Path(each).resolve() != usual)


def _environment_check(loaded: LoadedProject, seconds: float) -> Check:
    """Return what env.py configures."""
    environment = loaded.environment
    count = len(environment.databases)
    facts = []
    is_empty = False
    for key, configured in environment.databases.items():
        tables = {name for each in configured for part in each.metadata for name in part.tables}
        is_empty = is_empty or not tables
        count_of_tables = f"{len(tables)} table{'s' * (len(tables) != 1)}"
        facts.append(f"{environment.database_name(key)}: {count_of_tables} in the models")
    message = (
        f"{loaded.environment_file()} configures {count} database{'s' * (count != 1)}; "
        f"it ran in {seconds:.1f} s, with the creation of shadow databases"
    )
    if is_empty:
        return Check(
            "env.py",
            Status.WARNING,
            message,
            tuple(facts),
            remedy="Have env.py import the modules of the models before it uses target_metadata: "
            "a table is known once its module is imported.",
        )
    return Check("env.py", Status.OK, message, tuple(facts))


def _relative(path: Path, root: Path) -> str:
    path, root = path.resolve(), root.resolve()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
