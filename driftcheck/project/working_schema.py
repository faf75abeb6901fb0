"""Finds the schema in which a connection of env.py works, as in a project with tenants.

Such an env.py sets ``search_path`` or ``schema_translate_map`` on its connection, so that names
without a schema are those of one tenant.
Sources: the Alembic cookbook, "Rudimental Schema-Level Multi Tenancy for PostgreSQL Databases";
PostgreSQL manual, "The Schema Search Path".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text

from driftcheck.databases.registry import database_for
from driftcheck.errors import CannotCheckError
from driftcheck.quoting import quote_identifier

_SEARCH_PATH = """
SELECT pg_catalog.current_setting('search_path'),
  (SELECT reset_val FROM pg_catalog.pg_settings WHERE name = 'search_path')
"""
_USER = "$user"


@dataclass(frozen=True)
class WorkingSchema:
    """Where a connection of env.py looks for names without a schema.

    Attributes:
        name: The schema in which the connection creates objects; empty for the default schema.
        search_path: The schemas of the ``search_path`` that env.py has set; empty if it has not.
        translate_map: The ``schema_translate_map`` of the connection.
        must_exist: The schemas that env.py relies on and has not created itself.
        lookup_path: The schemas of the ``search_path`` that applies: that of env.py, of the role
            or of the database.
    """

    name: str = ""
    search_path: tuple[str, ...] = ()
    translate_map: Mapping[str | None, str | None] = field(default_factory=dict)
    must_exist: tuple[str, ...] = ()
    lookup_path: tuple[str, ...] = ()

    @property
    def statements(self) -> tuple[str, ...]:
        """The statements that give another connection the same ``search_path``."""
        if not self.search_path:
            return ()
        return (f"SET search_path TO {', '.join(map(quote_identifier, self.search_path))}",)

    def schema_of(self, schema: str | None) -> str:
        """Return the schema that is meant by a ``schema=`` argument; empty for the default."""
        translated = self.translate_map.get(schema, schema)
        return translated or self.name

    def later_schemas(self, schema: str | None) -> tuple[str, ...]:
        """Return the schemas in which a table is looked for if the first one does not have it.

        Args:
            schema: The ``schema=`` argument of the table.
        """
        return () if self.translate_map.get(schema, schema) else self.lookup_path


def working_schema(connection: Any) -> WorkingSchema:
    """Return where a connection of env.py works.

    Args:
        connection: A SQLAlchemy connection.

    Raises:
        CannotCheckError: The connection translates schemas of another database than PostgreSQL.
    """
    options = connection.get_execution_options()
    translate_map = dict(options.get("schema_translate_map") or {})
    if not database_for(connection.dialect.name).has_schemas:
        if translate_map.get(None):
            raise CannotCheckError(
                "env.py sets schema_translate_map, which driftcheck supports on PostgreSQL only",
                hint="Let env.py connect to the database of the tenant instead.",
            )
        return WorkingSchema()
    lookup_path, search_path = _search_path(connection)
    name = translate_map.get(None) or (search_path[0] if search_path else "")
    relied_on = dict.fromkeys(filter(None, (*search_path[:1], *translate_map.values())))
    missing = tuple(schema for schema in relied_on if not _exists(connection, schema))
    return WorkingSchema(name, search_path, translate_map, missing, lookup_path)


def _search_path(connection: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the schemas of ``search_path``.

    Returns:
        The schemas, and those that env.py has set on this connection: the same ones, or none.
    """
    ((setting, default),) = connection.exec_driver_sql(_SEARCH_PATH).fetchall()
    names = tuple(name for name in _names(setting) if name != _USER)
    return names, () if setting == default else names


def _exists(connection: Any, schema: str) -> bool:
    query = text("SELECT count(*) FROM pg_catalog.pg_namespace WHERE nspname = :name")
    return bool(connection.execute(query, {"name": schema}).scalar())


def _names(setting: str) -> list[str]:
    """Split a list of identifiers, of which some are quoted: ``"$user", public``."""
    names, rest = [], setting.strip()
    while rest:
        if rest[0] == '"':
            name, rest = _quoted(rest)
        else:
            name, _, rest = rest.partition(",")
            name, rest = name.strip(), f",{rest}" if rest else ""
        names.append(name)
        rest = rest.strip().removeprefix(",").strip()
    return [name for name in names if name]


def _quoted(setting: str) -> tuple[str, str]:
    """Return the name at the start of a string, and the rest of the string."""
    end = 1
    while end < len(setting):
        if setting[end] == '"':
            if setting[end : end + 2] != '""':
                break
            end += 1
        end += 1
    return setting[1:end].replace('""', '"'), setting[end + 1 :]
