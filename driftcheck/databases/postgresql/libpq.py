"""How libpq finds a server: connection URLs, environment variables and service files.

Source: PostgreSQL manual, libpq - C Library: Connection Strings, Environment Variables, The
Connection Service File. Nothing here imports SQLAlchemy.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from configparser import ConfigParser, Error
from pathlib import Path
from urllib.parse import parse_qs, urlsplit, urlunsplit

from driftcheck.databases.endpoints import displayed_hosts

PLACE_VARIABLES = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "dbname": "PGDATABASE",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "passfile": "PGPASSFILE",
    "service": "PGSERVICE",
}
"""The parameters that say where to connect and as whom, each with its environment variable."""

_OPTIONS = "PGOPTIONS"
_SQLALCHEMY_URL = re.compile(r"postgres(?:ql)?(?:\+psycopg2?)?://(.*)", re.DOTALL)


def added_parameters(parameters: Mapping[str, object]) -> dict[str, str]:
    """Return the parameters that libpq adds: from the service file, then from the environment.

    The environment is ``os.environ``. While user code runs, libpq itself sees another environment.
    """
    added = {key: os.environ.get(name, "") for key, name in PLACE_VARIABLES.items()}
    service = parameters.get("service") or added["service"]
    if service:
        added |= _service_parameters(str(service))
    given = {"dbname": parameters.get("database"), **parameters}  # psycopg2 has two names for it
    return {key: value for key, value in added.items() if value and given.get(key) is None}


def explicit_parameters(parameters: Mapping[str, object]) -> dict[str, str]:
    """Return the parameters to add so that libpq's environment does not affect the connection.

    An empty ``host`` or ``hostaddr`` stands for libpq's built-in default.
    """
    added = added_parameters(parameters)
    if str(parameters.get("host") or "").startswith("/"):
        added.pop("hostaddr", None)  # a Unix socket was requested
    for key in ("host", "hostaddr"):
        if parameters.get(key) is None:
            added.setdefault(key, "")
    return added


def user_options() -> str:
    """Return the server options in the user's environment: the variable ``PGOPTIONS``."""
    return os.environ.get(_OPTIONS, "")


def libpq_url(url: str) -> str | None:
    """Convert a URL of SQLAlchemy to a URL of libpq.

    Returns:
        ``None`` if the URL is not for PostgreSQL with a driver that uses libpq, or if its query
        has hosts in the form that only SQLAlchemy reads: ``?host=a:5433&host=b:5434``.
    """
    match = _SQLALCHEMY_URL.fullmatch(url)
    hosts = parse_qs(urlsplit(url).query).get("host", []) if match else []
    if match is None or len(hosts) > 1 or any(":" in host for host in hosts):
        return None
    return f"postgresql://{match[1]}"


def displayed_url(url: str) -> str:
    """Return a URL without the password, the driver and the parameters except the socket."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    target = f"{parts.username}@{host}" if parts.username else host
    parameters = parse_qs(parts.query)
    hosts = displayed_hosts(parameters.get("host"), parameters.get("port"))
    if hosts.startswith("/") and not parts.hostname:  # there may be a port
        return urlunsplit(("postgresql", target, parts.path, f"host={hosts}", ""))
    return urlunsplit(("postgresql", target + ("" if host else hosts), parts.path, "", ""))


def _service_parameters(name: str) -> dict[str, str]:
    """Return the parameters of a service; none if no file has the service: libpq reports that."""
    for path in _service_files():
        parser = ConfigParser(interpolation=None, delimiters="=", strict=False)
        try:
            parser.read(path, encoding="utf-8")
        except (Error, UnicodeDecodeError):
            continue
        if parser.has_section(name):
            return dict(parser.items(name))
    return {}


def _service_files() -> Iterator[Path]:
    user_file = os.environ.get("PGSERVICEFILE")
    yield Path(user_file) if user_file else Path.home() / ".pg_service.conf"
    if directory := os.environ.get("PGSYSCONFDIR"):
        yield Path(directory) / "pg_service.conf"
