"""A project whose migrations can be run, and how its env.py is run without modifications."""

from __future__ import annotations

import argparse
import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from copy import copy
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from driftcheck.config.settings import Settings
from driftcheck.errors import ConfigurationError, ProjectNotFoundError
from driftcheck.process.guard_switch import guard_off
from driftcheck.project.command_line import (
    alembic_command,
    driftcheck_command,
    flask_command,
    runnable_alembic_command,
)
from driftcheck.project.containment import contained

Work = Callable[[Any, Any], Iterable[Any]]
"""The function that env.py runs for each configured database: (heads, context) -> steps."""


class Project(ABC):
    """A project whose migrations can be run.

    Attributes:
        name: The name in reports.
        root: The project's directory.
        found_as: How the project was found, for --verbose.
    """

    def __init__(self, name: str, root: Path, found_as: str, settings: Settings) -> None:
        self.name = name
        self.root = root
        self.found_as = found_as
        self._settings = settings
        self._script: ScriptDirectory | None = None

    @abstractmethod
    def config(self) -> Config:
        """Return a new Alembic configuration. It may hold a connection, so it is used only once."""

    @abstractmethod
    def command(self, subcommand: str, *words: str) -> str:
        """Return a command of the project, such as ``alembic -x tenant=a stamp REVISION``."""

    def driftcheck_command(self, *words: str) -> str:
        """Return a command of driftcheck for the same project, such as ``driftcheck locate``."""
        return driftcheck_command(self._settings, *words)

    @property
    def upgrade_command(self) -> str:
        """The command that upgrades a database of the project."""
        return self.command("upgrade", "head")

    @property
    def assumed_command(self) -> str:
        """The command line that the project's code finds in ``sys.argv``."""
        return self.upgrade_command

    @property
    def migrate_command(self) -> str:
        """The command that writes a migration with autogenerate."""
        return self.command("revision", "--autogenerate")

    def application_context(self) -> AbstractContextManager[Any]:
        """Return the context in which env.py must run."""
        return nullcontext()

    def run_environment(
        self,
        work: Work,
        doing: str,
        *,
        command_options: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        """Run env.py with the given work, contained, in the current shadow set of the redirection.

        Args:
            work: The function that runs for each database that env.py configures.
            doing: The activity, for messages.
            command_options: The command-line options that env.py finds in ``config.cmd_opts``.
            options: Further arguments of the ``EnvironmentContext``.

        Raises:
            ProjectError: env.py failed.
        """
        with (
            contained(doing, root=self.root, command=self.assumed_command),
            self.application_context(),
            guard_off(),
        ):
            config = self.config()
            if config.cmd_opts is None:
                config.cmd_opts = argparse.Namespace()
            vars(config.cmd_opts).update(command_options or {})
            script = self.script(config)
            with EnvironmentContext(config, script, fn=work, **options):
                _run(script)

    def script(self, config: Config) -> ScriptDirectory:
        """Return the script directory. All runs share it, so revisions are loaded only once."""
        if self._script is None:
            try:
                self._script = ScriptDirectory.from_config(config)
            except CommandError as error:
                raise ConfigurationError(
                    f"the migrations cannot be found: {error}", hint=_hint_for_script(config)
                ) from None
        return self._script

    def unloaded_script(self) -> ScriptDirectory:
        """Return the script directory before env.py has been run, without loaded revisions.

        It is a copy: Alembic caches the version locations, and env.py may change them.
        """
        doing = "reading the Alembic configuration"
        with (
            contained(doing, root=self.root, command=self.assumed_command),
            self.application_context(),
        ):
            return copy(self.script(self.config()))

    @contextmanager
    def using_script(self, script: ScriptDirectory) -> Iterator[None]:
        """Run env.py with another script directory within this context."""
        own, self._script = self._script, script
        try:
            yield
        finally:
            self._script = own


def _hint_for_script(config: Config) -> str:
    """Return what to do about a script directory that does not exist."""
    location, file = config.get_main_option("script_location"), config.config_file_name
    if location and file and (Path(file).parent / location).is_dir():
        name = Path(file).name
        return (
            "script_location is relative to the current directory. Run driftcheck in the "
            f"directory of {name}, or write script_location = %(here)s/{location} in {name}."
        )
    return (
        "Name Alembic's configuration with -c and its section with -n, or Flask-Migrate's "
        "directory with --directory."
    )


def _run(script: ScriptDirectory) -> None:
    """Run env.py. If it needs a worker thread of AnyIO, run it in such a thread."""
    try:
        script.run_env()
    except RuntimeError as error:
        if "AnyIO worker thread" not in str(error):
            raise
        anyio = importlib.import_module("anyio")  # the project's dependency
        to_thread = importlib.import_module("anyio.to_thread")
        anyio.run(to_thread.run_sync, script.run_env)


class AlembicProject(Project):
    """A project with an Alembic configuration file, or with a callable that builds one."""

    def __init__(self, settings: Settings, found_as: str, build: Callable[[], Config]) -> None:
        super().__init__(settings.root.name, settings.root, found_as, settings)
        self._build = build

    def command(self, subcommand: str, *words: str) -> str:
        """Return a command of Alembic for the same configuration."""
        return runnable_alembic_command(self._settings, subcommand, *words)

    @property
    def assumed_command(self) -> str:
        """The command of Alembic, also if a callable builds the configuration."""
        return alembic_command(self._settings, "upgrade", "head")

    def config(self) -> Config:
        """Return a new Alembic configuration."""
        return self._build()


class FlaskProject(Project):
    """A Flask app with Flask-Migrate.

    Attributes:
        app: The app.
    """

    def __init__(self, app: Any, root: Path, found_as: str, settings: Settings) -> None:
        super().__init__(app.import_name.partition(".")[0], root, found_as, settings)
        self.app = app

    def command(self, subcommand: str, *words: str) -> str:
        """Return a command of Flask-Migrate for the same app and directory."""
        return flask_command(self._settings, subcommand, *words)

    @property
    def upgrade_command(self) -> str:
        """The command that upgrades a database; its default is ``head``."""
        return self.command("upgrade")

    @property
    def migrate_command(self) -> str:
        """The command that writes a migration with autogenerate."""
        return self.command("migrate")

    def application_context(self) -> AbstractContextManager[Any]:
        """Return the application context of the app: env.py uses ``current_app``."""
        context: AbstractContextManager[Any] = self.app.app_context()
        return context

    def config(self) -> Config:
        """Return a new Alembic configuration, built as in the commands of Flask-Migrate.

        Raises:
            ProjectNotFoundError: There is no migrations directory.
        """
        self._require_directory()
        migrate = self.app.extensions["migrate"].migrate
        config: Config = migrate.get_config(self._settings.directory, list(self._settings.x))
        return config

    def _require_directory(self) -> None:
        """Require that the migrations directory exists.

        Raises:
            ProjectNotFoundError: It does not exist: ``flask db init`` has not been run.
        """
        migrate = self.app.extensions["migrate"]
        directory = self.root / (self._settings.directory or migrate.directory)
        if not directory.is_dir():
            raise ProjectNotFoundError(
                f"the Flask app {self.app.import_name!r} has no migrations yet: there is no "
                f"directory {directory}",
                hint="Create it with flask db init, and the first migration with flask db migrate. "
                "If the migrations are in another directory, name it with --directory.",
            )
