"""The location of a database: its URL, its key, and the arguments of drivers that connect to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy.engine import URL, Dialect, make_url
from sqlalchemy.exc import ArgumentError

from driftcheck.databases.database import server_key_parts
from driftcheck.databases.endpoints import Endpoint
from driftcheck.databases.registry import database_for, find_database
from driftcheck.dialects import supported_names
from driftcheck.errors import ConfigurationError, RedirectError
from driftcheck.process.masking import learn, learn_password_file, learn_url


class DatabaseKey(NamedTuple):
    """Identifies a database. The keys of two URLs of the same database are equal."""

    dialect: str
    host: str
    port: int | None
    database: str


def parse_url(text: str, *, named: str) -> URL:
    """Parse a database URL that the user gave.

    Args:
        text: The URL. ``postgres://`` is read as ``postgresql://``.
        named: The option or variable that holds the URL, for the message: ``--database-url``.

    Raises:
        ConfigurationError: It is not a database URL. The message does not repeat it.
    """
    learn_url(text)
    try:
        url = make_url(text.replace("postgres://", "postgresql://", 1))
    except (ArgumentError, ValueError):
        raise ConfigurationError(
            f"{named} is not a database URL",
            hint="Give it as postgresql://user:password@host:port/database.",
        ) from None
    return own_url(url)


def own_url(url: URL) -> URL:
    """Return the URL of the same database with the driver that driftcheck connects with."""
    database = find_database(url.get_backend_name())
    return url if database is None else database.own_url(url)


def database_key_of(url: URL) -> DatabaseKey:
    """Return the key of the database that a URL leads to."""
    dialect = url.get_backend_name()
    database = find_database(dialect)
    parts = server_key_parts(url) if database is None else database.key_parts(url)
    return DatabaseKey(dialect, *parts)


def shown(url: URL) -> str:
    """Return a URL for messages: without the password, the driver and the query."""
    bare = url.set(drivername=url.get_backend_name(), query={})
    text = bare.render_as_string(hide_password=True).replace(":***@", "@")
    host = url.query.get("host")
    return f"{text}?host={host}" if host and not url.host else text


def url_of_arguments(dialect: Dialect, cargs: Sequence[Any], cparams: Mapping[str, Any]) -> URL:
    """Return the URL of the database that a driver would connect to.

    The passwords in the arguments are masked in every output from now on.

    Args:
        dialect: The dialect, with its driver.
        cargs: The positional arguments of the driver's ``connect``.
        cparams: The keyword arguments of the driver's ``connect``.

    Raises:
        RedirectError: The dialect is not supported.
    """
    database = find_database(dialect.name)
    if database is None:
        raise RedirectError(
            f"the project connects to a database of the dialect {dialect.name!r}, "
            "which cannot be redirected to a shadow database",
            hint=f"driftcheck works with {supported_names()}.",
        )
    url = database.url_of_arguments(dialect, cargs, cparams)
    learn(url.password, url.username, url.host, url.database)
    learn(url.query.get("sslpassword"))
    if passfile := url.query.get("passfile"):
        learn_password_file(Path(str(passfile)))
    return url


def url_for_dialect(url: URL, dialect: Dialect) -> URL:
    """Return the URL of the same database with the dialect and driver of the project."""
    return database_for(dialect.name).url_for_dialect(url, dialect)


def arguments_for(
    url: URL, dialect: Dialect, cparams: Mapping[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """Return the driver's arguments that connect to a database.

    Args:
        url: The database.
        dialect: The dialect of the project, with its driver.
        cparams: The project's keyword arguments. Those that say where to connect are replaced.
    """
    return database_for(dialect.name).arguments_for(url, dialect, cparams)


def endpoints_of(url: URL) -> Sequence[Endpoint]:
    """Return every address that a driver may connect to for a URL; none for a file."""
    database = find_database(url.get_backend_name())
    return () if database is None else database.endpoints(url)
