"""What extensions make and drop on their own, in the course of their work: left out.

What an extension's script has made belongs to it, and so does all that is in a schema of its own,
such as the chunks of TimescaleDB and the tables of pg_cron. Some extensions make more as they go
along, as members of nothing; what that is, their documentation says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from driftcheck.databases.catalog import Cursor
from driftcheck.quoting import quote_identifier
from driftcheck.schema import Address, SchemaObject

# https://github.com/pgmq/pgmq: a queue is a table, and its archive another, in the extension's
# schema. https://github.com/pgpartman/pg_partman: the children of what is in part_config come and
# go with time.
_EXTENSIONS = """
    select x.extname, n.nspname from pg_extension x join pg_namespace n on n.oid = x.extnamespace
    left join pg_class c on c.relnamespace = n.oid and c.relname = 'part_config'
    where x.extname = 'pgmq' or x.extname = 'pg_partman'
      and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')"""


@dataclass(frozen=True)
class Managed:
    """What is managed by extensions.

    Attributes:
        schemas: The schemas in which everything is.
        parents: The tables whose partitions are, as schema and name.
    """

    schemas: frozenset[str] = frozenset()
    parents: frozenset[Address] = field(default_factory=frozenset)

    def without(self, things: Iterable[SchemaObject]) -> Iterator[SchemaObject]:
        """The objects that are not managed, parts with their wholes, which come before them."""
        gone: set[Address] = set()
        for obj in things:
            whole = obj.part_of
            partition = obj.address.kind == "table" and whole in self.parents
            if obj.address.schema in self.schemas or partition or whole in gone:
                gone.add(obj.address)
            else:
                yield obj


def managed(cursor: Cursor) -> Managed:
    """Ask the extensions that are there what they manage."""
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
