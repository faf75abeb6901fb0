"""Replays a project's history in shadow sets, from the beginning that the settings define."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import count

from driftcheck.config.settings import Bootstrap
from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.postgresql.catalog.computed_defaults import with_computed_defaults
from driftcheck.databases.shadow.base import ShadowDatabase
from driftcheck.pipeline.building.base_snapshot import read_base_snapshot, starts_from_base_snapshot
from driftcheck.pipeline.building.opened_project import OpenedProject
from driftcheck.pipeline.building.templates import Templates
from driftcheck.pipeline.progress import Step
from driftcheck.pipeline.selection import reading_scope, within
from driftcheck.project.environment import Environment
from driftcheck.project.shadow_sets import ShadowSet
from driftcheck.quoting import quote_identifier
from driftcheck.schema import Snapshot
from driftcheck.sources.bootstrap import prepare
from driftcheck.sources.history import read_shadow_set, version_table_keys, version_tables
from driftcheck.sources.reading import read_restricted, run_statements
from driftcheck.sources.replay import Destinations, Observe, Replay, RevisionFailure, Watch
from driftcheck.sources.session_watch import SessionWatch
from driftcheck.sources.untrusted import build_untrusted
from driftcheck.sources.walk import ancestry

REPLAYING = "replaying the history"
"""The name of the step of a replay that starts at the first revision."""

_SCHEMA_EXISTS = re.compile(r'schema "(.+)" already exists')
_ROLE_EXISTS = re.compile(r'role "(.+)" already exists')


def destinations_at(environment: Environment, revisions: Sequence[str]) -> Destinations:
    """Return the same destination revisions for every version table of every database."""
    return dict.fromkeys(version_table_keys(environment), tuple(revisions))


class Replays:
    """Replays the history of a project.

    Args:
        opened: The opened project.

    Attributes:
        main: The shadow set of the replay that a check needs. Other shadow sets are for upgrades
            of other databases.
        templates: The templates of the project.
    """

    def __init__(self, opened: OpenedProject) -> None:
        self.main = opened.shadows.replay_set("replay")
        self.templates = Templates(opened)
        self._loaded = opened.loaded
        self._shadows = opened.shadows
        self._settings = opened.settings
        self._scope = reading_scope(opened.settings)
        self._progress = opened.progress
        self._created_by_history: set[str] = set()

    @property
    def start_from_base_snapshot(self) -> bool:
        """Whether replays start from a base snapshot, in restricted shadows."""
        return starts_from_base_snapshot(self._settings)

    def new(
        self,
        shadow_set: ShadowSet,
        observe: Observe = lambda *_: None,
        watch: Watch | None = None,
        session: SessionWatch | None = None,
    ) -> Replay:
        """Return a replay in a shadow set, as it is now.

        Args:
            shadow_set: The shadow set.
            observe: Called after each revision.
            watch: Called after each statement of a revision.
            session: Watches what the revisions leave in their sessions.
        """
        return Replay(self._loaded, shadow_set, observe, watch, session)

    def show_revisions(
        self, name: str, start: Sequence[str], *destinations: Destinations
    ) -> Callable[[str], None]:
        """Return a function that shows each revision of a replay, and how many there are.

        Args:
            name: What the replay is for, as the name of a step.
            start: The revisions that the shadows are stamped with before the replay.
            destinations: All destinations to which the replay will upgrade.
        """
        total, numbers = self._number_of_revisions(start, destinations), count(1)

        def show(revision: str) -> None:
            self._progress(Step(name, "revision", next(numbers), total, revision))

        return show

    def _number_of_revisions(
        self, start: Sequence[str], destinations: Sequence[Destinations]
    ) -> int:
        """Return how many revisions a replay will run.

        Returns:
            0 if it is not known: only Alembic can resolve a part of an identifier, and the base's
            own revision files are not part of the project's history.
        """
        parents, total = self._loaded.parents(), 0
        applied = ancestry(start, parents)
        for key in version_table_keys(self._loaded.environment):
            wanted = [revision for each in destinations for revision in each.get(key, ())]
            needed = ancestry(wanted, parents)
            if not needed | applied <= parents.keys():
                return 0
            total += len(needed - applied)
        return total

    def prepare(self, shadow_set: ShadowSet) -> tuple[str, ...]:
        """Run what the settings say comes before the history, on the empty shadows of a set.

        Returns:
            The revisions that the shadows are stamped with; empty if the history starts at its
            first revision.
        """
        settings = self._settings
        for database_key in self._loaded.environment.databases:
            self._shadows.shadow(shadow_set, database_key)
        if settings.bootstrap is not None:
            self._run_bootstrap(shadow_set, settings.bootstrap)
            self._create_schemas(shadow_set)
            if settings.bootstrap.revision:
                self.stamp(shadow_set, [settings.bootstrap.revision])
                return (settings.bootstrap.revision,)
        elif settings.base_snapshot is not None:
            base = read_base_snapshot(settings.base_snapshot)
            for shadow in shadow_set.shadows.values():
                build_untrusted(base.snapshot, shadow)
            self._create_schemas(shadow_set)
            self.stamp(shadow_set, base.revisions)
            return base.revisions
        else:
            self._create_schemas(shadow_set)
        return ()

    def stamp(self, shadow_set: ShadowSet, revisions: Sequence[str]) -> None:
        """Stamp the shadows of a set with revisions, without running them.

        A revision on which another one depends is not recorded: Alembic does not either, and
        autogenerate refuses a database that has such a row.
        """
        parents = self._loaded.parents()
        needed = ancestry([p for revision in revisions for p in parents.get(revision, ())], parents)
        replay = self.new(shadow_set)
        for revision in revisions:
            if revision not in needed:
                replay.stamp(revision)

    def repeat_without_roles(
        self, shadow_set: ShadowSet, replay: Callable[[], RevisionFailure | None]
    ) -> None:
        """Replay; if a revision creates a role that exists, drop the role and replay again.

        The roles of the live server are created on a private server before the replay, for
        histories that only use them. Roles that an earlier replay created may exist too.

        Args:
            shadow_set: The shadow set of the replay. Its shadows are dropped before each
                repetition.
            replay: Replays the history and returns its failure, if any.
        """
        dropped: set[str] = set()
        while (failure := replay()) is not None:
            if self._leaves_schema_to_history(failure):
                shadow_set.begin_again()
                continue
            role = _ROLE_EXISTS.search(failure.message)
            if role is None or role[1] in dropped:
                return
            dropped.add(role[1])
            for used in (self.main, shadow_set):  # a role that is in use cannot be dropped
                used.begin_again()
            released = [maker.release_role(role[1]) for maker in self._shadows.makers]
            if not any(released):
                return

    def upgrade_to_heads(self) -> ShadowSet:
        """Replay the history to its heads in new shadows of the main set, and return the set."""
        self._progress(REPLAYING)
        self.main.begin_again()
        start = self.prepare(self.main)
        heads = destinations_at(self._loaded.environment, self._loaded.environment.heads)
        replay = self.new(self.main)
        replay.show = self.show_revisions(REPLAYING, start, heads)
        replay.upgrade(heads)
        return self.main

    @property
    def heads(self) -> tuple[str, ...]:
        """The heads of the history."""
        return tuple(self._loaded.environment.heads)

    def upgrade_to(self, revisions: Sequence[str]) -> ShadowSet:
        """Return new shadows on which the history was replayed to some of its revisions.

        Raises:
            ReplayError: The bootstrap or the base snapshot fails.
        """
        shadow_set = self._shadows.replay_set("stamped")
        destinations = destinations_at(self._loaded.environment, revisions)
        self.with_stops(shadow_set, [destinations], lambda *_: None)
        return shadow_set

    def with_stops(
        self,
        shadow_set: ShadowSet,
        stops: Sequence[Destinations],
        at_stop: Callable[[int, Replay], None],
    ) -> Replay:
        """Replay the history and stop at several destinations on the way.

        Args:
            shadow_set: An empty shadow set.
            stops: The destinations, in the order of the history.
            at_stop: Called with the number of each destination that was reached, while no
                connection to the shadows is open. If the replay is repeated, it is called again
                for all of them.

        Returns:
            The replay, which may have failed.

        Raises:
            ReplayError: The bootstrap or the base snapshot fails.
        """
        self._progress(REPLAYING)
        replays: list[Replay] = []

        def run() -> RevisionFailure | None:
            start = self.prepare(shadow_set)
            replay = self.new(shadow_set)
            replay.show = self.show_revisions(REPLAYING, start, *stops)
            replays.append(replay)
            for number, stop in enumerate(stops):
                if not replay.upgrade(stop):
                    break
                at_stop(number, replay)
            return replay.fault

        self.repeat_without_roles(shadow_set, run)
        return replays[-1]

    def read(self, database_key: DatabaseKey, shadow: ShadowDatabase) -> Snapshot:
        """Read a shadow of a database, without its version tables."""
        tables = version_tables(self._loaded.environment)[database_key]
        return read_restricted(shadow, self._scope, tables)

    def read_all(self, shadow_set: ShadowSet) -> dict[DatabaseKey, Snapshot]:
        """Read all shadows of a shadow set, without their version tables."""
        return read_shadow_set(shadow_set, version_tables(self._loaded.environment), self._scope)

    def read_selected(
        self, shadow_set: ShadowSet, expected: Mapping[DatabaseKey, Snapshot] | None = None
    ) -> dict[DatabaseKey, Snapshot]:
        """Read all shadows of a shadow set, limited to the schemas that the settings select.

        Args:
            shadow_set: The shadow set.
            expected: Schemas to which they are probably equal, and then have the dependencies of.
        """
        if expected is not None:
            tables = version_tables(self._loaded.environment)
            scope = replace(self._scope, dependencies=False)
            read = self.selected(read_shadow_set(shadow_set, tables, scope))
            if all(read[key].has_attributes_of(expected[key]) for key in read):
                return {
                    key: replace(found, dependencies=expected[key].dependencies)
                    for key, found in read.items()
                }
        return self.selected(self.read_all(shadow_set))

    def selected(self, schemas: Mapping[DatabaseKey, Snapshot]) -> dict[DatabaseKey, Snapshot]:
        """Return schemas of new databases, limited to those that the settings select."""
        selected = self._settings.schemas
        return {
            key: with_computed_defaults(within(read, selected), dates=True)
            for key, read in schemas.items()
        }

    def _create_schemas(self, shadow_set: ShadowSet) -> None:
        """Create the schemas that env.py relies on, as they exist in the live database."""
        for database_key, configured in self._loaded.environment.databases.items():
            missing = {name for context in configured for name in context.working.must_exist}
            names = map(quote_identifier, sorted(missing - self._created_by_history))
            statements = [f"CREATE SCHEMA IF NOT EXISTS {name}" for name in names]
            if statements:
                run_statements(shadow_set.shadows[database_key].url, statements)

    def _leaves_schema_to_history(self, failure: RevisionFailure) -> bool:
        """Whether a replay failed because a revision creates a schema that was created before."""
        schema = _SCHEMA_EXISTS.search(failure.message)
        contexts = [c for each in self._loaded.environment.databases.values() for c in each]
        relied_on = {name for context in contexts for name in context.working.must_exist}
        if schema is None or schema[1] not in relied_on - self._created_by_history:
            return False
        self._created_by_history.add(schema[1])
        return True

    def _run_bootstrap(self, shadow_set: ShadowSet, bootstrap: Bootstrap) -> None:
        project, redirect = self._loaded.project, self._loaded.redirect
        for database_key, configured in self._loaded.environment.databases.items():
            shadow = shadow_set.shadows[database_key]
            with redirect.to(shadow_set), project.application_context():
                prepare(bootstrap, shadow.url, configured, project.root)
