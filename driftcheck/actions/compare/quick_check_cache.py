"""Writes the quick-check cache after a full check, so that the next check can be a quick one."""

from __future__ import annotations

from dataclasses import asdict

from driftcheck.actions.compare.project_url import project_url
from driftcheck.actions.compare.quick_check import CachedCheck, history_digest, save
from driftcheck.chain import Side
from driftcheck.config.settings import Settings
from driftcheck.pipeline.database_state import DatabaseState, ProjectState
from driftcheck.pipeline.histories import HistoryResult
from driftcheck.pipeline.shadows import Shadows
from driftcheck.project.environment import LoadedProject
from driftcheck.project.inputs import States, inputs_with
from driftcheck.sources.files import source_directories
from driftcheck.sources.history import version_tables


def save_quick_check(
    loaded: LoadedProject,
    shadows: Shadows,
    settings: Settings,
    state: ProjectState[HistoryResult],
) -> None:
    """Write the quick-check cache after a full check, if a quick check is possible.

    A quick check is not possible with several databases or heads, with a bootstrap, after a failed
    replay, if revisions create tables of the models, or if files of the project changed meanwhile.

    Args:
        loaded: The project.
        shadows: Created its shadow databases.
        settings: The settings of the full check.
        state: The state of the databases that were checked.
    """
    (database, *others), result = state.databases, state.result
    facts = shadows.facts(database.database_key)
    built, stamped = database.snapshots.get(Side.STAMPED), database.stamped
    history = result.history
    impossible = (
        others
        or history.fault
        or history.uses_of_models
        or result.changed_files
        or loaded.read_until_configured.has_changed_files  # edited while the check runs
        or settings.bootstrap
    )
    inputs = history.inputs
    if impossible or not stamped or len(loaded.heads) != 1:
        return
    if facts is None or built is None or inputs is None:
        return
    check = _cached_check(loaded, shadows, database, inputs)
    save(settings, check, facts, stamped, built)


def _cached_check(
    loaded: LoadedProject,
    shadows: Shadows,
    database: DatabaseState,
    inputs: States,
) -> CachedCheck:
    directories = [str(path) for path in source_directories(loaded.script)]
    tables = version_tables(loaded.environment)[database.database_key]
    maker = shadows.maker(database.database_key)
    # The answer of a second database may have named the first one.
    is_alone = len(loaded.redirect.targets) == 1
    target, read = database.configured[0].target, loaded.read_until_configured
    own = project_url(target, read) if is_alone else None
    return CachedCheck(
        project=loaded.project.name,
        directories=directories,
        files=history_digest(directories, loaded.root),
        heads=loaded.heads,
        version_tables=[(table.schema, table.name) for table in tables],
        database=database.configured[0].bind,
        digests={},
        shadows=maker.how,
        notes=maker.notes,
        inputs=inputs_with(inputs).as_json(),
        project_url=None if own is None else asdict(own),
    )
