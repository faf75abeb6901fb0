"""The statements that change a column to another one of the same name."""

from __future__ import annotations

from driftcheck.databases.kind import CannotBeWritten
from driftcheck.databases.postgresql.catalog.column_ddl import (
    alter_column,
    alter_own_column,
    settings,
)
from driftcheck.databases.postgresql.catalog.column_sequences import (
    becomes_serial,
    change_identity,
    continue_sequence,
    is_narrower_identity,
    own_sequence,
)
from driftcheck.databases.postgresql.catalog.column_types import using_clause
from driftcheck.databases.postgresql.catalog.ddl_parts import differing
from driftcheck.databases.postgresql.catalog.foreign_options import change_foreign_options
from driftcheck.schema import SchemaObject


def change_column(current: SchemaObject, wanted: SchemaObject) -> list[str] | None:
    """Statements that alter the column; ``None`` if it gets another generated value.

    Raises:
        CannotBeWritten: The column is a virtual generated one, and the wanted one is not generated.
    """
    changed = differing(current, wanted)
    if _has_other_expression(current, wanted, changed):
        return None
    type_, identity = _type(current, wanted, changed), change_identity(current, wanted, changed)
    is_narrower = is_narrower_identity(current, wanted)  # its values must fit into the new type
    return [
        *_generated(current, wanted, changed),
        *(identity if is_narrower else ()),
        *type_,
        *_nullable(wanted, changed),
        *(() if is_narrower else identity),
        *settings(wanted, current),
        *_wrapper_options(current, wanted),
        *(own_sequence(wanted) if becomes_serial(current, wanted) else ()),
        *continue_sequence(current, wanted),
    ]


def _wrapper_options(current: SchemaObject, wanted: SchemaObject) -> list[str]:
    options = change_foreign_options(current, wanted, "wrapper_options")
    return [f"{alter_column(wanted)} {option}" for option in options]


def _has_other_expression(current: SchemaObject, wanted: SchemaObject, changed: set[str]) -> bool:
    """Whether the column has to be dropped and added to get its generated values."""
    is_own = "generated" in changed and not follows_parent(current, wanted)
    return is_own and wanted.attributes["generated"] is not None


def _generated(current: SchemaObject, wanted: SchemaObject, changed: set[str]) -> list[str]:
    if "generated" not in changed or follows_parent(current, wanted):
        return []
    have, want = current.attributes["generated"], wanted.attributes["generated"]
    if want is None and str(have).endswith("STORED"):
        return [f"{alter_column(wanted)} DROP EXPRESSION"]
    raise CannotBeWritten(
        f"PostgreSQL cannot turn the virtual generated {wanted.address} into a plain one. Add a "
        f"column, copy the values, drop the generated column, and rename the new one."
    )


def _type(current: SchemaObject, wanted: SchemaObject, changed: set[str]) -> list[str]:
    column, want = alter_column(wanted), wanted.attributes
    own = alter_own_column(wanted)
    retyped = bool(changed & {"type", "collation"}) and not follows_parent(current, wanted)
    statements = []
    default = current.attributes["default"]
    if default is not None and (retyped or want["default"] is None):
        statements.append(f"{own} DROP DEFAULT")
        default = None
    if retyped:
        collate = f" COLLATE {want['collation']}" if want["collation"] else ""
        using = using_clause(current, wanted)
        statements.append(f"{column} TYPE {want['type']}{collate}{using}")
    if want["default"] != default:
        statements.append(f"{own} SET DEFAULT {want['default']}")
    return statements


def follows_parent(current: SchemaObject, wanted: SchemaObject) -> bool:
    """Whether the column is inherited before and after, so that its parent determines its type."""
    return current.inherited_from is not None and wanted.inherited_from is not None


def _nullable(wanted: SchemaObject, changed: set[str]) -> list[str]:
    if "nullable" not in changed:
        return []
    how = "DROP" if wanted.attributes["nullable"] else "SET"
    return [f"{alter_column(wanted)} {how} NOT NULL"]
