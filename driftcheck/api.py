"""The library: checks as functions that return a report. ``import driftcheck`` offers them.

Each check runs in a child process of its own. There, all connections are redirected, the project is
loaded and its migrations run. The program that calls keeps its connections, its event loop, its
standard streams and its modules, and may call from any thread.

The functions take the settings of the command line under the same names. What is not given comes
from the environment (``DRIFTCHECK_DATABASE_URL`` …) and from ``[tool.driftcheck]``.
"""

from __future__ import annotations

from collections.abc import Collection
from os import PathLike
from pathlib import Path
from typing import Any, Protocol

from driftcheck.errors import UsageError
from driftcheck.judging.report import Report
from driftcheck.process.child import Child
from driftcheck.reports import FORMATS
from driftcheck.reports import render as rendered


class _SQLAlchemyURL(Protocol):
    def render_as_string(self, hide_password: bool = ...) -> str:  # noqa: FBT001  (SQLAlchemy's)
        """Return the URL as text."""


def check(  # noqa: PLR0913  (a parameter for each setting)
    *,
    root: str | PathLike[str] = ".",
    app: str | None = None,
    config: str | None = None,
    name: str | None = None,
    x: Collection[str] = (),
    directory: str | None = None,
    database_url: str | _SQLAlchemyURL | None = None,
    shadow: str | _SQLAlchemyURL | None = None,
    timeout: float | None = None,
    bootstrap: str | None = None,
    base_snapshot: str | PathLike[str] | None = None,
    fail_on: str | Collection[str] | None = None,
    gaps: Collection[str] = (),
    schemas: Collection[str] = (),
    grants: bool | None = None,
    owners: bool | None = None,
    strict_coverage: bool | None = None,
    settings: bool | None = None,
    cache: bool | None = None,
) -> Report:
    """Compare models, migrations and the live database, as ``driftcheck compare`` does.

    Args:
        root: The project's directory. Relative paths start here.
        app: The Flask app, as in ``flask --app``.
        config: The Alembic configuration: a file, or ``package.module:callable`` that returns it.
        name: The section of the configuration file.
        x: Arguments for env.py: ``KEY=VALUE``.
        directory: The migrations directory of a Flask app.
        database_url: The live database. The default is the database of the project.
        shadow: Where shadow databases are created: a URL, or ``same-server``.
        timeout: The time limit of one statement, in seconds.
        bootstrap: What to run before a history that does not build from an empty database.
        base_snapshot: A file written by ``driftcheck snapshot``.
        fail_on: The gaps and rules that fail the check, or ``none``.
        gaps: The gaps to compare: ``pending``, ``unapplied``, ``drift``. The default is all.
        schemas: The schemas to compare. The default is all.
        grants: Whether privileges are compared.
        owners: Whether owners are compared.
        strict_coverage: Whether a check without findings is incomplete if objects were not
            compared.
        settings: Whether the settings of the database and of roles are reported as notes.
        cache: Whether the results of a replay are cached.

    Returns:
        The report, without what the project ignores. ``report.ok`` says whether nothing fails.

    Raises:
        UsageError: The project was not found, or an argument is not valid.
        CannotCheckError: The check could not be made. Nothing was left behind.
    """
    options = dict(locals())
    return _report("check", options.pop("root"), options)


def gate(  # noqa: PLR0913  (a parameter for each setting)
    *,
    root: str | PathLike[str] = ".",
    base: str | None = None,
    with_data: bool | None = None,
    app: str | None = None,
    config: str | None = None,
    name: str | None = None,
    x: Collection[str] = (),
    directory: str | None = None,
    database_url: str | _SQLAlchemyURL | None = None,
    shadow: str | _SQLAlchemyURL | None = None,
    timeout: float | None = None,
    bootstrap: str | None = None,
    base_snapshot: str | PathLike[str] | None = None,
    fail_on: str | Collection[str] | None = None,
    schemas: Collection[str] = (),
    grants: bool | None = None,
    owners: bool | None = None,
    strict_coverage: bool | None = None,
    cache: bool | None = None,
) -> Report:
    """Check the migrations of a branch before they are merged, as ``driftcheck gate`` does.

    Args:
        root: The project's directory, in a git repository.
        base: The branch, tag or commit that the migrations will be merged into. The default is
            ``origin/HEAD``, ``origin/main``, ``main``, ``origin/master`` or ``master``.
        with_data: Whether rows are inserted before the new revisions run.
        app: See ``check``, as for the other arguments.
        config: See ``check``.
        name: See ``check``.
        x: See ``check``.
        directory: See ``check``.
        database_url: A live database, whose drift is reported too. The default is none.
        shadow: See ``check``.
        timeout: See ``check``.
        bootstrap: See ``check``.
        base_snapshot: See ``check``.
        fail_on: See ``check``; also ``hazards``.
        schemas: See ``check``.
        grants: See ``check``.
        owners: See ``check``.
        strict_coverage: See ``check``.
        cache: See ``check``.

    Returns:
        The report; ``report.checks`` has the result of each check.

    Raises:
        UsageError: The project or the base was not found, or an argument is not valid.
        CannotCheckError: The check could not be made. Nothing was left behind.
    """
    options = dict(locals())
    return _report("gate", options.pop("root"), options)


def diff(  # noqa: PLR0913  (a parameter for each setting)
    first: str | _SQLAlchemyURL,
    second: str | _SQLAlchemyURL,
    *,
    root: str | PathLike[str] = ".",
    timeout: float | None = None,
    schemas: Collection[str] = (),
    grants: bool | None = None,
    owners: bool | None = None,
    strict_coverage: bool | None = None,
) -> Report:
    """Compare the schemas of two live databases, as ``driftcheck diff`` does.

    Args:
        first: The URL of the reference database.
        second: The URL of the other database.
        root: The directory whose ``[tool.driftcheck]`` says what is ignored.
        timeout: See ``check``.
        schemas: See ``check``.
        grants: See ``check``.
        owners: See ``check``.
        strict_coverage: See ``check``.

    Raises:
        UsageError: An argument is not valid, or the databases are of different types.
        CannotCheckError: One of the databases cannot be read.
    """
    options = dict(locals())
    return _report("diff", options.pop("root"), options)


def render(report: Report, format: str = "terminal") -> str:  # noqa: A002  (the name of the option)
    """Return a report as text, as the command line writes it to a file.

    Args:
        report: The report.
        format: ``terminal``, ``json``, ``markdown`` or another format of ``--format``.

    Raises:
        UsageError: There is no such format.
    """
    if format not in FORMATS:
        raise UsageError(
            f"there is no format {format!r}", hint=f"The formats are: {', '.join(FORMATS)}."
        )
    return rendered(report, format)


def _report(name: str, root: str | PathLike[str], options: dict[str, Any]) -> Report:
    """Make a check in a child process."""
    given = {key: _plain(value) for key, value in options.items()}
    with Child(["library-answer"], Path(root)) as child:
        report: Report = child.call(name, given)
        return report


def _plain(value: Any) -> Any:
    """Return the value of an argument as the command line would pass it on."""
    if hasattr(value, "render_as_string"):  # the text of a URL of SQLAlchemy has no password
        return value.render_as_string(hide_password=False)
    if isinstance(value, PathLike):
        return str(value)
    if isinstance(value, Collection) and not isinstance(value, str):
        return tuple(map(str, value))
    return value
