"""Keeps statements for a shadow database from writing in another database of the server."""

from __future__ import annotations

from driftcheck.databases.database import Database
from driftcheck.errors import RedirectError


def require_own_database(database: Database, statement: str, shadow: str) -> None:
    """Require that a statement names no database but a shadow to write in.

    Args:
        database: The database system.
        statement: The SQL.
        shadow: The name of the shadow database.

    Raises:
        RedirectError: It names another one.
    """
    for name in database.databases_written(statement):
        if name != shadow:
            raise RedirectError(
                f"the project would write in the database {name} instead of a shadow database",
                hint="driftcheck replaces the database that a URL names, and not one that a "
                "statement names. Leave the name out: it is the schema= of a table or of an "
                "operation, or version_table_schema in env.py.",
                details=statement.strip(),
            )
