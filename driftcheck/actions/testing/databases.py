"""Databases for tests: an empty one, one at the head, and one that a test upgrades itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from itertools import count

from alembic.util import CommandError
from sqlalchemy.engine import URL

from driftcheck.actions.testing.answers import DatabaseForTest
from driftcheck.databases.location import DatabaseKey, url_for_dialect
from driftcheck.databases.shadow.base import ShadowDatabase
from driftcheck.errors import ProjectError, ReplayError, UsageError
from driftcheck.pipeline.building.histories import Histories
from driftcheck.pipeline.building.opened_project import OpenedProject
from driftcheck.pipeline.building.replays import Replays, destinations_at
from driftcheck.pipeline.revision_lookup import revision_hint
from driftcheck.project.shadow_sets import ShadowSet
from driftcheck.sources.history import History
from driftcheck.sources.replay import Destinations, Replay, RevisionFailure

_HEADS = ("head", "heads")


class DatabasesForTests:
    """Makes databases for tests, and drops them.

    Args:
        opened: The opened project.
        replays: Replays its history.
        history: Returns the history.
    """

    def __init__(
        self, opened: OpenedProject, replays: Replays, history: Callable[[], History]
    ) -> None:
        self._opened = opened
        self._loaded = opened.loaded
        self._shadows = opened.shadows
        self._replays = replays
        self._settings = opened.settings
        self._history = history
        self._numbers = count(1)
        self._made: dict[str, ShadowDatabase] = {}
        self._replaying: dict[str, tuple[ShadowSet, Replay]] = {}

    def empty(self) -> DatabaseForTest:
        """Make an empty database."""
        return self._keep(self._shadows.create(self._key, "test"))

    def migrated(self) -> DatabaseForTest:
        """Make a database at the head, as a copy of one that was built before."""
        maker = self._shadows.maker(self._key)
        return self._keep(maker.make("test", self._head))

    def unmigrated(self) -> DatabaseForTest:
        """Make a database before the first revision, which ``upgrade`` and ``downgrade`` change."""
        shadow_set = self._shadows.replay_set(f"test{next(self._numbers)}")
        self._replays.prepare(shadow_set)
        made = self._keep(shadow_set.shadows[self._key])
        self._replaying[made.name] = shadow_set, self._replays.new(shadow_set)
        return made

    def upgrade(self, name: str, revision: str) -> None:
        """Upgrade a database made by ``unmigrated``.

        Args:
            name: The name of the database.
            revision: The revision, or ``head``.

        Raises:
            UsageError: There is no such revision.
            ReplayError: A revision fails.
        """
        revisions = self._loaded.heads if revision in _HEADS else (revision,)
        self._run(name, revisions, Replay.upgrade)

    def upgrade_before(self, name: str, revision: str) -> None:
        """Upgrade a database made by ``unmigrated`` to the parents of a revision.

        Raises:
            UsageError: There is no such revision.
            ReplayError: A revision fails.
        """
        parents = self._loaded.parents()
        if revision not in parents:
            hint = revision_hint(self._loaded.script, revision)
            raise UsageError(f"there is no revision {revision!r}", hint=hint)
        self._run(name, parents[revision], Replay.upgrade)

    def downgrade(self, name: str, revision: str) -> None:
        """Downgrade a database made by ``unmigrated``.

        Args:
            name: The name of the database.
            revision: The revision, or ``base``.

        Raises:
            UsageError: There is no such revision.
            ReplayError: A revision fails.
        """
        self._run(name, (revision,), Replay.downgrade)

    def drop(self, name: str) -> None:
        """Drop a database, and end all connections to it."""
        self._replaying.pop(name, None)
        self._made.pop(name).drop()

    def _run(
        self,
        name: str,
        revisions: tuple[str, ...],
        run: Callable[[Replay, Destinations], bool],
    ) -> None:
        shadow_set, replay = self._replaying[name]
        if replay.fault is not None:  # a stopped replay does not go on
            replay = self._replays.new(shadow_set)
            self._replaying[name] = shadow_set, replay
        try:
            succeeded = run(replay, destinations_at(self._loaded.environment, revisions))
        except ProjectError as error:
            if not isinstance(error.__cause__, CommandError):
                raise
            hint = revision_hint(self._loaded.script, revisions[0])
            raise UsageError(str(error.__cause__), hint=hint) from None
        if not succeeded:
            assert replay.fault is not None  # noqa: S101  (why it returned False)
            raise _error_of(replay.fault)

    def _keep(self, shadow: ShadowDatabase) -> DatabaseForTest:
        self._made[shadow.name] = shadow
        driver = self._loaded.environment.databases[self._key][0].driver
        url = url_for_dialect(shadow.url, URL.create(driver).get_dialect()())
        return DatabaseForTest(shadow.name, url.render_as_string(hide_password=False))

    @cached_property
    def _head(self) -> ShadowDatabase:
        """A database at the head, which others are copied from and nothing is connected to."""
        history = self._history()
        if history.fault is not None:
            raise _error_of(history.fault)
        histories = Histories(self._opened, self._replays)
        migrated = histories.migrated_shadows(history).shadows[self._key]
        return self._shadows.maker(self._key).make("head", migrated)

    @property
    def _key(self) -> DatabaseKey:
        """The database of the project.

        Raises:
            UsageError: It has several.
        """
        databases = [*self._loaded.environment.databases]
        if len(databases) > 1:
            raise UsageError(
                f"the project migrates {len(databases)} databases, and the fixtures of driftcheck "
                "make one",
                hint="Make the databases of such a project in a fixture of its own.",
            )
        return databases[0]


def _error_of(failure: RevisionFailure) -> ReplayError:
    where = failure.where
    line = "" if where.line is None else f", line {where.line}"
    return ReplayError(
        f"revision {where.revision} fails: {failure.message}",
        hint=f"The failure is in {where.file}{line}.",
        details=failure.statement,
    )
