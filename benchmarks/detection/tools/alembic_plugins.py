"""Alembic's autogenerate with every switch on, alembic-postgresql-enum and alembic_utils.

alembic_utils is given, as entities, all that it can read of the base.
"""

from __future__ import annotations

import alembic_postgresql_enum  # noqa: F401  (being imported is what it does)
from alembic_utils.pg_extension import PGExtension
from alembic_utils.pg_function import PGFunction
from alembic_utils.pg_grant_table import PGGrantTable
from alembic_utils.pg_materialized_view import PGMaterializedView
from alembic_utils.pg_policy import PGPolicy
from alembic_utils.pg_trigger import PGTrigger
from alembic_utils.pg_view import PGView
from alembic_utils.replaceable_entity import register_entities, registry
from sqlalchemy import Connection, inspect
from sqlalchemy.orm import Session

from benchmarks.detection.tools import alembic_switches
from benchmarks.detection.tools.autogenerate import versions

NAME = "Alembic, every switch, two plugins"
COMMITTED = False
BEFORE = """drop function school.spread(integer, integer);
    drop type school.floats cascade; drop type school.textrange;
    drop trigger "Not 'now'" on school.students; drop trigger parted on school.events;
    revoke all on school.names from pg_monitor"""
"""alembic_utils stops where there is a function in the language ``internal``, as every range type
brings some, a trigger whose name must be quoted, one of a partitioned table, or a privilege on a
column whose name must be quoted."""

_ALWAYS = (PGFunction, PGView, PGMaterializedView, PGTrigger, PGPolicy, PGExtension)


def version() -> str:
    """Its versions."""
    return versions("alembic-postgresql-enum", "alembic_utils")


class Tool(alembic_switches.Tool):
    """Looks at enums and at what alembic_utils knows as well."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        schemas = [s for s in inspect(connection).get_schema_names() if s != "information_schema"]
        session = Session(bind=connection)
        self._entities = {
            asked: [
                entity
                for kind in (*_ALWAYS, *((PGGrantTable,) if asked else ()))
                for schema in schemas
                for entity in kind.from_database(session, schema)
            ]
            for asked in (False, True)
        }

    def says(self, connection: Connection, *, privileges: bool) -> str:
        """The migration."""
        registry.clear()
        kinds = [*_ALWAYS, *([PGGrantTable] if privileges else [])]
        register_entities(self._entities[privileges], entity_types=kinds)
        return super().says(connection, privileges=privileges)
