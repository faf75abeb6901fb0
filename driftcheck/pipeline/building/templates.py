"""Finds and keeps templates: copies of databases at a revision, from which later replays start.

A replay from a template gives what a replay of the whole history gives. So a template is only kept
if it makes no difference where its replay ended: no revision has left anything in its transaction
or session, or has changed anything outside of its database.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.postgresql.catalog.computed_defaults import has_computed_defaults
from driftcheck.databases.shadow.base import ShadowMaker, Template
from driftcheck.errors import ShadowError
from driftcheck.pipeline.building.opened_project import OpenedProject
from driftcheck.pipeline.selection import reading_scope
from driftcheck.project.inputs import States, inputs_of, inputs_with
from driftcheck.project.shadow_sets import ShadowSet
from driftcheck.schema import Snapshot
from driftcheck.sources.cache import Cache, CachedSnapshot
from driftcheck.sources.files import changed_files, file_digests
from driftcheck.sources.history import CachedSchema, database_identity, version_table_keys
from driftcheck.sources.object_sources import ObjectSources
from driftcheck.sources.replay import AppliedRevisions, Destinations, Replay
from driftcheck.sources.revision_order import upgrade_order
from driftcheck.sources.session_watch import SessionWatch


@dataclass(frozen=True)
class StartingPoint:
    """A template from which a replay can start.

    Attributes:
        template: The template.
        applied: The revisions that it has, and what their replay recorded.
        schemas: The schema of its database, as a copy reads; ``None`` if this is not known.
    """

    template: Template
    applied: AppliedRevisions
    schemas: Mapping[DatabaseKey, Snapshot] | None


class Templates:
    """Finds and keeps the templates of a project.

    There are none for a project with several databases, after a bootstrap or a base snapshot, and
    without the cache.

    Args:
        opened: The opened project.
    """

    def __init__(self, opened: OpenedProject) -> None:
        self._loaded = opened.loaded
        self._shadows = opened.shadows
        self._settings = opened.settings
        self._read: dict[str, CachedSnapshot] = {}

    def cache(self, beginning: str) -> Cache:
        """Return the cache of the replays of the project, with the revisions that it has now.

        Args:
            beginning: A string that differs if the state before the first revision may differ.
        """
        settings = self._settings
        configuration = settings.config, settings.name, settings.app, settings.directory
        scope = reading_scope(settings)
        others = settings.bootstrap, beginning, settings.x, scope, configuration
        return Cache(self._loaded.script, map(str, others), self._read)

    @property
    def are_possible(self) -> bool:
        """Whether the project can have templates."""
        return self._database() is not None

    def find(self, stops: Iterable[Destinations]) -> StartingPoint | None:
        """Return the template that has the most revisions of a replay, if there is one.

        Args:
            stops: The destinations of the replay, one after another.
        """
        found = self._database()
        order = self._order(stops) if found is not None else None
        if found is None or not order:
            return None
        database_key, maker = found
        templates = [(_revisions(each), each) for each in maker.templates()]
        for revisions, template in sorted(templates, key=lambda pair: -len(pair[0])):
            if revisions and revisions == order[: len(revisions)]:
                starting_point = self._valid(database_key, maker, template, revisions)
                if starting_point is not None:
                    return starting_point
        return None

    def is_within(self, starting_point: StartingPoint, stops: Iterable[Destinations]) -> bool:
        """Whether a replay with these stops runs all revisions of a template."""
        revisions = starting_point.applied.revisions
        return (self._order(stops) or [])[: len(revisions)] == [*revisions]

    def is_at(self, starting_point: StartingPoint, stops: Iterable[Destinations]) -> bool:
        """Whether a replay with these stops runs the revisions of a template and no others."""
        return self._order(stops) == [*starting_point.applied.revisions]

    def restore(self, starting_point: StartingPoint, shadow_set: ShadowSet) -> bool:
        """Create the shadow of a set as a copy of a template.

        Returns:
            Whether it was created.
        """
        found = self._database()
        if found is None:
            return False
        database_key, maker = found
        shadow_set.begin_again()
        try:
            shadow = maker.make_from(shadow_set.name, starting_point.template)
        except ShadowError:
            return False
        shadow_set.shadows[database_key] = shadow
        return True

    def watch(self, shadow_set: ShadowSet) -> ReplayWatch | None:
        """Watch a replay of which a template may be kept; ``None`` if none can be kept.

        Args:
            shadow_set: The shadow set, prepared for the first revision.
        """
        found = self._database()
        if found is None or not found[1].session_state or set(shadow_set.shadows) != {found[0]}:
            return None
        return ReplayWatch(found[1], file_digests(self._loaded.script))

    def keep(
        self,
        shadow_set: ShadowSet,
        replay: Replay,
        watch: ReplayWatch,
        stops: Iterable[Destinations],
        inputs: States | None,
    ) -> None:
        """Keep a template of a replay that has reached its last stop, if that is possible.

        A template of the same key is replaced if something has changed that its replay read.

        Args:
            shadow_set: The shadow set of the replay. All connections to it are ended.
            replay: The replay.
            watch: What has watched it.
            stops: Its destinations so far.
            inputs: What its revisions have read outside the history; ``None`` if that is not known.
        """
        found = self._database()
        revisions = replay.applied
        if found is None or inputs is None or not revisions or revisions != self._order(stops):
            return
        database_key, maker = found
        is_alone = set(shadow_set.shadows) == {database_key}
        changed = changed_files(dict(watch.files), file_digests(self._loaded.script))
        if not is_alone or changed or replay.uses_of_models or not watch.is_clean:
            return
        schema_key = self._schema_key(self.cache(""), database_key, maker, revisions[-1])
        key = self._key(schema_key, database_key)
        read = inputs_with(inputs).as_json()
        template = Template(key, json.dumps([revisions, replay.names_special_date, read]))
        if not any(each.key == key and _inputs_are_unchanged(each) for each in maker.templates()):
            with suppress(ShadowError):  # without it, the next run replays the history
                maker.keep(shadow_set.shadows[database_key], template)
            watch.begin_again()

    def _valid(
        self,
        database_key: DatabaseKey,
        maker: ShadowMaker,
        template: Template,
        revisions: Sequence[str],
    ) -> StartingPoint | None:
        """Return a template as a starting point, unless something has changed since it was kept."""
        cache = self.cache("")
        schema_key = self._schema_key(cache, database_key, maker, revisions[-1])
        has_same_key = template.key == self._key(schema_key, database_key)
        if not has_same_key or not _inputs_are_unchanged(template):
            return None
        cached = CachedSchema.get(cache, schema_key)
        if cached is None:
            return None
        _, names_special_date, _ = json.loads(template.description)
        applied = AppliedRevisions(
            tuple(revisions),
            ObjectSources({database_key: dict(cached.made)}, {database_key: dict(cached.dropped)}),
            names_special_date,
            cached.inputs,
        )
        is_known = not has_computed_defaults(cached.snapshot)
        return StartingPoint(
            template, applied, {database_key: cached.snapshot} if is_known else None
        )

    def _schema_key(
        self, cache: Cache, database_key: DatabaseKey, maker: ShadowMaker, revision: str
    ) -> str:
        """Return the key of the cached schema at a revision."""
        identity = database_identity(self._loaded.environment, database_key)
        return cache.key([revision], maker.flavour, *identity)

    def _key(self, schema_key: str, database_key: DatabaseKey) -> str:
        """Return the key of the template for a cached schema.

        In addition, it has what a replay finds in an empty shadow and what its statements may ask
        for: roles and schemas.
        """
        facts = self._shadows.facts(database_key)
        relevant = facts and (facts.roles, facts.schemas, facts.locale_provider)
        return hashlib.sha256(repr((schema_key, relevant)).encode()).hexdigest()[:40]

    def _database(self) -> tuple[DatabaseKey, ShadowMaker] | None:
        """Return the only database of the project, if templates can be used for it."""
        settings, environment = self._settings, self._loaded.environment
        if not settings.cache or settings.bootstrap or settings.base_snapshot:
            return None
        if len(version_table_keys(environment)) != 1:
            return None
        (database_key,) = environment.databases
        maker = self._shadows.maker(database_key)
        return (database_key, maker) if maker.keeps_templates else None

    def _order(self, stops: Iterable[Destinations]) -> list[str] | None:
        """Return the revisions of a replay in the order in which they run, if that is known."""
        (table,) = version_table_keys(self._loaded.environment)
        return upgrade_order(self._loaded.script, [stop.get(table, ()) for stop in stops])


class ReplayWatch:
    """Watches what a replay does outside of its database and leaves in its sessions.

    Args:
        maker: The maker of the shadow.
        files: Digests of the files of the history before the replay.
    """

    def __init__(self, maker: ShadowMaker, files: Mapping[Path, str]) -> None:
        self._maker = maker
        self.begin_again()
        self.files = files
        self.session = SessionWatch(maker.session_state)

    def begin_again(self) -> None:
        """Take the server as it is now for what it was before the replay."""
        self._before = self._maker.shared_state

    @property
    def is_clean(self) -> bool:
        """Whether the replay has changed nothing outside, and has left nothing so far."""
        return self.session.is_clean and self._maker.shared_state == self._before


def _revisions(template: Template) -> list[str]:
    """Return the revisions of a template; empty if another version of driftcheck has kept it."""
    try:
        revisions, _, _ = json.loads(template.description)
    except ValueError:
        return []
    return list(revisions)


def _inputs_are_unchanged(template: Template) -> bool:
    """Return whether everything is unchanged that the replay of a template has read.

    The cached schema of the same revisions can be of a later replay, which has read other content.
    """
    *_, read = json.loads(template.description)
    inputs = inputs_of(read)
    return inputs is not None and inputs.unchanged() is not None
