"""``pg_dump -s`` as it comes, order and all."""

from __future__ import annotations

from sqlalchemy import Connection

from benchmarks.detection.tools import pg_dump

NAME = "pg_dump -s, as it comes"
COMMITTED = True
version = pg_dump.version


class Tool(pg_dump.Tool):
    """Dumps what is committed."""

    def says(self, connection: Connection, *, privileges: bool) -> str:
        """The dump."""
        return self.as_it_comes(connection, privileges=privileges)
