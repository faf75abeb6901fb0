"""Where a database is: told from a driver's arguments, and told to another driver."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from sqlalchemy.engine import URL, Dialect, make_url
from sqlalchemy.exc import ArgumentError

from driftcheck.databases.libpq import explicit_parameters
from driftcheck.errors import ConfigurationError, RedirectError
from driftcheck.process.masking import learn, learn_password_file, learn_url

_LIBPQ_DRIVERS = ("psycopg2", "psycopg", "psycopg_async", "psycopg2cffi")
DEFAULT_PORTS = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306}

# Arguments that say where to connect, as whom, and how that server proves itself. Whatever else
# a driver is given (cursor factories, timeouts, codecs) is the project's manner and is kept.
_PLACE_ARGUMENTS = frozenset(
    """
    host hostaddr port user username password passwd passfile dbname database db service dsn uri
    unix_sock unix_socket read_default_file read_default_group default_file
    async_creator_fn krbsrvname krb_service_name gsslib gssencmode require_auth requirepeer
    channel_binding target_session_attrs load_balance_hosts direct_tls ssl
    """.split()
)


class DatabaseKey(NamedTuple):
    """What makes two URLs the same database, whoever connects."""

    dialect: str
    host: str
    port: int | None
    database: str


def parse_url(text: str, *, named: str) -> URL:
    """Parse a database URL that a user gave.

    Args:
        text: The URL. ``postgres://`` is taken for ``postgresql://``.
        named: What the user calls it, for the message: ``--database-url``.

    Raises:
        ConfigurationError: It is not a database URL; the message does not repeat it.
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
    """The same database by way of the driver that driftcheck itself connects with."""
    name = url.get_backend_name()
    if name == "postgresql":
        return url.set(drivername="postgresql+psycopg2")
    if name == "sqlite":
        return url.set(drivername="sqlite")
    if name in ("mysql", "mariadb") and url.get_driver_name() in ("aiomysql", "asyncmy"):
        return url.set(drivername=f"{name}+pymysql")
    return url


def database_key_of(url: URL) -> DatabaseKey:
    """What makes two URLs the same database, whoever connects."""
    dialect = url.get_backend_name()
    if dialect == "sqlite":
        return DatabaseKey(dialect, "", None, _sqlite_path(url.database))
    query: Mapping[str, Any] = url.query
    if dialect == "postgresql":
        url, query = _with_environment(url)
    host = url.host or query.get("host") or query.get("service") or "localhost"
    host = host if isinstance(host, str) else ",".join(host)
    if host in ("127.0.0.1", "::1"):
        host = "localhost"
    port = url.port or query.get("port") or DEFAULT_PORTS.get(dialect)
    database = url.database or (url.username if dialect == "postgresql" else None) or ""
    return DatabaseKey(dialect, host.lower(), int(str(port)) if port else None, database)


def _with_environment(url: URL) -> tuple[URL, Mapping[str, Any]]:
    """What libpq adds from its environment variables where a URL is silent."""
    said = {key: os.environ.get(f"PG{key.upper()}") for key in ("host", "port", "service")}
    query = {**{key: value for key, value in said.items() if value}, **url.query}
    return url.set(database=url.database or os.environ.get("PGDATABASE")), query


def _sqlite_path(database: str | None) -> str:
    if database and database.startswith("file:"):
        database = unquote(urlsplit(database).path)
    if not database or database == ":memory:":
        return ":memory:"
    return str(Path(database).resolve())


def shown(url: URL) -> str:
    """A URL for people: no password, no secret in its query, no driver."""
    bare = url.set(drivername=url.get_backend_name(), query={})
    text = bare.render_as_string(hide_password=True).replace(":***@", "@")
    host = url.query.get("host")
    return f"{text}?host={host}" if host and not url.host else text


def url_of_arguments(dialect: Dialect, cargs: Sequence[Any], cparams: Mapping[str, Any]) -> URL:
    """Tell from a driver's arguments where it would have connected.

    Raises:
        RedirectError: The dialect is none that driftcheck can redirect.
    """
    match dialect.name:
        case "postgresql":
            return _learned(url_of_parameters(cargs, cparams))
        case "sqlite":
            filename = cargs[0] if cargs else cparams.get("database", ":memory:")
            return URL.create("sqlite", database=_sqlite_path(str(filename)))
        case "mysql" | "mariadb":
            return _learned(_mysql_url(dialect, cparams))
    raise RedirectError(
        f"the project connects to a database of the dialect {dialect.name!r}, "
        "which cannot be sent to a shadow database",
        hint="driftcheck works with PostgreSQL, SQLite, MySQL and MariaDB.",
    )


def _learned(url: URL) -> URL:
    """The URL; its passwords are masked from now on."""
    learn(url.password, url.username, url.host, url.database)
    learn(url.query.get("sslpassword"))
    if passfile := url.query.get("passfile"):
        learn_password_file(Path(str(passfile)))
    return url


def url_of_parameters(cargs: Sequence[Any], cparams: Mapping[str, Any]) -> URL:
    """The URL of the parameters of a PostgreSQL driver: a connection string, or keywords."""
    from psycopg2.extensions import parse_dsn  # noqa: PLC0415  (other databases do without)

    given: dict[str, Any] = {}
    for dsn in (*cargs[:1], cparams.get("dsn"), cparams.get("conninfo")):
        if isinstance(dsn, (str, bytes)) and dsn:
            given |= parse_dsn(os.fsdecode(dsn))
    given |= {key: value for key, value in cparams.items() if value is not None}
    host, port = given.pop("host", None), given.pop("port", None)
    if isinstance(host, (list, tuple)):
        host = ",".join(map(str, host))
    if "unix_sock" in given:
        host = str(PurePosixPath(given["unix_sock"]).parent)
    if isinstance(port, (list, tuple)):
        port = port[0] if port else None
    database = given.pop("dbname", None) or given.pop("database", None)
    query = {key: given[key] for key in _libpq_keys() if isinstance(given.get(key), str)}
    if given.get("ssl") or given.get("ssl_context"):
        query["sslmode"] = given["ssl"] if isinstance(given.get("ssl"), str) else "require"
    in_query = host is not None and (host.startswith("/") or "," in host)
    return URL.create(
        "postgresql+psycopg2",
        username=given.get("user"),
        password=_text(given.get("password")),
        host=None if in_query else host,
        port=int(str(port).split(",")[0]) if port else None,
        database=database,
        query={**query, "host": host} if in_query else query,
    )


def _libpq_keys() -> tuple[str, ...]:
    return (
        *("hostaddr", "service", "passfile", "sslmode", "sslrootcert", "sslcert", "sslkey"),
        *("sslpassword", "sslcrl", "sslcrldir", "sslnegotiation"),
        *("gssencmode", "krbsrvname", "channel_binding", "target_session_attrs"),
        *("options", "require_auth", "requirepeer"),
    )


def _mysql_url(dialect: Dialect, cparams: Mapping[str, Any]) -> URL:
    port = cparams.get("port")
    socket = cparams.get("unix_socket")
    return own_url(
        URL.create(
            f"{dialect.name}+{dialect.driver}",
            username=cparams.get("user"),
            password=_text(cparams.get("password") or cparams.get("passwd")),
            host=cparams.get("host"),
            port=int(port) if port else None,
            database=cparams.get("database") or cparams.get("db"),
            query={"unix_socket": socket} if socket else {},
        )
    )


def _text(secret: object) -> str | None:
    """A password as text; drivers take bytes and objects as well."""
    if secret is None:
        return None
    return secret.decode() if isinstance(secret, bytes) else str(secret)


def url_for_dialect(url: URL, dialect: Dialect) -> URL:
    """The same database as a URL of the dialect and driver that the project uses."""
    named = url.set(drivername=f"{dialect.name}+{dialect.driver}")
    socket_directory = url.query.get("host")
    if dialect.driver == "pg8000" and isinstance(socket_directory, str):
        socket = f"{socket_directory}/.s.PGSQL.{url.query.get('port', 5432)}"
        return named.set(query={"unix_sock": socket})
    return named


def arguments_for(
    url: URL, dialect: Dialect, cparams: Mapping[str, Any], *, options: str = ""
) -> tuple[list[Any], dict[str, Any]]:
    """The driver's arguments for another database, the project's other arguments kept.

    Args:
        url: The other database.
        dialect: The project's dialect.
        cparams: The project's arguments.
        options: What libpq is to tell the server where the project says nothing.
    """
    theirs, database_key = dialect.create_connect_args(url_for_dialect(url, dialect))
    kept = {
        key: value
        for key, value in cparams.items()
        if key not in _PLACE_ARGUMENTS and not key.startswith(("ssl", "gss"))
    }
    if dialect.driver not in _LIBPQ_DRIVERS:
        return list(theirs), {**kept, **database_key}
    # Else libpq would take these from its environment.
    added = explicit_parameters(database_key)
    return list(theirs), {**added, "options": options, **kept, **database_key}
