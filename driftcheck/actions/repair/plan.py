"""The plan that repairs one live database, with what is needed to run it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy.engine import URL

from driftcheck.databases.plan import Plan
from driftcheck.databases.version_table import VersionTable
from driftcheck.judging.findings import Finding
from driftcheck.pipeline.live_reader import LiveReader
from driftcheck.pipeline.repairs.plan_proof import Proof, drifted
from driftcheck.schema import Address, Snapshot


@dataclass(frozen=True)
class RepairPlan:
    """The plan that repairs one live database.

    Attributes:
        name: The database's bind key or, without binds, its own name.
        location: The URL without password.
        url: The live database, with its password.
        findings: The drift. ``PlanStep.finding`` is an index into it, and ``plan.findings`` has the
            indexes of the findings that the plan repairs.
        plan: The statements, and the manual steps.
        wanted: The schema after the plan. Objects that are not to be repaired are in it as they
            are in the live database: those of notes, of ignored findings and, with ``--only``, of
            findings that were not named.
        live: The schema for which the plan was made, as ``reader`` reads it.
        actual: The same schema, with owners, privileges and dependencies.
        reader: Reads the schema again, on any connection to the live database.
        stamped: The revisions in each version table when the schema was read.
        proof: The result of running the plan on a copy of the schema.
        remaining: The objects that still differ after the statements, because a manual step
            changes them. The proof has shown them.
        estimates: The number of rows of each table as the server estimates it; ``None`` if the
            table has rows and their number is not known.
    """

    name: str
    location: str
    url: URL = field(repr=False)
    findings: tuple[Finding, ...]
    plan: Plan
    wanted: Snapshot = field(repr=False)
    live: Snapshot = field(repr=False)
    actual: Snapshot = field(repr=False)
    reader: LiveReader = field(repr=False)
    stamped: Mapping[VersionTable, tuple[str, ...]]
    proof: Proof
    remaining: frozenset[Address] = frozenset()
    estimates: Mapping[Address, int | None] = field(default_factory=dict, repr=False)

    @property
    def is_proved(self) -> bool:
        """Whether every statement ran, nothing is lost, and only what is done by hand is left."""
        left = set(self.proof.left) - self.remaining
        return replace(self.proof, left=tuple(left)).holds

    def is_unchanged(self, live: Snapshot) -> bool:
        """Whether the live database still has the schema for which the plan was made.

        Args:
            live: The schema as ``reader`` reads it now.
        """
        return live.objects == self.live.objects

    def left(self, live: Snapshot, deferred: Iterable[Address] = ()) -> tuple[Address, ...]:
        """Return the objects that are not repaired, except those that a manual step changes.

        Args:
            live: The schema as ``reader`` reads it now.
            deferred: The objects of steps that have not run yet.
        """
        allowed = {*self.remaining, *deferred}
        return tuple(sorted(drifted(self.wanted, live) - allowed))
