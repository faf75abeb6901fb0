"""Finds the options of driftcheck that name the project whose env.py is running.

What driftcheck finds by itself is not named: then the checks of the guard and those of the user
have the same settings, and share their caches.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from driftcheck.config.settings import Settings


def project_options(config: Any, settings: Settings) -> list[str]:
    """Return the options that name a project, as the user of its command has named it.

    Args:
        config: The Alembic configuration of the running command.
        settings: The settings from the project's ``pyproject.toml``.
    """
    is_flask = is_flask_migrate(config)
    options = _of_flask(config, settings) if is_flask else _of_alembic(config, settings)
    arguments = tuple(getattr(config.cmd_opts, "x", None) or ())
    if arguments == settings.x:
        return [*options]
    return [*options, *(f"-x{argument}" for argument in arguments)]


def is_flask_migrate(config: Any) -> bool:
    """Return whether a command of Flask-Migrate is running."""
    return type(config).__module__.partition(".")[0] == "flask_migrate"


def _of_alembic(config: Any, settings: Settings) -> Iterator[str]:
    names = config.config_file_name, getattr(config, "toml_file_name", None)
    files = [str(name) for name in names if name is not None and Path(name).is_file()]
    if files and not _finds_alone(Path(files[0]), settings):
        yield f"--config={files[0]}"
    section = config.config_ini_section
    if section != (settings.name or "alembic"):
        yield f"--name={section}"


def _finds_alone(file: Path, settings: Settings) -> bool:
    """Return whether driftcheck finds a configuration file without an option."""
    if settings.config is None and (settings.app or settings.directory or _flask_app()):
        return False
    named = settings.config or os.environ.get("ALEMBIC_CONFIG") or "alembic.ini"
    return file.resolve() == (settings.root / named).resolve()


def _of_flask(config: Any, settings: Settings) -> Iterator[str]:
    from flask import current_app  # noqa: PLC0415  (Alembic needs none)

    info, found_alone = _script_info(), settings.app or _flask_app()
    named = getattr(info, "app_import_path", None) or ""
    if not named and (info is None or info.create_app is not None):  # a script makes the app
        named = found_alone or current_app.import_name
    if named and named != found_alone:
        yield f"--app={named}"
    directory = config.get_main_option("script_location")
    if directory not in (settings.directory, str(current_app.extensions["migrate"].directory)):
        yield f"--directory={directory}"


def _flask_app() -> str:
    return os.environ.get("FLASK_APP", "")


def _script_info() -> Any:
    """Return what the running command of Flask knows of its app; ``None`` outside of a command."""
    import click  # noqa: PLC0415  (Alembic needs none)
    from flask.cli import ScriptInfo  # noqa: PLC0415

    context = click.get_current_context(silent=True)
    return None if context is None else context.find_object(ScriptInfo)
