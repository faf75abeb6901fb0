"""Writes the commands of a project as its user would type them.

Every command that a report shows is written here, so that it runs for the same configuration,
tenant and app as driftcheck did.
"""

from __future__ import annotations

import importlib
import json
import shlex
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from driftcheck.config.settings import Settings
from driftcheck.process.masking import masked

Command = Callable[..., str]
"""Returns a command of the project: ``command("stamp", "REVISION")``."""


def alembic_command(settings: Settings, subcommand: str, *words: str) -> str:
    """Return a command of Alembic with the options ``-c``, ``-n`` and ``-x`` of driftcheck.

    The command ``alembic`` takes no ``package.module:callable``, so such a ``-c`` is left out.

    Args:
        settings: The settings.
        subcommand: The subcommand.
        words: Its arguments.
    """
    config = settings.config
    is_file = config is not None and (settings.root / config).is_file()
    options = [("-c", config if is_file else None), ("-n", settings.name)]
    options += [("-x", argument) for argument in settings.x]
    return shlex.join(["alembic", *_words(options), subcommand, *words])


def runnable_alembic_command(settings: Settings, subcommand: str, *words: str) -> str:
    """Return a command of Alembic that a user can run.

    If a callable builds the configuration, the command calls Alembic's function in Python.

    Args:
        settings: The settings.
        subcommand: The subcommand.
        words: Its arguments.
    """
    config = settings.config or ""
    module, _, build = config.partition(":")
    if not build or (settings.root / config).is_file():
        return alembic_command(settings, subcommand, *words)
    return _in_python(module, build, settings.x, subcommand, words)


def _in_python(
    module: str, build: str, x: Sequence[str], subcommand: str, words: Sequence[str]
) -> str:
    """Return a command that calls a function of Alembic with the configuration of a callable."""
    names = [word for word in words if not word.startswith("--")]
    flags = [f"{word.removeprefix('--')}=True" for word in words if word not in names]
    # Strings in JSON are strings in Python, in double quotes: a shell leaves these as they are.
    arguments = [json.dumps(names[0] if len(names) == 1 else names)] if names else []
    call = f"command.{subcommand}({', '.join(['config', *arguments, *flags])})"
    lines = ["from alembic import command", f"import {module}", f"config = {module}.{build}()"]
    if x:
        options = f"Namespace(x={json.dumps(x)})"
        lines += ["from argparse import Namespace", f"config.cmd_opts = {options}"]
    return shlex.join(["python", "-c", "; ".join([*lines, call])])


def flask_command(settings: Settings, subcommand: str, *words: str) -> str:
    """Return a command of Flask-Migrate with ``--app``, ``--directory`` and ``-x`` of driftcheck.

    Flask-Migrate 4.1 and newer takes the options before the subcommand, as options of ``flask db``.
    Before that, some subcommands take no ``-x``; it is then left out.

    Args:
        settings: The settings.
        subcommand: The subcommand of ``flask db``.
        words: Its arguments.
    """
    db = importlib.import_module("flask_migrate.cli").db  # only where there is an app
    options = [("-d", settings.directory), *(("-x", argument) for argument in settings.x)]
    of_group, of_subcommand = _option_names(db), _option_names(db.commands.get(subcommand))
    before = [option for option in options if option[0] in of_group]
    after = [o for o in options if o[0] in of_subcommand and o not in before]
    flask = ["flask", *_words([("--app", settings.app)]), "db"]
    return shlex.join([*flask, *_words(before), subcommand, *_words(after), *words])


def driftcheck_command(settings: Settings, *words: str) -> str:
    """Return a command of driftcheck with the options that name the project and its databases.

    A password in the URL of ``--database-url`` is masked.

    Args:
        settings: The settings.
        words: The subcommand and its arguments.
    """
    options = [("--app", settings.app), ("-c", settings.config), ("-n", settings.name)]
    options += [("-x", argument) for argument in settings.x]
    options.append(("--directory", settings.directory))
    if settings.names_database:
        options.append(("--database-url", masked(str(settings.database_url))))
    return shlex.join(["driftcheck", *words, *_words(options)])


def _words(options: Iterable[tuple[str, str | None]]) -> list[str]:
    """Return the words of the options that have a value."""
    return [word for name, value in options if value for word in (name, value)]


def _option_names(command: Any) -> set[str]:
    """Return the names of the options that a command of click takes."""
    return {name for parameter in getattr(command, "params", ()) for name in parameter.opts}
