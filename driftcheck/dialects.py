"""The supported databases: one line for each name of a dialect in SQLAlchemy."""

from __future__ import annotations

from typing import NamedTuple


class Dialect(NamedTuple):
    """A dialect of SQLAlchemy that driftcheck supports.

    Attributes:
        display_name: The name of the database system in reports and messages.
        package: The package in ``driftcheck.databases``; its module ``database`` has ``DATABASE``.
    """

    display_name: str
    package: str


DIALECTS = {
    "postgresql": Dialect("PostgreSQL", "postgresql"),
    "sqlite": Dialect("SQLite", "sqlite"),
    "mysql": Dialect("MySQL", "mysql"),
    "mariadb": Dialect("MariaDB", "mysql"),
}
"""The supported dialects, by the name in SQLAlchemy."""

ALIASES = {"postgres": "postgresql"}
"""Other schemes of URLs, each with the dialect. libpq accepts ``postgres://``."""


def display_name(dialect: str, server_version: str = "") -> str:
    """Return the display name of a dialect; for an unsupported dialect, its own name.

    Args:
        dialect: The name of the dialect.
        server_version: The version that the server reports. MariaDB is in it by name, because many
            projects connect to MariaDB with the dialect of MySQL.
    """
    if "MariaDB" in server_version:
        dialect = "mariadb"
    return DIALECTS[dialect].display_name if dialect in DIALECTS else dialect


def supported_names() -> str:
    """Return the display names as an enumeration: ``A, B and C``."""
    *names, last = (dialect.display_name for dialect in DIALECTS.values())
    return f"{', '.join(names)} and {last}"
