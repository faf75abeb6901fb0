"""Decides whether the result of autogenerate can be cached, and collects what it depends on."""

from __future__ import annotations

from collections.abc import Iterator

from driftcheck.databases.location import shown
from driftcheck.pipeline.building.opened_project import OpenedProject
from driftcheck.pipeline.database_state import DatabaseState
from driftcheck.pipeline.selection import compared_scope
from driftcheck.sources.autogenerate_cache import AutogenerateCache
from driftcheck.sources.history import History


def autogenerate_cache(
    opened: OpenedProject, history: History, database: DatabaseState
) -> AutogenerateCache | None:
    """Return the cache for autogenerate on a database at the head.

    Args:
        opened: The opened project.
        history: The history.
        database: The state of the database.

    Returns:
        ``None`` if a history is not cached, or if others use the server of a shadow.
    """
    if not can_be_cached(opened, history):
        return None
    settings = opened.settings
    configuration = (
        *(settings.root, settings.app, settings.config, settings.name, settings.directory),
        *(settings.x, settings.bootstrap, settings.base_snapshot),
        shown(opened.shadows.live_url(database.database_key)),
    )
    database_key = repr(tuple(database.database_key))
    compared = repr((compared_scope(settings), database.replacements))
    others = database_key, repr(configuration), compared, *_states(opened, history)
    return AutogenerateCache(opened.loaded.recording, others, reads=settings.cache)


def can_be_cached(opened: OpenedProject, history: History) -> bool:
    """Return whether all histories are cached, and nobody else uses the servers of the shadows.

    Args:
        opened: The opened project.
        history: The history.
    """
    is_cached = history.digests.keys() == opened.loaded.environment.databases.keys()
    return is_cached and all(maker.runs_untrusted_files for maker in opened.shadows.makers)


def _states(opened: OpenedProject, history: History) -> Iterator[object]:
    """Yield what the shadows of all databases, which env.py may use, have and are like."""
    for database_key, configured in opened.loaded.environment.databases.items():
        yield repr(tuple(database_key)), history.digests[database_key]
        yield [(context.ddl, repr(context.working)) for context in configured]
    yield from (maker.server_state for maker in opened.shadows.makers)
