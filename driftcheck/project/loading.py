"""Finds and loads a project, and runs its env.py without modifications."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import tomllib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from configparser import ConfigParser
from configparser import Error as ConfigParserError
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from copy import copy
from functools import partial
from inspect import signature
from pathlib import Path
from typing import Any

import alembic
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.engine import URL

from driftcheck.config.settings import Settings
from driftcheck.databases.location import supported_url
from driftcheck.errors import ConfigurationError, ProjectError, ProjectNotFoundError
from driftcheck.process.guard_switch import guard_off
from driftcheck.process.masking import learn_settings
from driftcheck.project.command_line import (
    alembic_command,
    driftcheck_command,
    flask_command,
)
from driftcheck.project.containment import contained, failures_named, location_of_failure
from driftcheck.project.interception.urls import database_urls

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
            contained(doing, root=self.root, command=self.upgrade_command),
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
                    f"the migrations cannot be found: {error}",
                    hint="Name Alembic's configuration with -c and its section with -n, or "
                    "Flask-Migrate's directory with --directory.",
                ) from None
        return self._script

    def unloaded_script(self) -> ScriptDirectory:
        """Return the script directory before env.py has been run, without loaded revisions.

        It is a copy: Alembic caches the version locations, and env.py may change them.
        """
        doing = "reading the Alembic configuration"
        with (
            contained(doing, root=self.root, command=self.upgrade_command),
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
        return alembic_command(self._settings, subcommand, *words)

    def config(self) -> Config:
        """Return a new Alembic configuration."""
        return self._build()


class FlaskProject(Project):
    """A Flask app with Flask-Migrate."""

    def __init__(self, app: Any, root: Path, found_as: str, settings: Settings) -> None:
        super().__init__(app.import_name.partition(".")[0], root, found_as, settings)
        self._app = app

    def command(self, subcommand: str, *words: str) -> str:
        """Return a command of Flask-Migrate for the same app and directory."""
        return flask_command(self._settings, subcommand, *words)

    @property
    def upgrade_command(self) -> str:
        """The command that upgrades a database; its default is ``head``."""
        return self.command("upgrade")

    def application_context(self) -> AbstractContextManager[Any]:
        """Return the application context of the app: env.py uses ``current_app``."""
        context: AbstractContextManager[Any] = self._app.app_context()
        return context

    def config(self) -> Config:
        """Return a new Alembic configuration, built as in the commands of Flask-Migrate.

        Raises:
            ProjectNotFoundError: There is no migrations directory.
        """
        self._require_directory()
        migrate = self._app.extensions["migrate"].migrate
        config: Config = migrate.get_config(self._settings.directory, list(self._settings.x))
        return config

    def _require_directory(self) -> None:
        """Require that the migrations directory exists.

        Raises:
            ProjectNotFoundError: It does not exist: ``flask db init`` has not been run.
        """
        migrate = self._app.extensions["migrate"]
        directory = self.root / (self._settings.directory or migrate.directory)
        if not directory.is_dir():
            raise ProjectNotFoundError(
                f"the Flask app {self._app.import_name!r} has no migrations yet: there is no "
                f"directory {directory}",
                hint="Create it with flask db init, and the first migration with flask db migrate. "
                "If the migrations are in another directory, name it with --directory.",
            )


def load_project(settings: Settings) -> Project:
    """Find the project and import it, in the current shadow set of the redirection.

    Raises:
        ConfigurationError: The configuration that the settings name cannot be used.
        ProjectNotFoundError: There is no Flask app and no Alembic configuration.
        ProjectError: The project's code failed when imported.
    """
    if str(settings.root) not in sys.path:
        sys.path.insert(0, str(settings.root))
    if settings.config:
        return _configured(settings, settings.config)
    found = None if settings.app or settings.directory else _alembic_file(settings.root)
    if found is None or _is_flask_preferred(settings):
        return _flask(settings)
    return _from_file(settings, found)


def _is_flask_preferred(settings: Settings) -> bool:
    """Return whether ``FLASK_APP`` is set and Flask-Migrate's directory exists.

    ``FLASK_APP`` alone may be set for an app that does not use Flask-Migrate.
    """
    migrations = settings.root / "migrations" / "alembic.ini"
    return bool(os.environ.get("FLASK_APP")) and migrations.is_file()


def _configured(settings: Settings, named: str) -> Project:
    path = settings.root / named
    if path.is_file():
        return _from_file(settings, path)
    module, colon, attribute = named.partition(":")
    if not colon or "/" in module:
        raise ConfigurationError(
            f"the Alembic configuration {path} does not exist", hint=_CONFIG_HINT
        )
    build = _callable(settings, module, attribute)
    return AlembicProject(settings, f"config {named}", partial(_called, build, named, settings))


_CONFIG_HINT = (
    "The value of -c is a file such as alembic.ini, or package.module:callable that returns an "
    "alembic.config.Config."
)


def _callable(settings: Settings, module: str, attribute: str) -> Callable[[], Any]:
    """Import the callable that ``-c module:attribute`` names.

    Raises:
        ProjectError: The module does not exist, or it fails when it is imported.
        ConfigurationError: It has no such attribute, or the attribute is not callable.
    """
    root, named = settings.root, f"-c {module}:{attribute}"
    command = alembic_command(settings, "upgrade", "head")
    with contained(f"importing {module}", root=root, command=command):
        try:
            imported = importlib.import_module(module)
        except ModuleNotFoundError as error:
            if f"{module}.".startswith(f"{error.name}."):
                raise ProjectError(
                    f"importing {module} for {named} failed: there is no module {error.name!r}",
                    hint=f"{_CONFIG_HINT} Modules are looked for in {root} and on the path of "
                    "Python (PYTHONPATH). Use --debug to see the traceback.",
                ) from error
            raise
        found = getattr(imported, attribute, None)
    if not attribute or found is None:
        raise ConfigurationError(
            f"the module {module} has no attribute {attribute!r}, which {named} names",
            hint=_CONFIG_HINT,
        )
    if not callable(found):
        raise ConfigurationError(
            f"{named} names {_described(found)}, which cannot be called", hint=_CONFIG_HINT
        )
    build: Callable[[], Any] = found
    return build


def _called(build: Callable[[], Any], named: str, settings: Settings) -> Config:
    """Call the callable of ``-c``, and return its configuration.

    Raises:
        ProjectError: The callable fails.
        ConfigurationError: It does not return an Alembic configuration.
    """
    with failures_named(f"calling {named}, the value of -c,", root=settings.root):
        config = build()
    if not isinstance(config, Config):
        raise ConfigurationError(
            f"the callable of -c {named} returned {_described(config)}, not an Alembic "
            "configuration",
            hint=_CONFIG_HINT,
        )
    return _with_x(config, settings)


def _described(value: object) -> str:
    return "None" if value is None else f"an object of the class {type(value).__name__}"


def _alembic_file(root: Path) -> Path | None:
    """Return the configuration file that the command ``alembic`` would use."""
    named = os.environ.get("ALEMBIC_CONFIG")
    if named:
        return root / named
    ini, pyproject = root / "alembic.ini", root / "pyproject.toml"
    if ini.is_file():
        return ini
    return pyproject if _has_alembic_table(pyproject) else None


def _has_alembic_table(pyproject: Path) -> bool:
    if not pyproject.is_file():
        return False
    return "alembic" in tomllib.loads(pyproject.read_text(encoding="utf-8")).get("tool", {})


def _from_file(settings: Settings, path: Path) -> Project:
    section = settings.name or "alembic"
    ini = path if path.suffix != ".toml" else path.with_name("alembic.ini")
    toml = path if path.suffix == ".toml" else path.with_name("pyproject.toml")
    more: dict[str, Any] = {"toml_file": str(toml)} if _has_alembic_table(toml) else {}
    if more and "toml_file" not in signature(Config).parameters:
        more = {}
        if not ini.is_file():
            raise ConfigurationError(
                f"{toml} configures Alembic, and Alembic {alembic.__version__} does not read it",
                hint="Upgrade Alembic to version 1.16 or newer, or write an alembic.ini.",
            )

    def build() -> Config:
        file = str(ini) if ini.is_file() else None
        return _with_x(Config(file, ini_section=section, **more), settings)

    return AlembicProject(settings, f"Alembic configuration {path.name}", build)


def named_databases(settings: Settings) -> list[URL]:
    """Return the databases that are known before any code of the project has run.

    They are named by ``--database-url`` and in Alembic's configuration files.

    Raises:
        ConfigurationError: ``--database-url`` names no database that driftcheck supports.
    """
    named = [settings.root / text for text in (settings.config, settings.directory) if text]
    places = [settings.root, settings.root / "migrations", *named]
    files = [location / "alembic.ini" if location.is_dir() else location for location in places]
    urls = database_urls(text for file in files for text in _urls_in(file))
    if settings.database_url:
        urls.append(supported_url(settings.database_url, named=settings.named("database_url")))
    return urls


def _urls_in(file: Path) -> Iterator[str]:
    """Return the values of ``sqlalchemy.url`` in all sections of a configuration file."""
    parser = ConfigParser({"here": str(file.parent)}, strict=False)
    with suppress(ConfigParserError, OSError, UnicodeDecodeError):
        parser.read_string(file.read_text(encoding="utf-8"))
        for section in parser.sections():
            if parser.has_option(section, "sqlalchemy.url"):
                yield parser.get(section, "sqlalchemy.url")


def _with_x(config: Config, settings: Settings) -> Config:
    """Add the -x arguments to the configuration, where env.py reads them."""
    _learn_passwords(config)
    if config.cmd_opts is None:
        config.cmd_opts = argparse.Namespace()
    config.cmd_opts.x = [*(getattr(config.cmd_opts, "x", None) or ()), *settings.x]
    return config


def _learn_passwords(config: Config) -> None:
    """Learn the passwords in a configuration, even if parts of it are not valid."""
    with suppress(ConfigParserError):  # Alembic will report the error
        parser = config.file_config
        for section in parser.sections():
            learn_settings(dict(parser.items(section, raw=True)))
            with suppress(ConfigParserError):
                learn_settings(dict(parser.items(section)))


def _flask(settings: Settings) -> Project:
    from flask.cli import NoAppException, ScriptInfo, load_dotenv  # noqa: PLC0415  (Alembic needs none)

    command = flask_command(settings, "upgrade")
    with contained("importing the app", root=settings.root, command=command):
        load_dotenv()
        os.environ["FLASK_RUN_FROM_CLI"] = (
            "true"  # as the flask command: app.run() then does nothing
        )
        name = settings.app or os.environ.get("FLASK_APP")
        try:
            app = ScriptInfo(app_import_path=name, set_debug_flag=False).load_app()
        except NoAppException as error:
            cause = error.__cause__ or error.__context__
            if isinstance(cause, Exception) and location_of_failure(cause, settings.root):
                raise cause from None
            raise _no_app(settings, name, str(error)) from None
        learn_settings(app.config)
        _require_migrate(app, settings)
    return FlaskProject(app, settings.root, f"Flask app {name or app.import_name}", settings)


def _no_app(settings: Settings, name: str | None, reason: str) -> ProjectNotFoundError:
    missing = f"no Flask app at {name!r}" if name else "no Flask app and no Alembic configuration"
    return ProjectNotFoundError(
        f"{missing} found in {settings.root}",
        hint="Name the Flask app (--app myapp, as for flask --app) or the Alembic configuration "
        "(-c path/to/alembic.ini).",
        details=reason.strip(),
    )


def _require_migrate(app: Any, settings: Settings) -> None:
    """Set up Flask-Migrate if the app does so only in its own command line.

    Raises:
        ProjectNotFoundError: The app does not use Flask-Migrate.
    """
    if "migrate" in app.extensions:
        return
    database = app.extensions.get("sqlalchemy")
    directory = settings.root / (settings.directory or "migrations")
    if database is None or not directory.is_dir():
        raise ProjectNotFoundError(
            f"the Flask app {app.import_name!r} does not use Flask-Migrate",
            hint="Set up Flask-Migrate with Migrate(app, db), or name an Alembic configuration "
            "with -c.",
        )
    from flask_migrate import Migrate  # noqa: PLC0415  (an app may do without)

    Migrate(app, getattr(database, "db", database))
