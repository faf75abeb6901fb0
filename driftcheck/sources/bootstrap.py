"""Runs the bootstrap: what the project requires before its history in an empty database."""

from __future__ import annotations

import codecs
import importlib.util
import os
import subprocess
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from driftcheck.config.settings import Bootstrap
from driftcheck.databases.connection import connect
from driftcheck.databases.messages import database_message
from driftcheck.databases.own_work import own_work
from driftcheck.databases.registry import database_for
from driftcheck.errors import ConfigurationError, ReplayError
from driftcheck.project.containment import contained
from driftcheck.project.environment import Configured
from driftcheck.project.interception.environment import of_children
from driftcheck.sources.files import fingerprint
from driftcheck.sources.models import create_models
from driftcheck.sources.reading import Refused, run_statements


def prepare(
    bootstrap: Bootstrap, shadow: URL, configured: Sequence[Configured], root: Path
) -> None:
    """Run the bootstrap in an empty shadow database.

    For ``import``, nothing is run: the shadow is a copy of the one that the import has filled.

    Args:
        bootstrap: The bootstrap of the settings.
        shadow: The URL of the shadow database.
        configured: The configuration that env.py makes for this database.
        root: The project's directory.

    Raises:
        ConfigurationError: The bootstrap's form is unknown, or its file does not exist.
        ReplayError: The bootstrap fails.
    """
    what = bootstrap.what
    if what == "import":
        return
    if what == "create_all":
        created = create_models(configured, partial(run_statements, shadow))
        _require_success(created.refused, what)
    elif what.startswith("command:"):
        _run_command(what.removeprefix("command:").strip(), shadow, root)
    elif what.endswith(".sql"):
        _run_script(root / what, shadow)
    elif ":" in what:
        _call(what, shadow, root)
    else:
        raise ConfigurationError(
            f"the setting bootstrap has the unknown form {what!r}",
            hint="Use create_all, import, FILE.sql, package.module:callable or 'command: …', each "
            "with an optional @REVISION from which the history continues.",
        )


def description(bootstrap: Bootstrap, configured: Sequence[Configured], root: Path) -> str | None:
    """Return a text that identifies what a bootstrap runs, for the key of the cache.

    Returns:
        ``None`` if it cannot be identified: a command may do anything.

    Raises:
        OSError: The bootstrap's file cannot be read.
    """
    what = bootstrap.what
    if what == "create_all":
        return "\n".join(statement for context in configured for statement in context.ddl)
    if what.startswith("command:"):
        return None
    if what.endswith(".sql"):
        return fingerprint([root / what])
    with contained(f"the bootstrap {what}", root=root):
        spec = importlib.util.find_spec(what.partition(":")[0])
    return fingerprint([Path(spec.origin)]) if spec and spec.has_location and spec.origin else None


def _require_success(refused: Sequence[Refused], what: str) -> None:
    if refused:
        raise ReplayError(
            f"the bootstrap {what} fails: {refused[0].message}",
            details=refused[0].statement,
        )


def _run_script(path: Path, shadow: URL) -> None:
    if not path.is_file():
        raise ConfigurationError(
            f"the file of the setting bootstrap does not exist: {path}",
            hint="A relative path begins at the directory in which driftcheck is run.",
        )
    database = database_for(shadow.get_backend_name())
    connection = connect(shadow)
    try:
        database.run_script(connection, _text_of(path))
        connection.commit()
    except ConfigurationError as error:
        raise ConfigurationError(
            f"the bootstrap {path.name} fails: {error.message}", hint=error.hint
        ) from None
    except Exception as error:
        raise ReplayError(
            f"the bootstrap {path.name} fails",
            hint="It must be plain SQL that runs on an empty database, such as "
            f"{database.dump_command} writes.",
            details=database_message(error),
        ) from error
    finally:
        connection.close()


def _text_of(path: Path) -> str:
    """Return the text of a file in UTF-8, or in what a byte order mark says.

    A shell of Windows writes what a program prints as UTF-16.
    """
    content = path.read_bytes()
    is_utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if is_utf16 else "utf-8-sig")


def _call(named: str, shadow: URL, root: Path) -> None:
    """Call ``package.module:callable`` with a SQLAlchemy connection to the shadow."""
    module, _, attribute = named.partition(":")
    engine = create_engine(shadow, poolclass=NullPool)
    with contained(f"the bootstrap {named}", root=root), engine.begin() as connection:
        getattr(importlib.import_module(module), attribute)(connection)


def _run_command(command: str, shadow: URL, root: Path) -> None:
    """Run a shell command. Its variable ``DRIFTCHECK_SHADOW_URL`` is the shadow's URL."""
    database = database_for(shadow.get_backend_name())
    environment = {
        **of_children(os.environ),
        **database.client_environment(shadow),
        # Slashes need no escape in a query, and configuration files interpolate %.
        "DRIFTCHECK_SHADOW_URL": shadow.render_as_string(hide_password=False).replace("%2F", "/"),
    }
    with own_work():
        done = subprocess.run(  # noqa: S602  (the command is in the project's configuration)
            command,
            shell=True,
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise ReplayError(
            f"the bootstrap command exits with {done.returncode}: {command}",
            details=(done.stderr or done.stdout).strip(),
        )
