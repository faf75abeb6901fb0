"""Leaves other tenants and other projects out of the comparison with a live database."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from driftcheck.errors import CannotCheckError
from driftcheck.project.environment import Configured
from driftcheck.schema import Address, Snapshot
from driftcheck.sources.filters import hidden_from_drift

_SHARED = ("", "public")


class Tenants:
    """The schemas in which env.py works.

    Args:
        configured: What env.py configures for one database.
        x: The ``-x`` arguments. A schema of a version table that is one of their values is that of
            a tenant.

    Attributes:
        schemas: The schemas of tenants; empty if env.py works in the default schema only.
    """

    def __init__(self, configured: Sequence[Configured], x: Sequence[str]) -> None:
        working = [context.working for context in configured]
        own = {name for each in working for name in (each.name, *each.translate_map.values())}
        several = {context.version_schema for context in configured}
        # Either one configuration for each tenant, or one tenant that was named.
        own |= several if len(several) > 1 else several & {v.rpartition("=")[2] for v in x}
        self.schemas = frozenset(name for name in own if name and name not in _SHARED)
        self._names = {each.name for each in working}
        self._must_exist = [name for each in working for name in each.must_exist]

    @property
    def default_schema(self) -> str:
        """The schema of names without a schema; empty if it is the default of the database."""
        return next(iter(self._names)) if len(self._names) == 1 else ""

    def require_schemas(self, live: Snapshot) -> None:
        """Refuse a live database without the schema that env.py relies on.

        Args:
            live: The live schema.

        Raises:
            CannotCheckError: A schema does not exist.
        """
        for name in self._must_exist:
            if Address("schema", "", (name,)) not in live.objects:
                raise CannotCheckError(
                    f'the live database has no schema "{name}", in which env.py works',
                    hint="Create the schema as your project creates a tenant, or name a tenant "
                    "that exists, as for the alembic command: -x NAME=VALUE.",
                )

    def foreign(self, live: Snapshot, known: Collection[Address]) -> set[Address]:
        """Return the objects of a live database that belong to other tenants or to all tenants.

        Args:
            live: The live schema.
            known: The objects that the history creates.
        """
        if not self.schemas:
            return set()
        compared = {address.schema for address in known if address.schema} | self.schemas
        return {
            address
            for address in live.objects
            if address not in known and _schema_of(address) not in compared
        }


def own_objects(
    configured: Sequence[Configured], tenants: Tenants, live: Snapshot, known: Collection[Address]
) -> Snapshot:
    """Return a live schema without what belongs to other projects and to other tenants.

    Args:
        configured: What env.py configures for the database.
        tenants: The schemas in which env.py works.
        live: The live schema.
        known: The objects that the history creates.
    """
    hidden = hidden_from_drift(configured, known, live)
    return live.without(hidden | tenants.foreign(live, known))


def _schema_of(address: Address) -> str:
    return address.name if address.kind == "schema" else address.schema
