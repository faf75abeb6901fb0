"""Finds the objects that extensions create and drop at run time, which are not compared.

Objects that an extension's script creates are members of the extension, and objects in a schema of
the extension belong to it, such as the chunks of TimescaleDB and the tables of pg_cron. Some
extensions create further objects at run time. PostgreSQL does not record their origin; the
documentation of these extensions describes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from driftcheck.databases.reading import Cursor
from driftcheck.quoting import quote_identifier
from driftcheck.schema import Address, SchemaObject

# https://github.com/pgmq/pgmq: each queue and each archive is a table in the extension's schema.
# https://github.com/pgpartman/pg_partman: partitions of the tables in part_config are created and
# dropped over time.
_EXTENSIONS = """
    select x.extname, n.nspname from pg_extension x join pg_namespace n on n.oid = x.extnamespace
    left join pg_class c on c.relnamespace = n.oid and c.relname = 'part_config'
    where x.extname = 'pgmq' or x.extname = 'pg_partman'
      and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')"""


@dataclass(frozen=True)
class Managed:
    """The objects that extensions manage.

    Attributes:
        schemas: The schemas whose objects are all managed.
        parents: The tables whose partitions are managed.
    """

    schemas: frozenset[str] = frozenset()
    parents: frozenset[Address] = field(default_factory=frozenset)

    def without(self, objects: Iterable[SchemaObject]) -> Iterator[SchemaObject]:
        """The objects that are not managed. A parent object must come before its parts."""
        managed_objects: set[Address] = set()
        for obj in objects:
            parent = obj.part_of
            is_partition = obj.address.kind == "table" and parent in self.parents
            is_part = parent in managed_objects
            if obj.address.schema in self.schemas or is_partition or is_part:
                managed_objects.add(obj.address)
            else:
                yield obj


def managed(cursor: Cursor) -> Managed:
    """Read which objects the installed extensions manage."""
    cursor.execute(_EXTENSIONS)
    schemas = dict(cursor.fetchall())
    parents: list[Address] = []
    if "pg_partman" in schemas:
        cursor.execute(
            f"""select n.nspname, c.relname
            from pg_class c join pg_namespace n on n.oid = c.relnamespace
            join {quote_identifier(schemas["pg_partman"])}.part_config p on p.parent_table in (
              n.nspname || '.' || c.relname,
              quote_ident(n.nspname) || '.' || quote_ident(c.relname))
            where c.relkind = 'p'"""
        )
        parents = [Address("table", schema, (name,)) for schema, name in cursor.fetchall()]
    queues = {schemas["pgmq"]} - {"public"} if "pgmq" in schemas else set()
    return Managed(frozenset(queues), frozenset(parents))
