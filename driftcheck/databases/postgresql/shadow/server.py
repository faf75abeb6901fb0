"""Makes shadow databases on a server that others use too."""

from __future__ import annotations

from sqlalchemy.engine import URL

from driftcheck.databases.location import shown
from driftcheck.databases.postgresql.shadow.facts import IDENTITY
from driftcheck.databases.postgresql.shadow.maker import PostgresMaker, own_session
from driftcheck.databases.shadow.request import ServerFacts
from driftcheck.errors import ShadowError
from driftcheck.quoting import quote_identifier

_OLDEST = 13
"""The first major version with ``DROP DATABASE … WITH (FORCE)``."""
_RIGHTS = """
SELECT rolcreatedb OR rolsuper, current_user FROM pg_catalog.pg_roles WHERE rolname = current_user
"""


def identity(url: URL) -> str:
    """Read the identity of a database, to compare it with ``ServerFacts.identity``."""
    with own_session(url) as cursor:
        cursor.execute(f"SELECT {IDENTITY} FROM pg_database d WHERE datname = current_database()")
        (identity_of_database,) = cursor.fetchone()
        return str(identity_of_database)


class ServerMaker(PostgresMaker):
    """Makes shadows next to other databases, which are not changed.

    Args:
        how: See ``ShadowMaker``.
        server: The URL of any database of the server. This database is not changed.
        facts: The properties of the live database; ``None`` if there is no live database.

    Raises:
        ShadowError: The server cannot be reached or is too old, or the user cannot create
            databases.
    """

    shares_server = True
    runs_untrusted_ddl = False  # a function could use other databases of the server

    def __init__(self, how: str, server: URL, facts: ServerFacts | None) -> None:
        with own_session(server) as cursor:
            cursor.execute(_RIGHTS)
            may_create, user = cursor.fetchone()
            version = cursor.connection.server_version
        if version // 10000 < _OLDEST:
            raise ShadowError(f"{shown(server)} is older than PostgreSQL {_OLDEST}")
        if not may_create:
            raise ShadowError(
                f"the user {user} cannot create databases on {shown(server)}",
                hint=f"Run ALTER ROLE {quote_identifier(user)} CREATEDB; as a superuser.",
            )
        super().__init__(how, server, facts)
        self.sweep()
