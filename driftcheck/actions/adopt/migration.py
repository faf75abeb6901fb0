"""Writes a migration and proves it, with the operations of Alembic as far as they can be proved."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from driftcheck.actions.adopt.body import BodyWriter
from driftcheck.actions.adopt.declared_objects import SchemaSide
from driftcheck.actions.adopt.operations import OperationWriter
from driftcheck.actions.adopt.proof import Claim, Outcome, Population, Prover
from driftcheck.actions.adopt.revision_file import (
    Bodies,
    Position,
    RevisionFile,
    write_revision,
)
from driftcheck.actions.adopt.steps import steps_between
from driftcheck.actions.adopt.targets import Target
from driftcheck.chain import Side
from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.registry import catalog_for, database_for
from driftcheck.dialects import display_name
from driftcheck.judging.adoption import Attempt
from driftcheck.judging.judge import objects_of
from driftcheck.pipeline.building.opened_project import OpenedProject
from driftcheck.pipeline.building.replays import Replays
from driftcheck.pipeline.database_state import DatabaseState
from driftcheck.pipeline.state_report import name_of
from driftcheck.schema import Address
from driftcheck.sources.history import version_tables

_TRIED = 5
_COPY = "a copy of the live schema"
_WITH_DRIFT = "a database with the drift"
_NOT_TRANSACTIONAL = (
    "{} commits each statement of the migration by itself. If a statement fails, those before it "
    "stay; when the cause is removed, the upgrade can be run again."
)


@dataclass(frozen=True)
class Migration:
    """A migration, and the proof of it.

    Attributes:
        file: The revision.
        attempts: The parts of the proof.
        warnings: What holds only for some rows.
    """

    file: RevisionFile
    attempts: tuple[Attempt, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class _Style:
    """How operations are written.

    Attributes:
        as_sql: The objects whose operations are written in SQL.
        as_batch: Whether all tables are altered in batch mode.
        one_by_one: Whether one change is planned after the other.
    """

    as_sql: frozenset[Address] = frozenset()
    as_batch: bool = False
    one_by_one: bool = False


class MigrationWriter:
    """Writes migrations.

    Args:
        opened: The opened project.
        replays: Runs its migrations.
        databases: The state of its databases.
    """

    def __init__(
        self, opened: OpenedProject, replays: Replays, databases: Sequence[DatabaseState]
    ) -> None:
        self._loaded = opened.loaded
        self._shadows = opened.shadows
        self._replays = replays
        self._states = {each.database_key: each for each in databases}
        self._progress = opened.progress
        self._warnings: dict[str, None] = {}

    def write(
        self,
        targets: Mapping[DatabaseKey, Target],
        partial: Collection[DatabaseKey],
        position: Position,
        directory: Path,
    ) -> Migration:
        """Write a migration and prove it.

        Where the proof with an operation of Alembic fails, its SQL is tried instead.

        Args:
            targets: The schema of each database that the migration leads to.
            partial: The databases of whose drift the migration leaves some out.
            position: Where the revision is put.
            directory: An empty directory for its file.
        """
        first = None
        styles = [_Style()]
        for number in range(_TRIED):
            if number == len(styles):
                break
            place = directory / str(number)
            place.mkdir()
            self._progress("writing the migration")
            file = self._written(targets, position, styles[number], place)
            self._progress("proving the migration")
            outcomes = self._proved(file, targets, partial, position, place)
            migration = _migration(file, outcomes, self._warnings)
            if all(outcome.holds for outcome in outcomes):
                return migration
            if first is None:
                first = migration
                styles += _others(outcomes, targets)
        assert first is not None  # noqa: S101  (there is a first style)
        return first

    def _written(
        self,
        targets: Mapping[DatabaseKey, Target],
        position: Position,
        style: _Style,
        directory: Path,
    ) -> RevisionFile:
        def bodies(database_key: DatabaseKey, context: Any) -> Bodies | None:
            target = targets.get(database_key)
            return None if target is None else self._bodies(target, context, style)

        shadow_set = next(iter(targets.values())).head_shadows
        return write_revision(self._loaded, shadow_set, position, bodies, directory)

    def _bodies(self, target: Target, context: Any, style: _Style) -> Bodies:
        """Write the bodies of the migration for one database."""
        key = target.database_key
        database, catalog = database_for(key.dialect), catalog_for(key.dialect)
        state = self._states[key]
        head, after = (
            self._side(state, context, schema, shadows)
            for schema, shadows in (
                (target.head, target.head_shadows),
                (target.schema, target.shadows),
            )
        )
        as_batch = style.as_batch or bool(context.opts.get("render_as_batch"))
        up = OperationWriter(context, head, after, as_batch=as_batch)
        down = OperationWriter(context, after, head, as_batch=as_batch)
        texts = []
        for is_upgrade, writer, before, later in (
            (True, up, target.head, target.schema),
            (False, down, target.schema, target.head),
        ):
            body = BodyWriter(writer, database, before, later, style.as_sql)
            steps = steps_between(
                target.object_changes(upgrade=is_upgrade),
                catalog,
                before,
                later,
                one_by_one=style.one_by_one,
            )
            texts.append(body.upgrade(steps) if is_upgrade else body.downgrade(steps))
        upgrade, downgrade = texts
        if not context.impl.transactional_ddl:
            self._warnings[_NOT_TRANSACTIONAL.format(display_name(key.dialect))] = None
        return Bodies(upgrade, downgrade, (*up.imports, *down.imports))

    def _side(self, state: DatabaseState, context: Any, schema: Any, shadows: Any) -> SchemaSide:
        default = schema.default_schema
        tables = {
            (table.schema or default, table.name): table
            for configured in state.configured
            for metadata in configured.metadata
            for table in metadata.tables.values()
        }
        url = shadows.shadows[state.database_key].url
        models = state.snapshots.get(Side.MODELS)
        return SchemaSide(schema, url, models, tables, context.impl)

    def _proved(
        self,
        file: RevisionFile,
        targets: Mapping[DatabaseKey, Target],
        partial: Collection[DatabaseKey],
        position: Position,
        directory: Path,
    ) -> list[Outcome]:
        heads = self._loaded.heads
        later = (file.revision, *(head for head in heads if head != position.head))
        outcomes = []
        is_alone = len(targets) == 1
        with self._loaded.revisions_with(directory):
            for key, target in targets.items():
                claim = Claim(
                    key,
                    version_tables(self._loaded.environment)[key],
                    file.revision,
                    later,
                    heads,
                    target.head,
                    target.schema if target.is_exact else None,
                    self._states[key].snapshots[Side.STAMPED],
                    [obj.address for obj in objects_of(target.changes)],
                    key in partial,
                    target.dropped,
                    target.is_trusted,
                )
                prover = Prover(self._shadows, self._replays, claim)
                outcome = prover.prove(
                    Population("a database without the drift", target.head_shadows),
                    Population(_WITH_DRIFT if target.is_trusted else _COPY, target.live_shadows),
                )
                outcomes.append(outcome if is_alone else outcome.named(self._name(key)))
        return outcomes

    def _name(self, database_key: DatabaseKey) -> str:
        return name_of(self._states[database_key], self._shadows.live_url(database_key))


def _migration(
    file: RevisionFile, outcomes: Sequence[Outcome], warnings: Iterable[str]
) -> Migration:
    found = (warning for outcome in outcomes for warning in outcome.warnings)
    return Migration(
        file,
        tuple(attempt for outcome in outcomes for attempt in outcome.attempts),
        tuple(dict.fromkeys((*warnings, *found))),
    )


def _others(outcomes: Iterable[Outcome], targets: Mapping[DatabaseKey, Target]) -> Iterator[_Style]:
    """Yield the styles that are tried after the first one failed."""
    outcomes = [*outcomes]
    suspects = frozenset(address for outcome in outcomes for address in outcome.suspects)
    every = frozenset(
        obj.address for target in targets.values() for obj in objects_of(target.changes)
    )
    if not suspects and not any(outcome.is_refused for outcome in outcomes):
        return
    if suspects:
        yield _Style(as_sql=suspects)
    yield _Style(as_sql=suspects, one_by_one=True)
    yield _Style(as_batch=True)
    yield _Style(as_sql=every, one_by_one=True)
