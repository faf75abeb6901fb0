"""What the models declare, created statement by statement in a shadow database.

``create_all()`` stops at its first error, and on an empty database it has one in half of all real
projects: an index declared twice, a function or an extension that a migration makes. Statement
by statement, nearly everything can be created, and what cannot is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import MetaData, Table

from driftcheck.project.environment import Configured
from driftcheck.schema import Address, Snapshot
from driftcheck.sources.reading import Refused

_MADE_BEFORE = re.compile(r"CREATE (SCHEMA|EXTENSION)\b", re.IGNORECASE)

_EXTENSION = re.compile(
    r"""CREATE\s+EXTENSION\s+(?:IF\s+NOT\s+EXISTS\s+)?(?:"([^"]+)"|(\w+))""", re.IGNORECASE
)
Run = Callable[[Iterable[str]], list[Refused]]
"""Runs statements on a database one by one, and says which it refused."""


def create_models(
    configured: Sequence[Configured],
    run: Run,
    *,
    before: Sequence[str] = (),
    helping: Callable[[], Sequence[str]] = tuple,
) -> list[Refused]:
    """Create the models in an empty shadow database.

    Args:
        configured: What env.py configures for this database.
        run: Runs statements on the shadow database.
        before: Statements that must come first: schemas and extensions of the history.
        helping: Gives statements to try where the models' own fail: functions, types, sequences
            that the history makes and the models only use.

    Returns:
        What the database refused, with its reason.
    """
    run(before)
    statements = [statement for one in configured for statement in one.ddl]
    refused = [r for r in run(statements) if not _was_made_before(r)]
    if refused:
        run(helping())
        refused = run([one.statement for one in refused])
    return refused


def extensions_declared(configured: Sequence[Configured]) -> list[str]:
    """The names of the extensions that the models' own DDL installs."""
    statements = (statement for one in configured for statement in one.ddl)
    found = map(_EXTENSION.match, statements)
    return [match[1] or match[2].lower() for match in found if match is not None]


def _was_made_before(refused: Refused) -> bool:
    return bool(_MADE_BEFORE.match(refused.statement)) and "already exists" in refused.message


def declared_tables(configured: Sequence[Configured]) -> list[Table]:
    """Every table that the models declare."""
    metadatas: dict[MetaData, None] = dict.fromkeys(m for one in configured for m in one.metadata)
    return [table for metadata in metadatas for table in metadata.tables.values()]


def hidden_tables(configured: Sequence[Configured], snapshot: Snapshot) -> set[Address]:
    """The tables of a snapshot that the project's own filters hide from autogenerate.

    ``include_name`` and ``include_object`` are asked as autogenerate asks them of a reflected
    table; tables in schemas that it does not look into are hidden too.
    """
    seers = [_seer(one, snapshot.default_schema) for one in configured]
    tables = (address for address in snapshot.objects if address.kind == "table")
    return {address for address in tables if not any(sees(address) for sees in seers)}


def _seer(configured: Configured, default_schema: str) -> Callable[[Address], bool]:
    """Whether one ``configure()`` lets autogenerate see a table."""
    declared = {key: table for m in configured.metadata for key, table in m.tables.items()}
    schemas = {table.schema for table in declared.values()}

    def sees(address: Address) -> bool:
        schema = None if address.schema == default_schema else address.schema
        if schema is not None and not configured.include_schemas and schema not in schemas:
            return False
        key = f"{schema}.{address.name}" if schema else address.name
        parents = {"schema_name": schema, "schema_qualified_table_name": key}
        by_name, by_object = configured.include_name, configured.include_object
        if by_name is not None and not (
            by_name(schema, "schema", {}) and by_name(address.name, "table", parents)
        ):
            return False
        if by_object is None:
            return True
        reflected = Table(address.name, MetaData(), schema=schema)
        return bool(by_object(reflected, address.name, "table", True, declared.get(key)))  # noqa: FBT003

    return sees
