"""Shadow databases on a server that others use as well: live's own, or one that was named."""

from __future__ import annotations

from sqlalchemy.engine import URL

from driftcheck.databases.location import shown
from driftcheck.databases.postgresql.shadow.facts import IDENTITY
from driftcheck.databases.postgresql.shadow.maker import PostgresMaker, own_session
from driftcheck.databases.shadow.base import ServerFacts
from driftcheck.errors import ShadowError

_OLDEST = 13
"""The first major version that can drop a database somebody is connected to."""
_RIGHTS = """
SELECT rolcreatedb OR rolsuper, current_user FROM pg_catalog.pg_roles WHERE rolname = current_user
"""


def identity(url: URL) -> str:
    """Which database of which server this is, to be held against ``ServerFacts.identity``."""
    with own_session(url) as cursor:
        cursor.execute(f"SELECT {IDENTITY} FROM pg_database d WHERE datname = current_database()")
        (answer,) = cursor.fetchone()
        return str(answer)


class ServerMaker(PostgresMaker):
    """Makes shadows beside other databases, and touches none of those.

    Args:
        how: See ``ShadowMaker``.
        server: Any database of the server: it is connected to and left alone.
        facts: What live has; ``None`` where there is no live database.

    Raises:
        ShadowError: The server cannot be reached, is too old, or does not let the user make
            databases.
    """

    shares_server = True
    runs_untrusted_ddl = False  # a function can look at and use what others have there

    def __init__(self, how: str, server: URL, facts: ServerFacts | None) -> None:
        with own_session(server) as cursor:
            cursor.execute(_RIGHTS)
            may_create, user = cursor.fetchone()
            version = cursor.connection.server_version
        if version // 10000 < _OLDEST:
            raise ShadowError(f"{shown(server)} is older than PostgreSQL {_OLDEST}")
        if not may_create:
            raise ShadowError(
                f"the user {user} may not create databases on {shown(server)}",
                hint=f"ALTER ROLE {user} CREATEDB; lets it.",
            )
        super().__init__(how, server, facts)
        self.sweep()
