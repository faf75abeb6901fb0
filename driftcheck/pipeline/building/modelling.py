"""Creates the models in a shadow database, together with what they use of the history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from driftcheck.databases.catalog import Catalog
from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.messages import lacks_rights
from driftcheck.databases.plan import build
from driftcheck.databases.postgresql.catalog.computed_defaults import (
    names_special_date,
    with_computed_defaults,
)
from driftcheck.databases.postgresql.shadow.extensions import why_unsafe
from driftcheck.databases.reading import Scope
from driftcheck.databases.registry import catalog_for
from driftcheck.databases.shadow.base import ShadowDatabase
from driftcheck.pipeline.building.changed_models import create_changed
from driftcheck.pipeline.building.replays import Replays
from driftcheck.pipeline.building.shadows import Shadows
from driftcheck.pipeline.building.used_objects import helping_of
from driftcheck.pipeline.progress import Progress, counted
from driftcheck.project.environment import Configured
from driftcheck.quoting import quote_identifier
from driftcheck.schema import Snapshot
from driftcheck.sources.history import FRESH, History
from driftcheck.sources.last_models import LastModels, LastModelsCache
from driftcheck.sources.models import Helping, Run, create_models, extensions_declared
from driftcheck.sources.models_cache import CreatedModels, ModelsCache
from driftcheck.sources.reading import Refused, read_restricted, run_statements
from driftcheck.sources.untrusted import extensions_of, run_untrusted

_CREATING = "creating the models"


class ModelsCreator:
    """Creates models in shadow databases.

    The objects of the history that the models use are created first. The history may come from the
    cache, so the shadow is a restricted one, also after a replay: both must give the same result.
    If content of files must not be run on the shadows' server, nothing that comes from the cache
    is run there.

    Args:
        shadows: Creates shadow databases.
        replays: Replays the history.
        scope: The part of a database that is read.
        progress: Called with a short description of each step.
        reads_cache: Whether models are taken from the cache.
    """

    def __init__(
        self,
        shadows: Shadows,
        replays: Replays,
        scope: Scope,
        progress: Progress,
        *,
        reads_cache: bool,
    ) -> None:
        self._shadows = shadows
        self._replays = replays
        self._scope = scope
        self._progress = progress
        self._reads_cache = reads_cache

    def get(
        self, database_key: DatabaseKey, configured: Sequence[Configured], history: History
    ) -> CreatedModels:
        """Get the models of a database from the cache, or create them.

        They are not cached if the history is not, or if others use the server of the shadows.

        Args:
            database_key: The database.
            configured: What env.py configures for the database.
            history: The history.
        """
        cache = self._cache(database_key, configured, history)
        if cache is None:
            return self._create(database_key, configured, history)
        if self._reads_cache and (cached := cache.get()) is not None:
            return cached
        models = self._create_what_changed(database_key, configured, history)
        cache.put(models)
        return models

    def _cache(
        self, database_key: DatabaseKey, configured: Sequence[Configured], history: History
    ) -> ModelsCache | None:
        maker, digest = self._shadows.maker(database_key), history.digests.get(database_key)
        if digest is None or not maker.runs_untrusted_files:
            return None
        head, state = history.head[database_key], maker.server_state
        return ModelsCache(configured, head, digest, state, self._scope)

    def _create_what_changed(
        self, database_key: DatabaseKey, configured: Sequence[Configured], history: History
    ) -> CreatedModels:
        """Create what has changed since models were created last; without these, all models."""
        last = self._last_cache(database_key, configured, history)
        if last is None:
            return self._create(database_key, configured, history)
        (context,) = configured
        known = last.get() if self._reads_cache else None
        models = known and create_changed(
            context.ddl,
            known,
            catalog_for(database_key.dialect),
            lambda ddl: self._create(database_key, [replace(context, ddl=ddl)], history),
        )
        models = models or self._create(database_key, configured, history)
        if models.needs_only_ddl:
            last.put(LastModels(context.ddl, models.snapshot))
        return models

    def _last_cache(
        self, database_key: DatabaseKey, configured: Sequence[Configured], history: History
    ) -> LastModelsCache | None:
        """Return the cache of the models that were created last; ``None`` if it does not apply.

        It applies to models that depend on nothing but their DDL and the head's schemas and
        extensions, and whose statements are all about the default schema or name another one.
        """
        catalog = catalog_for(database_key.dialect)
        if catalog.are_names_independent is None or len(configured) > 1 or name_dates(configured):
            return None
        if configured[0].working.statements or configured[0].working.must_exist:
            return None
        head, state = history.head.get(database_key), self._shadows.maker(database_key).server_state
        before = _schemas_and_extensions(head, catalog)
        extensions = [*extensions_of(head)] if head is not None else []
        return LastModelsCache((database_key, state, repr(self._scope), before, extensions))

    def _create(
        self, database_key: DatabaseKey, configured: Sequence[Configured], history: History
    ) -> CreatedModels:
        """Create the models of a database in a new shadow, and read them."""
        self._progress(_CREATING)
        restricted = self._shadows.maker(database_key).runs_untrusted_files
        trusted = restricted or history.how == FRESH
        head = history.head.get(database_key)
        catalog = catalog_for(database_key.dialect)
        if restricted:
            shadow = self._shadows.create_restricted(database_key, "models")
            _install_extensions(shadow, head, configured)
        else:
            shadow = self._shadows.create(database_key, "models")
        created = create_models(
            configured,
            self._runner(shadow, restricted=restricted),
            before=_schemas_and_extensions(head, catalog) if trusted else _names_only(head),
            helping=partial(self._before_tables, database_key, head, catalog, trusted=trusted),
        )
        refused = created.refused
        if restricted:
            refused = tuple(map(_explained, refused))
        read = read_restricted(shadow, self._scope)
        snapshot = with_computed_defaults(read, dates=name_dates(configured))
        return CreatedModels(snapshot, refused, created.needs_history)

    def _runner(self, shadow: ShadowDatabase, *, restricted: bool) -> Run:
        """Return a function that runs statements, and shows how many have run."""
        run = partial(run_untrusted, shadow) if restricted else partial(run_statements, shadow.url)
        return lambda statements: run(
            counted([*statements], self._progress, _CREATING, "statement")
        )

    def _before_tables(
        self, database_key: DatabaseKey, head: Snapshot | None, catalog: Catalog, *, trusted: bool
    ) -> Helping:
        """Return what creates the head's objects of kinds that come before tables.

        They are read from a replay if the given head comes from a cache that is not trusted.
        """
        names = [kind.name for kind in catalog.kinds]
        kinds = set(names[: names.index("table")])
        if kinds and head is not None and not trusted:
            head = self._replays.read_all(self._replays.upgrade_to_heads()).get(database_key)
        return helping_of(head, catalog, kinds) if head is not None else Helping()


def name_dates(configured: Sequence[Configured]) -> bool:
    """Whether models name the present date in a string, such as ``'today'``."""
    return any(names_special_date(context.ddl) for context in configured)


def _install_extensions(
    shadow: ShadowDatabase, head: Snapshot | None, configured: Sequence[Configured]
) -> None:
    """Install the extensions of the head and those that the models' own DDL installs."""
    default_schema = head.default_schema if head is not None else "public"
    of_head = extensions_of(head) if head is not None else ()
    of_models = ((name, default_schema) for name in extensions_declared(configured))
    shadow.install([*of_head, *of_models])


def _schemas_and_extensions(head: Snapshot | None, catalog: Catalog) -> tuple[str, ...]:
    return _statements_for(head, catalog, {"schema", "extension"})


def _names_only(head: Snapshot | None) -> list[str]:
    """Create the head's schemas and extensions, using nothing of the cached head but names."""
    schemas, extensions = [], []
    for address in head.objects if head is not None else ():
        name = quote_identifier(address.name)
        if address.kind == "schema":
            schemas.append(f"CREATE SCHEMA IF NOT EXISTS {name}")
        elif address.kind == "extension" and not why_unsafe(address.name):
            extensions.append(f"CREATE EXTENSION IF NOT EXISTS {name}")
    return [*schemas, *extensions]


def _statements_for(
    snapshot: Snapshot | None, catalog: Catalog, kinds: set[str]
) -> tuple[str, ...]:
    """Return the statements that create the objects of some kinds."""
    if snapshot is None:
        return ()
    selected = snapshot.only(lambda schema_object: schema_object.address.kind in kinds)
    return build(selected, catalog).statements


def _explained(refused: Refused) -> Refused:
    """Say of a refusal for a missing right that a user with this right may not be refused."""
    if not lacks_rights(refused.message):
        return refused
    return replace(
        refused,
        message=f"{refused.message} (the models are created by a role without special rights)",
    )
