"""Connections that driftcheck opens itself: past every engine and pool, so past their hooks."""

from __future__ import annotations

import os
import re
from typing import Any

from sqlalchemy import create_engine
from sqlalchemy.engine import URL, Engine
from sqlalchemy.exc import NoSuchModuleError
from sqlalchemy.pool import NullPool

from driftcheck.databases.libpq import explicit_parameters
from driftcheck.databases.location import shown
from driftcheck.databases.own_work import own_work
from driftcheck.errors import ConfigurationError, ConnectionFailedError
from driftcheck.process.deadline import aborter, watchdog

_OWN = "driftcheck.own"
_LIBPQ_OPTIONS = "PGOPTIONS"


def connect(url: URL) -> Any:
    """Open a DB-API connection.

    Raises:
        ConfigurationError: The URL's dialect or its driver is not installed.
        ConnectionFailedError: The database does not answer, or refuses. Later calls on the
            connection raise it as well, where the connection is lost or their time is over.
    """
    dialect, module = _dialect(url)
    cargs, cparams = dialect.create_connect_args(url)
    if dialect.name == "postgresql":
        cparams.setdefault("application_name", "driftcheck")
        cparams.setdefault("options", own_options())
        cparams = explicit_parameters(cparams) | cparams
    try:
        with own_work():
            return _opened(url, dialect, cargs, cparams)
    except module.Error as error:
        raise ConnectionFailedError(
            f"cannot connect to {shown(url)}",
            hint="Check that the server runs, and the host, port, user and password in the URL.",
            details=without_password(str(error).strip(), url),
        ) from None


def _opened(url: URL, dialect: Any, cargs: list[Any], cparams: dict[str, Any]) -> Any:
    """A connection whose calls have a deadline."""
    if dialect.driver == "psycopg2":
        from driftcheck.databases import psycopg2_deadlines as watched  # noqa: PLC0415  (other databases do without)

        return watched.connect(shown(url), *cargs, **cparams)
    if dialect.name not in ("mysql", "mariadb"):
        return dialect.connect(*cargs, **cparams)
    connection = watchdog.within(
        shown(url),
        watchdog.connect_seconds,
        lambda: dialect.connect(*cargs, **{**watchdog.mysql_limits(), **cparams}),
    )
    for name in ("query", "commit", "rollback", "close"):
        setattr(connection, name, _with_deadline(connection, getattr(connection, name), url))
    return connection


def _with_deadline(connection: Any, method: Any, url: URL) -> Any:
    """A method of a MySQL driver's connection with a deadline: its own are for each packet."""
    abort, database = aborter(connection), shown(url)

    def watched(*arguments: Any, **keywords: Any) -> Any:
        with watchdog.call(database, abort):
            return method(*arguments, **keywords)

    return watched


def own_engine(url: URL) -> Engine:
    """An engine of driftcheck's own, for what only SQLAlchemy can do."""

    def create(record: Any) -> Any:
        record.info[_OWN] = True
        return connect(url)

    return create_engine(url, creator=create, poolclass=NullPool)


def is_own(record: Any) -> bool:
    """Whether a connection in a pool is driftcheck's own."""
    return _OWN in record.info


def own_options() -> str:
    """What the user's environment tells libpq to say to a server, and no more than that."""
    return os.environ.get(_LIBPQ_OPTIONS, "")


def _dialect(url: URL) -> tuple[Any, Any]:
    """The URL's dialect with its driver loaded, as ``create_engine()`` would have it."""
    try:
        dialect_class: Any = url.get_dialect()
        load = getattr(dialect_class, "import_dbapi", None) or dialect_class.dbapi
        module = load()
    except (NoSuchModuleError, ImportError) as error:
        raise ConfigurationError(
            f"the driver for {url.drivername} is not installed",
            hint="Install it beside driftcheck, or name another driver in the URL.",
            details=str(error),
        ) from None
    return dialect_class(dbapi=module), module


def without_password(text: str, url: URL) -> str:
    """A driver's words without the password, which some of them repeat."""
    password = url.password
    if password:
        text = re.sub(re.escape(str(password)), "***", text)
    return text
