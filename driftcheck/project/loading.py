"""Finds a project and imports it."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import tomllib
from collections.abc import Callable
from configparser import Error as ConfigParserError
from contextlib import suppress
from functools import partial
from inspect import signature
from pathlib import Path
from typing import Any

import alembic
from alembic.config import Config

from driftcheck.config.settings import Settings
from driftcheck.errors import ConfigurationError, ProjectError, ProjectNotFoundError
from driftcheck.process.masking import learn_settings
from driftcheck.project.command_line import alembic_command, flask_command
from driftcheck.project.containment import contained, failures_named, location_of_failure
from driftcheck.project.project import AlembicProject, FlaskProject, Project


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
