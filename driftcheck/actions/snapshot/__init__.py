"""``driftcheck snapshot``: makes the base snapshot of a project from its live database."""

from __future__ import annotations

from driftcheck.config.settings import Settings
from driftcheck.errors import CannotCheckError, ConfigurationError
from driftcheck.pipeline.opening import open_project
from driftcheck.pipeline.progress import Progress
from driftcheck.pipeline.selection import reading_scope
from driftcheck.sources.history import version_tables
from driftcheck.sources.live import read_live
from driftcheck.storage.snapshot_file import SnapshotFile


def base_snapshot(settings: Settings, progress: Progress = lambda _: None) -> SnapshotFile:
    """Read the schema of the live database, and the revisions that it is stamped with.

    Args:
        settings: The settings.
        progress: Called with a short description of each step.

    Raises:
        ConfigurationError: The project migrates more than one database.
        CannotCheckError: The database is not stamped with a revision.
    """
    with open_project(settings, progress) as opened:
        loaded, shadows = opened.loaded, opened.shadows
        tables = version_tables(loaded.environment)
        if len(tables) > 1:
            raise ConfigurationError(
                f"the project migrates {len(tables)} databases, but a base snapshot has only one"
            )
        (database_key,) = tables
        progress("reading the live database")
        url, scope = shadows.live_url(database_key), reading_scope(settings)
        live = read_live(url, tables[database_key], scope)
        if not live.stamped:
            raise CannotCheckError(
                "the live database is not stamped with a revision",
                hint="Stamp the database with the revision of its schema: "
                f"{loaded.project.command('stamp', 'REVISION')}.",
            )
        return SnapshotFile(live.snapshot, live.stamped)
