"""Tries plans on copies of the live database's schema, and caches the results."""

from __future__ import annotations

from collections.abc import Sequence

from driftcheck import __version__
from driftcheck.databases.dependencies import Parts
from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.plan import Plan
from driftcheck.databases.registry import catalog_for
from driftcheck.pipeline.building.shadows import Shadows
from driftcheck.pipeline.progress import Progress
from driftcheck.pipeline.repairs.plan_proof import Proof, bare, narrowed, refusals
from driftcheck.schema import Snapshot
from driftcheck.storage.entries import Entries, key_of
from driftcheck.storage.snapshot_file import FORMAT, row_of

_RUNS = "runs"
"""What the cache has for plans that the server accepts."""


class Proofs:
    """Tries plans for the live database of a database that the project names.

    Args:
        shadows: Creates shadow databases.
        database_key: The database.
        progress: Called with a short description of each step.
        reads_cache: Whether results are taken from the cache.

    Attributes:
        are_repeatable: Whether all results are the same each time. A refusal may have a cause that
            passes, such as a full disk.
    """

    def __init__(
        self, shadows: Shadows, database_key: DatabaseKey, progress: Progress, *, reads_cache: bool
    ) -> None:
        self._shadows = shadows
        self._database_key = database_key
        self._progress = progress
        self._reads_cache = reads_cache
        self._entries = Entries("proofs")
        self._parts: tuple[Snapshot, Parts] | None = None
        self.are_repeatable = True

    def prove(self, plans: Sequence[Plan], wanted: Snapshot, actual: Snapshot) -> Proof:
        """Try plans on a copy of the live database's schema, without rows.

        A copy of the part that they concern is enough if the server refuses nothing there.

        Args:
            plans: The plans, in the order in which they are run.
            wanted: The schema that the plans lead to.
            actual: The schema of the live database.
        """
        parts = narrowed(plans, wanted, actual, self._parts_of(actual))
        if parts is not None:
            proof = self._prove_on(plans, parts[1])
            if not (proof.refused or proof.not_tried):
                return proof
        proof = self._prove_on(plans, actual)
        if proof.refused or proof.not_tried:
            self.are_repeatable = False
        return proof

    def _parts_of(self, snapshot: Snapshot) -> Parts:
        """Return what cuts parts from a schema: the same as before for the same schema."""
        if self._parts is None or self._parts[0] is not snapshot:
            self._parts = snapshot, Parts(snapshot, catalog_for(snapshot.dialect))
        return self._parts[1]

    def _prove_on(self, plans: Sequence[Plan], actual: Snapshot) -> Proof:
        """Take the result for a copy of a schema from the cache, or try the plans there."""
        key = self._key(plans, actual)
        if self._reads_cache and self._entries.get(key) == _RUNS:
            return Proof()
        self._progress("trying the repairs")
        shadow = self._shadows.create_restricted(self._database_key, "repair")
        try:
            proof = refusals(plans, actual, shadow)
        finally:
            shadow.drop()
        if not (proof.refused or proof.not_tried):
            self._entries.put(key, _RUNS)
        return proof

    def _key(self, plans: Sequence[Plan], actual: Snapshot) -> str:
        """Return a key of everything that the result depends on."""
        state = self._shadows.maker(self._database_key).server_state
        steps = [[(step.statement, step.address) for step in plan.steps] for plan in plans]
        return key_of((__version__, FORMAT, state, steps, _data(actual)))


def _data(snapshot: Snapshot) -> list[object]:
    """Return what a proof uses of a schema, as JSON can represent it."""
    objects = bare(snapshot)
    return [
        *(snapshot.dialect, snapshot.server_version, snapshot.default_schema),
        [*map(row_of, objects.values())],
        [(of, on) for of, on in snapshot.dependencies.items() if of in objects],
    ]
