"""Gets the schemas that a history builds: from the cache, or by a replay that is then cached."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from driftcheck.databases.dependencies import concerned
from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.messages import lacks_rights
from driftcheck.databases.postgresql.catalog.computed_defaults import with_computed_defaults
from driftcheck.databases.reading import Scope
from driftcheck.databases.registry import catalog_for
from driftcheck.errors import ProjectError, ReplayError, ShadowError
from driftcheck.pipeline.building.base_snapshot import snapshot_restorer
from driftcheck.pipeline.building.opened_project import OpenedProject
from driftcheck.pipeline.building.replays import REPLAYING, Replays, destinations_at
from driftcheck.pipeline.progress import counted
from driftcheck.pipeline.selection import reading_scope
from driftcheck.project.inputs import States, merged
from driftcheck.project.shadow_sets import ShadowSet
from driftcheck.schema import Address, Snapshot, Value
from driftcheck.sources.bootstrap import description
from driftcheck.sources.files import changed_files, file_digests, fingerprint
from driftcheck.sources.history import FRESH, CachedHistory, History, HistoryReplay
from driftcheck.sources.reading import read_restricted, read_shadow
from driftcheck.sources.replay import AppliedRevisions, Destinations, RevisionFailure
from driftcheck.sources.untrusted import build_untrusted
from driftcheck.storage.snapshot_file import digest

_BUILDING = "building the head"
_ROLE_LACKS_RIGHTS = (
    "what comes after a base snapshot is replayed by a role without a superuser's rights: "
    "a revision that needs them runs only in a history that begins from nothing or a bootstrap"
)


@dataclass(frozen=True)
class HistoryResult:
    """A history, and what its replay changed in the project.

    Attributes:
        history: The history.
        changed_files: The files of the project that the replay changed.
    """

    history: History
    changed_files: Sequence[Path] = ()


class Histories:
    """Gets the history of a project.

    Args:
        opened: The opened project.
        replays: Replays its history.
    """

    def __init__(self, opened: OpenedProject, replays: Replays) -> None:
        self._loaded = opened.loaded
        self._shadows = opened.shadows
        self._replays = replays
        self._settings = opened.settings
        self._scope = reading_scope(opened.settings)
        self._progress = opened.progress
        self._templates = replays.templates
        self._is_clean = False

    def get(self, stamped: Destinations, stop: Sequence[str] = ()) -> HistoryResult:
        """Get the history at the revisions of the live databases, and at its heads.

        Args:
            stamped: The revisions of each live database's version tables.
            stop: Revisions at which a template is kept on the way, if no live database is stamped.
                The replay stops there only if this makes no difference to the heads.

        Raises:
            ReplayError: The bootstrap or the base snapshot fails.
        """
        ways = [stamped]
        if stop and not stamped and self._templates.are_possible:
            ways.append(destinations_at(self._loaded.environment, stop))
        beginning = self._beginning()
        caches = [None if beginning is None else self._cache(way, beginning) for way in ways]
        for cache in caches:
            if cache is not None and self._settings.cache and (cached := cache.get()):
                return HistoryResult(cached)
        self._progress(REPLAYING)
        before = file_digests(self._loaded.script)
        history = self._replay(ways[-1], caches[-1])
        if len(ways) > 1 and not self._is_clean:
            self._replays.main.begin_again()
            history = self._replay_all(stamped)
            caches = caches[:1]
        if (last := caches[-1]) is not None:
            last.put(history)
        return HistoryResult(history, changed_files(before, file_digests(self._loaded.script)))

    def head_shadows(self, history: History) -> ShadowSet:
        """Return shadows at the head of a history.

        After a replay, these are its shadows. If the history comes from the cache, they are copied
        from a template, or built from its snapshots. The history is replayed instead if a snapshot
        cannot be rebuilt exactly, or if content of files must not be run on the shadows' server.
        """
        if history.how == FRESH or self._is_restored():
            return self._replays.main
        makers = [self._shadows.maker(database_key) for database_key in history.head]
        if not all(maker.runs_untrusted_files for maker in makers):
            return self._replays.upgrade_to_heads()
        self._progress(_BUILDING)
        built = self._shadows.restricted_set("head")
        for database_key, snapshot in history.head.items():
            if not self._is_built(database_key, snapshot, built):
                return self._replays.upgrade_to_heads()
        try:
            self._replays.stamp(built, self._loaded.heads)
        except ProjectError:  # env.py needs a right that the role of a restricted shadow lacks
            return self._replays.upgrade_to_heads()
        return built

    def migrated_shadows(self, history: History) -> ShadowSet:
        """Return shadows at the head of a history, with the rows that the revisions insert.

        They are those of the replay, a copy of a template, or those of another replay.
        """
        if history.how == FRESH or self._is_restored():
            return self._replays.main
        return self._replays.upgrade_to_heads()

    def head_part(
        self,
        history: History,
        database_key: DatabaseKey,
        changed: Iterable[Address],
        texts: Iterable[Value],
    ) -> ShadowSet | None:
        """Return shadows with the part of a head that changes of some objects can concern.

        Args:
            history: The history.
            database_key: The database.
            changed: The addresses of the objects.
            texts: Values of attributes in which the names of other objects can occur.

        Returns:
            ``None`` if this part is not known, or if it cannot be built exactly.
        """
        if [*history.head] != [database_key]:
            return None
        if not self._shadows.maker(database_key).runs_untrusted_files:
            return None
        catalog = catalog_for(database_key.dialect)
        part = concerned(history.head[database_key], changed, texts, catalog)
        built = self._shadows.restricted_set("part")
        if part is None or not self._is_built(database_key, part, built):
            return None
        try:
            self._replays.stamp(built, self._loaded.heads)
        except ProjectError:  # env.py needs a right that the role of a restricted shadow lacks
            return None
        return built

    def _is_restored(self) -> bool:
        """Copy the template of the heads to the main shadows, and return whether there is one."""
        found = self._templates.find([self._heads])
        if found is None or found.applied.revisions[-1:] != tuple(self._loaded.heads):
            return False
        return self._templates.restore(found, self._replays.main)

    @property
    def _heads(self) -> Destinations:
        return destinations_at(self._loaded.environment, self._loaded.environment.heads)

    def _replay(self, stamped: Destinations, cache: CachedHistory | None) -> History:
        """Replay the history, from a template if there is one.

        If a revision fails after a template, the whole history is replayed: the revision may need
        what ended with the transaction or the session of those before it.
        """
        history = self._replay_rest(stamped, cache)
        if history is not None and history.fault is None:
            return history
        self._replays.main.begin_again()
        return self._replay_all(stamped)

    def _replay_rest(self, stamped: Destinations, cache: CachedHistory | None) -> History | None:
        """Replay the revisions that a template lacks; ``None`` if there is no template."""
        templates, main = self._templates, self._replays.main
        passed: Mapping[DatabaseKey, Snapshot] | None = None
        start = templates.find([stamped, self._heads])
        if start is None or not templates.is_within(start, [stamped]):
            # The replay does not pass the revisions of the live databases again.
            passed = cache.stamped() if start is not None and cache is not None else None
            start = start if passed is not None else templates.find([stamped])
        elif templates.is_at(start, [stamped]):
            passed = start.schemas
        if start is None or not templates.restore(start, main):
            return None
        revisions = start.applied.revisions
        history = self._run(stamped, revisions, start.applied, passed)
        return replace(history, inputs=merged(start.applied.inputs, history.inputs))

    def _replay_all(self, stamped: Destinations) -> History:
        replays = self._replays
        results: list[History] = []

        def run() -> RevisionFailure | None:
            start = replays.prepare(replays.main)
            history = self._run(stamped, start)
            results.append(replace(history, fault=_explained(history.fault, replays.main)))
            return results[-1].fault

        replays.repeat_without_roles(replays.main, run)
        history = results[-1]
        return self._restored(history) if history.stamped else history

    def _run(
        self,
        stamped: Destinations,
        start: Sequence[str],
        applied: AppliedRevisions | None = None,
        passed: Mapping[DatabaseKey, Snapshot] | None = None,
    ) -> History:
        """Run the revisions that the main shadows lack, and keep templates of what they build.

        Args:
            stamped: The revisions of each live database's version tables.
            start: The revisions that the shadows are stamped with.
            applied: The revisions of the template from which the shadows were copied.
            passed: The schemas at the revisions of the live databases, if the shadows have these.
        """
        main, templates = self._replays.main, self._templates
        watch = templates.watch(main)
        replay = self._replays.new(main, session=watch.session if watch is not None else None)
        replay.show = self._replays.show_revisions(REPLAYING, start, stamped, self._heads)
        if applied is not None:
            replay.resume(applied)

        def keep(read: States | None, *stops: Destinations) -> None:
            if watch is not None:
                inputs = read if applied is None else merged(applied.inputs, read)
                templates.keep(main, replay, watch, stops, inputs)

        run = HistoryReplay(replay, main, self._loaded.environment, self._scope)
        if passed is None:
            history = run.run(stamped, at_stamped=lambda read: keep(read, stamped))
        else:
            history = run.run_after(passed)
        self._is_clean = watch is not None and watch.session.is_clean
        if history.fault is None:
            keep(history.inputs, stamped, self._heads)
        return history

    def _restored(self, history: History) -> History:
        """Give unchanged objects their definitions in the base snapshot, if there is one."""
        restore = snapshot_restorer(self._settings, self._shadows, min(history.stamped))
        stamped = {key: restore(snapshot) for key, snapshot in history.stamped.items()}
        head = {
            key: stamped[key] if snapshot is history.stamped.get(key) else restore(snapshot)
            for key, snapshot in history.head.items()
        }
        return replace(history, stamped=stamped, head=head)

    def _cache(self, stamped: Destinations, beginning: str) -> CachedHistory:
        return CachedHistory(
            self._templates.cache(beginning),
            self._loaded.environment,
            stamped,
            lambda database_key: self._shadows.maker(database_key).flavour,
        )

    def _beginning(self) -> str | None:
        """Return a string that differs if the state before the first revision may differ.

        Returns:
            ``None`` if this is not known; then the cache cannot be used.
        """
        settings, bootstrap = self._settings, self._settings.bootstrap
        try:
            if bootstrap is None:
                return fingerprint([settings.base_snapshot]) if settings.base_snapshot else ""
            if bootstrap.what == "import":
                return self._digests_of_import()
            databases = self._loaded.environment.databases.values()
            configured = [context for contexts in databases for context in contexts]
            return description(bootstrap, configured, settings.root)
        except OSError:  # preparing the shadows reports the file that cannot be read
            return None

    def _digests_of_import(self) -> str:
        """Return digests of the schemas that the project's import created."""
        shadows = self._shadows.imported.shadows
        return " ".join(
            digest(read_shadow(shadows[database_key].url, (), Scope()))
            for database_key in sorted(shadows)
        )

    def _is_built(
        self, database_key: DatabaseKey, snapshot: Snapshot, shadow_set: ShadowSet
    ) -> bool:
        """Build a snapshot in a shadow set, and return whether it reads the same there."""
        shadow = self._shadows.shadow(shadow_set, database_key)
        try:
            build_untrusted(
                snapshot, shadow, lambda each: counted(each, self._progress, _BUILDING, "statement")
            )
        except (ReplayError, ShadowError):
            return False
        built = with_computed_defaults(read_restricted(shadow, self._scope), dates=True)
        return digest(built) == digest(with_computed_defaults(snapshot, dates=True))


def _explained(failure: RevisionFailure | None, shadow_set: ShadowSet) -> RevisionFailure | None:
    """Complete the message of a failure that a restricted role's missing right may explain."""
    restricted = any(shadow.role for shadow in shadow_set.shadows.values())
    if failure is None or not restricted or not lacks_rights(failure.message):
        return failure
    return replace(failure, message=f"{failure.message} ({_ROLE_LACKS_RIGHTS})")
