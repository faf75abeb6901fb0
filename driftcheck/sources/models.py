"""Creates the models in a shadow database, statement by statement.

``create_all()`` stops at its first error. On an empty database, it fails for half of all real
projects: an index is declared twice, or a function or an extension is only created by a migration.
Single statements create nearly everything, and the statements that fail are reported.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import MetaData, Table

from driftcheck.project.environment import Configured
from driftcheck.schema import Address, Snapshot
from driftcheck.sources.reading import Refused

_CREATED_BEFORE = re.compile(r"CREATE (SCHEMA|EXTENSION)\b", re.IGNORECASE)

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
        configured: The configuration that env.py makes for this database.
        run: Runs statements on the shadow database.
        before: Statements to run first: the history's schemas and extensions.
        helping: Returns statements to run if statements of the models fail: functions, types and
            sequences that the history creates and the models only use.

    Returns:
        The statements that the database refused, with its messages.
    """
    run(before)
    statements = [statement for context in configured for statement in context.ddl]
    refused = [r for r in run(statements) if not _was_created_before(r)]
    if refused:
        run(helping())
        refused = run([failed.statement for failed in refused])
    return refused


def extensions_declared(configured: Sequence[Configured]) -> list[str]:
    """The names of the extensions that the models' own DDL installs."""
    statements = (statement for context in configured for statement in context.ddl)
    matches = map(_EXTENSION.match, statements)
    return [match[1] or match[2].lower() for match in matches if match is not None]


def _was_created_before(refused: Refused) -> bool:
    return bool(_CREATED_BEFORE.match(refused.statement)) and "already exists" in refused.message


def declared_tables(configured: Sequence[Configured]) -> list[Table]:
    """All tables that the models declare."""
    metadatas: dict[MetaData, None] = dict.fromkeys(
        metadata for context in configured for metadata in context.metadata
    )
    return [table for metadata in metadatas for table in metadata.tables.values()]


def hidden_tables(configured: Sequence[Configured], snapshot: Snapshot) -> set[Address]:
    """The tables of a snapshot that the project's filters hide from autogenerate.

    ``include_name`` and ``include_object`` are called as autogenerate calls them for a reflected
    table. Tables in schemas that autogenerate does not read are hidden too.
    """
    filters = [_table_filter(context, snapshot.default_schema) for context in configured]
    tables = (address for address in snapshot.objects if address.kind == "table")
    return {address for address in tables if not any(includes(address) for includes in filters)}


def _table_filter(configured: Configured, default_schema: str) -> Callable[[Address], bool]:
    """A function that says whether autogenerate compares a table, for one ``configure()``."""
    declared = {key: table for m in configured.metadata for key, table in m.tables.items()}
    schemas = {table.schema for table in declared.values()}

    def includes(address: Address) -> bool:
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

    return includes
