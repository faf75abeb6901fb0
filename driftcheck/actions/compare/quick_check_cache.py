"""Writes the quick-check cache after a full check, so that the next check can be a quick one."""

from __future__ import annotations

import os
from dataclasses import asdict, astuple

from driftcheck.actions.compare.in_step import InStep, remember
from driftcheck.actions.compare.project_url import ProjectURL, project_url
from driftcheck.actions.compare.quick_check import (
    CachedCheck,
    SavedCheck,
    history_digest,
    save,
    settings_digest,
)
from driftcheck.chain import Side
from driftcheck.databases.postgresql.libpq import displayed_url
from driftcheck.pipeline.autogenerate.caches import can_be_cached
from driftcheck.pipeline.building.histories import HistoryResult
from driftcheck.pipeline.building.opened_project import OpenedProject
from driftcheck.pipeline.check import Checked
from driftcheck.pipeline.coverage import coverage
from driftcheck.pipeline.database_state import DatabaseState, ProjectState
from driftcheck.pipeline.selection import compared_scope
from driftcheck.pipeline.state_report import history_of
from driftcheck.project.environment import LoadedProject
from driftcheck.project.inputs import Inputs, States, inputs_with, state_of
from driftcheck.project.recording import Recorded
from driftcheck.sources.files import source_directories
from driftcheck.sources.history import version_tables
from driftcheck.storage.snapshot_file import digest


def save_quick_check(
    opened: OpenedProject, state: ProjectState[HistoryResult]
) -> SavedCheck | None:
    """Write the quick-check cache after a full check, if a quick check is possible.

    A quick check is not possible with several databases or heads, with a bootstrap, after a failed
    replay, if revisions create tables of the models, or if files of the project changed meanwhile.

    Args:
        opened: The opened project.
        state: The state of the databases that were checked.

    Returns:
        What was written; ``None`` if a quick check is not possible.
    """
    (database, *others), result = state.databases, state.result
    facts = opened.shadows.facts(database.database_key)
    built, stamped = database.snapshots.get(Side.STAMPED), database.stamped
    history = result.history
    impossible = (
        others
        or history.fault
        or history.uses_of_models
        or result.changed_files
        or opened.loaded.read_until_configured.has_changed_files  # edited while the check runs
        or opened.settings.bootstrap
    )
    inputs = history.inputs
    if impossible or not stamped or len(opened.loaded.heads) != 1:
        return None
    if facts is None or built is None or inputs is None:
        return None
    check = _cached_check(opened, database, inputs)
    return save(opened.settings, check, facts, stamped, built)


def inputs_of_check(opened: OpenedProject) -> Inputs | None:
    """Return what a check has read: the project's code, and the programs of the shadows' servers.

    Args:
        opened: The opened project.

    Returns:
        ``None`` if not all of it can be read again.
    """
    states = opened.loaded.recording.recorded().known_states()
    if states is None:
        return None
    programs = [maker.program for maker in opened.shadows.makers if maker.program]
    stamps = {program: state_of("stamp", program, os.environ) for program in programs}
    return inputs_with({**states, "stamp": {**states.get("stamp", {}), **stamps}})


def save_in_step(opened: OpenedProject, checked: Checked, saved: SavedCheck | None) -> None:
    """Remember whether a full check has found nothing, so that the next one can be a quick one.

    Args:
        opened: The opened project.
        checked: The result of the check.
        saved: The check as it was cached for quick checks of drift.
    """
    found = None
    if saved is not None and _is_in_step(opened, checked, saved):
        found = _in_step(opened, checked.state.databases[0], saved)
    remember(settings_digest(opened.settings), opened.settings.gaps, found)


def _is_in_step(opened: OpenedProject, checked: Checked, saved: SavedCheck) -> bool:
    """Whether a check has found nothing, and a quick check would make the same report."""
    (report,), (database,) = checked.reports, checked.state.databases
    live = database.snapshots.get(Side.LIVE)
    return (
        live is not None
        and report.gaps == opened.settings.gaps
        and not report.findings
        and report.notes == tuple(saved.check.notes)
        and report.coverage == coverage(live, database.catalog, compared_scope(opened.settings))
        and digest(live) == saved.check.digests[saved.digest_key]
        and can_be_cached(opened, checked.state.result.history)
    )


def _in_step(opened: OpenedProject, database: DatabaseState, saved: SavedCheck) -> InStep | None:
    """Return what to remember of a check; ``None`` if its inputs cannot be read again."""
    inputs = inputs_of_check(opened)
    own = _own_url(opened.loaded, database, opened.loaded.recording.recorded())
    url = opened.settings.database_url or (None if own is None else own.url)
    if inputs is None or url is None:
        return None
    state = saved.check.state(saved.digest_key, displayed_url(url))
    return InStep(state, opened.loaded.environment_file(), inputs, own)


def _cached_check(opened: OpenedProject, database: DatabaseState, inputs: States) -> CachedCheck:
    directories = [str(path) for path in source_directories(opened.loaded.script)]
    tables = version_tables(opened.loaded.environment)[database.database_key]
    maker = opened.shadows.maker(database.database_key)
    own = _own_url(opened.loaded, database, opened.loaded.read_until_configured)
    return CachedCheck(
        project=opened.loaded.project.name,
        directories=directories,
        files=history_digest(directories, opened.loaded.root),
        heads=opened.loaded.heads,
        version_tables=[(table.schema, table.name, *table.later_schemas) for table in tables],
        database=database.configured[0].bind,
        digests={},
        shadows=maker.how,
        notes=maker.notes,
        inputs=inputs_with(inputs).as_json(),
        project_url=None if own is None else asdict(own),
        history=[astuple(revision) for revision in history_of(opened.loaded)],
    )


def _own_url(loaded: LoadedProject, database: DatabaseState, read: Recorded) -> ProjectURL | None:
    """Return the URL of the project's own database, if what names it can be read again."""
    # The answer of a second database may have named the first one.
    is_alone = len(loaded.redirect.targets) == 1
    return project_url(database.configured[0].target, read) if is_alone else None
