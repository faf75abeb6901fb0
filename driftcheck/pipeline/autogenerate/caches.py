"""Decides whether the result of autogenerate can be cached, and collects what it depends on."""

from __future__ import annotations

from collections.abc import Iterator

from driftcheck.config.settings import Settings
from driftcheck.databases.location import shown
from driftcheck.pipeline.building.shadows import Shadows
from driftcheck.pipeline.database_state import DatabaseState
from driftcheck.pipeline.selection import compared_scope
from driftcheck.project.environment import LoadedProject
from driftcheck.sources.autogenerate_cache import AutogenerateCache
from driftcheck.sources.history import History


def autogenerate_cache(
    loaded: LoadedProject,
    shadows: Shadows,
    settings: Settings,
    history: History,
    database: DatabaseState,
) -> AutogenerateCache | None:
    """Return the cache for autogenerate on a database at the head.

    Args:
        loaded: The project.
        shadows: Creates its shadow databases.
        settings: The settings.
        history: The history.
        database: The state of the database.

    Returns:
        ``None`` if a history is not cached, or if others use the server of a shadow.
    """
    if not can_be_cached(loaded, shadows, history):
        return None
    configuration = (
        *(settings.root, settings.app, settings.config, settings.name, settings.directory),
        *(settings.x, settings.bootstrap, settings.base_snapshot),
        shown(shadows.live_url(database.database_key)),
    )
    database_key = repr(tuple(database.database_key))
    compared = repr((compared_scope(settings), database.replacements))
    others = database_key, repr(configuration), compared, *_states(loaded, shadows, history)
    return AutogenerateCache(loaded.recording, others, reads=settings.cache)


def can_be_cached(loaded: LoadedProject, shadows: Shadows, history: History) -> bool:
    """Return whether all histories are cached, and nobody else uses the servers of the shadows.

    Args:
        loaded: The project.
        shadows: Creates its shadow databases.
        history: The history.
    """
    is_cached = history.digests.keys() == loaded.environment.databases.keys()
    return is_cached and all(maker.runs_untrusted_files for maker in shadows.makers)


def _states(loaded: LoadedProject, shadows: Shadows, history: History) -> Iterator[object]:
    """Yield what the shadows of all databases, which env.py may use, have and are like."""
    for database_key, configured in loaded.environment.databases.items():
        yield repr(tuple(database_key)), history.digests[database_key]
        yield [(context.ddl, repr(context.working)) for context in configured]
    yield from (maker.server_state for maker in shadows.makers)
