"""Brings an empty shadow to where a history that does not build from nothing is taken up."""

from __future__ import annotations

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
from driftcheck.databases.connection import connect, own_options
from driftcheck.databases.messages import database_message
from driftcheck.databases.own_work import own_work
from driftcheck.databases.postgresql.dump_file import run_dump
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
    """Run what a project says must come before its history, on an empty shadow.

    ``import`` needs nothing here: the shadow was made as a copy of what the import wrote.

    Raises:
        ConfigurationError: What it names is not there.
        ReplayError: It does not run.
    """
    what = bootstrap.what
    if what == "import":
        return
    if what == "create_all":
        _require_all(create_models(configured, partial(run_statements, shadow)), what)
    elif what.startswith("command:"):
        _run_command(what.removeprefix("command:").strip(), shadow, root)
    elif what.endswith(".sql"):
        _run_script(root / what, shadow)
    elif ":" in what:
        _call(what, shadow, root)
    else:
        raise ConfigurationError(
            f"bootstrap names {what!r}, which is none of its forms",
            hint="It takes create_all, import, FILE.sql, package.module:callable or "
            "'command: …', each with an optional @REVISION where the history is taken up.",
        )


def description(bootstrap: Bootstrap, configured: Sequence[Configured], root: Path) -> str | None:
    """What a bootstrap would run, as a text that is another where that is another.

    Returns:
        ``None`` where it cannot be told: nobody knows what a command does.

    Raises:
        OSError: Its file cannot be read.
    """
    what = bootstrap.what
    if what == "create_all":
        return "\n".join(statement for one in configured for statement in one.ddl)
    if what.startswith("command:"):
        return None
    if what.endswith(".sql"):
        return fingerprint([root / what])
    with contained(f"the bootstrap {what}", root=root):
        spec = importlib.util.find_spec(what.partition(":")[0])
    return fingerprint([Path(spec.origin)]) if spec and spec.has_location and spec.origin else None


def _require_all(refused: Sequence[Refused], what: str) -> None:
    if refused:
        raise ReplayError(
            f"the bootstrap {what} does not run: {refused[0].message}",
            details=refused[0].statement,
        )


def _run_script(path: Path, shadow: URL) -> None:
    if not path.is_file():
        raise ConfigurationError(
            f"bootstrap names {path}, and there is no such file",
            hint="A relative path begins at the directory in which driftcheck is run.",
        )
    connection = connect(shadow)
    try:
        if shadow.get_backend_name() == "sqlite":
            connection.executescript(path.read_text(encoding="utf-8"))
        elif shadow.get_backend_name() == "postgresql":
            run_dump(connection, path.read_text(encoding="utf-8"))
        else:
            connection.cursor().execute(path.read_text(encoding="utf-8"))
        connection.commit()
    except ConfigurationError as error:
        raise ConfigurationError(
            f"the bootstrap {path.name} does not run: {error.message}", hint=error.hint
        ) from None
    except Exception as error:
        raise ReplayError(
            f"the bootstrap {path.name} does not run",
            hint="It must be plain SQL that runs on an empty database, such as "
            "pg_dump --schema-only --no-owner writes.",
            details=database_message(error),
        ) from error
    finally:
        connection.close()


def _call(named: str, shadow: URL, root: Path) -> None:
    """Call ``package.module:callable`` with a SQLAlchemy connection to the shadow."""
    module, _, attribute = named.partition(":")
    engine = create_engine(shadow, poolclass=NullPool)
    with contained(f"the bootstrap {named}", root=root), engine.begin() as connection:
        getattr(importlib.import_module(module), attribute)(connection)


def _run_command(command: str, shadow: URL, root: Path) -> None:
    """Run a shell command that finds the shadow in ``DRIFTCHECK_SHADOW_URL``."""
    environment = {
        **of_children(os.environ),
        **_libpq_environment(shadow),
        "PGOPTIONS": own_options(),  # it may write
        # Slashes mean nothing there, and configuration files take % for something else.
        "DRIFTCHECK_SHADOW_URL": shadow.render_as_string(hide_password=False).replace("%2F", "/"),
    }
    with own_work():
        done = subprocess.run(  # noqa: S602  (the project's own configuration says it)
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


def _libpq_environment(shadow: URL) -> dict[str, str]:
    """Where psql and its like find the shadow: they must not find live there."""
    if shadow.get_backend_name() != "postgresql":
        return {}
    said = {
        "PGHOST": shadow.host or shadow.query.get("host"),
        "PGPORT": shadow.port or shadow.query.get("port"),
        "PGUSER": shadow.username,
        "PGPASSWORD": shadow.password,
        "PGDATABASE": shadow.database,
        "PGHOSTADDR": "",
    }
    return {name: str(value) for name, value in said.items() if value is not None}
