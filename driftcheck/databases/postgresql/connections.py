"""Connections to PostgreSQL for which the caller needs special settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.engine import URL, Dialect

from driftcheck.databases.connection import connect
from driftcheck.databases.location import shown
from driftcheck.databases.postgresql import psycopg2_deadlines
from driftcheck.databases.postgresql.libpq import explicit_parameters, user_options
from driftcheck.process.deadline import watchdog

LIBPQ_DRIVERS = ("psycopg2", "psycopg", "psycopg_async", "psycopg2cffi")
_UNCHECKED_BODIES = "-c check_function_bodies=off"


def open_own(url: URL, dialect: Dialect, cargs: Sequence[Any], cparams: Mapping[str, Any]) -> Any:
    """Open a connection of driftcheck's own, independent of libpq's environment."""
    parameters = {"application_name": "driftcheck", "options": user_options(), **cparams}
    parameters = explicit_parameters(parameters) | parameters
    if dialect.driver == "psycopg2":
        return psycopg2_deadlines.connect(shown(url), *cargs, **parameters)
    return dialect.connect(*cargs, **parameters)


def open_untrusted(url: URL) -> Any:
    """Open a connection for SQL that is not trusted.

    Function bodies are not checked: they may name objects that a later statement creates.
    """
    options = f"{user_options()} {_UNCHECKED_BODIES}".strip()
    return connect(url.update_query_dict({"options": options}))


def time_limits(driver: str, cparams: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the driver's arguments for the time limits that the project does not set."""
    if driver in LIBPQ_DRIVERS:
        return psycopg2_deadlines.defaults(cparams)
    return {"timeout": watchdog.connect_seconds} if driver == "asyncpg" else {}


def client_environment(shadow: URL) -> dict[str, str]:
    """Return the variables by which psql and other clients find a shadow and can write to it."""
    variables = {
        "PGHOST": shadow.host or shadow.query.get("host"),
        "PGPORT": shadow.port or shadow.query.get("port"),
        "PGUSER": shadow.username,
        "PGPASSWORD": shadow.password,
        "PGDATABASE": shadow.database,
        "PGHOSTADDR": "",
        "PGOPTIONS": user_options(),
    }
    return {name: str(value) for name, value in variables.items() if value is not None}
