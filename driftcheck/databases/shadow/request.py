"""The request for shadow databases: where they are made, and what they have of the live one."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from driftcheck.errors import ConfigurationError

SAME_SERVER = "same-server"
"""The value of ``--shadow`` that requests shadow databases on the server of the live database."""

if TYPE_CHECKING:  # importing SQLAlchemy takes longer than a quick check
    from sqlalchemy.engine import URL


@dataclass(frozen=True)
class ServerFacts:
    """The properties of a live database that a shadow must have, or that decide where it is made.

    Attributes:
        dialect: The name of SQLAlchemy's dialect.
        major: The server's major version.
        server_version: The full version: ``16.4``.
        identity: Identifies the database and its server. It changes if the server restarts.
        database: The name of the live database.
        encoding: The encoding: ``UTF8``.
        collation: The value of ``LC_COLLATE``.
        ctype: The value of ``LC_CTYPE``.
        locale_provider: ``libc``, ``icu`` or ``builtin``.
        locale: The locale of the provider; empty for ``libc``.
        extensions: The names of the extensions that are installed in the live database.
        roles: The names of the server's roles, without predefined roles (``pg_...``).
        user: The role that driftcheck is connected as.
        search_path: The setting ``search_path``, as ``SHOW`` returns it.
        schemas: The existing schemas of the search path, without ``public`` and system schemas.
        time_zone: The setting ``TimeZone``, on which the meaning of ``'2026-01-01'::timestamptz``
            and the conversion of a timestamp depend.
    """

    dialect: str
    major: int
    server_version: str
    identity: str
    database: str
    encoding: str
    collation: str
    ctype: str
    locale_provider: str
    locale: str
    extensions: frozenset[str]
    roles: tuple[str, ...]
    user: str
    search_path: str
    schemas: tuple[str, ...]
    time_zone: str

    @property
    def influences(self) -> str:
        """A text of the properties that can influence a replay: all but those of identity."""
        values = asdict(replace(self, identity="", database=""))
        return repr(sorted({**values, "extensions": sorted(self.extensions)}.items()))


@dataclass(frozen=True)
class ShadowRequest:
    """Where shadow databases are requested.

    Attributes:
        dialect: The name of SQLAlchemy's dialect.
        facts: The properties of the live database that a shadow must have, if they are known.
        live_url: The live database, if there is one.
        server_url: The server that ``--shadow`` names; the live database for ``same-server``.
        on_live_server: Whether ``--shadow same-server`` is given.
    """

    dialect: str
    facts: ServerFacts | None = None
    live_url: URL | None = None
    server_url: URL | None = None
    on_live_server: bool = False


def names_live_database(url: str) -> ConfigurationError:
    """Return the error for a ``--shadow`` that names the live database.

    Args:
        url: The URL without its password.
    """
    return ConfigurationError(
        f"--shadow names the live database, {url}",
        hint=f"Name another database of that server, or use --shadow {SAME_SERVER}: "
        "driftcheck then creates separate shadow databases on the live database's server.",
    )
