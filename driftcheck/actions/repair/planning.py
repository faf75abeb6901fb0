"""Plans the repair of one database, and proves the plan."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from driftcheck.actions.repair.hazards import with_measured_losses
from driftcheck.actions.repair.plan import RepairPlan
from driftcheck.actions.repair.target import target_of
from driftcheck.actions.repair.variants import Variants, remaining
from driftcheck.chain import Gap, Side
from driftcheck.config.settings import Settings
from driftcheck.databases.database import Database
from driftcheck.databases.location import database_key_of, shown
from driftcheck.databases.plan import plan_in
from driftcheck.databases.plan_scope import PlanScope
from driftcheck.databases.plan_state import SchemaState
from driftcheck.databases.registry import database_for
from driftcheck.databases.row_facts import RowFacts
from driftcheck.errors import CannotCheckError
from driftcheck.judging.comparison import Change
from driftcheck.judging.judge import Judged
from driftcheck.judging.printed_expressions import reworded
from driftcheck.pipeline.change_plan import object_changes
from driftcheck.pipeline.check import CheckedDatabase
from driftcheck.pipeline.live_reader import LiveReader
from driftcheck.pipeline.plain_trial import try_on_whole_copy
from driftcheck.pipeline.plan_proof import Proof
from driftcheck.pipeline.progress import Progress
from driftcheck.pipeline.repair_trial import Trial, TrialInput, try_plan
from driftcheck.pipeline.shadows import Shadows
from driftcheck.project.environment import LoadedProject
from driftcheck.schema import Address, Snapshot
from driftcheck.sources.history import version_tables
from driftcheck.sources.live import reading


class RepairPlanner:
    """Plans the repairs of the databases of a project.

    Args:
        loaded: The project.
        shadows: Creates its shadow databases.
        settings: The settings.
        progress: Called with a short description of each step.
    """

    def __init__(
        self, loaded: LoadedProject, shadows: Shadows, settings: Settings, progress: Progress
    ) -> None:
        self._loaded = loaded
        self._shadows = shadows
        self._settings = settings
        self._progress = progress

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
        basis = database.basis
        wanted, actual = basis.wanted, basis.actual
        if wanted is None or actual is None:
            return None
        groups = [
            [*object_changes(each.changes[Gap.DRIFT], undone=True, finding=number)]
            for number, each in enumerate(found)
        ]
        asked = [
            change
            for each, group in zip(found, groups, strict=True)
            if selected is None or id(each) in selected
            for change in group
        ]
        if not asked:
            return None
        every = [change for group in groups for change in group]
        rows = _row_facts(basis.rows, wanted, database_for(actual.dialect))
        scope = PlanScope(every, SchemaState.of(actual), basis.catalog, wanted, rows)
        plan = plan_in(scope, asked)
        repaired = [each for number, each in enumerate(found) if number in plan.findings]
        others = [each for each in database.judged if each not in repaired]
        live = database.state.snapshots[Side.LIVE]
        target = target_of(wanted, live, repaired, others)
        estimates = self._estimates(database)
        tried = TrialInput(
            plan,
            target,
            actual,
            {table for table, rows in estimates.items() if rows == 0},
            dict(_renames(c for each in repaired for c in each.changes[Gap.DRIFT])),
            partial(self._shadows.maker, database.state.database_key),
        )
        variants = Variants(found, estimates, partial(self._try, database))
        plan, trial = variants.choose(tried)
        url = self._shadows.live_url(database.state.database_key)
        tables = version_tables(self._loaded.environment)[database.state.database_key]
        planned = RepairPlan(
            name=database.state.configured[0].bind or database_key_of(url).database,
            location=shown(url),
            url=url,
            findings=tuple(each.finding for each in found),
            plan=with_measured_losses(plan, trial, actual),
            wanted=reworded(target, trial.replacements),
            live=live,
            actual=actual,
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
            return Trial(Proof(not_tried="it has no statement"))
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


def _row_facts(rows: RowFacts, wanted: Snapshot, system: Database) -> RowFacts:
    """Return the facts about rows with which a repair is planned.

    Whether a nullable column has a NULL is not known. If the steps have no effect when one of them
    fails, the plan may find that out: SET NOT NULL is refused then. A default fills the rows first.
    """
    if not system.has_transactional_ddl:
        return rows
    filled = (
        column
        for column in rows.columns
        if column in wanted.objects and wanted.objects[column].attributes.get("default") is not None
    )
    return replace(rows, columns=frozenset(filled))


def _renames(changes: Iterator[Change]) -> Iterator[tuple[Address, Address]]:
    for change in changes:
        if change.wanted is not None and change.actual is not None:
            yield change.actual.address, change.wanted.address
        yield from _renames(iter(change.parts))
