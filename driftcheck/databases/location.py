"""The location of a database: its URL, its key, and the arguments of drivers that connect to it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy.engine import URL, Dialect, make_url
from sqlalchemy.exc import ArgumentError

from driftcheck.databases.database import server_key_parts
from driftcheck.databases.endpoints import Endpoint, displayed_hosts
from driftcheck.databases.registry import database_for, find_database
from driftcheck.dialects import supported_names
from driftcheck.errors import ConfigurationError, RedirectError
from driftcheck.process.masking import learn, learn_password_file, learn_url

_PLACE = "several.hosts.invalid"
"""Stands for several hosts where SQLAlchemy renders a URL."""


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
        url = make_url(with_hosts_in_query(text.replace("postgres://", "postgresql://", 1)))
    except (ArgumentError, ValueError):
        raise ConfigurationError(
            f"{named} is not a database URL",
            hint="Give it as postgresql://user:password@host:port/database.",
        ) from None
    return own_url(url)


def supported_url(text: str, *, named: str) -> URL:
    """Parse the URL of a live database that the user gave.

    Args:
        text: The URL.
        named: The option or variable that holds the URL, for the message.

    Raises:
        ConfigurationError: It is not a database URL, or the database is not supported. The message
            does not repeat it.
    """
    url = parse_url(text, named=named)
    if find_database(url.get_backend_name()) is None:
        raise ConfigurationError(
            f"{named} names a database of the dialect {url.get_backend_name()!r}, which driftcheck "
            "does not support",
            hint=f"driftcheck works with {supported_names()}.",
        )
    return url


def with_hosts_in_query(text: str) -> str:
    """Return a URL whose several hosts, as in ``//a:1,b:2/x``, are in the query.

    libpq accepts several hosts with ports before the path. SQLAlchemy accepts them in the query
    only: ``///x?host=a,b&port=1,2``. Another URL is returned unchanged.
    """
    match = _SEVERAL_HOSTS.fullmatch(text)
    if match is None:
        return text
    places = [_HOST_AND_PORT.fullmatch(place) for place in match["hosts"].split(",")]
    hosts = ",".join((place["host"] if place else "").strip("[]") for place in places)
    ports = ",".join((place["port"] if place else "") or "" for place in places)
    given = match["query"] or ""
    added = f"host={hosts}&port={ports}" if ports.strip(",") else f"host={hosts}"
    query = f"{given}&{added}" if given else f"?{added}"
    return f"{match['start']}{match['path'] or '/'}{query}"


_SEVERAL_HOSTS = re.compile(
    r"(?P<start>[\w+.]+://(?:[^/?#]*@)?)(?P<hosts>[^/?#@]*,[^/?#@]*)"
    r"(?P<path>/[^?#]*)?(?P<query>\?[^#]*)?"
)
_HOST_AND_PORT = re.compile(r"(?P<host>\[[^\]]*\]|[^:]*)(?::(?P<port>\d*))?")


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
    hosts = None if url.host else displayed_hosts(url.query.get("host"), url.query.get("port"))
    if hosts and not hosts.startswith("/"):
        bare = bare.set(host=_PLACE)
    text = bare.render_as_string(hide_password=True).replace(":***@", "@")
    if not hosts:
        return text
    return f"{text}?host={hosts}" if hosts.startswith("/") else text.replace(_PLACE, hosts, 1)


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
