"""Decides where shadow databases are made."""

from __future__ import annotations

from sqlalchemy.engine import URL

from driftcheck.databases.location import database_key_of, parse_url, shown
from driftcheck.databases.registry import find_database
from driftcheck.databases.shadow.base import ShadowMaker
from driftcheck.databases.shadow.request import (
    SAME_SERVER,
    ServerFacts,
    ShadowRequest,
    names_live_database,
)
from driftcheck.errors import ConfigurationError, ShadowError


def choose(
    facts: ServerFacts | None,
    requested: str | None = None,
    live_url: URL | None = None,
    *,
    dialect: str = "postgresql",
) -> ShadowMaker:
    """Open the first possible way to make shadow databases.

    Args:
        facts: The properties of the live database that a shadow must have, if they are known.
        requested: The value of ``--shadow``: a URL, or ``same-server``.
        live_url: The live database, if there is one.
        dialect: The name of SQLAlchemy's dialect, if there is no live database.

    Raises:
        ConfigurationError: What was requested is not possible.
        ShadowError: No way is possible. The error names every way that was tried, with the reason.
    """
    if live_url is not None:
        dialect = live_url.get_backend_name()
    server_url = _requested_server(requested, live_url, dialect)
    database = find_database(dialect)
    if database is None:
        raise ShadowError(f"driftcheck cannot make shadow databases for {dialect}")
    return database.shadow_maker(
        ShadowRequest(dialect, facts, live_url, server_url, requested == SAME_SERVER)
    )


def _requested_server(requested: str | None, live_url: URL | None, dialect: str) -> URL | None:
    """Return the server that ``--shadow`` names, if it is given."""
    if requested is None:
        return None
    if requested == SAME_SERVER:
        if live_url is None:
            raise ConfigurationError(
                "--shadow same-server needs a live database, and there is none",
                hint="Name one with --database-url, or another server with --shadow URL.",
            )
        return live_url
    url = parse_url(requested, named="--shadow")
    if url.get_backend_name() != dialect:
        raise ConfigurationError(
            f"--shadow names a {url.get_backend_name()} database, and the project's is {dialect}",
            hint="Name a server of the same kind as the project's database, or leave --shadow out.",
        )
    if live_url is not None and database_key_of(url) == database_key_of(live_url):
        raise names_live_database(shown(url))
    return url
