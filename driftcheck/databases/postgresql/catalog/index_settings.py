"""The settings of an index, which constraints with an index and other indexes share."""

from __future__ import annotations

from driftcheck.databases.kind import CannotBeWritten
from driftcheck.databases.postgresql.catalog.ddl_parts import name_of
from driftcheck.databases.postgresql.catalog.options import change_options
from driftcheck.quoting import quote_identifier
from driftcheck.schema import Address, SchemaObject

VALID = "i.indisvalid and i.indisready and i.indislive"
"""SQL: whether the index ``i`` is used for queries and kept up to date."""


def index_statements(wanted: SchemaObject, current: SchemaObject | None = None) -> list[str]:
    """Statements for the validity, options, tablespace and replica identity of an index.

    Raises:
        CannotBeWritten: The wanted index is not valid.
    """
    have = current.attributes if current else {}
    want = wanted.attributes
    index = index_of(wanted)
    table = Address("", *_whole(wanted)).sql
    if have.get("valid", True) and not want["valid"] and not want.get("only"):
        raise CannotBeWritten(
            f"{wanted.address} is not valid: its creation failed, or on a partitioned table it is "
            f"incomplete. Run REINDEX INDEX {index}, or create an index on each partition and run "
            f"ALTER INDEX {index} ATTACH PARTITION for each, or drop it."
        )
    statements = [] if have.get("valid", True) else [f"REINDEX INDEX {index}"]
    statements += change_options(f"ALTER INDEX {index}", have.get("options"), want.get("options"))
    if want["tablespace"] != have.get("tablespace"):
        tablespace = quote_identifier(str(want["tablespace"] or "pg_default"))
        statements.append(f"ALTER INDEX {index} SET TABLESPACE {tablespace}")
    if becomes_replica_identity(current, wanted):
        using = f"USING INDEX {name_of(wanted)}"
        statements.append(f"ALTER TABLE {table} REPLICA IDENTITY {using}")
    return statements


def becomes_replica_identity(current: SchemaObject | None, wanted: SchemaObject) -> bool:
    """Whether an index has to become the replica identity of its table."""
    have = current.attributes if current else {}
    return bool(wanted.attributes["replica_identity"]) and not have.get("replica_identity")


def attach_index(source: SchemaObject, heir: SchemaObject) -> list[str]:
    """The statement that attaches the index of a partition to that of its table."""
    return [f"ALTER INDEX {index_of(source)} ATTACH PARTITION {index_of(heir)}"]


def index_of(obj: SchemaObject) -> str:
    """The index of a constraint, or the index itself, as SQL."""
    return Address("", obj.address.schema, obj.address.path[-1:]).sql


def _whole(part: SchemaObject) -> tuple[str, tuple[str, ...]]:
    parent = part.part_of or part.address
    return parent.schema, parent.path
