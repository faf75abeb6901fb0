"""URLs of PostgreSQL databases, and the arguments of PostgreSQL drivers."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from psycopg2.extensions import parse_dsn
from sqlalchemy.engine import URL

from driftcheck.databases.endpoints import Endpoint, Tcp, Unix, listed, listed_places
from driftcheck.databases.passwords import password_text
from driftcheck.databases.postgresql.libpq import added_parameters

DEFAULT_PORT = 5432
SOCKET_NAME = ".s.PGSQL."
"""The file name of a Unix socket, followed by the port."""

# The directories of the Unix socket: those of libpq in packages of operating systems, and those of
# other drivers.
_SOCKET_DIRECTORIES = ("/var/run/postgresql", "/run/postgresql", "/tmp", "/var/pgsql_socket")  # noqa: S108

# Source: libpq, "options": spaces separate command-line arguments unless escaped.
_ESCAPED = re.compile(r"([\\\s])")
_ESCAPE = r"\\\1"

_KEPT_PARAMETERS = """
    hostaddr service passfile sslmode sslrootcert sslcert sslkey sslpassword sslcrl sslcrldir
    sslnegotiation gssencmode krbsrvname channel_binding target_session_attrs options require_auth
    requirepeer
    """.split()
"""The parameters of libpq that the query of a URL keeps, besides host and port."""


def url_of_arguments(cargs: Sequence[Any], cparams: Mapping[str, Any]) -> URL:
    """Return the URL of the database that a PostgreSQL driver would connect to.

    A connection string is parsed as libpq does; keywords override it. Each driver names its
    arguments in its own way. Examples, and the URL without ``postgresql+psycopg2``:

    - psycopg2: ``"host=db port=6543 dbname=shop"`` → ``://db:6543/shop``
    - asyncpg: ``host=["db"], port=[6543], database="shop", ssl=True`` →
      ``://db:6543/shop?sslmode=require``
    - pg8000: ``unix_sock="/run/x/.s.PGSQL.5432", database="shop"`` → ``:///shop?host=/run/x``

    Of asyncpg's ``server_settings``, only ``search_path`` concerns the schema. A pooler may refuse
    the others as ``options``.

    Args:
        cargs: The positional arguments of the driver's ``connect``; the first may be a connection
            string.
        cparams: The keyword arguments of the driver's ``connect``.
    """
    given = _given_parameters(cargs, cparams)
    host = _host(given)
    query = {key: given[key] for key in _KEPT_PARAMETERS if isinstance(given.get(key), str)}
    if search_path := (given.get("server_settings") or {}).get("search_path"):  # asyncpg
        query["options"] = f"-c search_path={re.sub(_ESCAPED, _ESCAPE, search_path)}"
    if given.get("ssl") or given.get("ssl_context"):
        query["sslmode"] = given["ssl"] if isinstance(given.get("ssl"), str) else "require"
    port = given.get("port")
    if host is not None and "," in host:
        query |= _several(host, port)
        host = port = None
    elif host is not None and host.startswith("/"):
        query["host"], host = host, None  # a URL has no place for a directory
    return URL.create(
        "postgresql+psycopg2",
        username=given.get("user"),
        password=password_text(given.get("password")),
        host=host,
        port=_port(port),
        database=given.get("dbname") or given.get("database"),
        query=query,
    )


def _given_parameters(cargs: Sequence[Any], cparams: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters in connection strings and in keywords, by name."""
    given: dict[str, Any] = {}
    for dsn in (*cargs[:1], cparams.get("dsn"), cparams.get("conninfo")):
        if isinstance(dsn, (str, bytes)) and dsn:
            given |= parse_dsn(os.fsdecode(dsn))
    return given | {key: value for key, value in cparams.items() if value is not None}


def _host(given: Mapping[str, Any]) -> str | None:
    """Return the host, several hosts with commas, or the directory of a Unix socket."""
    if "unix_sock" in given:
        return str(PurePosixPath(given["unix_sock"]).parent)
    host = given.get("host")
    return ",".join(map(str, host)) if isinstance(host, (list, tuple)) else host


def _several(hosts: str, ports: Any) -> dict[str, str]:
    """Return the query parameters for several hosts, with one port for each."""
    places = listed_places(hosts, ports)
    query = {"host": ",".join(host for host, _ in places)}
    if any(port for _, port in places):
        query["port"] = ",".join(str(port or "") for _, port in places)
    return query


def with_listed_hosts(url: URL) -> URL:
    """Return a URL in which several hosts are in the form that every driver accepts.

    SQLAlchemy accepts ``?host=a:1&host=b:2`` and ``?host=a,b&port=1,2``.
    """
    hosts = url.host or url.query.get("host")
    if len(listed(hosts)) < 2:  # noqa: PLR2004
        return url
    kept = {key: value for key, value in url.query.items() if key not in ("host", "port")}
    several = _several(",".join(listed(hosts)), url.port or url.query.get("port"))
    return URL.create(
        url.drivername,
        url.username,
        url.password,
        database=url.database,
        query={**kept, **several},
    )


def _port(port: Any) -> int | None:
    """Return the port of the first host."""
    if isinstance(port, (list, tuple)):
        port = port[0] if port else None
    return int(str(port).split(",")[0]) if port else None


def url_of_connection_string(text: str) -> URL:
    """Return the URL of a connection string, with the server, the database and the user only.

    Args:
        text: A string such as ``host=db.example dbname=shop``.

    Raises:
        psycopg2.ProgrammingError: The string is malformed.
    """
    parameters = parse_dsn(text)
    query = {
        key: parameters[key]
        for key in ("host", "port", "hostaddr", "service")
        if parameters.get(key)
    }
    return URL.create(
        "postgresql",
        username=parameters.get("user"),
        database=parameters.get("dbname"),
        query=query,
    )


def url_of_environment() -> URL:
    """Return the URL that leaves everything to libpq's environment variables."""
    return URL.create("postgresql")


def with_environment(url: URL) -> URL:
    """Add to a URL what libpq takes from its environment variables, and its default database."""
    variables = {key: os.environ.get(f"PG{key.upper()}") for key in ("host", "port", "service")}
    query = {**{key: value for key, value in variables.items() if value}, **url.query}
    if "host" not in query and query.get("service"):
        query["host"] = query["service"]
    database = url.database or os.environ.get("PGDATABASE") or url.username
    return url.set(database=database, query=query)


def endpoints(url: URL) -> Iterator[Endpoint]:
    """Return every address that a driver may connect to: each host, or each socket directory."""
    given: dict[str, Any] = {key: value for key, value in url.query.items() if value}
    given |= {key: value for key in ("host", "port") if (value := getattr(url, key))}
    if isinstance(path := given.get("unix_sock"), str):
        yield Unix(path)
        return
    parameters = {**added_parameters(given), **given}
    hosts = listed(parameters.get("hostaddr")) or listed(parameters.get("host"))
    for name, port in listed_places(
        hosts or (*_SOCKET_DIRECTORIES, "localhost"), parameters.get("port")
    ):
        number = port or DEFAULT_PORT
        if name.startswith("/"):
            yield Unix(f"{name}/{SOCKET_NAME}{number}")
        else:
            yield Tcp(name.lower(), number)
