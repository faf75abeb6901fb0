"""Connections that driftcheck opens for itself. They bypass all engines, pools and their hooks."""

from __future__ import annotations

from typing import Any

from sqlalchemy import create_engine
from sqlalchemy.engine import URL, Engine
from sqlalchemy.exc import NoSuchModuleError
from sqlalchemy.pool import NullPool

from driftcheck.databases.location import shown
from driftcheck.databases.own_work import own_work
from driftcheck.databases.passwords import without_password
from driftcheck.databases.registry import database_for
from driftcheck.errors import ConfigurationError, ConnectionFailedError

_OWN = "driftcheck.own"


def connect(url: URL) -> Any:
    """Open a DB-API connection.

    Raises:
        ConfigurationError: The dialect or its driver is not installed.
        CatalogError: The dialect is not supported.
        ConnectionFailedError: The database does not answer, or refuses the connection. Later calls
            on the connection raise it too, if the connection is lost or the call takes too long.
    """
    dialect, module = _loaded_dialect(url)
    database = database_for(url.get_backend_name())
    cargs, cparams = dialect.create_connect_args(url)
    try:
        with own_work():
            return database.connect(url, dialect, cargs, cparams)
    except module.Error as error:
        raise ConnectionFailedError(
            f"cannot connect to {shown(url)}",
            hint="Check that the server runs. Then check host, port, database, user and password.",
            details=without_password(str(error).strip(), url),
        ) from None


def connect_read_only(url: URL) -> Any:
    """Open a DB-API connection to a live database, in one transaction that cannot write.

    Raises:
        ConfigurationError: The dialect or its driver is not installed.
        CatalogError: The dialect is not supported.
        ConnectionFailedError: The database cannot be reached.
    """
    _loaded_dialect(url)
    return database_for(url.get_backend_name()).open_read_only(url)


def own_engine(url: URL) -> Engine:
    """Create an engine for driftcheck's own work, where SQLAlchemy is needed.

    With SQLAlchemy 1.4 too, it does not commit by itself.
    """

    def create(record: Any) -> Any:
        record.info[_OWN] = True
        return connect(url)

    return create_engine(url, creator=create, poolclass=NullPool, future=True)


def is_own(record: Any) -> bool:
    """Return whether a connection in a pool is driftcheck's own."""
    return _OWN in record.info


def _loaded_dialect(url: URL) -> tuple[Any, Any]:
    """Return the dialect and the driver's module, as ``create_engine`` loads them."""
    try:
        dialect_class: Any = url.get_dialect()
        load = getattr(dialect_class, "import_dbapi", None) or dialect_class.dbapi
        module = load()
    except (NoSuchModuleError, ImportError) as error:
        raise ConfigurationError(
            f"the driver for {url.drivername} is not installed",
            hint="Install it in the environment of driftcheck, or use another driver in the URL.",
            details=str(error),
        ) from None
    return dialect_class(dbapi=module), module
