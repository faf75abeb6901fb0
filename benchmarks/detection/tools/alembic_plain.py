"""Alembic's autogenerate as Flask-Migrate configures it."""

from __future__ import annotations

from sqlalchemy import Connection

from benchmarks.detection.tools.autogenerate import Autogenerate, versions

NAME = "Flask-Migrate's migrate"
COMMITTED = False
_OPTIONS = {"compare_type": True, "render_as_batch": True}


def version() -> str:
    """Its versions."""
    return versions("flask-migrate")


class Tool:
    """Looks at the default schema, which is that of nearly all cases."""

    def __init__(self, connection: Connection) -> None:
        self._autogenerate = Autogenerate(connection, (None,))

    def says(self, connection: Connection, *, privileges: bool) -> str:
        """The migration."""
        del privileges  # it knows none
        return self._autogenerate.migration(connection, _OPTIONS)
