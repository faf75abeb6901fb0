"""Plans the repair of one database, and proves the plan."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from driftcheck.actions.repair.first_plan import Drift, first_plan
from driftcheck.actions.repair.hazards import with_measured_losses
from driftcheck.actions.repair.plan import RepairPlan
from driftcheck.actions.repair.variants import Variants, remaining
from driftcheck.chain import Side
from driftcheck.databases.location import database_key_of, shown
from driftcheck.errors import CannotCheckError
from driftcheck.judging.judge import Judged
from driftcheck.judging.printed_expressions import reworded
from driftcheck.pipeline.building.opened_project import OpenedProject
from driftcheck.pipeline.check import CheckedDatabase
from driftcheck.pipeline.live_reader import LiveReader
from driftcheck.pipeline.repairs.plain_trial import try_on_whole_copy
from driftcheck.pipeline.repairs.plan_proof import Proof
from driftcheck.pipeline.repairs.repair_trial import Trial, TrialInput, try_plan
from driftcheck.schema import Address
from driftcheck.sources.history import version_tables
from driftcheck.sources.live import reading


class RepairPlanner:
    """Plans the repairs of the databases of a project.

    Args:
        opened: The opened project.
    """

    def __init__(self, opened: OpenedProject) -> None:
        self._loaded = opened.loaded
        self._shadows = opened.shadows
        self._settings = opened.settings
        self._progress = opened.progress

    def plan(
        self, database: CheckedDatabase, found: Sequence[Judged], selected: Collection[int] | None
    ) -> tuple[RepairPlan, Trial] | None:
        """Plan the repair of a database, and try the plan on a copy of its schema.

        Args:
            database: The checked database.
            found: The findings that can be repaired.
            selected: The identities of those that were asked for; ``None`` for all.

        Returns:
            ``None`` if there is nothing to repair.
        """
        live = database.state.snapshots.get(Side.LIVE)
        if live is None or not found:
            return None
        estimates = self._estimates(database)
        drift = Drift(database.basis, live, database.judged, found)
        tried = first_plan(drift, selected, {a for a, rows in estimates.items() if rows == 0})
        if tried is None:
            return None
        maker = partial(self._shadows.maker, database.state.database_key)
        tried = replace(tried, maker=maker)
        variants = Variants(found, estimates, partial(self._try, database))
        plan, trial = variants.choose(tried)
        url = self._shadows.live_url(database.state.database_key)
        tables = version_tables(self._loaded.environment)[database.state.database_key]
        planned = RepairPlan(
            name=database.state.configured[0].bind or database_key_of(url).database,
            location=shown(url),
            url=url,
            findings=tuple(each.finding for each in found),
            plan=with_measured_losses(plan, trial, tried),
            wanted=reworded(tried.wanted, trial.replacements),
            live=live,
            actual=tried.actual,
            reader=LiveReader.of(database.state, tables, self._settings),
            stamped=database.state.live.revisions if database.state.live else {},
            proof=trial.proof,
            remaining=remaining(plan, found, trial.proof),
            estimates=estimates,
        )
        return planned, trial

    def _estimates(self, database: CheckedDatabase) -> Mapping[Address, int | None]:
        url = self._shadows.live_url(database.state.database_key)
        with suppress(CannotCheckError), reading(url) as connection:
            return database.basis.catalog.row_estimates(connection)
        return {}

    def _try(self, database: CheckedDatabase, tried: TrialInput) -> Trial:
        """Try a plan, where statements of a live database can be tried."""
        key = database.state.database_key
        if not tried.plan.steps:
            return Trial(Proof(not_tried="there is no statement to try"))
        create = partial(self._shadows.create_restricted, key, "repair")
        maker = self._shadows.maker(key)
        if not database.basis.catalog.knows_dependencies and maker.runs_untrusted_ddl:
            self._progress("trying the plan")
            return try_on_whole_copy(tried, create)
        if not maker.runs_untrusted_files:
            return Trial(
                Proof(
                    not_tried="SQL that comes from a live database is not run on a server that "
                    "others use; leave out --shadow, so that a private server is used"
                )
            )
        self._progress("trying the plan")
        return try_plan(tried, create)
