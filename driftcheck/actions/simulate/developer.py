"""Simulates an upgrade and a downgrade of the live database, on a copy of its schema."""

from __future__ import annotations

from collections.abc import Mapping

from driftcheck.actions.simulate.runner import (
    EMPTY,
    Scenario,
    ScenarioResult,
    ScenarioRunner,
    Start,
)
from driftcheck.databases.messages import lacks_rights
from driftcheck.databases.shadow.base import UNTRUSTED_NOT_RUN, USE_PRIVATE_SERVER
from driftcheck.errors import CannotCheckError, ShadowError
from driftcheck.pipeline.building.replays import Replays
from driftcheck.pipeline.building.shadows import Shadows
from driftcheck.pipeline.database_state import DatabaseState
from driftcheck.pipeline.progress import Progress
from driftcheck.project.shadow_sets import ShadowSet
from driftcheck.schema import Address, Snapshot
from driftcheck.sources.object_sources import MigrationSource
from driftcheck.sources.replay import RevisionFailure
from driftcheck.sources.untrusted import build_untrusted


class DeveloperSimulation:
    """Simulates on copies of live schemas.

    The copy is built from the snapshot of the live schema, and not by the history, which may not
    build because of the migration that the developer downgrades.

    Args:
        shadows: Creates the project's shadow databases.
        replays: Replays its history.
        runner: Runs the simulations.
        progress: Called with a short description of each step.
    """

    def __init__(
        self, shadows: Shadows, replays: Replays, runner: ScenarioRunner, progress: Progress
    ) -> None:
        self._shadows = shadows
        self._replays = replays
        self._runner = runner
        self._progress = progress

    def require_copies(self, database: DatabaseState) -> None:
        """Require that functions and triggers of the live schema can do no harm in a copy.

        Raises:
            ShadowError: Untrusted DDL cannot be run where the shadow databases are.
            CannotCheckError: The shadow databases are on a server that others use, and the live
                schema has triggers.
        """
        maker = self._shadows.maker(database.database_key)
        if not maker.runs_untrusted_ddl:
            raise ShadowError(
                f"--after-downgrade copies the live database's schema, and {UNTRUSTED_NOT_RUN}",
                hint=USE_PRIVATE_SERVER,
            )
        if maker.shares_server and any(a.kind == "trigger" for a in _live(database).objects):
            raise CannotCheckError(
                "--after-downgrade copies the live database's schema, and this one has triggers: "
                "on the live server they would run with the rights of driftcheck's user",
                hint="Name another server with --shadow URL, and a user without rights on live.",
            )

    def run(
        self,
        database: DatabaseState,
        scenario: Scenario,
        made: Mapping[Address, MigrationSource],
    ) -> ScenarioResult:
        """Simulate on a copy of a live schema.

        Args:
            database: The state of the database.
            scenario: The parameters of the simulation.
            made: The revisions that created the objects at the head.

        Raises:
            CannotCheckError: A migration needs rights that the role of the copy lacks.
        """
        self._progress("copying the live database's schema")
        shadow_set = self._shadows.restricted_set("developer")
        shadow = self._shadows.shadow(shadow_set, database.database_key)
        build_untrusted(_live(database), shadow)
        self._replays.stamp(shadow_set, database.stamped)
        at = ", ".join(database.stamped) or EMPTY
        description = f"a copy of the live database's schema is at {at}"
        result = self._runner.run(scenario, Start(at, description, shadow_set, made))
        _require_rights(result.fault, shadow_set)
        return result


def _live(database: DatabaseState) -> Snapshot:
    assert database.live is not None  # noqa: S101  (its revision is known)
    return database.live.snapshot


def _require_rights(fault: RevisionFailure | None, shadow_set: ShadowSet) -> None:
    """Refuse to report a failure that only the rights of the copy's role may have caused."""
    restricted = any(shadow.role for shadow in shadow_set.shadows.values())
    if fault is not None and restricted and lacks_rights(fault.message):
        raise CannotCheckError(
            f"revision {fault.where.revision} needs rights that the copy of the live database's "
            "schema does not give: it belongs to a role without a superuser's rights",
            hint="Leave out --after-downgrade to simulate a colleague's database instead.",
            details="\n".join(filter(None, (fault.message, fault.statement))),
        )
