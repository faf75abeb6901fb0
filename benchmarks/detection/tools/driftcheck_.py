"""driftcheck's own reading and comparison."""

from __future__ import annotations

from importlib.metadata import version as version_of

from sqlalchemy import Connection

from driftcheck.databases.reading import Scope
from driftcheck.databases.registry import catalog_for
from driftcheck.judging.comparison import compare
from driftcheck.schema import Snapshot

NAME = "driftcheck"
COMMITTED = False


def version() -> str:
    """Its version."""
    return version_of("driftcheck")


class Tool:
    """Reads the base once, and then compares."""

    def __init__(self, connection: Connection) -> None:
        self._bases = {asked: _read(connection, privileges=asked) for asked in (False, True)}

    def says(self, connection: Connection, *, privileges: bool) -> str:
        """Every change that it tells."""
        found = _read(connection, privileges=privileges)
        changes = compare(self._bases[privileges], found, same_lineage=True)
        return "\n".join(f"{change.type} {change.address}" for change in changes)


def _read(connection: Connection, *, privileges: bool) -> Snapshot:
    scope = Scope(owners=privileges, grants=privileges)
    return catalog_for("postgresql").read(connection.connection.dbapi_connection, scope)
