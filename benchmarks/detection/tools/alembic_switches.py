"""Alembic's autogenerate with every switch on."""

from __future__ import annotations

from sqlalchemy import Connection, inspect

from benchmarks.detection.tools.autogenerate import Autogenerate, versions

NAME = "Alembic, every switch"
COMMITTED = False
OPTIONS = {"compare_type": True, "compare_server_default": True, "include_schemas": True}


def version() -> str:
    """Its versions."""
    return versions()


class Tool:
    """Looks at every schema, at types and at defaults."""

    def __init__(self, connection: Connection) -> None:
        inspector = inspect(connection)
        default = inspector.default_schema_name
        schemas = (name for name in inspector.get_schema_names() if name != default)
        self._autogenerate = Autogenerate(
            connection, (None, *(name for name in schemas if name != "information_schema"))
        )

    def says(self, connection: Connection, *, privileges: bool) -> str:
        """The migration."""
        del privileges  # it knows none
        return self._autogenerate.migration(connection, OPTIONS)
